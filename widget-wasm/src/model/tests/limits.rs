//! Giving paused for everyone, and limits that count gestures.

use makegood_proto::v1 as pb;
use makegood_proto::v1::{PauseReason, SpendState};

use crate::model::Action;
use crate::model::testing::{NOON, Rig, headroom, quiet_panel, spend};
use crate::model::timestamp;
use crate::rpc::request::Request;

/// A rig that hears of this headroom, with so much held already.
fn with_room(rig: &mut Rig, room: pb::Headroom, spends: Vec<pb::Spend>) {
    let mut panel = quiet_panel();
    panel.headroom = Some(room);
    panel.spends = spends;
    panel.revision = Some(pb::Revision { ledger_position: 30, record_position: 30 });
    rig.stream(vec![panel]);
}

fn paused(reason: PauseReason, held: i64) -> pb::Headroom {
    let start_time = Some(timestamp(NOON - 3_600_000));
    let pause = Some(pb::Pause { reason: reason as i32, start_time });
    pb::Headroom { pause, ..headroom(164_000 - held, 36_000, held) }
}

#[test]
fn a_pause_says_since_when_and_why() {
    let cases = [
        (PauseReason::Budget, "the budget is used up"),
        (PauseReason::Fraud, "fraud is being looked into"),
        (PauseReason::System, "a system does not work"),
        (PauseReason::Policy, "the policy is being changed"),
        (PauseReason::Other, "your lead knows more"),
    ];
    for (reason, why) in cases {
        let mut rig = Rig::on_call();
        with_room(&mut rig, paused(reason, 0), Vec::new());
        let words = format!("Giving is paused since day 0, 13:00: {why}. Notes still work.");
        assert!(rig.text().contains(&words), "{}", rig.text());
        assert_eq!(rig.model.polite, words);
    }
}

#[test]
fn while_paused_nothing_new_is_held_and_what_is_held_can_be_given_or_released() {
    let mut rig = Rig::on_call();
    rig.act(Action::Compose);
    with_room(
        &mut rig,
        paused(PauseReason::System, 4_500),
        vec![spend("s-2", SpendState::Reserved, 4_500)],
    );
    rig.act(Action::Preset(2_500));
    rig.act(Action::Reason(0));
    let text = rig.text();
    assert!(text.contains("[-Give $25] [-Hold $25]"), "{text}");
    assert!(text.contains("[Release] [Give $45]"), "{text}");
    rig.effects.clear();
    rig.act(Action::Hold);
    rig.act(Action::GiveNow);
    assert!(rig.sent().is_empty());
    rig.act(Action::Give("s-2".to_owned()));
    assert!(matches!(rig.sent()[..], [ref request] if matches!(**request, Request::Commit(_))));
}

#[test]
fn giving_goes_on_when_the_pause_ends() {
    let mut rig = Rig::on_call();
    with_room(&mut rig, paused(PauseReason::Policy, 0), Vec::new());
    assert!(rig.text().contains("[- 1 Waive fee $45"), "{}", rig.text());
    with_room(&mut rig, headroom(164_000, 36_000, 0), Vec::new());
    assert!(!rig.text().contains("paused"));
    assert!(rig.text().contains("[1 Waive fee $45"));
}

#[test]
fn a_limit_that_counts_gestures_says_how_many() {
    let mut rig = Rig::on_call();
    let times = pb::LimitState {
        limit_id: "often".to_owned(),
        cap_minor: 3,
        given_minor: 2,
        held_minor: 1,
        counts: pb::LimitCounts::Times as i32,
        ..pb::LimitState::default()
    };
    let room = pb::Headroom {
        limit_id: "often".to_owned(),
        label: "this month".to_owned(),
        limits: vec![times],
        ..headroom(0, 36_000, 0)
    };
    with_room(&mut rig, room.clone(), Vec::new());
    assert!(rig.text().contains("3 of 3 gestures this month"), "{}", rig.text());
    assert!(!rig.text().contains("used your room"), "the amounts are not what binds");
    let other = pb::Headroom { limit_id: "stay".to_owned(), ..room };
    with_room(&mut rig, other, Vec::new());
    assert!(!rig.text().contains("gestures this month"), "it does not bind");
}
