//! Governing over real connections: policies come into force by two persons and by themselves,
//! pauses are seen at once, pools and periods keep to their rules.

use std::fs;

use makegood_proto::v1;
use makegood_sidecar::clock::wall_time;
use makegood_sidecar::token::Access;
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::consult::scene::Desk;
use crate::support::{Client, Expected, Place, Rules, Served, assert_refused, id, until, usd};

/// Two administrators: one who writes policies, and one who schedules them.
fn admins(served: &Served<'_>) -> (Client, Client) {
    let admin = |agent| served.client(agent, Access::Admin, None);
    (admin("L-1"), admin("A-2"))
}

fn in_seconds(seconds: i64) -> Timestamp {
    let nanos = wall_time().as_nanos() + seconds * 1_000_000_000;
    Timestamp {
        seconds: nanos.div_euclid(1_000_000_000),
        nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap(),
    }
}

fn period(start: i64, end: i64) -> v1::Period {
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    v1::Period { start_time: at(start), end_time: at(end) }
}

async fn draft(client: &Client, text: &str) -> Result<v1::DraftPolicyResponse, Status> {
    let request = v1::DraftPolicyRequest { request_id: id(), text: text.to_owned() };
    client.governance.clone().draft_policy(request).await.map(tonic::Response::into_inner)
}

async fn publish(client: &Client, policy_digest: &str) -> Result<v1::PolicyStanding, Status> {
    let policy_digest = policy_digest.to_owned();
    let request = v1::PublishPolicyRequest { request_id: id(), policy_digest };
    let published = client.governance.clone().publish_policy(request).await?;
    Ok(published.into_inner().policy.unwrap())
}

async fn schedule(
    client: &Client,
    policy_digest: &str,
    effective_time: Timestamp,
) -> Result<v1::PolicyStanding, Status> {
    let (policy_digest, effective_time) = (policy_digest.to_owned(), Some(effective_time));
    let request = v1::SchedulePolicyRequest { request_id: id(), policy_digest, effective_time };
    let scheduled = client.governance.clone().schedule_policy(request).await?;
    Ok(scheduled.into_inner().policy.unwrap())
}

/// The policy in force, as the API tells it.
async fn in_force(client: &Client) -> v1::GetPolicyResponse {
    let request = v1::GetPolicyRequest::default();
    client.governance.clone().get_policy(request).await.unwrap().into_inner()
}

async fn pause(client: &Client) -> Result<v1::PauseGivingResponse, Status> {
    let reason = v1::PauseReason::Budget.into();
    let request = v1::PauseGivingRequest { request_id: id(), reason };
    client.governance.clone().pause_giving(request).await.map(tonic::Response::into_inner)
}

async fn resume(client: &Client) -> Result<v1::ResumeGivingResponse, Status> {
    let request = v1::ResumeGivingRequest { request_id: id() };
    client.governance.clone().resume_giving(request).await.map(tonic::Response::into_inner)
}

fn state(reason: &'static str, keys: &'static [&'static str]) -> Expected {
    Expected { code: Code::FailedPrecondition, reason, keys }
}

fn duty(reason: &'static str, keys: &'static [&'static str]) -> Expected {
    Expected { code: Code::PermissionDenied, reason, keys }
}

#[tokio::test]
async fn a_policy_comes_into_force_by_two_persons_and_by_itself() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let (author, other) = admins(&served);
    let text = Rules::capped("50.00").text();
    let drafted = draft(&author, &text).await.unwrap();
    assert!(drafted.report.ends_with("the policy is sound"), "{}", drafted.report);
    let digest = drafted.policy.unwrap().policy_digest;

    let early = schedule(&other, &digest, in_seconds(60)).await.unwrap_err();
    assert_refused("unpublished", &early, state("POLICY_NOT_READY", &["policy_digest", "state"]));
    let not_theirs = publish(&other, &digest).await.unwrap_err();
    assert_refused("publish", &not_theirs, duty("NOT_THE_AUTHOR", &["policy_digest"]));
    let published = publish(&author, &digest).await.unwrap();
    assert_eq!(published.state(), v1::PolicyState::Published);
    let alone = schedule(&author, &digest, in_seconds(60)).await.unwrap_err();
    assert_refused("alone", &alone, duty("SECOND_PERSON_NEEDED", &["duty"]));
    let past = schedule(&other, &digest, in_seconds(-60)).await.unwrap_err();
    let shape = Expected { code: Code::InvalidArgument, reason: "FIELD_INVALID", keys: &["field"] };
    assert_refused("past", &past, shape);

    let first = in_force(&author).await.policy.unwrap().policy_digest;
    assert_ne!(first, digest);
    schedule(&other, &digest, in_seconds(1)).await.unwrap();
    until("the policy is in force", async || {
        in_force(&author).await.policy.unwrap().policy_digest == digest
    })
    .await;
    let now = in_force(&author).await;
    assert_eq!(now.text, text);
    assert_eq!(now.policy.unwrap().state(), v1::PolicyState::Activated);
    let request = v1::GetPolicyRequest { policy_digest: first };
    let first = author.governance.clone().get_policy(request).await.unwrap().into_inner();
    assert_eq!(first.text, Rules::STANDARD.text());
    assert!(!first.policy.unwrap().in_force);
    let refused = call.give(call.gift(5_001)).await.unwrap_err();
    let limit = &["available_minor", "requested_minor", "currency_code", "limit", "limit_label"];
    assert_refused("the new cap", &refused, state("LIMIT_EXCEEDED", limit));
    call.give(call.gift(5_000)).await.unwrap();
    served.stop().await;

    // The configured file is the first policy; the ledger knows better.
    let house = place.open_in_production().await;
    assert_eq!(house.policy(None).unwrap().text, text);
    tokio::task::spawn_blocking(move || house.close()).await.unwrap().unwrap();
}

/// Development mode would put the configured policy in force without anybody's word.
#[tokio::test]
async fn development_mode_is_refused_a_folder_of_production() {
    let place = Place::new(Rules::STANDARD);
    let house = place.open_in_production().await;
    tokio::task::spawn_blocking(move || house.close()).await.unwrap().unwrap();
    let is_refused = async || {
        let complaint = place.try_open().await.err().unwrap();
        complaint.contains("mode = \"production\"")
    };
    assert!(is_refused().await);
    std::fs::remove_file(place.tenant_folder().join("production")).unwrap();
    assert!(is_refused().await, "the ledger says so too");
}

#[tokio::test]
async fn a_scheduled_policy_survives_a_restart() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let (author, other) = admins(&served);
    let drafted = draft(&author, &Rules::capped("50.00").text()).await.unwrap();
    let digest = drafted.policy.unwrap().policy_digest;
    publish(&author, &digest).await.unwrap();
    schedule(&other, &digest, in_seconds(1)).await.unwrap();
    served.stop().await;
    let house = place.open_in_production().await;
    until("the policy is in force", async || {
        house.policy(None).unwrap().policy.unwrap().policy_digest == digest
    })
    .await;
    tokio::task::spawn_blocking(move || house.close()).await.unwrap().unwrap();
}

