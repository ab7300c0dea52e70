//! What costs nothing: logged in a tap or two, kept while the sidecar is away, sent once.

use makegood_proto::v1 as pb;
use makegood_proto::v1::ActionKind;
use prost::Message as _;

use crate::model::kept::Kept;
use crate::model::logging::LogKind;
use crate::model::notes::NoteKind;
use crate::model::testing::{NOON, Rig};
use crate::model::{Action, Effect, Event, Field, Tell};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};

fn notes(rig: &Rig) -> Vec<(NoteKind, Vec<u8>)> {
    let note = |request: std::rc::Rc<Request>| match &*request {
        Request::Note(kind, body) => Some((*kind, body.clone())),
        _ => None,
    };
    rig.sent().into_iter().filter_map(note).collect()
}

fn logged(rig: &Rig) -> pb::LogActionRequest {
    let (kind, body) = notes(rig).pop().unwrap();
    assert_eq!(kind, NoteKind::LogAction);
    pb::LogActionRequest::decode(body.as_slice()).unwrap()
}

fn is_note(request: &Request) -> bool {
    matches!(request, Request::Note(..))
}

#[test]
fn logs_with_one_tap_what_needs_no_words() {
    let mut rig = Rig::on_call();
    rig.act(Action::Log(LogKind::Action(ActionKind::Listened)));
    let log = logged(&rig);
    assert_eq!(log.kind(), ActionKind::Listened);
    assert_eq!((log.interaction_id.as_str(), log.customer_id.as_str()), ("c-1", "maria"));
    assert_eq!(log.act_time, None, "the time of arrival is the time");
    assert!(rig.text().contains("↥ Just listened"));
    let kind = "listened";
    assert!(
        rig.told().contains(&Tell::new("log").text("action_id", &log.action_id).text("kind", kind))
    );
    let action = pb::AdvocacyAction { kind: log.kind, ..pb::AdvocacyAction::default() };
    rig.answer(is_note, Ok(Reply::Action(Box::new(action))));
    assert!(rig.text().contains("✓ Just listened"));
    assert!(!rig.model.has_unsent_notes());
}

#[test]
fn asks_for_the_amount_that_was_saved() {
    let mut rig = Rig::on_call();
    rig.act(Action::Log(LogKind::Action(ActionKind::SavedMoney)));
    assert!(rig.text().contains("<How much did it save them?: >"));
    rig.act(Action::SaveForm);
    assert!(rig.text().contains("That is not an amount."));
    rig.act(Action::Edit(Field::Value, "150".to_owned()));
    rig.act(Action::SaveForm);
    assert_eq!(logged(&rig).customer_value.unwrap().amount_minor, 15_000);
    assert!(rig.text().contains("Saved money saved $150"));
}

#[test]
fn keeps_margin_and_counterpart_apart() {
    let mut rig = Rig::on_call();
    rig.act(Action::Log(LogKind::Action(ActionKind::LowerMargin)));
    rig.act(Action::Edit(Field::Value, "20".to_owned()));
    rig.act(Action::SaveForm);
    let log = logged(&rig);
    assert_eq!(log.margin_given_up.unwrap().amount_minor, 2_000);
    assert_eq!(log.customer_value, None);
    rig.act(Action::Log(LogKind::Action(ActionKind::RaisedInside)));
    rig.act(Action::Edit(Field::Words, " Logistics ".to_owned()));
    rig.act(Action::SaveForm);
    assert_eq!(logged(&rig).counterpart, "Logistics");
    assert!(rig.text().contains("Raised inside with Logistics"));
}

#[test]
fn logs_a_suggestion_that_is_free() {
    let mut rig = Rig::on_call();
    rig.press("3");
    let log = logged(&rig);
    assert_eq!((log.note.as_str(), log.suggestion_code.as_str()), ("Call back", "CALL_BACK"));
}

