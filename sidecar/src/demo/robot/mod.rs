//! The robot: plays agents through the real API, as a vendor's back end would call it.
//!
//! - `call`: one agent makes something good within the limits.
//! - `over`: one asks for more than is left, and another allows part of it.

mod call;
mod over;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use makegood_proto::v1;
use makegood_proto::v1::advocacy_service_client::AdvocacyServiceClient;
use makegood_proto::v1::budget_service_client::BudgetServiceClient;
use makegood_proto::v1::customer_service_client::CustomerServiceClient;
use serde::{Deserialize, Serialize};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// What the robot is doing.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    #[serde(rename = "step")]
    number: usize,
    of: usize,
    text: String,
    done: bool,
}

impl Step {
    pub(super) fn first() -> Self {
        Self { number: 0, of: 0, text: "The agent answers.".to_owned(), done: false }
    }

    pub(super) fn stopped() -> Self {
        let text = "The play stopped; the sidecar's log says why.".to_owned();
        Self { number: 0, of: 0, text, done: true }
    }
}

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Story {
    /// Something made good within the limits.
    Call,
    /// More than is left, and a colleague who allows part of it.
    Over,
}

/// Who plays, and where.
pub(super) struct Stage<'a> {
    pub(super) api: SocketAddr,
    /// The token of the agent, for the call.
    pub(super) agent_token: String,
    /// The token of the colleague, for the desk.
    pub(super) colleague_token: String,
    pub(super) interaction_id: String,
    /// How long people may look at each step.
    pub(super) pace: Duration,
    pub(super) tell: &'a (dyn Fn(Step) + Sync),
}

/// Plays a story on a call that rings at the agent's desk.
///
/// # Errors
/// When the API refuses a step, which in a fresh demo it does not.
pub(super) async fn play(story: Story, stage: Stage<'_>) -> anyhow::Result<()> {
    match story {
        Story::Call => call::play(stage).await,
        Story::Over => over::play(stage).await,
    }
}

/// The robot on one call.
struct Robot<'a> {
    channel: Channel,
    bearer: MetadataValue<Ascii>,
    interaction_id: String,
    customer_id: String,
    name: String,
    pace: Duration,
    tell: &'a (dyn Fn(Step) + Sync),
    done_steps: usize,
    of: usize,
}

impl<'a> Robot<'a> {
    /// The agent on the call, with the panel that they see; the story has so many steps.
    async fn answer(stage: &Stage<'a>, of: usize) -> anyhow::Result<(Self, v1::Panel)> {
        let endpoint = Endpoint::from_shared(format!("http://{}", stage.api))?;
        let mut robot = Self {
            channel: endpoint.connect().await?,
            bearer: format!("Bearer {}", stage.agent_token).parse()?,
            interaction_id: stage.interaction_id.clone(),
            customer_id: String::new(),
            name: String::new(),
            pace: stage.pace,
            tell: stage.tell,
            done_steps: 0,
            of,
        };
        let panel = robot.panel().await?;
        let context = panel.context.as_ref();
        let customer = context.and_then(|it| it.customer.as_ref());
        let customer = customer.context("nobody fits this number")?;
        robot.customer_id.clone_from(&customer.customer_id);
        robot.name.clone_from(&customer.short_name);
        Ok((robot, panel))
    }
}

impl Robot<'_> {
    async fn next(&mut self, text: String) {
        self.done_steps += 1;
        (self.tell)(Step { number: self.done_steps, of: self.of, text, done: false });
        tokio::time::sleep(self.pace).await;
    }

    fn finish(&mut self, text: String) {
        (self.tell)(Step { number: self.of, of: self.of, text, done: true });
    }

    fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }

    /// The panel of the call; it rings at a desk, so it may take a moment to be started.
    async fn panel(&self) -> anyhow::Result<v1::Panel> {
        const TRIES: u32 = 20;
        let mut client = CustomerServiceClient::new(self.channel.clone());
        for _ in 0..TRIES {
            let request = v1::GetPanelRequest {
                interaction_id: self.interaction_id.clone(),
                ..v1::GetPanelRequest::default()
            };
            let reply = client.get_panel(self.request(request)).await?.into_inner();
            match reply.panel {
                Some(panel) if panel.context.is_some() => return Ok(panel),
                _ => tokio::time::sleep(self.pace / TRIES).await,
            }
        }
        bail!("the call was not started at the desk")
    }

    async fn commit(&self, spend: &v1::Spend) -> anyhow::Result<()> {
        let request = v1::CommitSpendRequest {
            request_id: Uuid::new_v4().to_string(),
            spend_id: spend.spend_id.clone(),
            amount: spend.amount.clone(),
            keep_rest: false,
        };
        BudgetServiceClient::new(self.channel.clone()).commit_spend(self.request(request)).await?;
        Ok(())
    }

    async fn log(&self, kind: v1::ActionKind, note: &str, with: &str) -> anyhow::Result<()> {
        let request = v1::LogActionRequest {
            action_id: Uuid::new_v4().to_string(),
            interaction_id: self.interaction_id.clone(),
            customer_id: self.customer_id.clone(),
            kind: kind.into(),
            note: note.to_owned(),
            counterpart: with.to_owned(),
            ..v1::LogActionRequest::default()
        };
        AdvocacyServiceClient::new(self.channel.clone()).log_action(self.request(request)).await?;
        Ok(())
    }
}

/// A request of whoever has the token, at their own desk.
fn request_as<T>(token: &str, message: T) -> anyhow::Result<tonic::Request<T>> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
    Ok(request)
}
