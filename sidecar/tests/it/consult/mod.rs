//! Consults over real connections: asking a second person, their answer, and what follows.

mod answers;
mod pause;
pub(crate) mod scene;
mod time;

use makegood_proto::v1;
use makegood_proto::v1::ConsultState;
use makegood_sidecar::token::Access;

use crate::support::{Place, StoredLedger, id, usd};
use scene::{Desk, RULES, Scene, approve, ask, by, decline};

#[tokio::test]
async fn an_approval_of_less_reaches_both_desks_and_is_given() {
    let place = Place::new(RULES);
    let served = place.serve().await;
    let mut lead = Desk::open(&served, "L-1", &[]).await;
    assert_eq!(lead.first.consults.as_ref().unwrap().waiting, []);
    let call = served.ring("A-1", "call-1", "C-1").await;
    let mut agent = Desk::open(&served, "A-1", &["call-1"]).await;

    let request = v1::AskConsultRequest { note: "Two hours late".to_owned(), ..ask(&call, 1_500) };
    let asked = call.ask(request.clone()).await.unwrap();
    let consult = asked.consult.unwrap();
    assert_eq!(consult.state(), ConsultState::Open);
    assert_eq!(consult.approver_name, "Dana Novak");
    assert_eq!(asked.spend.unwrap().held_minor, 1_000);
    assert_eq!(asked.headroom.unwrap().available_minor, 0);

    // One message each, and both have it.
    let waiting = lead.next().await.consults.unwrap().waiting;
    let [seen] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert!(seen.may_answer && !seen.own);
    assert_eq!(
        (seen.agent_name.as_str(), seen.customer_name.as_str()),
        ("Sam Rivera", "Maria Okafor")
    );
    assert_eq!((seen.reason_label.as_str(), seen.note.as_str()), ("Delay", "Two hours late"));
    assert_eq!((seen.limit_id.as_str(), seen.limit_label.as_str()), ("only", "this case"));
    assert_eq!(seen.asked, Some(usd(1_500)));
    let panel = agent.next().await.panels.remove(0);
    assert_eq!(panel.consults[0].state(), ConsultState::Open);
    assert!(panel.consults[0].own && !panel.consults[0].may_answer);

    let answer = by(&served, "L-1").answer(approve(&consult, 1_300)).await.unwrap();
    let approved = answer.consult.unwrap();
    assert_eq!((approved.state(), approved.approved_minor), (ConsultState::Approved, 1_300));
    assert!(approved.end_time.is_some() && approved.answer_expire_time.is_none());
    let panel = agent.next().await.panels.remove(0);
    assert_eq!(panel.consults[0].state(), ConsultState::Approved);
    assert_eq!(panel.spends[0].held_minor, 1_300);
    assert_eq!(panel.spends[0].approver_names, ["Dana Novak"]);
    assert_eq!(lead.next().await.consults.unwrap().waiting, []);

    let given = call.commit(&request.spend_id, 1_300).await.unwrap();
    assert_eq!(given.spend.unwrap().state(), v1::SpendState::Committed);
    assert_eq!(given.headroom.unwrap().available_minor, 0);
    drop((lead, agent));
    served.stop().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}

#[tokio::test]
async fn a_declined_question_leaves_what_is_held_to_give() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (request, consult) = scene.asked(1_500).await;
    let answer = scene.lead().answer(decline(&consult)).await.unwrap();
    assert_eq!(answer.consult.unwrap().state(), ConsultState::Declined);
    let panel = scene.call.panel().await;
    assert_eq!(panel.consults[0].state(), ConsultState::Declined);
    assert_eq!(panel.consults[0].approver_name, "Dana Novak");
    let given = scene.call.commit(&request.spend_id, 1_000).await.unwrap();
    assert_eq!(given.spend.unwrap().committed_minor, 1_000);
    scene.end().await;
}

#[tokio::test]
async fn asks_nobody_for_what_is_within_the_limits() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let request = ask(&scene.call, 1_000);
    let held = scene.call.ask(request.clone()).await.unwrap();
    assert_eq!(held.consult, None);
    assert_eq!(held.spend.unwrap().held_minor, 1_000);
    let again = scene.call.ask(request.clone()).await.unwrap();
    assert!(again.replayed && again.consult.is_none());
    let unknown = by(scene.served(), "A-1").get(&request.consult_id).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    scene.end().await;
}

#[tokio::test]
async fn a_question_taken_back_can_be_asked_anew() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (request, consult) = scene.asked(1_500).await;
    let withdraw =
        v1::WithdrawConsultRequest { request_id: id(), consult_id: consult.consult_id.clone() };
    let withdrawn = scene.call.withdraw(withdraw.clone()).await.unwrap();
    assert_eq!(withdrawn.consult.unwrap().state(), ConsultState::Withdrawn);
    assert!(scene.call.withdraw(withdraw).await.unwrap().replayed);
    assert_eq!(scene.lead().waiting().await, []);

    let anew = v1::AskConsultRequest { consult_id: id(), ..request.clone() };
    let consult = scene.call.ask(anew).await.unwrap().consult.unwrap();
    scene.lead().answer(approve(&consult, 1_500)).await.unwrap();
    assert_eq!(scene.call.spend(&request.spend_id).await.unwrap().held_minor, 1_500);
    assert_eq!(scene.call.panel().await.consults[0].consult_id, consult.consult_id);
    scene.end().await;
}

#[tokio::test]
async fn lists_to_each_what_is_theirs() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (_, first) = scene.asked(1_500).await;
    let other = scene.served().ring("A-1", "call-2", "C-2").await;
    let second = other.ask(ask(&other, 1_200)).await.unwrap().consult.unwrap();
    let ids = |consults: &[v1::Consult]| -> Vec<String> {
        consults.iter().map(|it| it.consult_id.clone()).collect()
    };
    let both = [first.consult_id.clone(), second.consult_id.clone()];
    assert_eq!(ids(&scene.lead().waiting().await), both);
    // A token that is bound to a call shows the questions of that call alone.
    assert_eq!(ids(&other.asked().await), std::slice::from_ref(&second.consult_id));
    let unbound = scene.served().client("A-1", Access::Agent, None);
    assert_eq!(ids(&scene::asked(&unbound).await), both);
    assert_eq!(by(scene.served(), "A-2").waiting().await, []);
    for (who, sees) in [("A-1", true), ("L-1", true), ("A-2", false)] {
        let seen = by(scene.served(), who).get(&first.consult_id).await;
        assert_eq!(seen.is_ok(), sees, "{who}");
    }
    scene.end().await;
}