#[tokio::test]
async fn names_every_problem_of_a_policy() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let (author, _) = admins(&served);
    let text = Rules { hold: "soon", ..Rules::capped("2e3") }.text();
    let refused = draft(&author, &text).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    for problem in ["text: hold: ", "text: limits[0].caps: "] {
        assert!(refused.message().contains(problem), "{}", refused.message());
    }
    served.stop().await;
}

#[tokio::test]
async fn lists_policies_and_takes_them_back() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let (author, other) = admins(&served);
    let drafted = draft(&author, &Rules::capped("50.00").text()).await.unwrap();
    let again = draft(&other, &Rules::capped("50.00").text()).await.unwrap_err();
    assert_refused("again", &again, state("POLICY_NOT_READY", &["policy_digest", "state"]));
    let policy_digest = drafted.policy.unwrap().policy_digest;
    let request = v1::WithdrawPolicyRequest { request_id: id(), policy_digest };
    let first = other.governance.clone().withdraw_policy(request.clone()).await.unwrap();
    assert!(!first.into_inner().replayed);
    let second = other.governance.clone().withdraw_policy(request).await.unwrap();
    assert!(second.into_inner().replayed);
    let reviewer = served.client("R-1", Access::Auditor, None);
    let request = v1::ListPoliciesRequest::default();
    let listed = reviewer.governance.clone().list_policies(request).await;
    let listed = listed.unwrap().into_inner().policies;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed.iter().filter(|policy| policy.in_force).count(), 1);
    let withdrawn = listed.iter().find(|policy| !policy.in_force).unwrap();
    assert_eq!(withdrawn.state(), v1::PolicyState::Withdrawn);
    served.stop().await;
}

