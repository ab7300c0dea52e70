//! Ids that come again with other fields: each answer names the field.

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::expected;
use crate::support::{Call, Place, Rules, assert_refused, id, usd};

#[track_caller]
fn assert_reused(what: &str, status: &Status, field: &str) {
    let expect = expected(Code::AlreadyExists, "ID_REUSED", &["field"]);
    assert_refused(what, status, expect);
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.metadata["field"], field, "{what}");
}

type Change = fn(&mut v1::GiveSpendRequest, &Call);

const CHANGES: &[(&str, Change)] = &[
    ("customer", |it, other| {
        it.customer_id.clone_from(&other.customer);
    }),
    ("interaction", |it, other| {
        it.interaction_id.clone_from(&other.interaction);
    }),
    ("currency_code", |it, _| {
        it.amount.as_mut().unwrap().currency_code = "ZAR".into();
    }),
    ("amount_minor", |it, _| it.amount = Some(usd(101))),
    ("reason", |it, _| it.reason_code = "damage".into()),
    ("gesture", |it, _| it.gesture_code = "call_back".into()),
    ("note", |it, _| it.note = "other words".into()),
    ("suggestion", |it, _| it.suggestion_code = "credit".into()),
];

#[tokio::test]
async fn names_the_field_in_which_a_repeat_differs() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let bound = served.ring("A-1", "call-1", "C-1").await;
    let other = served.ring("A-1", "call-2", "C-2").await;
    let call = Call { client: served.client("A-1", Access::Agent, None), ..bound };
    let gift = v1::GiveSpendRequest { note: "first words".to_owned(), ..call.gift(100) };
    call.give(gift.clone()).await.unwrap();
    let entries = served.entry_count();
    for (field, change) in CHANGES {
        let mut changed = gift.clone();
        change(&mut changed, &other);
        let status = call.give(changed).await.unwrap_err();
        assert_reused(field, &status, field);
    }
    let held = v1::ReserveSpendRequest {
        spend_id: gift.spend_id.clone(),
        note: gift.note.clone(),
        ..call.hold(100)
    };
    let status = call.reserve(held).await.unwrap_err();
    assert_reused("a hold under the id of a gift", &status, "operation");
    let colleague = Call { client: served.client("A-2", Access::Agent, None), ..call.clone() };
    let status = colleague.give(gift.clone()).await.unwrap_err();
    assert_reused("another agent's repeat", &status, "caller");
    assert_eq!(served.entry_count(), entries, "a reused id left an entry");
    // The time to decide is measured anew by each retry.
    let again = v1::GiveSpendRequest { decided_ms: 900, ..gift };
    assert!(call.give(again).await.unwrap().replayed);
    served.stop().await;
}

#[tokio::test]
async fn names_the_field_in_which_a_repeated_change_differs() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let (hold, other) = (call.hold(100), call.hold(100));
    call.reserve(hold.clone()).await.unwrap();
    call.reserve(other.clone()).await.unwrap();
    let commit = v1::CommitSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(60)),
        keep_rest: true,
    };
    call.commit_as(commit.clone()).await.unwrap();
    let elsewhere = v1::CommitSpendRequest { spend_id: other.spend_id, ..commit.clone() };
    let less = v1::CommitSpendRequest { amount: Some(usd(10)), ..commit.clone() };
    let all = v1::CommitSpendRequest { keep_rest: false, ..commit.clone() };
    let changes = [("spend_id", elsewhere), ("amount_minor", less), ("is_final", all)];
    for (field, changed) in changes {
        let status = call.commit_as(changed).await.unwrap_err();
        assert_reused(field, &status, field);
    }
    let request = v1::ExtendSpendRequest {
        request_id: commit.request_id.clone(),
        spend_id: hold.spend_id.clone(),
    };
    let status = call.client.budget.clone().extend_spend(request).await.unwrap_err();
    assert_reused("another operation", &status, "operation");
    reuse_record_ids(&call).await;
    served.stop().await;
}

/// Ids of records are the client's too; what differs is not compared field by field.
async fn reuse_record_ids(call: &Call) {
    let action = v1::LogActionRequest {
        action_id: id(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::Explained.into(),
        note: "how the meter works".to_owned(),
        ..v1::LogActionRequest::default()
    };
    call.client.advocacy.clone().log_action(action.clone()).await.unwrap();
    let changed = v1::LogActionRequest { note: "something else".to_owned(), ..action };
    let status = call.client.advocacy.clone().log_action(changed).await.unwrap_err();
    assert_reused("an action", &status, "action_id");

    let preference = v1::SavePreferenceRequest {
        preference_id: id(),
        customer_id: call.customer.clone(),
        kind: v1::PreferenceKind::Need.into(),
        text: "step-free access".to_owned(),
        ..v1::SavePreferenceRequest::default()
    };
    let saved = call.client.customers.clone().save_preference(preference.clone()).await;
    saved.unwrap();
    let changed =
        v1::SavePreferenceRequest { text: "a seat at the aisle".to_owned(), ..preference };
    let status = call.client.customers.clone().save_preference(changed).await.unwrap_err();
    assert_reused("a preference", &status, "preference_id");
}
