//! The invariants find what is wrong: each test breaks one thing and sees it named.

use makegood_core::ids::Digest;
use makegood_core::ledger::invariants::{
    Violation, check_entry, check_replay, check_rows, check_sequence, replay,
};
use makegood_core::ledger::{
    BalanceRow, CounterRow, Entry, EntryBody, Key, Operation, Read as _, Row, Rows, Write as _,
};
use makegood_core::policy::Window;
use makegood_core::time::{NS_PER_DAY, Time};

use crate::support::{House, gesture, limit, policy_with, seconds};

fn house_with(window: Window) -> House {
    let mut house = House::new(policy_with(vec![limit("rule", window, 1_000)]));
    for (spend, operation) in
        [("S1", Operation::Reserve as fn(_) -> Operation), ("S2", Operation::Give)]
    {
        let action = operation(Box::new(gesture(spend, "cora", 100))).into();
        let command = house.command(seconds(1), "ann", action);
        house.submit(&command).unwrap();
    }
    house
}

fn house() -> House {
    house_with(Window::Lifetime)
}

fn reserved(house: &House) -> Entry {
    let is_reserved = |entry: &&Entry| matches!(entry.body, EntryBody::Reserved { .. });
    house.entries.iter().find(is_reserved).cloned().unwrap()
}

/// Changes the first row that `change` accepts.
fn tamper(rows: &mut Rows, change: impl Fn(&mut Row) -> bool) {
    let all: Vec<(Key, Row)> = rows.iter().map(|(key, row)| (key.clone(), row.clone())).collect();
    let changed = all.into_iter().find_map(|(key, mut row)| change(&mut row).then_some((key, row)));
    let (key, row) = changed.unwrap();
    rows.put(key, row);
}

#[test]
fn finds_an_entry_out_of_balance() {
    let mut entry = reserved(&house());
    entry.postings[0].amount_minor += 1;
    assert!(matches!(check_entry(&entry), Err(Violation::EntryUnbalanced { .. })));
    entry.postings[0].amount_minor = 0;
    assert!(matches!(check_entry(&entry), Err(Violation::LineWithoutAmount { .. })));
}

#[test]
fn finds_a_reservation_above_a_cap() {
    let mut entry = reserved(&house());
    entry.trace[0].cap_minor = 99;
    assert!(matches!(check_entry(&entry), Err(Violation::AboveCap { .. })));
}

#[test]
fn finds_gaps_and_time_that_stands_still() {
    let house = house();
    assert_eq!(check_sequence(&house.entries), Ok(()));
    let found = check_sequence(&house.entries[1..]);
    assert!(matches!(found, Err(Violation::PositionGap { position: 1, expected: 0 })));
    let mut entries = house.entries;
    entries[2].at = entries[1].at;
    let found = check_sequence(&entries);
    assert!(matches!(found, Err(Violation::TimeNotIncreasing { position: 2 })));
}

#[test]
fn finds_rows_that_disagree() {
    let total = |row: &mut Row| match row {
        Row::Counter(CounterRow::Total { held_minor, .. }) => {
            *held_minor += 1;
            true
        }
        _ => false,
    };
    let pool = |row: &mut Row| match row {
        Row::Pool(pool) => {
            pool.given_minor += 1;
            true
        }
        _ => false,
    };
    let balance = |row: &mut Row| match row {
        Row::Balance(BalanceRow { debit_minor, .. }) => {
            *debit_minor += 1;
            true
        }
        _ => false,
    };
    let spend = |row: &mut Row| match row {
        Row::Spend(spend) => {
            spend.reversed_minor = spend.committed_minor + 1;
            true
        }
        _ => false,
    };
    let mut found = Vec::new();
    for change in [total, pool, balance, spend] as [fn(&mut Row) -> bool; 4] {
        let mut rows = house().rows;
        assert_eq!(check_rows(&rows), Ok(()));
        tamper(&mut rows, change);
        found.push(check_rows(&rows).unwrap_err());
    }
    assert!(matches!(found[0], Violation::CounterDiffers { .. }));
    assert!(matches!(found[1], Violation::PoolDiffers { .. }));
    assert!(matches!(found[2], Violation::TrialBalance { .. }));
    assert!(matches!(found[3], Violation::SpendContradicts { .. }));
}

#[test]
fn finds_a_moving_window_that_forgot_a_gesture() {
    let duration_ns = NS_PER_DAY;
    let mut rows = house_with(Window::Rolling { duration_ns }).rows;
    assert_eq!(check_rows(&rows), Ok(()));
    tamper(&mut rows, |row| match row {
        Row::Counter(CounterRow::Rolling { charges }) => charges.pop().is_some(),
        _ => false,
    });
    let found = check_rows(&rows).unwrap_err();
    assert!(matches!(found, Violation::CounterDiffers { .. }));
}

#[test]
fn finds_a_replay_that_differs_and_names_the_row() {
    let house = house();
    let mut rows = replay(&house.entries);
    assert_eq!(check_replay(&house.entries, &rows), Ok(()));
    let mut active = rows.active_policy().cloned().unwrap();
    active.digest = Digest::from_bytes([9; 32]);
    rows.put(Key::ActivePolicy, Row::ActivePolicy(active));
    let found = check_replay(&house.entries, &rows).unwrap_err();
    let key = Box::new(Key::ActivePolicy);
    assert_eq!(found, Violation::ReplayDiffers { key });
    assert_eq!(replay(&[]).head().last_at, Time::MIN);
}
