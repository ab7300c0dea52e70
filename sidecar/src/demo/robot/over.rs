//! One agent asks for more than is left, and a colleague allows part of it, each at their own desk.

use anyhow::Context as _;
use futures_util::StreamExt as _;
use makegood_core::money::{Currency, Money};
use makegood_proto::v1;
use makegood_proto::v1::consult_service_client::ConsultServiceClient;
use makegood_proto::v1::desk_service_client::DeskServiceClient;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Robot, Stage, request_as};

const STEPS: usize = 5;
/// What is asked for above what is left, in minor units; half of it is allowed.
const ABOVE_MINOR: i64 = 12_000;
const GESTURE: &str = "credit";
const REASON: &str = "damage";

/// Plays the call: asks for more than is left, answers with less, gives that.
pub(super) async fn play(stage: Stage<'_>) -> anyhow::Result<()> {
    let (mut robot, panel) = Robot::answer(&stage, STEPS).await?;
    let headroom = panel.headroom.context("the panel has no headroom")?;
    let left = headroom.available_minor;
    let money =
        |amount_minor| v1::Money { currency_code: headroom.currency_code.clone(), amount_minor };
    // Whoever is to be asked has an open desk; the page's own panel may have one too.
    let desk = robot.watch(&stage.colleague_token).await?;
    let (name, asked) = (robot.name.clone(), money(left + ABOVE_MINOR));
    let text = format!("{name} asks for {}, and {} are left.", words(&asked), words(&money(left)));
    robot.next(text).await;
    let consult = robot.ask(asked.clone()).await?;
    let colleague = consult.approver_name.clone();
    let first = colleague.split(' ').next().unwrap_or_default();
    let text = format!(
        "What is left is held. For the rest {colleague} is asked, at the other desk, with the \
         reason and the limit."
    );
    robot.next(text).await;
    let approved = money(left + ABOVE_MINOR / 2);
    robot.allow(&stage.colleague_token, &consult.consult_id, approved.clone()).await?;
    let text = format!(
        "{first} allows {} of the {}, on their own authority.",
        words(&approved),
        words(&asked)
    );
    robot.next(text).await;
    let spend = consult.spend.context("a question is about a gesture")?;
    robot.commit(&v1::Spend { amount: Some(approved.clone()), ..spend }).await?;
    robot.next(format!("{} are given to {name}. The ledger names both.", words(&approved))).await;
    desk.abort();
    robot.finish("Now be the auditor: the findings, the pack and the proof are below.".to_owned());
    Ok(())
}

impl Robot<'_> {
    /// Opens a colleague's desk until the handle is aborted.
    async fn watch(&self, token: &str) -> anyhow::Result<JoinHandle<()>> {
        let desk_id = Uuid::new_v4().to_string();
        let request = v1::WatchDeskRequest { desk_id, ..v1::WatchDeskRequest::default() };
        let mut client = DeskServiceClient::new(self.channel.clone());
        let reply = client.watch_desk(request_as(token, request)?).await?;
        let mut stream = reply.into_inner();
        // The first message says that the desk is open.
        stream.next().await.context("the desk was closed at once")??;
        Ok(tokio::spawn(async move { while stream.next().await.is_some() {} }))
    }

    async fn ask(&self, amount: v1::Money) -> anyhow::Result<v1::Consult> {
        let request = v1::AskConsultRequest {
            consult_id: Uuid::new_v4().to_string(),
            spend_id: Uuid::new_v4().to_string(),
            customer_id: self.customer_id.clone(),
            interaction_id: self.interaction_id.clone(),
            amount: Some(amount),
            reason_code: REASON.to_owned(),
            gesture_code: GESTURE.to_owned(),
            note: "Second table with a crack; the assembly was paid for.".to_owned(),
            decided_ms: i64::try_from(self.pace.as_millis()).unwrap_or(0),
            suggestion_code: String::new(),
        };
        let mut client = ConsultServiceClient::new(self.channel.clone());
        let reply = client.ask_consult(self.request(request)).await?.into_inner();
        let consult = reply.consult.context("nobody had to be asked")?;
        Ok(v1::Consult { spend: reply.spend, ..consult })
    }

    async fn allow(&self, token: &str, consult: &str, sum: v1::Money) -> anyhow::Result<()> {
        let request = v1::AnswerConsultRequest {
            request_id: Uuid::new_v4().to_string(),
            consult_id: consult.to_owned(),
            answer: v1::ConsultAnswer::Approve.into(),
            approved: Some(sum),
        };
        let mut client = ConsultServiceClient::new(self.channel.clone());
        client.answer_consult(request_as(token, request)?).await?;
        Ok(())
    }
}

/// An amount for people.
fn words(sum: &v1::Money) -> String {
    let currency = Currency::parse(&sum.currency_code);
    let known = currency.map(|currency| Money::new(currency, sum.amount_minor).to_string());
    known.unwrap_or_else(|_| sum.amount_minor.to_string())
}
