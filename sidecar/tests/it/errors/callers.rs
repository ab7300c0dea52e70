//! Callers who may not: no token, the wrong one, or the wrong role for what they ask.

use std::time::Duration;

use makegood_proto::v1;
use makegood_sidecar::token::{AGENT_TOKEN_TTL_MAX, Access, Grant};
use tonic::{Code, Status};

use super::expected;
use crate::support::{Call, Client, Expected, Place, Rules, Served, assert_refused, id, usd};

const fn signed_out(reason: &'static str) -> Expected {
    expected(Code::Unauthenticated, reason, &[])
}

const NOT_ALLOWED: Expected = expected(Code::PermissionDenied, "NOT_ALLOWED", &["needed"]);

#[tokio::test]
async fn refuses_tokens_that_are_not_good() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let entries = served.entry_count();
    for (what, token, expected) in bad_tokens(&place) {
        let stranger = Call { client: served.client_with(&token), ..call.clone() };
        let status = stranger.give(stranger.gift(100)).await.unwrap_err();
        assert_refused(what, &status, expected);
        let status = stranger.try_panel().await.unwrap_err();
        assert_refused(what, &status, expected);
    }
    let mut bare = v1::budget_service_client::BudgetServiceClient::new(served.channel());
    let status = bare.give_spend(call.gift(100)).await.unwrap_err();
    assert_refused("no token", &status, signed_out("TOKEN_MISSING"));
    assert_eq!(served.entry_count(), entries);
    served.stop().await;
}

/// What each bad token is, and how it is answered.
fn bad_tokens(place: &Place) -> [(&'static str, String, Expected); 7] {
    let elsewhere = Place::empty(Rules::STANDARD);
    let grant = Grant {
        tenant: "house".to_owned(),
        agent: "A-1".to_owned(),
        access: Access::Agent,
        interaction: Some("call-1".to_owned()),
        ttl: AGENT_TOKEN_TTL_MAX,
    };
    let now = Duration::ZERO;
    let hour = Duration::from_hours(1);
    let other_tenant = Grant { tenant: "another".to_owned(), ..grant.clone() };
    let too_long = Grant { ttl: hour, ..grant.clone() };
    let stranger = Grant { agent: "A-404".to_owned(), ..grant.clone() };
    let changed = place.sign(&grant, now).replacen("eyJ", "eyK", 1);
    [
        ("no jwt", "opaque".to_owned(), signed_out("TOKEN_MALFORMED")),
        ("a changed token", changed, signed_out("TOKEN_MALFORMED")),
        ("another's key", elsewhere.sign(&grant, now), signed_out("TOKEN_SIGNATURE")),
        ("an old token", place.sign(&grant, hour), signed_out("TOKEN_EXPIRED")),
        ("another tenant", place.sign(&other_tenant, now), signed_out("TOKEN_TENANT")),
        ("a long token", place.sign(&too_long, now), signed_out("TOKEN_TOO_LONG")),
        (
            "an unknown agent",
            place.sign(&stranger, now),
            expected(Code::PermissionDenied, "AGENT_NOT_FOUND", &[]),
        ),
    ]
}

#[tokio::test]
async fn binds_a_token_to_its_interaction_and_a_spend_to_its_agent() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let other = served.ring("A-1", "call-2", "C-2").await;
    let hold = call.hold(100);
    call.reserve(hold.clone()).await.unwrap();
    let entries = served.entry_count();

    let misdirected = Call { client: other.client.clone(), ..call.clone() };
    let elsewhere = expected(Code::PermissionDenied, "OTHER_INTERACTION", &[]);
    let status = misdirected.give(misdirected.gift(1)).await.unwrap_err();
    assert_refused("a gift on another call", &status, elsewhere);
    let status = misdirected.try_panel().await.unwrap_err();
    assert_refused("another call's panel", &status, elsewhere);
    let status = misdirected.commit(&hold.spend_id, 100).await.unwrap_err();
    let unseen = expected(Code::NotFound, "SPEND_NOT_FOUND", &[]);
    assert_refused("another call's hold", &status, unseen);

    let colleague =
        Call { client: served.client("A-2", Access::Agent, Some("call-1")), ..call.clone() };
    let status = colleague.commit(&hold.spend_id, 100).await.unwrap_err();
    let not_yours = expected(Code::PermissionDenied, "NOT_YOUR_SPEND", &["spend_id"]);
    assert_refused("a colleague's hold", &status, not_yours);
    let status = colleague.void(&hold.spend_id).await.unwrap_err();
    assert_refused("a colleague's hold", &status, not_yours);
    assert_eq!(served.entry_count(), entries);

    // A supervisor may release what an agent holds, and may not give it.
    let lead = Call { client: served.client("L-1", Access::Supervisor, None), ..call.clone() };
    let status = lead.commit(&hold.spend_id, 100).await.unwrap_err();
    assert_refused("an agent's hold", &status, not_yours);
    lead.void(&hold.spend_id).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn keeps_reviewers_from_giving_and_agents_from_reviewing() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(100)).await.unwrap();
    let entries = served.entry_count();
    for access in [Access::Auditor, Access::Admin] {
        let reviewer = Call { client: served.client("R-1", access, None), ..call.clone() };
        for (what, status) in writes(&reviewer).await {
            assert_refused(what, &status, NOT_ALLOWED);
        }
    }
    assert_eq!(served.entry_count(), entries);

    let scored = score(&call.client, &call).await;
    assert_refused("a score by the agent", &scored.unwrap_err(), NOT_ALLOWED);
    let lead = served.client("L-1", Access::Supervisor, None);
    score(&lead, &call).await.unwrap();
    assert_sees_own_entries_alone(&served, entries).await;
    served.stop().await;
}

