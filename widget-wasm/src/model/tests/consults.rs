//! Asking a second person: who it would be, what is held meanwhile, and every way it can end.

use makegood_proto::v1 as pb;
use makegood_proto::v1::{ConsultState, SpendState};

use crate::model::testing::{Rig, consult, headroom, quiet_panel, refusal, seen, spend};
use crate::model::{Action, Effect, Field, Focus, Tell};
use crate::rpc::fault::Fault;
use crate::rpc::request::{Reply, Request, SpendReply};

fn is_preview(request: &Request) -> bool {
    matches!(request, Request::Preview(_))
}

fn is_ask(request: &Request) -> bool {
    matches!(request, Request::Ask(..))
}

/// A rig whose composer says $220 more than there is room for.
fn composing() -> Rig {
    let mut rig = Rig::on_call();
    rig.act(Action::Compose);
    rig.act(Action::Edit(Field::Amount, "1860".to_owned()));
    rig.act(Action::Reason(0));
    rig
}

fn answer_preview(rig: &mut Rig, name: &str) {
    rig.answer(is_preview, Ok(Reply::Approver(name.to_owned())));
}

/// The spend and the consult of the newest question that was sent.
fn asked_ids(rig: &Rig) -> (String, String) {
    let sent = rig.sent();
    let ask = sent.iter().rev().find_map(|request| match &**request {
        Request::Ask(consult_id, want) => Some((want.spend_id.clone(), consult_id.clone())),
        _ => None,
    });
    ask.expect("a question was sent")
}

fn held(spend_id: &str, consult_id: &str, minor: i64) -> pb::Spend {
    let consult_id = consult_id.to_owned();
    pb::Spend { consult_id, ..spend(spend_id, SpendState::Reserved, minor) }
}

fn open(spend_id: &str, consult_id: &str) -> Reply {
    let spend = held(spend_id, consult_id, 164_000);
    Reply::Spend(Box::new(SpendReply {
        spend: Some(spend.clone()),
        headroom: Some(headroom(0, 36_000, 164_000)),
        receipt: Some(pb::Receipt { leaf_hash: vec![7; 32], ..pb::Receipt::default() }),
        consult: Some(consult(consult_id, ConsultState::Open, spend)),
    }))
}

/// A rig on which Maya is asked, with the spend's and the consult's id.
fn asking() -> (Rig, String, String) {
    let mut rig = composing();
    answer_preview(&mut rig, "Maya");
    rig.act(Action::Hold);
    let (spend_id, consult_id) = asked_ids(&rig);
    rig.answer(is_ask, Ok(open(&spend_id, &consult_id)));
    rig.effects.clear();
    (rig, spend_id, consult_id)
}

/// The stream says where the question stands; so much is held then.
fn hear(rig: &mut Rig, consult: pb::Consult) {
    let spend = consult.spend.clone().expect("a consult has its spend");
    let mut panel = quiet_panel();
    panel.headroom = Some(headroom(0, 36_000, spend.held_minor));
    panel.revision = Some(pb::Revision { ledger_position: 20, record_position: 30 });
    panel.spends = vec![spend];
    panel.consults = vec![consult];
    rig.stream(vec![panel]);
}

#[test]
fn the_button_says_who_would_be_asked() {
    let mut rig = composing();
    let text = rig.text();
    assert!(text.contains("$220 more than today’s room. You can give $1,640 now."), "{text}");
    assert!(text.contains("[Hold $1,640]"), "nobody is known yet: {text}");
    answer_preview(&mut rig, "Maya");
    assert!(rig.text().contains("[Cancel] [Give $1,640] [Ask Maya]"), "{}", rig.text());
    rig.act(Action::Edit(Field::Amount, "45".to_owned()));
    assert!(rig.text().contains("[Hold $45]"), "within the room nobody is asked");
}

