//! Requests that are at fault themselves: they leave no trace, and their id may be used again.

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{INVALID_FIELDS, expected};
use crate::support::{Call, Expected, Place, Rules, assert_refused, id, usd};

type Spoil = fn(&mut v1::GiveSpendRequest);

const NOT_POSITIVE: Expected =
    expected(Code::InvalidArgument, "AMOUNT_NOT_POSITIVE", &["amount_minor"]);
const OVERFLOW: Expected =
    expected(Code::InvalidArgument, "AMOUNT_OVERFLOW", &["amount_minor", "max_minor"]);

/// What can be wrong with a gift, in the order of its fields.
const GIFTS: &[(&str, Spoil, Expected)] = &[
    ("an id that is no uuid", |it| it.spend_id = "7".into(), INVALID_FIELDS),
    ("no id", |it| it.spend_id.clear(), INVALID_FIELDS),
    ("a malformed customer", |it| it.customer_id = "maria".into(), INVALID_FIELDS),
    (
        "an unknown customer",
        |it| it.customer_id = "A".repeat(24),
        expected(Code::NotFound, "CUSTOMER_NOT_FOUND", &[]),
    ),
    (
        "an interaction that the token is not for",
        |it| it.interaction_id = "another".into(),
        expected(Code::PermissionDenied, "OTHER_INTERACTION", &[]),
    ),
    ("no interaction", |it| it.interaction_id.clear(), INVALID_FIELDS),
    ("no amount", |it| it.amount = None, INVALID_FIELDS),
    ("no currency", |it| currency(it, ""), INVALID_FIELDS),
    ("a currency in lower case", |it| currency(it, "usd"), INVALID_FIELDS),
    ("a currency that is none", |it| currency(it, "QQQ"), INVALID_FIELDS),
    (
        "a currency that the policy does not name",
        |it| currency(it, "JPY"),
        expected(
            Code::FailedPrecondition,
            "CURRENCY_NOT_IN_POLICY",
            &["currency_code", "allowed_currency_codes"],
        ),
    ),
    ("nothing", |it| it.amount = Some(usd(0)), NOT_POSITIVE),
    ("less than nothing", |it| it.amount = Some(usd(-1)), NOT_POSITIVE),
    ("the least number", |it| it.amount = Some(usd(i64::MIN)), NOT_POSITIVE),
    ("more than screens hold", |it| it.amount = Some(usd(1 << 53)), OVERFLOW),
    ("the greatest number", |it| it.amount = Some(usd(i64::MAX)), OVERFLOW),
    (
        "an unknown reason",
        |it| it.reason_code = "weather".into(),
        expected(Code::InvalidArgument, "UNKNOWN_REASON", &["reason"]),
    ),
    ("a malformed reason", |it| it.reason_code = "Bad Weather".into(), INVALID_FIELDS),
    (
        "an unknown gesture",
        |it| it.gesture_code = "castle".into(),
        expected(Code::InvalidArgument, "UNKNOWN_GESTURE", &["gesture"]),
    ),
    (
        "a gesture that costs nothing",
        |it| it.gesture_code = "call_back".into(),
        expected(Code::InvalidArgument, "GESTURE_IS_FREE", &["gesture"]),
    ),
    ("a note too long", |it| it.note = "é".repeat(501), INVALID_FIELDS),
    ("a card number", |it| it.note = "paid with 4111 1111 1111 1111".into(), INVALID_FIELDS),
    ("a decision before the ring", |it| it.decided_ms = -1, INVALID_FIELDS),
    ("a malformed suggestion", |it| it.suggestion_code = "?".into(), INVALID_FIELDS),
];

fn currency(request: &mut v1::GiveSpendRequest, code: &str) {
    let amount = request.amount.as_mut().unwrap();
    code.clone_into(&mut amount.currency_code);
}

