//! The robot: plays an agent through the real API, as a vendor's back end would call it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use makegood_proto::v1;
use makegood_proto::v1::advocacy_service_client::AdvocacyServiceClient;
use makegood_proto::v1::budget_service_client::BudgetServiceClient;
use makegood_proto::v1::customer_service_client::CustomerServiceClient;
use serde::Serialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::clock::wall_time;
use crate::house::timestamp;

/// What the robot is doing.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    #[serde(rename = "step")]
    number: usize,
    of: usize,
    text: String,
    done: bool,
}

const STEPS: usize = 7;

impl Step {
    pub(super) fn first() -> Self {
        Self { number: 0, of: STEPS, text: "The agent answers.".to_owned(), done: false }
    }

    pub(super) fn stopped() -> Self {
        let text = "The play stopped; the sidecar's log says why.".to_owned();
        Self { number: STEPS, of: STEPS, text, done: true }
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
}

/// Plays the call: listens, holds, gives, undoes, gives something better, logs what was free.
///
/// # Errors
/// When the API refuses a step, which in a fresh demo it does not.
pub(super) async fn play(
    api: SocketAddr,
    token: &str,
    interaction_id: &str,
    pace: Duration,
    tell: &(dyn Fn(Step) + Sync),
) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{api}"))?;
    let mut robot = Robot {
        channel: endpoint.connect().await?,
        bearer: format!("Bearer {token}").parse()?,
        interaction_id: interaction_id.to_owned(),
        customer_id: String::new(),
        name: String::new(),
        pace,
        tell,
        done_steps: 0,
    };
    let panel = robot.panel().await?;
    let customer = panel.context.and_then(|it| it.customer).context("nobody fits this number")?;
    (robot.customer_id, robot.name) = (customer.customer_id, customer.short_name);
    let policy = panel.policy.context("the policy gives no gestures")?;
    let priced = policy.gestures.iter().filter(|card| card.amount.is_some());
    let [first, second] = priced.take(2).collect::<Vec<_>>()[..] else {
        bail!("the demo needs a policy with two gestures that have amounts");
    };
    robot.listen().await?;
    robot.slip(first, &policy).await?;
    robot.make_good(second, &policy).await?;
    robot.promise("Call back when the refund has arrived").await?;
    robot.finish("A promise is made, with a date. That is the call.".to_owned());
    Ok(())
}

impl Robot<'_> {
    async fn listen(&mut self) -> anyhow::Result<()> {
        self.log(v1::ActionKind::Listened, "", "").await?;
        let name = &self.name;
        self.next(format!("{name} tells the story; listening is logged, it costs nothing.")).await;
        Ok(())
    }

    /// Gives something and takes it back at once.
    async fn slip(
        &mut self,
        card: &v1::GestureCard,
        policy: &v1::PolicyView,
    ) -> anyhow::Result<()> {
        let held = self.reserve(card, policy).await?;
        let (name, what) = (&self.name, card.label.to_lowercase());
        self.next(format!("Held for {name}: {what}. The other desk sees it at once.")).await;
        self.commit(&held).await?;
        self.next("Given: the ledger has the entry, and the panel its receipt.".to_owned()).await;
        self.undo(&held).await?;
        self.next("A slip, undone within thirty seconds. The room is back.".to_owned()).await;
        Ok(())
    }

    /// Gives what fits better, and raises the cause.
    async fn make_good(
        &mut self,
        card: &v1::GestureCard,
        policy: &v1::PolicyView,
    ) -> anyhow::Result<()> {
        let held = self.reserve(card, policy).await?;
        let what = card.label.to_lowercase();
        self.next(format!("Something that fits better: {what} is held and offered.")).await;
        self.commit(&held).await?;
        self.log(v1::ActionKind::RaisedInside, "Third late delivery", "Logistics").await?;
        let name = &self.name;
        self.next(format!("{name} accepts. The cause is raised inside, which is logged too."))
            .await;
        Ok(())
    }

    async fn next(&mut self, text: String) {
        self.done_steps += 1;
        (self.tell)(Step { number: self.done_steps, of: STEPS, text, done: false });
        tokio::time::sleep(self.pace).await;
    }

    fn finish(&mut self, text: String) {
        (self.tell)(Step { number: STEPS, of: STEPS, text, done: true });
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

    async fn reserve(
        &self,
        card: &v1::GestureCard,
        policy: &v1::PolicyView,
    ) -> anyhow::Result<v1::Spend> {
        let first_reason = policy.reasons.first().map(|reason| reason.code.clone());
        let reason_code = Some(card.reason_code.clone()).filter(|code| !code.is_empty());
        let request = v1::ReserveSpendRequest {
            spend_id: Uuid::new_v4().to_string(),
            customer_id: self.customer_id.clone(),
            interaction_id: self.interaction_id.clone(),
            amount: card.amount.clone(),
            reason_code: reason_code.or(first_reason).unwrap_or_default(),
            gesture_code: card.code.clone(),
            suggestion_code: card.code.clone(),
            decided_ms: i64::try_from(self.pace.as_millis()).unwrap_or(0),
            ..v1::ReserveSpendRequest::default()
        };
        let mut client = BudgetServiceClient::new(self.channel.clone());
        let reply = client.reserve_spend(self.request(request)).await?.into_inner();
        reply.spend.context("a reservation comes with its spend")
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

    async fn undo(&self, spend: &v1::Spend) -> anyhow::Result<()> {
        let request = v1::ReverseSpendRequest {
            request_id: Uuid::new_v4().to_string(),
            spend_id: spend.spend_id.clone(),
            amount: spend.amount.clone(),
            reason: v1::ReverseReason::MisEntry.into(),
            ..v1::ReverseSpendRequest::default()
        };
        BudgetServiceClient::new(self.channel.clone()).reverse_spend(self.request(request)).await?;
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

    async fn promise(&self, text: &str) -> anyhow::Result<()> {
        const TWO_DAYS_NS: i64 = 2 * 86_400 * 1_000_000_000;
        let request = v1::MakePromiseRequest {
            promise_id: Uuid::new_v4().to_string(),
            customer_id: self.customer_id.clone(),
            interaction_id: self.interaction_id.clone(),
            text: text.to_owned(),
            due_time: Some(timestamp(wall_time().as_nanos() + TWO_DAYS_NS)),
        };
        AdvocacyServiceClient::new(self.channel.clone())
            .make_promise(self.request(request))
            .await?;
        Ok(())
    }
}
