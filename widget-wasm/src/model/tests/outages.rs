//! Offline, stale, back again; who leads the stream and who reads along.

use makegood_proto::v1 as pb;

use crate::model::testing::{Rig, headroom, proven, quiet_panel, spend};
use crate::model::{Action, Effect, Event, Tell};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};

fn opened(rig: &Rig) -> usize {
    rig.effects.iter().filter(|effect| matches!(effect, Effect::OpenStream { .. })).count()
}

fn is_panel(request: &Request) -> bool {
    matches!(request, Request::GetPanel(_))
}

#[test]
fn offline_says_since_when_and_what_is_shown() {
    let mut rig = Rig::on_call();
    rig.now += 240_000;
    rig.go_offline();
    let text = rig.text();
    assert!(text.contains("Offline since 14:04. Showing what we knew at 14:00."), "{text}");
    assert!(text.contains("You could give at 14:00"));
    assert!(text.contains("Giving waits until we are back. Notes still work."));
    assert!(text.contains("Maria Okafor"));
    assert!(rig.told().contains(&Tell::new("state").text("state", "offline")));
}

#[test]
fn nothing_is_held_or_given_offline() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let id = rig.model.shown().unwrap().lines[0].spend_id.clone();
    let held = spend(&id, pb::SpendState::Reserved, 4_500);
    let reserve = |request: &Request| matches!(request, Request::Reserve(_));
    rig.answer(reserve, Ok(proven(held, headroom(159_500, 36_000, 4_500), 10)));
    rig.go_offline();
    assert!(rig.text().contains("not confirmed"));
    assert!(rig.text().contains("[-Give $45]"));
    rig.effects.clear();
    rig.act(Action::Give(id.clone()));
    rig.act(Action::Release(id));
    rig.press("2");
    rig.press("g");
    rig.press_give();
    assert!(rig.sent().is_empty());
}

#[test]
fn one_lost_stream_is_no_outage_while_calls_are_answered() {
    let mut rig = Rig::on_call();
    rig.feed(Event::StreamClosed { going_away: false });
    assert!(!rig.model.link.is_offline());
    rig.answer(is_panel, Ok(Reply::Panel(Box::new(quiet_panel()))));
    assert!(!rig.model.link.is_offline());
    assert!(rig.text().contains("[1 Waive fee"), "{}", rig.text());
}

#[test]
fn comes_back_by_itself_with_pauses_of_two_seconds_at_most() {
    let mut rig = Rig::on_call();
    rig.go_offline();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        rig.effects.clear();
        rig.wait(1_000);
        if opened(&rig) > 0 {
            rig.feed(Event::StreamClosed { going_away: false });
        }
        for effect in &rig.effects {
            if let Effect::Wake(pause) = effect {
                pauses.push(*pause);
            }
        }
    }
    assert!(pauses.iter().all(|pause| *pause < 2_100), "{pauses:?}");
    assert!(pauses.len() >= 4, "{pauses:?}");
    rig.stream(vec![quiet_panel()]);
    assert!(!rig.model.link.is_offline());
    assert!(rig.text().contains("On call"));
}

#[test]
fn coming_to_the_front_tries_at_once() {
    let mut rig = Rig::on_call();
    rig.go_offline();
    rig.wait(100);
    for _ in 0..4 {
        rig.feed(Event::StreamClosed { going_away: false });
    }
    rig.effects.clear();
    rig.feed(Event::Wake);
    assert_eq!(opened(&rig), 1);
}

#[test]
fn a_quiet_stream_is_opened_anew() {
    let mut rig = Rig::on_call();
    rig.wait(22_000);
    assert_eq!(opened(&rig), 1);
    assert!(rig.sent().iter().any(|request| is_panel(request)));
}

#[test]
fn stale_lets_hold_and_does_not_let_give() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let id = rig.model.shown().unwrap().lines[0].spend_id.clone();
    let held = spend(&id, pb::SpendState::Reserved, 4_500);
    let reserve = |request: &Request| matches!(request, Request::Reserve(_));
    rig.answer(reserve, Ok(proven(held, headroom(159_500, 36_000, 4_500), 10)));
    rig.wait(31_000);
    let text = rig.text();
    assert!(text.contains("Headroom from 14:00 — checking…"), "{text}");
    assert!(text.contains("[-Give $45]"));
    assert!(text.contains("[+ Something else G]"), "{text}");
    assert!(rig.told().contains(&Tell::new("state").text("state", "stale")));
}

#[test]
fn a_follower_watches_by_the_leaders_desk() {
    let mut rig = Rig::new();
    rig.feed(Event::Desk { desk_id: "desk-7".to_owned() });
    rig.ring("c-1");
    assert_eq!(opened(&rig), 0);
    let added = rig.sent().iter().any(
        |request| matches!(&**request, Request::AddTopic(request) if request.desk_id == "desk-7"),
    );
    assert!(added);
    rig.feed(Event::Desk { desk_id: String::new() });
    assert!(!rig.model.link.is_live());
    rig.feed(Event::Lead);
    assert_eq!(opened(&rig), 1, "the panel that leads next opens the stream");
}

#[test]
fn a_topic_that_was_refused_is_added_again() {
    let mut rig = Rig::on_call();
    rig.ring("c-2");
    let topic = |request: &Request| matches!(request, Request::AddTopic(_));
    rig.answer(topic, Err(Fault::new(Code::NotFound)));
    rig.effects.clear();
    rig.wait(1_000);
    assert!(rig.sent().iter().any(|request| topic(request)));
}

#[test]
fn a_start_that_failed_is_repeated() {
    let mut rig = Rig::new();
    rig.feed(Event::Lead);
    rig.ring("c-1");
    let start = |request: &Request| matches!(request, Request::Start(_));
    rig.answer(start, Err(Fault::unknown()));
    rig.answer(is_panel, Err(Fault::unknown()));
    assert!(rig.text().contains("Offline since"));
    rig.effects.clear();
    rig.wait(4_000);
    assert!(rig.sent().iter().any(|request| start(request)));
    assert!(rig.sent().iter().any(|request| is_panel(request)));
}
