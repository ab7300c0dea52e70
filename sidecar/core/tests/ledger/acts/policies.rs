//! A policy's way into force takes an author and another person, in order.

use makegood_core::ledger::{Act, Action, PolicyNamed, PolicyState, Read as _};
use makegood_core::policy::Policy;
use makegood_core::time::Time;

use super::{act, digest, fault, named};
use crate::support::{House, seconds};

fn publish() -> Act {
    Act::PublishPolicy { digest: digest(5) }
}

fn schedule(at: i64) -> Act {
    Act::SchedulePolicy { digest: digest(5), effective_at: seconds(at) }
}

fn withdraw() -> Act {
    Act::WithdrawPolicy { digest: digest(5) }
}

/// Puts policy 5 in force as this caller.
fn activate(house: &mut House, caller: &str, at: i64) -> Option<&'static str> {
    let digest = digest(5);
    let before = house.policy.clone();
    house.policy = Policy { digest, ..before.clone() };
    let command = house.command(seconds(at), caller, Action::ActivatePolicy { digest });
    let answer = fault(house.submit(&command));
    if answer.is_some() {
        house.policy = before;
    }
    house.check();
    answer
}

/// Plays steps one second apart and answers with the reason of the last one's fault.
fn play(house: &mut House, steps: &[(&str, Act)]) -> Option<&'static str> {
    let mut last = None;
    for (second, (caller, step)) in (1..).zip(steps) {
        let request = format!("R{second}");
        last = fault(act(house, (caller, second), &request, step.clone()));
    }
    last
}

#[test]
fn goes_from_draft_to_force_by_two_persons() {
    let mut house = House::standard();
    let steps = [("adm", named(5)), ("adm", publish()), ("ada", schedule(60))];
    assert_eq!(play(&mut house, &steps), None);
    assert_eq!(house.rows.policy(digest(5)).map(|row| row.state), Some(PolicyState::Scheduled));
    assert_eq!(activate(&mut house, "sys", 59), Some("POLICY_NOT_DUE"));
    assert_eq!(activate(&mut house, "sys", 60), None);
    assert_eq!(house.rows.policy(digest(5)).map(|row| row.state), Some(PolicyState::Activated));
    assert_eq!(house.rows.active_policy().map(|row| row.digest), Some(digest(5)));
}

#[test]
fn refuses_each_step_out_of_turn() {
    let (adm, ada) = ("adm", "ada");
    let cases: Vec<(&str, Vec<(&str, Act)>)> = vec![
        ("POLICY_NOT_FOUND", vec![(adm, publish())]),
        ("POLICY_NOT_FOUND", vec![(adm, schedule(9))]),
        ("POLICY_NOT_FOUND", vec![(adm, withdraw())]),
        ("POLICY_NOT_READY", vec![(adm, named(5)), (ada, named(5))]),
        ("NOT_THE_AUTHOR", vec![(adm, named(5)), (ada, publish())]),
        ("POLICY_NOT_READY", vec![(adm, named(5)), (ada, schedule(9))]),
        ("POLICY_NOT_READY", vec![(adm, named(5)), (adm, publish()), (adm, publish())]),
        ("SECOND_PERSON_NEEDED", vec![(adm, named(5)), (adm, publish()), (adm, schedule(9))]),
        ("FIELD_INVALID", vec![(adm, named(5)), (adm, publish()), (ada, schedule(2))]),
        ("POLICY_NOT_READY", vec![(adm, named(5)), (ada, withdraw()), (adm, publish())]),
        ("POLICY_NOT_READY", vec![(adm, named(5)), (ada, withdraw()), (ada, withdraw())]),
    ];
    for (expected, steps) in cases {
        let mut house = House::standard();
        assert_eq!(play(&mut house, &steps), Some(expected), "{steps:?}");
    }
}

