//! One agent makes something good: a slip that is undone, a gesture that fits, a promise.

use anyhow::{Context as _, bail};
use makegood_proto::v1;
use makegood_proto::v1::advocacy_service_client::AdvocacyServiceClient;
use makegood_proto::v1::budget_service_client::BudgetServiceClient;
use uuid::Uuid;

use super::{Robot, Stage};
use crate::clock::wall_time;
use crate::house::timestamp;

const STEPS: usize = 7;

/// Plays the call: listens, holds, gives, undoes, gives something better, logs what was free.
pub(super) async fn play(stage: Stage<'_>) -> anyhow::Result<()> {
    let (mut robot, panel) = Robot::answer(&stage, STEPS).await?;
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
