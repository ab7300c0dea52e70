//! One call from its ring to its end, with the headroom and the proof at each step.

use makegood_proto::ledger::v1::entry::Body;
use makegood_proto::v1;
use makegood_sidecar::token::Access;
use prost_types::Timestamp;

use crate::support::{Call, Place, Rules, Served, id, usd};

const CAP: i64 = 200_000;

#[tokio::test]
async fn carries_a_call_from_its_ring_to_its_end() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = ring(&served).await;

    let hold = call.hold(4_500);
    let reserved = call.reserve(hold.clone()).await.unwrap();
    let spend = reserved.spend.unwrap();
    assert_eq!(spend.state(), v1::SpendState::Reserved);
    assert_eq!((spend.held_minor, spend.committed_minor), (4_500, 0));
    assert!(spend.own && spend.expire_time.is_some() && spend.undo_expire_time.is_none());
    assert_eq!(spend.agent_name, "Sam Rivera");
    assert_headroom(&call, reserved.headroom.as_ref(), (CAP - 4_500, 4_500, 0)).await;

    let given = call.commit(&hold.spend_id, 4_500).await.unwrap();
    let spend = given.spend.unwrap();
    assert_eq!(spend.state(), v1::SpendState::Committed);
    assert_eq!((spend.held_minor, spend.committed_minor), (0, 4_500));
    assert!(spend.undo_expire_time.is_some() && spend.expire_time.is_none());
    assert!(spend.reference.starts_with("MG-"), "{}", spend.reference);
    assert_headroom(&call, given.headroom.as_ref(), (CAP - 4_500, 0, 4_500)).await;

    let undone = call.undo(&hold.spend_id, 4_500).await.unwrap();
    let spend = undone.spend.unwrap();
    assert_eq!(spend.state(), v1::SpendState::Reversed);
    assert_eq!(spend.reversed_minor, 4_500);
    assert_headroom(&call, undone.headroom.as_ref(), (CAP, 0, 0)).await;

    let receipts = [reserved.receipt, given.receipt, undone.receipt].map(Option::unwrap);
    assert_proven(&served, &receipts).await;
    log_action(&call).await;
    make_promise(&call).await;
    end(&call).await;
    served.stop().await;
}

/// The phone rings and the panel is painted from what the CRM knew.
async fn ring(served: &Served<'_>) -> Call {
    let client = served.client("A-1", Access::Agent, Some("call-1"));
    let by = v1::lookup::By::Phone("(202) 555-0101".to_owned());
    let lookup = Some(v1::Lookup { by: Some(by) });
    let request = v1::GetPanelRequest {
        interaction_id: "call-1".to_owned(),
        lookup: lookup.clone(),
        ..v1::GetPanelRequest::default()
    };
    let panel = client.customers.clone().get_panel(request).await.unwrap();
    let panel = panel.into_inner().panel.unwrap();
    assert_eq!(panel.match_status(), v1::MatchStatus::Exact);
    assert_eq!(panel.requested_interaction_id, "call-1");
    // The first reply paints what may be given, although nothing was written yet.
    assert!(panel.interaction.is_none());
    assert_eq!(panel.headroom.unwrap().available_minor, CAP);
    let known = panel.context.unwrap().customer.unwrap();
    assert_eq!((known.display_name.as_str(), known.tier.as_str()), ("Maria Okafor", "Gold"));

    let start = v1::StartInteractionRequest {
        lookup,
        call_state: v1::CallState::Unspecified.into(),
        ..Call::start("call-1", "unused")
    };
    let started = client.interactions.clone().start_interaction(start).await;
    let started = started.unwrap().into_inner().interaction.unwrap();
    assert_eq!(started.call_state(), v1::CallState::Offered);
    assert_eq!(started.customer_id, known.customer_id);
    let call = Call { client, interaction: "call-1".to_owned(), customer: known.customer_id };
    let update = v1::UpdateInteractionRequest {
        interaction_id: "call-1".to_owned(),
        call_state: v1::CallState::Connected.into(),
    };
    let updated = call.client.interactions.clone().update_interaction(update).await;
    let updated = updated.unwrap().into_inner().interaction.unwrap();
    assert!(updated.connect_time.is_some());

    let panel = call.panel().await;
    assert_eq!(panel.interaction, Some(updated));
    assert_eq!(panel.history_state(), v1::HistoryState::Ready);
    assert_eq!(panel.policy.unwrap().reasons[0].code, "delay");
    assert_headroom(&call, panel.headroom.as_ref(), (CAP, 0, 0)).await;
    call
}