/// Everything that moves money or writes about a customer, and a look at them.
async fn writes(reviewer: &Call) -> Vec<(&'static str, Status)> {
    let log = v1::LogActionRequest {
        action_id: id(),
        interaction_id: reviewer.interaction.clone(),
        kind: v1::ActionKind::Listened.into(),
        ..v1::LogActionRequest::default()
    };
    let start = Call::start("call-9", "C-1");
    let client = &reviewer.client;
    vec![
        ("giving", reviewer.give(reviewer.gift(1)).await.unwrap_err()),
        ("holding", reviewer.reserve(reviewer.hold(1)).await.unwrap_err()),
        ("committing", reviewer.commit(&id(), 1).await.unwrap_err()),
        ("releasing", reviewer.void(&id()).await.unwrap_err()),
        ("undoing", reviewer.undo(&id(), 1).await.unwrap_err()),
        ("looking at a customer", reviewer.try_panel().await.unwrap_err()),
        (
            "starting a call",
            client.interactions.clone().start_interaction(start).await.unwrap_err(),
        ),
        ("logging", client.advocacy.clone().log_action(log).await.unwrap_err()),
    ]
}

async fn score(client: &Client, call: &Call) -> Result<(), Status> {
    let request = v1::RecordScoreRequest {
        score_id: id(),
        customer_id: call.customer.clone(),
        kind: v1::ScoreKind::Recommend.into(),
        value: 9,
        interaction_id: call.interaction.clone(),
        ..v1::RecordScoreRequest::default()
    };
    client.experience.clone().record_score(request).await.map(drop)
}

async fn assert_sees_own_entries_alone(served: &Served<'_>, all: i64) {
    let of = async |agent, access| served.client(agent, access, None).entries().await;
    assert_eq!(i64::try_from(of("R-1", Access::Auditor).await.len()).unwrap(), all);
    let own = of("A-1", Access::Agent).await;
    assert_eq!(own.len(), 2, "the hold and the gift");
    let amounts =
        own.iter().all(|it| it.entry.as_ref().unwrap().currency_code == usd(1).currency_code);
    assert!(amounts);
    assert_eq!(of("A-2", Access::Agent).await, []);
}