#[test]
fn makes_a_promise_with_a_day() {
    let mut rig = Rig::on_call();
    rig.act(Action::Log(LogKind::Promise));
    rig.act(Action::Edit(Field::Words, "call back".to_owned()));
    rig.act(Action::Due(3));
    assert!(rig.text().contains("[*In 3 days]"));
    rig.act(Action::SaveForm);
    let (kind, body) = notes(&rig).pop().unwrap();
    assert_eq!(kind, NoteKind::MakePromise);
    let promise = pb::MakePromiseRequest::decode(body.as_slice()).unwrap();
    assert_eq!(promise.text, "call back");
    assert!(promise.due_time.unwrap().seconds > NOON / 1_000 + 2 * 86_400);
    assert!(rig.text().contains("Promised: call back day 3"), "{}", rig.text());
}

#[test]
fn remembers_a_preference_in_two_taps() {
    let mut rig = Rig::on_call();
    rig.act(Action::ToggleRemember);
    rig.act(Action::Remember(1));
    let (kind, body) = notes(&rig).pop().unwrap();
    assert_eq!(kind, NoteKind::SavePreference);
    let preference = pb::SavePreferenceRequest::decode(body.as_slice()).unwrap();
    assert_eq!(preference.text, "Not before 9");
    assert_eq!(preference.kind(), pb::PreferenceKind::ContactHours);
    assert!(rig.text().contains("↥ Not before 9"));
}

#[test]
fn what_is_not_true_any_more_goes_at_once() {
    let mut rig = Rig::on_call();
    rig.act(Action::Retire("pref-1".to_owned()));
    assert!(!rig.text().contains("Tea, never coffee"));
    rig.act(Action::KeepPromise("p-1".to_owned()));
    assert!(!rig.text().contains("We owe"));
    assert!(rig.text().contains("2 contacts about this in 30 days"), "the next most urgent thing");
}

#[test]
fn notes_wait_while_the_sidecar_is_away_and_go_out_once() {
    let mut rig = Rig::on_call();
    rig.go_offline();
    rig.effects.clear();
    rig.act(Action::Log(LogKind::Action(ActionKind::Apologised)));
    rig.act(Action::Log(LogKind::Action(ActionKind::Explained)));
    assert!(notes(&rig).is_empty());
    assert!(rig.text().contains("2 notes waiting to send"));
    assert!(rig.model.has_unsent_notes());
    rig.stream(Vec::new());
    assert_eq!(notes(&rig).len(), 2);
    let log = logged(&rig);
    assert_eq!(log.act_time.unwrap().seconds, NOON / 1_000, "when it was done");
    rig.stream(Vec::new());
    rig.wait(4_000);
    assert_eq!(notes(&rig).len(), 2, "sent once");
}

#[test]
fn a_note_that_got_no_answer_is_sent_again_with_the_same_bytes() {
    let mut rig = Rig::on_call();
    rig.act(Action::Log(LogKind::Action(ActionKind::Listened)));
    rig.answer(is_note, Err(Fault::unknown()));
    rig.wait(7_000);
    let sent = notes(&rig);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[test]
fn a_note_that_is_refused_says_so_and_goes() {
    let mut rig = Rig::on_call();
    rig.act(Action::Log(LogKind::Action(ActionKind::Listened)));
    let fault =
        Fault { words: "That call is over.".to_owned(), ..Fault::new(Code::InvalidArgument) };
    rig.answer(is_note, Err(fault));
    assert!(rig.text().contains("That call is over."));
    assert!(!rig.model.has_unsent_notes());
}

#[test]
fn notes_survive_a_reload() {
    let mut rig = Rig::on_call();
    rig.go_offline();
    rig.effects.clear();
    rig.act(Action::Log(LogKind::Action(ActionKind::Listened)));
    let saved = rig.effects.iter().find_map(|effect| match effect {
        Effect::Save(bytes) => Some(bytes.clone()),
        _ => None,
    });
    let mut rig = Rig::new();
    rig.feed(Event::Restored(Kept::decode_or_empty(&saved.unwrap())));
    assert_eq!(logged(&rig).kind(), ActionKind::Listened);
}

#[test]
fn what_was_kept_and_damaged_is_gone() {
    assert_eq!(Kept::decode_or_empty(&[0xff, 0x01]), Kept::default());
}
