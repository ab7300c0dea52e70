//! Who may answer, how far their authority reaches, and that a repeat changes nothing.

use makegood_proto::v1;
use makegood_proto::v1::ConsultState;
use makegood_sidecar::token::Access;
use tonic::{Code, Status};

use super::scene::{Desk, RULES, Scene, approve, ask, by, decline};
use crate::support::{Call, Expected, Place, Rules, assert_refused, id, usd};

const fn expected(code: Code, reason: &'static str, keys: &'static [&'static str]) -> Expected {
    Expected { code, reason, keys }
}

/// Leads grant others 2.00 and no more; nobody else grants anything.
const NARROW: Rules = Rules {
    limits: r#"{ id = "grants", label = "for others", counts = "grants", scope = ["agent"], window = "lifetime", roles = ["lead"], caps = { USD = "2.00", ZAR = "2.00" } },"#,
    consult: "[consult]\nanswer = \"60 s\"\nroles = [\"lead\"]",
    ..RULES
};

#[tokio::test]
async fn approves_only_as_far_as_their_own_authority_reaches() {
    let place = Place::new(NARROW);
    let scene = Scene::begin(&place).await;
    let (request, consult) = scene.asked(1_500).await;
    let refused = scene.lead().answer(approve(&consult, 1_201)).await.unwrap_err();
    let keys = &["available_minor", "requested_minor", "currency_code", "limit", "limit_label"];
    let exceeded = expected(Code::FailedPrecondition, "LIMIT_EXCEEDED", keys);
    assert_refused("above the lead's authority", &refused, exceeded);
    // The question stays open, and less may still be approved.
    scene.lead().answer(approve(&consult, 1_200)).await.unwrap();
    scene.call.commit(&request.spend_id, 1_200).await.unwrap();

    let other = scene.served().ring("A-2", "call-2", "C-2").await;
    let consult = other.ask(ask(&other, 1_001)).await.unwrap().consult.unwrap();
    let refused = scene.lead().answer(approve(&consult, 1_001)).await.unwrap_err();
    assert_refused("nothing left to grant", &refused, exceeded);
    // What is taken back of the first gesture gives the lead's authority back.
    scene.call.undo(&request.spend_id, 200).await.unwrap();
    scene.lead().answer(approve(&consult, 1_001)).await.unwrap();
    scene.end().await;
}

#[tokio::test]
async fn refuses_answers_from_those_who_were_not_asked() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (_, consult) = scene.asked(1_500).await;
    let answer = async |call: &Call, request| call.answer(request).await.map(drop);
    let own = answer(&scene.call, approve(&consult, 1_100)).await.unwrap_err();
    let keys = &["field"];
    assert_refused("their own", &own, expected(Code::PermissionDenied, "OWN_APPROVAL", keys));
    let other = answer(&by(scene.served(), "A-2"), approve(&consult, 1_100)).await.unwrap_err();
    let not_asked = expected(Code::PermissionDenied, "NOT_ASKED", &["consult_id"]);
    assert_refused("somebody else", &other, not_asked);
    let reviewer = scene.served().client("R-1", Access::Auditor, None);
    let reviewer = Call { client: reviewer, ..scene.lead() };
    let denied = answer(&reviewer, approve(&consult, 1_100)).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let unknown = v1::Consult { consult_id: id(), ..consult.clone() };
    let unknown = answer(&scene.lead(), approve(&unknown, 1_100)).await.unwrap_err();
    let not_found = expected(Code::NotFound, "CONSULT_NOT_FOUND", &[]);
    assert_refused("unknown", &unknown, not_found);
    let seen = scene.lead().get(&consult.consult_id).await.unwrap();
    assert_eq!(seen.state(), ConsultState::Open);
    scene.end().await;
}