#[test]
fn refuses_a_name_that_is_none() {
    let digest = digest(5);
    for text in [String::new(), " ".to_owned(), "x".repeat(201)] {
        let whole = "summer".to_owned();
        for (field, name, version) in [("name", &text, &whole), ("version", &whole, &text)] {
            let named = PolicyNamed { digest, name: name.clone(), version: version.clone() };
            let answer = act(&mut House::standard(), ("adm", 1), "R1", Act::DraftPolicy(named));
            assert_eq!(answer.unwrap_err().metadata(), [("field", field.to_owned())]);
        }
    }
}

#[test]
fn takes_back_what_is_not_in_force_and_takes_it_again() {
    let mut house = House::standard();
    let steps = [
        ("adm", named(5)),
        ("adm", publish()),
        ("ada", schedule(60)),
        ("adm", withdraw()),
        ("ada", named(5)),
    ];
    assert_eq!(play(&mut house, &steps), None);
    let row = house.rows.policy(digest(5)).unwrap();
    assert_eq!((row.author, row.state), (super::pid("ada"), PolicyState::Drafted));
    assert_eq!(activate(&mut house, "sys", 90), Some("POLICY_NOT_READY"));
}

#[test]
fn schedules_anew_and_keeps_the_later_word() {
    let mut house = House::standard();
    let steps =
        [("adm", named(5)), ("adm", publish()), ("ada", schedule(60)), ("ada", schedule(90))];
    assert_eq!(play(&mut house, &steps), None);
    assert_eq!(activate(&mut house, "sys", 60), Some("POLICY_NOT_DUE"));
    assert_eq!(activate(&mut house, "sys", 90), None);
}

#[test]
fn neither_author_nor_unscheduled_policy_gets_in_force() {
    let mut house = House::standard();
    assert_eq!(activate(&mut house, "adm", 1), Some("POLICY_NOT_FOUND"));
    assert_eq!(activate(&mut house, "sys", 1), Some("POLICY_NOT_FOUND"));
    let steps = [("adm", named(5)), ("adm", publish()), ("ada", schedule(9))];
    assert_eq!(play(&mut house, &steps), None);
    assert_eq!(activate(&mut house, "adm", 10), Some("SECOND_PERSON_NEEDED"));
    assert_eq!(activate(&mut house, "ada", 10), None);
}

#[test]
fn leaves_the_policy_in_force_alone() {
    let mut house = House::standard();
    let steps = [("adm", named(5)), ("adm", publish()), ("ada", schedule(9))];
    assert_eq!(play(&mut house, &steps), None);
    assert_eq!(activate(&mut house, "sys", 10), None);
    let again = [withdraw(), named(5)];
    for (index, one) in again.into_iter().enumerate() {
        let answer = act(&mut house, ("ada", 20), &format!("A{index}"), one);
        assert_eq!(fault(answer), Some("POLICY_IN_FORCE"));
    }
}

#[test]
fn a_policy_of_the_past_comes_back_by_the_same_way() {
    let mut house = House::standard();
    let first = house.policy.clone();
    let steps = [("adm", named(5)), ("adm", publish()), ("ada", schedule(9))];
    assert_eq!(play(&mut house, &steps), None);
    assert_eq!(activate(&mut house, "sys", 10), None);
    house.policy = Policy { digest: digest(5), ..first.clone() };
    let back = first.digest;
    let Act::DraftPolicy(mut again) = named(1) else { unreachable!() };
    again.digest = back;
    let at = Time::from_nanos(seconds(30).as_nanos());
    let steps = [
        ("ada", Act::DraftPolicy(again)),
        ("ada", Act::PublishPolicy { digest: back }),
        ("adm", Act::SchedulePolicy { digest: back, effective_at: at }),
    ];
    for (index, (caller, step)) in steps.into_iter().enumerate() {
        assert_eq!(fault(act(&mut house, (caller, 20), &format!("B{index}"), step)), None);
    }
    house.policy = first;
    let command = house.command(at, "sys", Action::ActivatePolicy { digest: back });
    assert_eq!(fault(house.submit(&command)), None);
    house.check();
}
