//! The full life of a gesture: raised, corrected, counted by how often, and what each limit said.

use makegood_proto::v1;
use tonic::{Code, Response, Status};

use crate::support::{Call, Expected, Place, Rules, StoredLedger, assert_refused, id, usd};

/// 10.00 for each agent and customer, and two gestures for each customer whoever gives them.
const RULES: Rules = Rules {
    cap: "10.00",
    limits: r#"{ id = "often", label = "this customer", counts = "times", scope = ["customer"], window = "lifetime", cap = 2 },"#,
    ..Rules::STANDARD
};

const LIMIT_EXCEEDED: Expected = Expected {
    code: Code::FailedPrecondition,
    reason: "LIMIT_EXCEEDED",
    keys: &["available_minor", "requested_minor", "currency_code", "limit", "limit_label"],
};

type Answer<T> = Result<T, Status>;

async fn raise(
    call: &Call,
    request: v1::IncrementSpendRequest,
) -> Answer<v1::IncrementSpendResponse> {
    call.client.budget.clone().increment_spend(request).await.map(Response::into_inner)
}

async fn correct(
    call: &Call,
    request: v1::CorrectSpendRequest,
) -> Answer<v1::CorrectSpendResponse> {
    call.client.budget.clone().correct_spend(request).await.map(Response::into_inner)
}

fn by(spend_id: &str, amount_minor: i64) -> v1::IncrementSpendRequest {
    let amount = Some(usd(amount_minor));
    v1::IncrementSpendRequest { request_id: id(), spend_id: spend_id.to_owned(), amount }
}

fn as_damage(spend_id: &str) -> v1::CorrectSpendRequest {
    v1::CorrectSpendRequest {
        request_id: id(),
        spend_id: spend_id.to_owned(),
        reason_code: "damage".to_owned(),
        gesture_code: "credit".to_owned(),
        effective_time: None,
    }
}

/// Before, after and cap of a limit, as an answer shows it.
fn limit(headroom: Option<&v1::Headroom>, id: &str) -> (Option<i64>, Option<i64>, i64) {
    let limits = &headroom.unwrap().limits;
    let limit = limits.iter().find(|limit| limit.limit_id == id).unwrap();
    (limit.before_minor, limit.after_minor, limit.cap_minor)
}

#[tokio::test]
async fn says_of_every_limit_what_was_before_and_after() {
    let place = Place::new(RULES);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let shown = call.headroom().await;
    assert_eq!(limit(Some(&shown), "only"), (None, None, 1_000));

    let gift = call.gift(300);
    let given = call.give(gift.clone()).await.unwrap();
    assert_eq!(limit(given.headroom.as_ref(), "only"), (Some(0), Some(300), 1_000));
    assert_eq!(limit(given.headroom.as_ref(), "often"), (Some(0), Some(1), 2));
    let often = given.headroom.unwrap().limits.into_iter().find(|it| it.limit_id == "often");
    assert_eq!(often.unwrap().counts(), v1::LimitCounts::Times);

    let hold = call.hold(400);
    let reserved = call.reserve(hold.clone()).await.unwrap();
    assert_eq!(limit(reserved.headroom.as_ref(), "only"), (Some(300), Some(700), 1_000));
    let part = call.commit(&hold.spend_id, 100).await.unwrap();
    assert_eq!(limit(part.headroom.as_ref(), "only"), (Some(700), Some(400), 1_000));
    // A repeat says what was said first, as the ledger has it.
    let again = call.give(gift).await.unwrap();
    assert!(again.replayed);
    assert_eq!(limit(again.headroom.as_ref(), "only"), (Some(0), Some(300), 1_000));
    served.stop().await;
}

