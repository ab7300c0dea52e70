//! Questions that nobody answers: to the next person, and to an end that leaves what is held.

use makegood_proto::v1;
use makegood_proto::v1::ConsultState;
use tonic::Code;

use super::scene::{Desk, RULES, approve, ask, by};
use crate::support::{Expected, Place, Rules, assert_refused, until};

const QUICK: Rules =
    Rules { consult: "[consult]\nanswer = \"500 ms\"\nroles = [\"lead\", \"agent\"]", ..RULES };

#[tokio::test]
async fn goes_on_to_the_next_person_and_ends_with_what_can_be_given() {
    let place = Place::new(QUICK);
    let served = place.serve().await;
    let mut lead = Desk::open(&served, "L-1", &[]).await;
    let mut next = Desk::open(&served, "A-2", &[]).await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let request = ask(&call, 1_500);
    let consult = call.ask(request.clone()).await.unwrap().consult.unwrap();
    assert_eq!(consult.approver_name, "Dana Novak");

    let waiting = next.until(|waiting| !waiting.is_empty()).await;
    assert_eq!(waiting[0].approver_name, "Noor Haddad");
    assert_eq!(waiting[0].passed_count, 1);
    // Who was asked before sees it until it ends, and may still answer.
    let waiting = lead.until(|waiting| waiting.iter().any(|it| it.passed_count == 1)).await;
    assert!(waiting[0].may_answer);

    next.until(<[v1::Consult]>::is_empty).await;
    lead.until(<[v1::Consult]>::is_empty).await;
    let panel = call.panel().await;
    assert_eq!(panel.consults[0].state(), ConsultState::TimedOut);
    assert!(panel.consults[0].waited_ms >= 1_000, "{:?}", panel.consults[0]);
    assert_eq!(panel.spends[0].held_minor, 1_000);
    let late = by(&served, "L-1").answer(approve(&consult, 1_500)).await.unwrap_err();
    let over =
        Expected { code: Code::FailedPrecondition, reason: "CONSULT_OVER", keys: &["state"] };
    assert_refused("too late", &late, over);
    call.commit(&request.spend_id, 1_000).await.unwrap();
    drop((lead, next));
    served.stop().await;
}

#[tokio::test]
async fn the_one_who_was_asked_first_may_still_answer() {
    let place = Place::new(Rules {
        consult: "[consult]\nanswer = \"2 s\"\nroles = [\"lead\", \"agent\"]",
        ..RULES
    });
    let served = place.serve().await;
    let lead = Desk::open(&served, "L-1", &[]).await;
    let mut next = Desk::open(&served, "A-2", &[]).await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let consult = call.ask(ask(&call, 1_500)).await.unwrap().consult.unwrap();
    next.until(|waiting| !waiting.is_empty()).await;
    let answer = by(&served, "L-1").answer(approve(&consult, 1_500)).await.unwrap();
    assert_eq!(answer.consult.unwrap().approver_name, "Dana Novak");
    next.until(<[v1::Consult]>::is_empty).await;
    drop((lead, next));
    served.stop().await;
}

#[tokio::test]
async fn asks_only_those_who_are_there() {
    let place = Place::new(RULES);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    // The agent's own desk, and one of somebody whom the policy does not name, are nobody's.
    let own = Desk::open(&served, "A-1", &["call-1"]).await;
    let request = ask(&call, 1_500);
    let refused = call.ask(request.clone()).await.unwrap_err();
    let nobody = Expected { code: Code::FailedPrecondition, reason: "NOBODY_TO_ASK", keys: &[] };
    assert_refused("nobody is there", &refused, nobody);
    assert_eq!(call.available().await, 1_000);
    assert_eq!(preview(&call, 1_500).await.approver_name, "");

    let colleague = Desk::open(&served, "A-2", &[]).await;
    assert_eq!(preview(&call, 1_500).await.approver_name, "Noor Haddad");
    let lead = Desk::open(&served, "L-1", &[]).await;
    assert_eq!(preview(&call, 1_500).await.approver_name, "Dana Novak");
    assert_eq!(preview(&call, 1_000).await.approver_name, "");
    drop(lead);
    until("the lead has left", async || preview(&call, 1_500).await.approver_name == "Noor Haddad")
        .await;
    // The refusal stays with its id, and a new question finds who is there.
    assert!(call.ask(request).await.is_err());
    let consult = call.ask(ask(&call, 1_500)).await.unwrap().consult.unwrap();
    assert_eq!(consult.approver_name, "Noor Haddad");
    drop((own, colleague));
    served.stop().await;
}

async fn preview(call: &crate::support::Call, amount_minor: i64) -> v1::PreviewSpendResponse {
    let v1::ReserveSpendRequest {
        customer_id,
        interaction_id,
        amount,
        reason_code,
        gesture_code,
        ..
    } = call.hold(amount_minor);
    let request =
        v1::PreviewSpendRequest { customer_id, interaction_id, amount, reason_code, gesture_code };
    call.client.budget.clone().preview_spend(request).await.unwrap().into_inner()
}
