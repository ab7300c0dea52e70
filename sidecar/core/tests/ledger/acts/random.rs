//! Random acts by random people never break what must always hold.

use makegood_core::ledger::duties::{check_balances, check_duties, check_periods};
use makegood_core::ledger::{
    Act, Action, Disposition, Entry, EntryBody, Key, Overlay, PauseReason, Read as _, ReviewState,
    Row, Rows, Write as _, apply, decide, keys, keys_of_entry,
};
use makegood_core::policy::Policy;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq};
use proptest::proptest;

use super::{digest, finding, named, period, usd};
use crate::steps::crowded_policy;
use crate::support::{House, gesture, request_id, seconds, spend_id};

const PEOPLE: [&str; 9] = ["adm", "ada", "rev", "rex", "ray", "sue", "ann", "ben", "sys"];

/// Small numbers, so that acts meet each other.
#[derive(Debug, Clone)]
struct Step {
    who: usize,
    what: u8,
    which: u8,
    request: u8,
    wait_s: i64,
}

fn step() -> impl Strategy<Value = Step> {
    (0..PEOPLE.len(), 0..24_u8, 0..3_u8, 0..60_u8, 0..12_i64)
        .prop_map(|(who, what, which, request, wait_s)| Step { who, what, which, request, wait_s })
}

fn action_of(house: &House, step: &Step, now: i64) -> Action {
    let policy = digest(5 + step.which % 2);
    let spend = spend_id(["S1", "S2", "S3"][usize::from(step.which)]);
    let note = |state| Act::Note { spend, state, note: None };
    let last = house.rows.periods().closed;
    let start = last.map_or(0, |closed| closed.end.as_nanos() / 1_000_000_000);
    let again = last.unwrap_or(period(0, 1));
    let dispose =
        |disposition| Act::DisposeFinding { finding: raised(house), disposition, note: None };
    let pool = || Some("all".parse().unwrap());
    let act = match step.what {
        0 => named(5 + step.which % 2),
        1 => Act::PublishPolicy { digest: policy },
        2 => Act::SchedulePolicy { digest: policy, effective_at: seconds(now + 3) },
        3 => Act::WithdrawPolicy { digest: policy },
        4 => Act::Pause { reason: PauseReason::Fraud, note: None },
        5 => Act::Resume { note: None },
        6 => Act::Allocate { from: None, to: pool(), amount: usd(100) },
        7 => Act::Allocate { from: pool(), to: None, amount: usd(400) },
        8 => Act::ClosePeriod(period(start, start + 1 + i64::from(step.which))),
        9 => Act::ClosePeriod(again),
        10 => Act::ReopenPeriod(again),
        11 => Act::SecondReopening(again),
        12 => Act::DigestBalances,
        13 => note(ReviewState::Noted),
        14 => note(ReviewState::Questioned),
        15 => note(ReviewState::Answered),
        16 => note(ReviewState::Cleared),
        17 => Act::RaiseFinding(Box::new(finding(&[0], &[PEOPLE[usize::from(step.which) + 2]]))),
        18 => dispose(Disposition::Escalated),
        19 => dispose(Disposition::Confirmed),
        20 | 21 => return Action::ActivatePolicy { digest: policy },
        _ => {
            let name = ["S1", "S2", "S3"][usize::from(step.which)];
            let gift = gesture(name, "cora", 60);
            return makegood_core::ledger::Operation::Give(Box::new(gift)).into();
        }
    };
    let is_system = PEOPLE[step.who] == "sys";
    Action::Act { request: (!is_system).then(|| request_id(&format!("{}", step.request))), act }
}

/// The last finding that was raised, or none.
fn raised(house: &House) -> u64 {
    let is_raised =
        |entry: &&Entry| matches!(entry.body, EntryBody::Act { act: Act::RaiseFinding(_), .. });
    house.entries.iter().rev().find(is_raised).map_or(0, |entry| entry.position)
}

/// The policies of this house differ by name alone.
fn policy_for(action: &Action, in_force: &Policy) -> Policy {
    match action {
        Action::ActivatePolicy { digest } => Policy { digest: *digest, ..in_force.clone() },
        _ => in_force.clone(),
    }
}

/// The rows that are always in memory, and all that are named.
fn only(all: &Rows, named: impl Fn(&Rows) -> Vec<Key>) -> Rows {
    let mut some = Rows::default();
    let resident = all.iter().filter(|(_, row)| row.is_resident());
    resident.for_each(|(key, row)| some.put(key.clone(), row.clone()));
    loop {
        let new = named(&some).into_iter().filter(|key| some.get(key).is_none());
        let new: Vec<(Key, Row)> =
            new.filter_map(|key| all.get(&key).cloned().map(|row| (key, row))).collect();
        if new.is_empty() {
            return some;
        }
        for (key, row) in new {
            some.put(key, row);
        }
    }
}

fn after(rows: &Rows, entry: &Entry) -> makegood_core::ledger::Changes {
    let mut overlay = Overlay::new(rows);
    apply(&mut overlay, entry);
    overlay.into_changes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_acts_of_any_people_break_what_must_hold(steps in vec(step(), 1..120)) {
        let mut house = House::new(crowded_policy());
        let mut now = 0;
        for step in &steps {
            now += step.wait_s;
            let action = action_of(&house, step, now);
            let in_force = house.policy.clone();
            let policy = policy_for(&action, &in_force);
            let command = house.command(seconds(now), PEOPLE[step.who], action);
            let over_named = only(&house.rows, |some| keys(some, &policy, &command));
            let decided = decide(&house.rows, &policy, &command);
            prop_assert_eq!(&decide(&over_named, &policy, &command), &decided);
            house.policy = policy;
            if house.submit(&command).is_err() {
                house.policy = in_force;
            }
        }
        house.check();
        prop_assert_eq!(check_duties(&house.entries), Ok(()));
        prop_assert_eq!(check_periods(&house.entries), Ok(()));
        prop_assert_eq!(check_balances(&house.entries), Ok(()));
        let mut rows = Rows::default();
        for entry in &house.entries {
            let some = only(&rows, |some| keys_of_entry(some, entry));
            let changed = after(&rows, entry);
            prop_assert!(after(&some, entry) == changed);
            rows.absorb(changed);
        }
        prop_assert!(rows == house.rows);
    }
}