#[tokio::test]
async fn refuses_gifts_at_fault_and_leaves_no_trace() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let entries = served.entry_count();
    for (what, spoil, expected) in GIFTS {
        let sound = call.gift(100);
        let mut spoilt = sound.clone();
        spoil(&mut spoilt);
        let status = call.give(spoilt.clone()).await.unwrap_err();
        assert_refused(what, &status, *expected);
        let hold = hold_of(spoilt);
        let status = call.reserve(hold.clone()).await.unwrap_err();
        assert_refused(what, &status, *expected);
        let preview = preview_of(hold);
        // What a preview does not ask for cannot be wrong with it.
        if preview != preview_of(hold_of(sound)) {
            let previewed = call.client.budget.clone().preview_spend(preview).await;
            assert_refused(what, &previewed.unwrap_err(), *expected);
        }
    }
    assert_eq!(served.entry_count(), entries, "a faulty request left an entry");

    // A fault does not use up the id.
    let sound = call.gift(100);
    let mut spoilt = sound.clone();
    spoilt.reason_code = "weather".to_owned();
    call.give(spoilt).await.unwrap_err();
    assert!(!call.give(sound).await.unwrap().replayed);
    assert_eq!(served.entry_count(), entries + 2);
    served.stop().await;
}

fn hold_of(gift: v1::GiveSpendRequest) -> v1::ReserveSpendRequest {
    v1::ReserveSpendRequest {
        spend_id: gift.spend_id,
        customer_id: gift.customer_id,
        interaction_id: gift.interaction_id,
        amount: gift.amount,
        reason_code: gift.reason_code,
        gesture_code: gift.gesture_code,
        note: gift.note,
        decided_ms: gift.decided_ms,
        suggestion_code: gift.suggestion_code,
    }
}

fn preview_of(hold: v1::ReserveSpendRequest) -> v1::PreviewSpendRequest {
    v1::PreviewSpendRequest {
        customer_id: hold.customer_id,
        interaction_id: hold.interaction_id,
        amount: hold.amount,
        reason_code: hold.reason_code,
        gesture_code: hold.gesture_code,
    }
}

#[tokio::test]
async fn names_every_field_at_fault_at_once() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let spoilt = v1::GiveSpendRequest {
        spend_id: "7".to_owned(),
        customer_id: String::new(),
        reason_code: "?".to_owned(),
        ..call.gift(1)
    };
    let status = call.give(spoilt).await.unwrap_err();
    assert_refused("three fields", &status, INVALID_FIELDS);
    let fields = status.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = fields.into_iter().map(|it| it.field).collect();
    assert_eq!(fields, ["spend_id", "customer_id", "reason_code"]);

    let large = v1::GiveSpendRequest { note: "x".repeat(70_000), ..call.gift(1) };
    let status = call.give(large).await.unwrap_err();
    let expect = expected(Code::InvalidArgument, "MESSAGE_TOO_LARGE", &[]);
    assert_refused("a message too large", &status, expect);
    served.stop().await;
}

#[tokio::test]
async fn refuses_what_the_call_does_not_allow() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let other = served.ring("A-1", "call-2", "C-2").await;
    let entries = served.entry_count();

    let misdirected =
        v1::GiveSpendRequest { customer_id: other.customer.clone(), ..call.gift(100) };
    let status = call.give(misdirected).await.unwrap_err();
    let expect = expected(Code::FailedPrecondition, "CUSTOMER_NOT_BOUND", &[]);
    assert_refused("another's gift", &status, expect);

    let unbound = Call {
        client: served.client("A-1", Access::Agent, None),
        interaction: "never-started".to_owned(),
        ..call.clone()
    };
    let status = unbound.give(unbound.gift(100)).await.unwrap_err();
    let expect = expected(Code::NotFound, "INTERACTION_NOT_FOUND", &[]);
    assert_refused("an unknown interaction", &status, expect);

    let hold = call.hold(100);
    call.reserve(hold.clone()).await.unwrap();
    let rand = v1::CommitSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(v1::Money { currency_code: "ZAR".to_owned(), amount_minor: 100 }),
        keep_rest: false,
    };
    let status = call.commit_as(rand).await.unwrap_err();
    assert_refused("another currency", &status, INVALID_FIELDS);

    let request =
        v1::EndInteractionRequest { interaction_id: "call-1".to_owned(), resolved: false };
    call.client.interactions.clone().end_interaction(request).await.unwrap();
    let status = call.give(call.gift(100)).await.unwrap_err();
    let expect = expected(Code::FailedPrecondition, "INTERACTION_ENDED", &[]);
    assert_refused("a gift after the end", &status, expect);
    assert_eq!(served.entry_count(), entries + 1, "the hold alone is in the ledger");
    served.stop().await;
}
