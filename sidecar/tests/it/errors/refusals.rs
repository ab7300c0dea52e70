//! Refusals by a state or a limit: each is one entry of the ledger and stays with its id.

use makegood_core::ledger::EntryBody;
use makegood_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::expected;
use crate::support::{
    Call, Expected, Place, Rules, Served, StoredLedger, assert_refused, id, until, usd,
};

const fn forbidden(reason: &'static str, keys: &'static [&'static str]) -> Expected {
    expected(Code::FailedPrecondition, reason, keys)
}

const RESOLVED: Expected = forbidden("HOLD_RESOLVED", &["state"]);
const LIMIT_EXCEEDED: Expected = forbidden(
    "LIMIT_EXCEEDED",
    &["available_minor", "requested_minor", "currency_code", "limit", "limit_label"],
);

/// Asks twice for what is refused: the first leaves one entry, the second none, and both say the
/// same.
async fn assert_sticks(
    served: &Served<'_>,
    what: &str,
    expected: Expected,
    ask: impl AsyncFn() -> Result<(), Status>,
) {
    let before = served.entry_count();
    let first = ask().await.unwrap_err();
    assert_refused(what, &first, expected);
    assert!(first.get_details_precondition_failure().is_some(), "{what}");
    assert_eq!(served.entry_count(), before + 1, "{what}");
    let again = ask().await.unwrap_err();
    assert_refused(what, &again, expected);
    assert_eq!(first.message(), again.message(), "{what}");
    assert_eq!(served.entry_count(), before + 1, "{what}");
}

#[tokio::test]
async fn refuses_by_limit_and_state_with_one_entry_each() {
    let place = Place::new(Rules::capped("10.00"));
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;

    let gift = call.gift(1_001);
    let give = async || call.give(gift.clone()).await.map(drop);
    assert_sticks(&served, "above the limit", LIMIT_EXCEEDED, give).await;
    let status = call.spend(&gift.spend_id).await.unwrap_err();
    assert_refused("the refused gift itself", &status, LIMIT_EXCEEDED);

    let spend_id = hold(&call, 600).await;
    let again = call.hold(401);
    let reserve = async || call.reserve(again.clone()).await.map(drop);
    assert_sticks(&served, "above what a hold leaves", LIMIT_EXCEEDED, reserve).await;

    let request = commit(&spend_id, 601);
    let excess = async || call.commit_as(request.clone()).await.map(drop);
    let keys = &["held_minor", "requested_minor", "currency_code"];
    assert_sticks(&served, "above the hold", forbidden("AMOUNT_ABOVE_HOLD", keys), excess).await;

    call.commit(&spend_id, 500).await.unwrap();
    let request = commit(&spend_id, 100);
    let twice = async || call.commit_as(request.clone()).await.map(drop);
    assert_sticks(&served, "given twice", RESOLVED, twice).await;

    let request = v1::VoidSpendRequest {
        request_id: id(),
        spend_id: spend_id.clone(),
        reason: v1::VoidReason::Other.into(),
    };
    let void = async || {
        let voided = call.client.budget.clone().void_spend(request.clone()).await;
        voided.map(drop)
    };
    assert_sticks(&served, "released after it was given", RESOLVED, void).await;

    let request = v1::ReverseSpendRequest {
        request_id: id(),
        spend_id: spend_id.clone(),
        amount: Some(usd(501)),
        reason: v1::ReverseReason::CustomerReturned.into(),
        ..v1::ReverseSpendRequest::default()
    };
    let reverse = async || call.reverse_as(request.clone()).await.map(drop);
    let keys = &["given_minor", "requested_minor", "currency_code"];
    assert_sticks(&served, "above what was given", forbidden("AMOUNT_ABOVE_GIVEN", keys), reverse)
        .await;

    assert_eq!(call.available().await, 500);
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let is_refused = |body: &EntryBody| matches!(body, EntryBody::Refused { .. });
    let refused = ledger.entries.iter().filter(|it| is_refused(&it.body));
    assert_eq!(refused.count(), 6);
}

#[tokio::test]
async fn refuses_what_comes_too_late() {
    let rules = Rules { hold: "300 ms", undo: "1 ms", ..Rules::STANDARD };
    let place = Place::new(rules);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let spend_id = hold(&call, 600).await;
    until("the hold has expired", async || {
        call.spend(&spend_id).await.unwrap().state() == v1::SpendState::Expired
    })
    .await;
    // Its end is an entry of its own, which is not to be counted below.
    let reserved = 1;
    let entries = served.entry_count();
    until("the expiry is written", async || {
        served.entry_count() > entries || ends_with_expiry(&served).await
    })
    .await;
    assert_eq!(reserved, 1);

    let late = forbidden("HOLD_EXPIRED", &["expired_at_ns"]);
    let request = commit(&spend_id, 600);
    let give = async || call.commit_as(request.clone()).await.map(drop);
    assert_sticks(&served, "given after its expiry", late, give).await;
    let request = v1::ExtendSpendRequest { request_id: id(), spend_id: spend_id.clone() };
    let extend = async || {
        let extended = call.client.budget.clone().extend_spend(request.clone()).await;
        extended.map(drop)
    };
    assert_sticks(&served, "extended after its expiry", late, extend).await;

    let gift = call.gift(100);
    let given = call.give(gift.clone()).await.unwrap().spend.unwrap();
    let ends_ns = makegood_sidecar::house::timestamp_ns(given.undo_expire_time.unwrap());
    until("the undo time has ended", async || {
        makegood_sidecar::clock::wall_time().as_nanos() > ends_ns
    })
    .await;
    let request = v1::ReverseSpendRequest {
        request_id: id(),
        spend_id: gift.spend_id.clone(),
        amount: Some(usd(100)),
        reason: v1::ReverseReason::MisEntry.into(),
        ..v1::ReverseSpendRequest::default()
    };
    let undo = async || call.reverse_as(request.clone()).await.map(drop);
    let closed = forbidden("UNDO_WINDOW_CLOSED", &["ended_at_ns"]);
    assert_sticks(&served, "undone too late", closed, undo).await;
    served.stop().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}

async fn ends_with_expiry(served: &Served<'_>) -> bool {
    use makegood_proto::ledger::v1::entry::Body;
    let last = served.entries().await.pop().unwrap().entry.unwrap();
    matches!(last.body, Some(Body::Expired(_)))
}

#[tokio::test]
async fn refuses_a_role_that_no_limit_names() {
    let rules =
        Rules { window: r#""case", length = "30 days", roles = ["lead"]"#, ..Rules::STANDARD };
    let place = Place::new(rules);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let gift = call.gift(1);
    let give = async || call.give(gift.clone()).await.map(drop);
    assert_sticks(&served, "no authority", forbidden("NO_AUTHORITY", &["role"]), give).await;
    let panel = call.panel().await;
    assert_eq!(panel.headroom.map_or(0, |it| it.available_minor), 0);
    served.stop().await;
}

async fn hold(call: &Call, amount_minor: i64) -> String {
    let hold = call.hold(amount_minor);
    call.reserve(hold.clone()).await.unwrap();
    hold.spend_id
}

fn commit(spend_id: &str, amount_minor: i64) -> v1::CommitSpendRequest {
    v1::CommitSpendRequest {
        request_id: id(),
        spend_id: spend_id.to_owned(),
        amount: Some(usd(amount_minor)),
        keep_rest: false,
    }
}