#[test]
fn who_would_be_asked_is_looked_up_with_the_amount_and_again_later() {
    let mut rig = composing();
    let sent = rig.sent();
    let Some(Request::Preview(preview)) = sent.last().map(|request| &**request) else {
        panic!("nobody was looked for")
    };
    assert_eq!(preview.amount.as_ref().unwrap().amount_minor, 186_000);
    assert_eq!((&*preview.reason_code, &*preview.gesture_code), ("FAILED", "CREDIT"));
    answer_preview(&mut rig, "");
    assert!(rig.text().contains("Nobody is there to ask."));
    assert!(rig.text().contains("[Hold $1,640]"), "what there is can be held");
    rig.effects.clear();
    rig.wait(9_000);
    assert!(!rig.sent().iter().any(|request| is_preview(request)));
    rig.wait(1_000);
    answer_preview(&mut rig, "Maya");
    assert!(rig.text().contains("[Ask Maya]"), "somebody has come");
}

#[test]
fn a_tap_asks_and_what_is_left_is_held() {
    let (mut rig, id, _) = asking();
    rig.wait(42_000);
    rig.stream(Vec::new());
    let text = rig.text();
    assert!(text.contains("Asking Maya · 0:42"), "{text}");
    assert!(text.contains("fee waiver, $1,860"), "{text}");
    assert!(text.contains("[Stop asking] [Give $1,640]"), "{text}");
    rig.act(Action::Give(id));
    let commit = |request: &Request| {
        matches!(request, Request::Commit(request)
        if request.amount.as_ref().is_some_and(|amount| amount.amount_minor == 164_000))
    };
    assert!(rig.sent().iter().any(|request| commit(request)), "waiting is no dead end");
}

#[test]
fn the_keys_ask_too() {
    let mut rig = composing();
    answer_preview(&mut rig, "Maya");
    rig.press("a");
    assert!(rig.sent().iter().any(|request| is_ask(request)));
    let mut rig = Rig::on_call();
    rig.act(Action::Compose);
    rig.effects.clear();
    rig.press("a");
    assert!(rig.sent().is_empty(), "there is nothing to ask for");
}

#[test]
fn the_ids_are_kept_before_the_question_is_sent() {
    let mut rig = composing();
    answer_preview(&mut rig, "Maya");
    rig.effects.clear();
    rig.act(Action::Hold);
    let saved = rig.effects.iter().position(|effect| matches!(effect, Effect::Save(_)));
    let sent = rig
        .effects
        .iter()
        .position(|effect| matches!(effect, Effect::Send { request, .. } if is_ask(request)));
    assert!(saved.unwrap() < sent.unwrap());
}

#[test]
fn what_was_approved_can_be_given() {
    let (mut rig, id, consult_id) = asking();
    let spend = held(&id, &consult_id, 180_000);
    let approved = consult(&consult_id, ConsultState::Approved, spend);
    hear(&mut rig, pb::Consult { approved_minor: 180_000, ..approved });
    let text = rig.text();
    assert!(text.contains("Maya approved $1,800. Offer it, then confirm."), "{text}");
    assert!(text.contains("[Release] [Give $1,800]"), "{text}");
    assert_eq!(rig.model.polite, "Maya approved $1,800. Offer it, then confirm.");
    let told = Tell::new("consult").text("spend_id", &id).text("state", "approved");
    assert!(rig.told().contains(&told), "the host hears of it");
    assert!(!rig.effects.iter().any(|effect| matches!(effect, Effect::Focus(_))), "focus stays");
}

#[test]
fn however_it_ends_what_is_held_can_be_given() {
    let cases = [
        (ConsultState::Declined, "Maya declined. You can give $1,640 now."),
        (ConsultState::TimedOut, "Nobody answered. You can give $1,640 now."),
        (ConsultState::Withdrawn, "You took the question back. You can give $1,640 now."),
    ];
    for (state, words) in cases {
        let (mut rig, id, consult_id) = asking();
        hear(&mut rig, consult(&consult_id, state, held(&id, &consult_id, 164_000)));
        let text = rig.text();
        assert!(text.contains(words), "{text}");
        assert!(text.contains("[Release] [Ask again] [Give $1,640]"), "{text}");
        assert_eq!(rig.model.polite, words);
    }
}