#[tokio::test]
async fn refuses_answers_that_are_none() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (_, consult) = scene.asked(1_500).await;
    let good = approve(&consult, 1_100);
    let rand = v1::Money { currency_code: "ZAR".to_owned(), amount_minor: 1_100 };
    let unspecified = v1::ConsultAnswer::Unspecified.into();
    let cases: Vec<(&str, v1::AnswerConsultRequest)> = vec![
        ("answer", v1::AnswerConsultRequest { answer: unspecified, ..good.clone() }),
        ("approved", v1::AnswerConsultRequest { approved: None, ..good.clone() }),
        ("approved.amount_minor", approve(&consult, 0)),
        ("approved", v1::AnswerConsultRequest { approved: Some(usd(1)), ..decline(&consult) }),
        (
            "approved.currency_code",
            v1::AnswerConsultRequest { approved: Some(rand), ..good.clone() },
        ),
        ("approved.amount_minor", approve(&consult, 1_000)),
        ("request_id", v1::AnswerConsultRequest { request_id: String::new(), ..good.clone() }),
        ("consult_id", v1::AnswerConsultRequest { consult_id: "7".to_owned(), ..good.clone() }),
    ];
    for (field, request) in cases {
        let status = scene.lead().answer(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{field}: {status:?}");
        assert_eq!(fields(&status), [field]);
    }
    let above = scene.lead().answer(approve(&consult, 1_501)).await.unwrap_err();
    let keys = &["asked_minor", "requested_minor", "currency_code"];
    let above_asked = expected(Code::FailedPrecondition, "AMOUNT_ABOVE_ASKED", keys);
    assert_refused("above what was asked", &above, above_asked);
    scene.end().await;
}

fn fields(status: &Status) -> Vec<String> {
    use tonic_types::StatusExt as _;
    let fields = status.get_details_bad_request().unwrap().field_violations;
    fields.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn repeats_are_answered_as_the_first_time() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (request, consult) = scene.asked(1_500).await;
    let again = scene.call.ask(request.clone()).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.consult.unwrap().consult_id, consult.consult_id);
    let open = v1::AskConsultRequest { consult_id: id(), ..request.clone() };
    let second = scene.call.ask(open).await.unwrap_err();
    let still_open = expected(Code::FailedPrecondition, "CONSULT_OPEN", &["consult_id"]);
    assert_refused("asked twice", &second, still_open);

    let answer = approve(&consult, 1_300);
    let first = scene.lead().answer(answer.clone()).await.unwrap();
    scene.call.commit(&request.spend_id, 1_300).await.unwrap();
    let entries = scene.served().entry_count();
    let again = scene.lead().answer(answer.clone()).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.receipt, first.receipt);
    let held =
        |answer: v1::AnswerConsultResponse| answer.consult.unwrap().spend.unwrap().held_minor;
    assert_eq!((held(first), held(again)), (1_300, 1_300));
    let asked = scene.call.ask(request.clone()).await.unwrap();
    assert_eq!(asked.consult.unwrap().state(), ConsultState::Open);
    assert_eq!(asked.spend.unwrap().held_minor, 1_000);
    assert_eq!(scene.served().entry_count(), entries);

    let other = v1::AnswerConsultRequest { approved: Some(usd(1_200)), ..answer };
    let reused = scene.lead().answer(other).await.unwrap_err();
    assert_eq!(reused.code(), Code::AlreadyExists);
    let other = v1::AskConsultRequest { amount: Some(usd(1_600)), ..request.clone() };
    let reused = scene.call.ask(other).await.unwrap_err();
    assert_eq!(reused.code(), Code::AlreadyExists);
    let late = scene.lead().answer(decline(&consult)).await.unwrap_err();
    let over = expected(Code::FailedPrecondition, "CONSULT_OVER", &["state"]);
    assert_refused("answered before", &late, over);
    scene.end().await;
}

#[tokio::test]
async fn knows_an_open_question_after_a_restart() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (request, consult) = scene.asked(1_500).await;
    scene.end().await;

    let served = place.serve().await;
    let lead = Desk::open(&served, "L-1", &[]).await;
    let waiting = lead.first.consults.clone().unwrap().waiting;
    assert_eq!(waiting[0].consult_id, consult.consult_id);
    assert_eq!(waiting[0].answer_expire_time, consult.answer_expire_time);
    by(&served, "L-1").answer(approve(&consult, 1_500)).await.unwrap();
    let again = by(&served, "A-1").ask(request.clone()).await.unwrap();
    assert!(again.replayed);
    let call = served.ring("A-1", "call-1", "C-1").await;
    let given = call.commit(&request.spend_id, 1_500).await.unwrap();
    assert_eq!(given.spend.unwrap().committed_minor, 1_500);
    drop(lead);
    served.stop().await;
}