#[tokio::test]
async fn a_pause_stops_what_is_new_and_lets_go_on_what_is_held() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let held = call.reserve(call.hold(1_000)).await.unwrap().spend.unwrap();
    let lead = served.client("L-1", Access::Supervisor, None);
    pause(&lead).await.unwrap();
    let twice = pause(&lead).await.unwrap_err();
    assert_refused("twice", &twice, state("ALREADY_PAUSED", &["pause_reason", "since_ns"]));
    let refused = call.give(call.gift(1)).await.unwrap_err();
    assert_refused("paused", &refused, state("PAUSED", &["pause_reason"]));
    call.commit(&held.spend_id, 1_000).await.unwrap();
    resume(&lead).await.unwrap();
    let again = resume(&lead).await.unwrap_err();
    assert_refused("resumed", &again, state("NOT_PAUSED", &[]));
    call.give(call.gift(1)).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn moves_authority_between_pools() {
    let place = Place::new(Rules::STANDARD);
    let pools = "\n[[pools]]\nid = \"all\"\nlabel = \"Everybody\"\n\
                 caps = { USD = \"100.00\", ZAR = \"100.00\" }\n";
    fs::write(place.policy(), format!("{}{pools}", Rules::STANDARD.text())).unwrap();
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(6_000)).await.unwrap();
    let (admin, _) = admins(&served);
    let allocate = |from: &str, to: &str, amount_minor| {
        let request = v1::AllocatePoolRequest {
            request_id: id(),
            from_pool_id: from.to_owned(),
            to_pool_id: to.to_owned(),
            amount: Some(usd(amount_minor)),
        };
        let mut client = admin.governance.clone();
        async move { client.allocate_pool(request).await.map(tonic::Response::into_inner) }
    };
    let more = allocate("", "all", 5_000).await.unwrap().pools;
    assert_eq!(more.iter().map(|pool| pool.allotted_minor).collect::<Vec<_>>(), [Some(15_000)]);
    let too_much = allocate("all", "", 9_001).await.unwrap_err();
    let keys = &["pool_id", "currency_code", "free_minor", "requested_minor"];
    assert_refused("too much", &too_much, state("POOL_HOLDS_LESS", keys));
    let mut desk = Desk::open(&served, "A-1", &["call-1"]).await;
    allocate("all", "", 9_000).await.unwrap();
    let panel = desk.next().await.panels.remove(0);
    assert_eq!(panel.headroom.unwrap().available_minor, 0, "at once");
    drop(desk);
    let spent = call.give(call.gift(1)).await.unwrap_err();
    assert_eq!(spent.code(), Code::FailedPrecondition);
    let nowhere = allocate("", "west", 1).await.unwrap_err();
    let missing = Expected {
        code: Code::NotFound,
        reason: "POOL_NOT_FOUND",
        keys: &["pool_id", "currency_code"],
    };
    assert_refused("nowhere", &nowhere, missing);
    let listed = admin.governance.clone().list_pools(v1::ListPoolsRequest::default()).await;
    let listed = listed.unwrap().into_inner().pools;
    let given: Vec<(&str, i64)> =
        listed.iter().map(|pool| (pool.currency_code.as_str(), pool.given_minor)).collect();
    assert_eq!(given, [("USD", 6_000), ("ZAR", 0)]);
    served.stop().await;
}

#[tokio::test]
async fn closes_periods_and_opens_them_again_by_two() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let (admin, _) = admins(&served);
    let reviewer = served.client("R-1", Access::Auditor, None);
    let close = |client: &Client, period: v1::Period| {
        let mut client = client.governance.clone();
        let request = v1::ClosePeriodRequest { request_id: id(), period: Some(period) };
        async move { client.close_period(request).await.map(tonic::Response::into_inner) }
    };
    let closed = close(&admin, period(1_000, 2_000)).await.unwrap();
    let request = v1::DigestBalancesRequest { request_id: id() };
    let taken = reviewer.governance.clone().digest_balances(request).await.unwrap();
    assert_eq!(closed.balances_sha256.len(), 32);
    assert_eq!(taken.into_inner().balances_sha256, closed.balances_sha256);
    let gap = close(&admin, period(2_001, 3_000)).await.unwrap_err();
    assert_refused("gap", &gap, state("PERIOD_NOT_NEXT", &["start_ns"]));
    let late = close(&admin, period(2_000, i64::from(u32::MAX))).await.unwrap_err();
    assert_refused("late", &late, state("PERIOD_NOT_OVER", &["end_ns"]));
    let reviewer_closes = close(&reviewer, period(2_000, 3_000)).await.unwrap_err();
    assert_refused("duty", &reviewer_closes, duty("NOT_AUTHORIZED", &["access", "needed"]));

    let period = period(1_000, 2_000);
    let ask = v1::ReopenPeriodRequest { request_id: id(), period: Some(period) };
    admin.governance.clone().reopen_period(ask).await.unwrap();
    let second = v1::SecondReopeningRequest { request_id: id(), period: Some(period) };
    let alone = admin.governance.clone().second_reopening(second.clone()).await.unwrap_err();
    assert_refused("alone", &alone, duty("SECOND_PERSON_NEEDED", &["duty"]));
    reviewer.governance.clone().second_reopening(second).await.unwrap();
    let stands = reviewer.governance.clone().get_periods(v1::GetPeriodsRequest {}).await;
    let stands = stands.unwrap().into_inner();
    assert_eq!(stands.closed, Some(period));
    assert!(!stands.reopening_asked_by_id.is_empty());
    assert!(!stands.reopening_seconded_by_id.is_empty());
    close(&admin, period).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn agents_govern_nothing() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let agent = served.client("A-1", Access::Agent, None);
    let refused = draft(&agent, &Rules::capped("50.00").text()).await.unwrap_err();
    assert_refused("draft", &refused, duty("NOT_ALLOWED", &["needed"]));
    let refused = pause(&agent).await.unwrap_err();
    assert_refused("pause", &refused, duty("NOT_AUTHORIZED", &["access", "needed"]));
    let listed = agent.governance.clone().list_policies(v1::ListPoliciesRequest::default()).await;
    assert_refused("list", &listed.unwrap_err(), duty("NOT_ALLOWED", &["needed"]));
    served.stop().await;
}