#[test]
fn asking_again_is_a_new_question_about_the_same_hold() {
    let (mut rig, id, first) = asking();
    hear(&mut rig, consult(&first, ConsultState::TimedOut, held(&id, &first, 164_000)));
    rig.act(Action::AskAgain(id.clone()));
    let (spend_id, second) = asked_ids(&rig);
    assert_eq!(spend_id, id);
    assert_ne!(second, first);
    rig.answer(is_ask, Ok(open(&id, &second)));
    assert!(rig.text().contains("Asking Maya"));
}

#[test]
fn a_refused_question_about_a_hold_leaves_the_hold() {
    let (mut rig, id, first) = asking();
    hear(&mut rig, consult(&first, ConsultState::Declined, held(&id, &first, 164_000)));
    rig.act(Action::AskAgain(id));
    let words = "Nobody who could approve it is there.".to_owned();
    rig.answer(is_ask, Err(Fault { words, ..refusal("NOBODY_TO_ASK") }));
    let text = rig.text();
    assert!(text.contains("Nobody who could approve it is there."), "{text}");
    assert!(text.contains("[Give $1,640]"), "{text}");
}

#[test]
fn a_first_question_that_is_refused_is_not_typed_twice() {
    let mut rig = composing();
    answer_preview(&mut rig, "Maya");
    rig.act(Action::Hold);
    rig.answer(is_ask, Err(refusal("NOBODY_TO_ASK")));
    assert!(rig.text().contains("<Amount: 1860>"), "{}", rig.text());
    assert!(rig.effects.contains(&Effect::Focus(Focus::Amount)));
}

#[test]
fn what_fits_after_all_is_held_and_nobody_is_asked() {
    let mut rig = composing();
    answer_preview(&mut rig, "Maya");
    rig.act(Action::Hold);
    let (id, _) = asked_ids(&rig);
    let reply = SpendReply {
        spend: Some(spend(&id, SpendState::Reserved, 186_000)),
        headroom: Some(headroom(14_000, 0, 186_000)),
        receipt: Some(pb::Receipt { leaf_hash: vec![7; 32], ..pb::Receipt::default() }),
        consult: None,
    };
    rig.answer(is_ask, Ok(Reply::Spend(Box::new(reply))));
    assert!(rig.text().contains("Held for Maria: fee waiver, $1,860"), "{}", rig.text());
}

#[test]
fn a_question_without_a_reply_is_looked_up_and_not_guessed() {
    let mut rig = composing();
    answer_preview(&mut rig, "Maya");
    rig.act(Action::Hold);
    let (id, consult_id) = asked_ids(&rig);
    rig.answer(is_ask, Err(Fault::unknown()));
    assert!(rig.text().contains("Checking if that went through… don’t repeat it."));
    let look = |request: &Request| matches!(request, Request::GetSpend(_));
    rig.answer(look, Ok(seen(held(&id, &consult_id, 164_000))));
    hear(&mut rig, consult(&consult_id, ConsultState::Open, held(&id, &consult_id, 164_000)));
    assert!(rig.text().contains("Asking Maya"), "{}", rig.text());
}

#[test]
fn nothing_left_can_be_asked_about_and_not_given() {
    let (mut rig, id, consult_id) = asking();
    hear(&mut rig, consult(&consult_id, ConsultState::Declined, held(&id, &consult_id, 0)));
    let text = rig.text();
    assert!(text.contains("Maya declined.\n[Release] [Ask again]\n"), "{text}");
}

#[test]
fn taking_the_question_back_asks_where_it_stands() {
    let (mut rig, id, consult_id) = asking();
    rig.act(Action::Withdraw(id));
    let withdraw = |request: &Request| {
        matches!(request, Request::Withdraw(request)
        if request.consult_id == consult_id)
    };
    rig.answer(withdraw, Ok(Reply::Done));
    let panel = |request: &Request| matches!(request, Request::GetPanel(_));
    assert!(rig.sent().iter().any(|request| panel(request)));
}