/// What was answered, what is asked for and what the panel shows are one headroom: available, held
/// and given.
async fn assert_headroom(
    call: &Call,
    answered: Option<&v1::Headroom>,
    (left, held, given): (i64, i64, i64),
) {
    let answered = answered.unwrap();
    let found = (answered.available_minor, answered.held_minor, answered.given_minor);
    assert_eq!(found, (left, held, given));
    assert_eq!((answered.cap_minor, answered.label.as_str()), (CAP, "this case"));
    // What an answer says of before and after is of no present moment.
    let mut present = answered.clone();
    for limit in &mut present.limits {
        (limit.before_minor, limit.after_minor) = (None, None);
    }
    assert_eq!(call.headroom().await, present);
    let panel = call.panel().await;
    assert_eq!(panel.headroom, Some(present));
    let shown: i64 = panel.spends.iter().map(|it| it.held_minor).sum();
    assert_eq!(shown, held, "the panel shows what is held at once");
}

/// Each receipt is an entry of the ledger with this very leaf, and the three tell the story.
async fn assert_proven(served: &Served<'_>, receipts: &[v1::Receipt; 3]) {
    let entries = served.entries().await;
    let of = |receipt: &v1::Receipt| {
        let index = usize::try_from(receipt.ledger_position).unwrap();
        let listed = &entries[index];
        assert_eq!(listed.position, receipt.ledger_position);
        assert_eq!(listed.leaf_hash, receipt.leaf_hash);
        assert_eq!(receipt.leaf_hash.len(), 32);
        let entry = listed.entry.clone().unwrap();
        assert_eq!(Some(timestamp(entry.record_time_ns)), receipt.record_time);
        entry.body.unwrap()
    };
    let [held, given, undone] = receipts;
    assert!(matches!(of(held), Body::Reserved(_)));
    assert!(matches!(of(given), Body::Committed(it) if it.amount_minor == 4_500));
    assert!(matches!(of(undone), Body::Reversed(it) if it.amount_minor == 4_500));
    assert_eq!(undone.ledger_position + 1, served.entry_count());
}

async fn log_action(call: &Call) {
    let action_id = id();
    let request = v1::LogActionRequest {
        action_id: action_id.clone(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::CompetitorReferral.into(),
        note: "they have it in stock".to_owned(),
        margin_given_up: Some(usd(9_900)),
        ..v1::LogActionRequest::default()
    };
    let logged = call.client.advocacy.clone().log_action(request.clone()).await;
    let logged = logged.unwrap().into_inner().action.unwrap();
    assert_eq!(logged.margin_given_up, Some(usd(9_900)));
    assert_eq!(call.panel().await.actions, std::slice::from_ref(&logged));
    let again = call.client.advocacy.clone().log_action(request).await;
    assert_eq!(again.unwrap().into_inner().action, Some(logged));
    assert_eq!(call.panel().await.actions.len(), 1);
}

async fn make_promise(call: &Call) {
    let due = Timestamp {
        seconds: timestamp(makegood_sidecar::clock::wall_time().as_nanos()).seconds + 3_600,
        nanos: 0,
    };
    let request = v1::MakePromiseRequest {
        promise_id: id(),
        customer_id: call.customer.clone(),
        interaction_id: call.interaction.clone(),
        text: "call back before the shop closes".to_owned(),
        due_time: Some(due),
    };
    let made = call.client.advocacy.clone().make_promise(request).await;
    let made = made.unwrap().into_inner().promise.unwrap();
    assert_eq!(made.state(), v1::promise::State::Open);
    let context = call.panel().await.context.unwrap();
    assert_eq!(context.promises, std::slice::from_ref(&made));
    assert_eq!(context.owed.as_ref(), Some(&made));

    let request =
        v1::KeepPromiseRequest { promise_id: made.promise_id, customer_id: call.customer.clone() };
    let kept = call.client.advocacy.clone().keep_promise(request).await;
    let kept = kept.unwrap().into_inner().promise.unwrap();
    assert_eq!(kept.state(), v1::promise::State::Kept);
    assert_eq!(call.panel().await.context.unwrap().promises, []);
}

async fn end(call: &Call) {
    let request =
        v1::EndInteractionRequest { interaction_id: call.interaction.clone(), resolved: true };
    let ended = call.client.interactions.clone().end_interaction(request).await;
    let ended = ended.unwrap().into_inner().interaction.unwrap();
    assert_eq!(ended.call_state(), v1::CallState::Ended);
    assert!(ended.end_time.is_some());
    let panel = call.panel().await;
    assert_eq!(panel.interaction, Some(ended));
    let story = panel.context.unwrap().timeline;
    assert!(story.iter().any(|it| it.kind() == v1::TimelineKind::Interaction), "{story:?}");
}

#[tokio::test]
async fn lets_the_agent_pick_among_those_who_fit_and_reject_the_wrong_one() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let client = served.client("A-1", Access::Agent, Some("call-2"));
    let by = v1::lookup::By::Phone("+1 202 555 0199".to_owned());
    let start = v1::StartInteractionRequest {
        lookup: Some(v1::Lookup { by: Some(by) }),
        ..Call::start("call-2", "unused")
    };
    let started = client.interactions.clone().start_interaction(start).await;
    let started = started.unwrap().into_inner();
    let interaction = started.interaction.unwrap();
    assert_eq!(interaction.match_status(), v1::MatchStatus::Several);
    assert_eq!(interaction.customer_id, "");
    assert_eq!(started.candidates.len(), 2);

    let customer_id = started.candidates[0].customer_id.clone();
    let request = v1::ConfirmCustomerRequest {
        interaction_id: "call-2".to_owned(),
        customer_id: customer_id.clone(),
    };
    let confirmed = client.interactions.clone().confirm_customer(request).await;
    let confirmed = confirmed.unwrap().into_inner().interaction.unwrap();
    assert_eq!(confirmed.match_status(), v1::MatchStatus::Confirmed);
    let call = Call {
        client: client.clone(),
        interaction: "call-2".to_owned(),
        customer: customer_id.clone(),
    };
    let hold = call.hold(700);
    call.reserve(hold.clone()).await.unwrap();

    let request = v1::RejectCustomerRequest { interaction_id: "call-2".to_owned(), customer_id };
    let rejected = client.interactions.clone().reject_customer(request).await;
    let rejected = rejected.unwrap().into_inner();
    assert_eq!(rejected.voided_count, 1);
    assert_eq!(rejected.interaction.unwrap().customer_id, "");
    assert_eq!(call.spend(&hold.spend_id).await.unwrap().state(), v1::SpendState::Voided);
    let panel = call.panel().await;
    assert_eq!(panel.context, None);
    assert_eq!(panel.headroom, None);
    served.stop().await;
}

