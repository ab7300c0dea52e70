//! Limits hold: under interleaving, over time, and between agents and tenants.

use futures_util::future::join_all;
use makegood_core::ledger::EntryBody;
use makegood_proto::v1;
use makegood_sidecar::token::{AGENT_TOKEN_TTL_MAX, Access, Grant};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{Call, Client, Place, Rules, Served, StoredLedger, connect, id, until, usd};

const SHARED: Rules = Rules { cap: "0.17", scope: r#"["customer"]"#, ..Rules::STANDARD };

/// Two agents on two calls with one customer, over two connections each.
async fn colleagues(served: &Served<'_>) -> Vec<Call> {
    let mut calls = Vec::new();
    for (agent, interaction) in [("A-1", "call-1"), ("A-2", "call-2")] {
        let token = served.place().token(agent, Access::Agent, Some(interaction));
        for _ in 0..2 {
            let client = Client::new(&connect(served.address()).await, &token);
            calls.push(Call::ring(client, interaction, "C-1").await);
        }
    }
    calls
}

fn is_above_limit(status: &Status) -> bool {
    let info = status.get_details_error_info();
    status.code() == Code::FailedPrecondition
        && info.is_some_and(|it| it.reason == "LIMIT_EXCEEDED")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gives_exactly_what_the_limit_allows_however_many_ask_at_once() {
    let place = Place::new(SHARED);
    let served = place.serve().await;
    let calls = colleagues(&served).await;
    let asked = (0..80).map(|index| {
        let call = calls[index % calls.len()].clone();
        tokio::spawn(async move { call.give(call.gift(1)).await })
    });
    let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let given = answers.iter().filter(|it| it.is_ok()).count();
    assert_eq!(given, 17);
    for status in answers.iter().filter_map(|it| it.as_ref().err()) {
        assert!(is_above_limit(status), "{status:?}");
    }
    for call in &calls {
        assert_eq!(call.available().await, 0);
    }
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let refused = ledger.entries.iter().filter(|it| matches!(it.body, EntryBody::Refused { .. }));
    assert_eq!(refused.count(), 80 - 17);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_holds_gifts_and_releases_right_when_they_interleave() {
    let place = Place::new(SHARED);
    let served = place.serve().await;
    let calls = colleagues(&served).await;
    let asked = (0..48_i64).map(|index| {
        let call = calls[usize::try_from(index).unwrap() % calls.len()].clone();
        tokio::spawn(async move { give_in_parts(&call, index % 3).await })
    });
    let given: i64 = join_all(asked).await.into_iter().map(Result::unwrap).sum();
    for call in &calls {
        assert_eq!(call.available().await, 17 - given);
        let held: i64 = call.panel().await.spends.iter().map(|it| it.held_minor).sum();
        assert_eq!(held, 0);
    }
    served.stop().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}

/// Holds three, and gives as many of them as asked for, or none; answers with what was given.
async fn give_in_parts(call: &Call, wanted: i64) -> i64 {
    let hold = call.hold(3);
    match call.reserve(hold.clone()).await {
        Ok(_) if wanted == 0 => {
            call.void(&hold.spend_id).await.unwrap();
            0
        }
        Ok(_) => {
            call.commit(&hold.spend_id, wanted).await.unwrap();
            wanted
        }
        Err(status) => {
            assert!(is_above_limit(&status), "{status:?}");
            0
        }
    }
}

#[tokio::test]
async fn frees_what_was_held_when_the_hold_ends() {
    let rules = Rules { hold: "400 ms", ..Rules::capped("10.00") };
    let place = Place::new(rules);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let hold = call.hold(1_000);
    call.reserve(hold.clone()).await.unwrap();
    let status = call.give(call.gift(1)).await.unwrap_err();
    assert!(is_above_limit(&status), "{status:?}");
    until("the hold has ended", async || call.available().await == 1_000).await;
    let ended = call.spend(&hold.spend_id).await.unwrap();
    assert_eq!((ended.state(), ended.held_minor), (v1::SpendState::Expired, 0));
    assert_eq!(call.panel().await.headroom.unwrap().held_minor, 0);
    call.give(call.gift(1_000)).await.unwrap();
    assert_eq!(call.available().await, 0);
    served.stop().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}

#[tokio::test]
async fn ends_holds_that_came_due_while_nothing_ran() {
    let rules = Rules { hold: "50 ms", ..Rules::capped("10.00") };
    let place = Place::new(rules);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    call.reserve(call.hold(1_000)).await.unwrap();
    served.stop().await;
    let served = place.serve().await;
    let call = Call { client: served.client("A-1", Access::Agent, Some("call-1")), ..call };
    until("the hold has ended", async || call.available().await == 1_000).await;
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let last = ledger.entries.last().unwrap();
    assert!(matches!(last.body, EntryBody::Expired { .. }), "{last:?}");
}

#[tokio::test]
async fn counts_agents_customers_and_currencies_apart_where_the_limit_does() {
    let place = Place::new(Rules::capped("10.00"));
    let served = place.serve().await;
    let first = served.ring("A-1", "call-1", "C-1").await;
    let colleague = served.ring("A-2", "call-2", "C-1").await;
    let other = served.ring("A-1", "call-3", "C-2").await;
    first.give(first.gift(1_000)).await.unwrap();
    assert_eq!(first.available().await, 0);
    assert_eq!(colleague.available().await, 1_000);
    assert_eq!(other.available().await, 1_000);

    let rand = v1::Money { currency_code: "ZAR".to_owned(), amount_minor: 250 };
    let gift = v1::GiveSpendRequest { amount: Some(rand.clone()), ..first.gift(0) };
    let given = first.give(gift.clone()).await.unwrap();
    assert_eq!(given.spend.unwrap().amount, Some(rand.clone()));
    let headroom = given.headroom.unwrap();
    assert_eq!((headroom.currency_code.as_str(), headroom.available_minor), ("ZAR", 750));
    let undo = v1::ReverseSpendRequest {
        request_id: id(),
        spend_id: gift.spend_id,
        amount: Some(rand),
        reason: v1::ReverseReason::MisEntry.into(),
        ..v1::ReverseSpendRequest::default()
    };
    let undone = first.reverse_as(undo).await.unwrap();
    assert_eq!(undone.headroom.unwrap().available_minor, 1_000);
    assert_eq!(first.available().await, 0, "in the other currency all is given");
    served.stop().await;
}

#[tokio::test]
async fn previews_what_the_gift_itself_would_do() {
    let place = Place::new(Rules::capped("10.00"));
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let preview = async |amount_minor| {
        let request = v1::PreviewSpendRequest {
            customer_id: call.customer.clone(),
            interaction_id: call.interaction.clone(),
            amount: Some(usd(amount_minor)),
            reason_code: "delay".to_owned(),
            gesture_code: "credit".to_owned(),
        };
        let answer = call.client.budget.clone().preview_spend(request).await;
        answer.unwrap().into_inner()
    };
    let entries = served.entry_count();
    let seen = preview(400).await;
    assert!(seen.accepted && seen.refusal.is_empty());
    assert_eq!(seen.headroom.unwrap().available_minor, 600);
    let seen = preview(1_250).await;
    assert!(!seen.accepted);
    assert_eq!((seen.refusal.as_str(), seen.excess_minor), ("LIMIT_EXCEEDED", 250));
    assert_eq!(seen.headroom.unwrap().available_minor, 1_000);
    assert_eq!(served.entry_count(), entries, "a preview writes nothing");
    let given = call.give(call.gift(400)).await.unwrap();
    assert_eq!(given.headroom.unwrap().available_minor, 600);
    served.stop().await;
}

#[tokio::test]
async fn keeps_tenants_apart() {
    let one = Place::of(Rules::capped("10.00"), "one", true);
    let two = Place::of(Rules::capped("10.00"), "two", true);
    let (served_one, served_two) = (one.serve().await, two.serve().await);
    let call_one = served_one.ring("A-1", "call-1", "C-1").await;
    let call_two = served_two.ring("A-1", "call-1", "C-1").await;
    assert_ne!(call_one.customer, call_two.customer, "pseudonyms are the tenant's own");
    let gift = call_one.gift(1_000);
    call_one.give(gift.clone()).await.unwrap();
    assert_eq!(call_one.available().await, 0);
    assert_eq!(call_two.available().await, 1_000);
    let status = call_two.spend(&gift.spend_id).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);

    let stray = Call { customer: call_one.customer.clone(), ..call_two.clone() };
    let status = stray.give(stray.gift(1)).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "CUSTOMER_NOT_FOUND");
    let grant = Grant {
        tenant: "one".to_owned(),
        agent: "A-1".to_owned(),
        access: Access::Agent,
        interaction: Some("call-1".to_owned()),
        ttl: AGENT_TOKEN_TTL_MAX,
    };
    let foreign = two.sign(&grant, std::time::Duration::ZERO);
    let intruder = Call { client: served_two.client_with(&foreign), ..call_two };
    let status = intruder.try_panel().await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOKEN_TENANT");
    served_one.stop().await;
    served_two.stop().await;
    assert!(one.tenant_folder().ends_with("one") && one.tenant_folder().is_dir());
    assert!(!one.data().join("two").is_dir());
}
