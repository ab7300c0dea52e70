//! Reviews over real connections: samples, notes about gestures, and findings.

use makegood_core::findings::{Parameters, Rule, parameters_digest};
use makegood_core::ledger::{Act, EntryBody};
use makegood_proto::ledger::v1::{Disposition, ReviewState, SampleMethod};
use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tonic::{Code, Status};

use crate::support::{Client, Place, Rules, StoredLedger, id, usd};

async fn note(
    client: &Client,
    request_id: &str,
    spend_id: &str,
    state: ReviewState,
) -> Result<v1::NoteReviewResponse, Status> {
    let request = v1::NoteReviewRequest {
        request_id: request_id.to_owned(),
        spend_id: spend_id.to_owned(),
        state: state.into(),
        note_commitment: Vec::new(),
    };
    Ok(client.reviews.clone().note_review(request).await?.into_inner())
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Code {
    answer.unwrap_err().code()
}

#[tokio::test]
async fn a_second_person_clears_what_the_agent_answered() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let gift = call.gift(4_500);
    call.give(gift.clone()).await.unwrap();
    let (agent, spend) = (served.client("A-1", Access::Agent, None), gift.spend_id);
    let first = served.client("R-1", Access::Auditor, None);
    let second = served.client("L-1", Access::Auditor, None);
    let other = served.client("A-2", Access::Agent, None);

    for client in [&agent, &other] {
        let answer = note(client, &id(), &spend, ReviewState::Praised).await;
        assert_eq!(refused(answer), Code::PermissionDenied);
    }
    let answer = note(&first, &id(), &spend, ReviewState::Cleared).await;
    assert_eq!(refused(answer), Code::FailedPrecondition);
    assert_eq!(refused(note(&first, &id(), &id(), ReviewState::Noted).await), Code::NotFound);

    let asking = id();
    let asked = note(&first, &asking, &spend, ReviewState::Questioned).await.unwrap();
    let again = note(&first, &asking, &spend, ReviewState::Questioned).await.unwrap();
    assert_eq!((asked.replayed, again.replayed), (false, true));
    assert_eq!(asked.receipt, again.receipt);
    let otherwise = note(&first, &asking, &spend, ReviewState::Noted).await;
    assert_eq!(refused(otherwise), Code::AlreadyExists);

    note(&agent, &id(), &spend, ReviewState::Answered).await.unwrap();
    let answer = note(&first, &id(), &spend, ReviewState::Cleared).await;
    assert_eq!(refused(answer), Code::PermissionDenied);
    note(&second, &id(), &spend, ReviewState::Cleared).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn a_sample_is_an_entry_and_drawn_again_the_same() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    for amount in [4_500, 1_200, 99_00] {
        call.give(call.gift(amount)).await.unwrap();
    }
    let reviewer = served.client("R-1", Access::Auditor, None);
    let end = i64::try_from(reviewer.entries().await.len()).unwrap();
    let request = v1::DrawSampleRequest {
        request_id: id(),
        method: SampleMethod::MonetaryUnit.into(),
        first_position: 0,
        end_position: end,
        seed: vec![7; 32],
        spend_count: 0,
        interval: Some(usd(5_000)),
    };
    let draw = async |request| reviewer.reviews.clone().draw_sample(request).await;
    let drawn = draw(request.clone()).await.unwrap().into_inner();
    assert_eq!(drawn.population_count, 3);
    assert_eq!(drawn.spends.iter().map(|one| one.hit_count).sum::<i64>(), 3);
    let again = draw(request.clone()).await.unwrap().into_inner();
    assert!(again.replayed);
    assert_eq!(v1::DrawSampleResponse { replayed: false, ..again }, drawn);

    let beyond = v1::DrawSampleRequest { request_id: id(), end_position: end + 9, ..request };
    assert_eq!(refused(draw(beyond.clone()).await), Code::InvalidArgument);
    let agent = served.client("A-1", Access::Agent, None);
    let denied = agent.reviews.clone().draw_sample(beyond).await;
    assert_eq!(refused(denied), Code::PermissionDenied);
    served.stop().await;
}

#[tokio::test]
async fn a_finding_is_raised_and_settled_by_reviewers() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let given = call.give(call.gift(4_500)).await.unwrap().receipt.unwrap();
    let reviewer = served.client("R-1", Access::Auditor, None);
    let parameters = parameters_digest(&Parameters::default(), Rule::Duplicate);
    let finding = v1::RaiseFindingRequest {
        request_id: id(),
        rule: Rule::Duplicate.code().to_owned(),
        rule_version: 1,
        parameters_sha256: parameters.as_bytes().to_vec(),
        score_permille: 800,
        positions: vec![given.ledger_position],
        agent_ids: Vec::new(),
    };
    let raise =
        async |client: &Client, request| client.reviews.clone().raise_finding(request).await;
    let agent = served.client("A-1", Access::Agent, None);
    assert_eq!(refused(raise(&agent, finding.clone()).await), Code::PermissionDenied);
    let beyond = v1::RaiseFindingRequest { positions: vec![9_999], ..finding.clone() };
    assert_eq!(refused(raise(&reviewer, beyond).await), Code::InvalidArgument);
    let raised = raise(&reviewer, finding).await.unwrap().into_inner().receipt.unwrap();

    let second = served.client("L-1", Access::Auditor, None);
    let settle = async |by: &Client, position| {
        let request = v1::DisposeFindingRequest {
            request_id: id(),
            finding_position: position,
            disposition: Disposition::Dismissed.into(),
            note_commitment: Vec::new(),
        };
        by.reviews.clone().dispose_finding(request).await
    };
    assert_eq!(refused(settle(&second, given.ledger_position).await), Code::NotFound);
    let by_raiser = settle(&reviewer, raised.ledger_position).await;
    assert_eq!(refused(by_raiser), Code::PermissionDenied, "its raiser does not settle it");
    settle(&second, raised.ledger_position).await.unwrap();
    let again = settle(&second, raised.ledger_position).await;
    assert_eq!(refused(again), Code::FailedPrecondition);
    served.stop().await;
    // Nobody was named, and yet the finding is about whoever gave it.
    let ledger = StoredLedger::read(&place.tenant_folder());
    let about = ledger.entries.iter().find_map(|entry| match &entry.body {
        EntryBody::Act { act: Act::RaiseFinding(finding), .. } => Some(finding.agents.clone()),
        _ => None,
    });
    let gift = usize::try_from(given.ledger_position).unwrap();
    assert_eq!(about, Some(vec![ledger.entries[gift].caller.agent]));
}