#[tokio::test]
async fn counts_how_often_a_customer_is_given_to_by_anyone() {
    let place = Place::new(RULES);
    let served = place.serve().await;
    let first = served.ring("A-1", "call-1", "C-1").await;
    let second = served.ring("A-2", "call-2", "C-1").await;
    let gift = first.gift(100);
    first.give(gift.clone()).await.unwrap();
    second.give(second.gift(100)).await.unwrap();
    let refused = first.give(first.gift(1)).await.unwrap_err();
    assert_refused("a third", &refused, LIMIT_EXCEEDED);
    let refused = second.give(second.gift(1)).await.unwrap_err();
    assert_refused("a third by another", &refused, LIMIT_EXCEEDED);
    let other = served.ring("A-1", "call-3", "C-2").await;
    other.give(other.gift(1)).await.unwrap();
    // What is taken back counts no more.
    first.undo(&gift.spend_id, 100).await.unwrap();
    second.give(second.gift(1)).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn raises_a_hold_as_far_as_every_limit_has_room() {
    let place = Place::new(RULES);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let hold = call.hold(600);
    call.reserve(hold.clone()).await.unwrap();
    let request = by(&hold.spend_id, 300);
    let raised = raise(&call, request.clone()).await.unwrap();
    let spend = raised.spend.unwrap();
    assert_eq!((spend.held_minor, spend.amount), (900, Some(usd(900))));
    assert_eq!(limit(raised.headroom.as_ref(), "only"), (Some(600), Some(900), 1_000));
    assert!(raise(&call, request.clone()).await.unwrap().replayed);
    let other = v1::IncrementSpendRequest { amount: Some(usd(301)), ..request };
    assert_eq!(raise(&call, other).await.unwrap_err().code(), Code::AlreadyExists);
    let refused = raise(&call, by(&hold.spend_id, 101)).await.unwrap_err();
    assert_refused("above the limit", &refused, LIMIT_EXCEEDED);
    let stranger = served.ring("A-2", "call-2", "C-2").await;
    let refused = raise(&stranger, by(&hold.spend_id, 1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);

    call.commit(&hold.spend_id, 900).await.unwrap();
    let late = raise(&call, by(&hold.spend_id, 1)).await.unwrap_err();
    let resolved =
        Expected { code: Code::FailedPrecondition, reason: "HOLD_RESOLVED", keys: &["state"] };
    assert_refused("given", &late, resolved);
    served.stop().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}

#[tokio::test]
async fn corrects_what_stands_as_given_and_leaves_the_limits() {
    let place = Place::new(RULES);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let hold = call.hold(500);
    call.reserve(hold.clone()).await.unwrap();
    let early = correct(&call, as_damage(&hold.spend_id)).await.unwrap_err();
    assert_eq!(early.code(), Code::FailedPrecondition, "{early:?}");
    call.commit(&hold.spend_id, 500).await.unwrap();

    let request = as_damage(&hold.spend_id);
    let corrected = correct(&call, request.clone()).await.unwrap();
    assert_eq!(corrected.spend.unwrap().reason_code, "damage");
    assert_eq!(corrected.headroom.unwrap().available_minor, 500);
    assert!(correct(&call, request).await.unwrap().replayed);
    assert_eq!(call.spend(&hold.spend_id).await.unwrap().reason_code, "damage");

    let later = prost_types::Timestamp { seconds: 32_503_680_000, nanos: 0 };
    let future =
        v1::CorrectSpendRequest { effective_time: Some(later), ..as_damage(&hold.spend_id) };
    assert_eq!(correct(&call, future).await.unwrap_err().code(), Code::InvalidArgument);
    // The policy lets nothing count for a time before now.
    let before = prost_types::Timestamp { seconds: 1_600_000_000, nanos: 0 };
    let back = v1::ReverseSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(500)),
        reason: v1::ReverseReason::CustomerReturned.into(),
        effective_time: Some(before),
    };
    let refused = call.reverse_as(back).await.unwrap_err();
    let long_ago =
        Expected { code: Code::FailedPrecondition, reason: "TOO_LONG_AGO", keys: &["earliest_ns"] };
    assert_refused("long ago", &refused, long_ago);
    let unknown =
        v1::CorrectSpendRequest { reason_code: "weather".to_owned(), ..as_damage(&hold.spend_id) };
    assert_eq!(correct(&call, unknown).await.unwrap_err().code(), Code::InvalidArgument);
    served.stop().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}