#[tokio::test]
async fn gives_parts_of_a_hold_and_takes_parts_back() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-3", "C-2").await;
    let hold = call.hold(1_000);
    call.reserve(hold.clone()).await.unwrap();
    let part = v1::CommitSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(400)),
        keep_rest: true,
    };
    let given = call.commit_as(part).await.unwrap();
    let spend = given.spend.unwrap();
    assert_eq!(spend.state(), v1::SpendState::PartlyCommitted);
    assert_eq!((spend.held_minor, spend.committed_minor), (600, 400));
    let first_undo = spend.undo_expire_time;
    assert_eq!(given.headroom.unwrap().available_minor, CAP - 1_000);

    let rest = call.commit(&hold.spend_id, 100).await.unwrap();
    let spend = rest.spend.unwrap();
    assert_eq!(spend.state(), v1::SpendState::Committed);
    assert_eq!((spend.held_minor, spend.committed_minor), (0, 500));
    assert_eq!(spend.undo_expire_time, first_undo, "all of it goes by its oldest part");
    assert_eq!(rest.headroom.unwrap().available_minor, CAP - 500);

    let back = v1::ReverseSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id,
        amount: Some(usd(200)),
        reason: v1::ReverseReason::CustomerReturned.into(),
        ..v1::ReverseSpendRequest::default()
    };
    let back = call.reverse_as(back).await.unwrap();
    assert_eq!(back.spend.unwrap().state(), v1::SpendState::PartlyReversed);
    assert_eq!(back.headroom.unwrap().available_minor, CAP - 300);

    let extended = call.hold(50);
    let before = call.reserve(extended.clone()).await.unwrap().spend.unwrap();
    let after = call.extend(&extended.spend_id).await.unwrap().spend.unwrap();
    assert!(nanos(after.expire_time) > nanos(before.expire_time));
    let voided = call.void(&extended.spend_id).await.unwrap();
    assert_eq!(voided.spend.unwrap().state(), v1::SpendState::Voided);
    assert_eq!(voided.headroom.unwrap().available_minor, CAP - 300);
    served.stop().await;
}

fn timestamp(ns: i64) -> Timestamp {
    makegood_sidecar::house::timestamp(ns)
}

fn nanos(time: Option<Timestamp>) -> i64 {
    makegood_sidecar::house::timestamp_ns(time.unwrap())
}
