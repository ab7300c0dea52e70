//! The keyboard: it works only where it was meant to, and Escape never releases.

use makegood_proto::v1 as pb;
use makegood_proto::v1::{ConsultState, SpendState};

use crate::model::testing::{Rig, consult, headroom, proven, spend};
use crate::model::{Effect, Event, Field, Focus, Host, Key, Shortcuts};
use crate::rpc::request::Request;

fn paths(rig: &Rig) -> Vec<&'static str> {
    rig.sent().iter().map(|request| request.path()).collect()
}

fn press_in(rig: &mut Rig, field: Field, name: &str) {
    rig.feed(Event::Key(Key { name: name.to_owned(), field: Some(field), ..Key::default() }));
}

fn holding() -> Rig {
    let mut rig = Rig::on_call();
    rig.press("1");
    let id = rig.model.shown().unwrap().lines[0].spend_id.clone();
    let held = spend(&id, SpendState::Reserved, 4_500);
    let reserve = |request: &Request| matches!(request, Request::Reserve(_));
    rig.answer(reserve, Ok(proven(held, headroom(159_500, 36_000, 4_500), 10)));
    rig.effects.clear();
    rig
}

#[test]
fn digits_choose_cards_and_in_the_composer_reasons() {
    let mut rig = Rig::on_call();
    rig.press("4");
    assert_eq!(paths(&rig), Vec::<&str>::new(), "there are three cards");
    rig.press("2");
    assert_eq!(paths(&rig), ["BudgetService/ReserveSpend"]);
    let mut rig = Rig::on_call();
    rig.press("g");
    rig.press("2");
    assert!(rig.text().contains("[*2 Delay]"));
}

#[test]
fn enter_holds_from_the_amount() {
    let mut rig = Rig::on_call();
    rig.press("g");
    assert!(rig.effects.contains(&Effect::Focus(Focus::Amount)));
    rig.act(crate::model::Action::Edit(Field::Amount, "20".to_owned()));
    rig.press("1");
    press_in(&mut rig, Field::Amount, "Enter");
    assert_eq!(paths(&rig), ["BudgetService/ReserveSpend"]);
}

#[test]
fn enter_in_a_question_answers_it_with_or_without_a_call_and_gives_nothing() {
    for mut rig in [Rig::new(), holding()] {
        for control in [false, true] {
            let own = spend("s-9", SpendState::Reserved, 164_000);
            let asked = consult("k-1", ConsultState::Open, own);
            rig.model.queue.clear();
            rig.waiting(vec![pb::Consult { own: false, ..asked }]);
            rig.effects.clear();
            let field = Some(Field::Approval(0));
            rig.feed(Event::Key(Key {
                name: "Enter".to_owned(),
                control,
                field,
                on_button: false,
            }));
            assert_eq!(paths(&rig), ["ConsultService/AnswerConsult"]);
        }
    }
}

#[test]
fn letters_in_a_field_are_letters() {
    let mut rig = Rig::on_call();
    rig.press("g");
    press_in(&mut rig, Field::Note, "1");
    press_in(&mut rig, Field::Note, "r");
    assert!(!rig.text().contains("[*1 Service failed]"));
}

#[test]
fn a_button_takes_enter_itself() {
    let mut rig = Rig::on_call();
    rig.press("g");
    rig.act(crate::model::Action::Edit(Field::Amount, "20".to_owned()));
    rig.press("1");
    rig.feed(Event::Key(Key { name: "Enter".to_owned(), on_button: true, ..Key::default() }));
    assert_eq!(paths(&rig), Vec::<&str>::new());
}

#[test]
fn control_and_enter_give() {
    let mut rig = holding();
    rig.press_give();
    assert_eq!(paths(&rig), ["BudgetService/CommitSpend"]);
}

#[test]
fn release_is_asked_once_more_and_escape_takes_it_back() {
    let mut rig = holding();
    rig.press("r");
    assert!(rig.text().contains("[Release $45?]"));
    rig.press("Escape");
    assert!(rig.text().contains("[Release]"));
    assert_eq!(paths(&rig), Vec::<&str>::new(), "Escape never releases");
    rig.press("r");
    rig.press("r");
    assert_eq!(paths(&rig), ["BudgetService/VoidSpend"]);
}

#[test]
fn escape_closes_what_is_open_one_by_one() {
    let mut rig = Rig::on_call();
    rig.press("g");
    rig.press("?");
    assert!(rig.text().contains("Keyboard shortcuts"));
    rig.press("Escape");
    assert!(!rig.text().contains("Keyboard shortcuts"));
    assert!(rig.text().contains("<Amount"));
    rig.press("Escape");
    assert!(!rig.text().contains("<Amount"));
}

#[test]
fn the_host_can_turn_single_keys_off() {
    let mut rig = Rig::on_call();
    rig.feed(Event::Host(Host::Shortcuts(Shortcuts::Off)));
    rig.press("1");
    rig.press("?");
    assert_eq!(paths(&rig), Vec::<&str>::new());
    assert!(!rig.model.help);
}

#[test]
fn a_panel_that_only_shows_takes_no_keys() {
    let mut rig = Rig::on_call();
    rig.feed(Event::Host(Host::ReadOnly(true)));
    rig.press("1");
    rig.press("g");
    assert_eq!(paths(&rig), Vec::<&str>::new());
    assert!(rig.text().contains("Read only here."));
}

#[test]
fn t_leads_to_the_timeline() {
    let mut rig = Rig::on_call();
    rig.press("t");
    assert!(rig.effects.contains(&Effect::Focus(Focus::Timeline)));
}
