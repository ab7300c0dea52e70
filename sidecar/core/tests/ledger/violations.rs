//! The invariants find what is wrong: each test breaks one thing and sees it named.

use makegood_core::ids::Digest;
use makegood_core::ledger::invariants::{
    Violation, check_entry, check_lives, check_replay, check_rows, check_sequence, replay,
};
use makegood_core::ledger::{
    BalanceRow, CounterRow, Entry, EntryBody, Key, Operation, Read as _, Row, Rows, Write as _,
};
use makegood_core::policy::Window;
use makegood_core::time::{NS_PER_DAY, Time};

use crate::script::run;
use crate::support::{House, caller_named, gesture, leads, limit, policy_with, seconds};

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
    rows.put(Key::ActivePolicy, Row::ActivePolicy(Box::new(active)));
    let found = check_replay(&house.entries, &rows).unwrap_err();
    let key = Box::new(Key::ActivePolicy);
    assert_eq!(found, Violation::ReplayDiffers { key });
    assert_eq!(replay(&[]).head().last_at, Time::MIN);
}

/// A house in which a lead approved more of what is held.
fn approved() -> House {
    let mut house = House::new(policy_with(vec![
        limit("rule", Window::Lifetime, 1_000),
        leads("grants", Window::Lifetime, 5_000),
    ]));
    run(
        &mut house,
        "
        1 ann ask C1 S1 cora 1500 to=lea                 -> consult=open
        2 lea approve R1 C1 S1 1500                      -> consult=approved
        3 ann ask C2 S2 carl 1500 to=lea                 -> consult=open
        ",
    );
    house
}

fn entry_of(house: &House, kind: &str) -> Entry {
    house.entries.iter().find(|entry| entry.body.kind() == kind).cloned().unwrap()
}

#[test]
fn finds_an_approval_above_what_was_granted() {
    let mut entry = entry_of(&approved(), "CONSULT_APPROVED");
    assert_eq!(check_entry(&entry), Ok(()));
    entry.trace[0].granted_minor -= 1;
    assert!(matches!(check_entry(&entry), Err(Violation::AboveCap { .. })));
}

#[test]
fn finds_one_who_approves_their_own() {
    let house = approved();
    for kind in ["CONSULT_ASKED", "CONSULT_APPROVED"] {
        let mut entry = entry_of(&house, kind);
        let ann = caller_named("ann");
        if let EntryBody::ConsultAsked { to, .. } = &mut entry.body {
            *to = ann.agent;
        }
        entry.caller = ann;
        assert!(matches!(check_entry(&entry), Err(Violation::OwnApproval { .. })), "{kind}");
    }
}

#[test]
fn finds_mixed_currencies_and_times_that_cannot_be() {
    let mut mixed = reserved(&house());
    mixed.currency = Some(makegood_core::money::Currency::parse("EUR").unwrap());
    assert!(matches!(check_entry(&mixed), Err(Violation::CurrencyMixed { .. })));
    let mut later = reserved(&house());
    later.effective_at = Some(later.at.saturating_add_ns(1));
    assert!(matches!(check_entry(&later), Err(Violation::EffectiveTime { .. })));
    let post_close = Entry { is_post_close: true, ..reserved(&house()) };
    assert!(matches!(check_entry(&post_close), Err(Violation::EffectiveTime { .. })));
}

#[test]
fn finds_what_was_answered_twice_and_what_acts_on_a_hold_that_is_over() {
    let mut house = House::new(policy_with(vec![limit("rule", Window::Lifetime, 1_000)]));
    run(
        &mut house,
        "
        1 ann reserve S1 cora 100                        -> held
        2 ann extend R1 S1                               -> held
        3 ann void R2 S1 other                           -> voided
        ",
    );
    let entries = &house.entries;
    assert_eq!(check_lives(entries), Ok(()));
    let twice = entries.iter().chain([&entries[3]]);
    assert!(matches!(check_lives(twice), Err(Violation::AnsweredTwice { position: 3 })));
    let never = entries[..2].iter().chain(&entries[3..]);
    assert!(matches!(check_lives(never), Err(Violation::HoldOver { position: 3 })));
    let mut after_the_end = entries.clone();
    after_the_end.swap(3, 4);
    assert!(matches!(check_lives(&after_the_end), Err(Violation::HoldOver { .. })));
    let mut too_late = entries.clone();
    too_late[3].at = seconds(700);
    assert!(matches!(check_lives(&too_late), Err(Violation::HoldOver { position: 3 })));
}

#[test]
fn finds_consults_and_grants_that_disagree() {
    let consult = |row: &mut Row| match row {
        Row::Consult(consult) if consult.is_open() => {
            consult.to = consult.agent;
            true
        }
        _ => false,
    };
    let granted = |row: &mut Row| match row {
        Row::Counter(CounterRow::Total { granted_minor, .. }) if *granted_minor > 0 => {
            *granted_minor += 1;
            true
        }
        _ => false,
    };
    let approver = |row: &mut Row| match row {
        Row::Spend(spend) if !spend.approvers.is_empty() => {
            spend.approvers.clear();
            true
        }
        _ => false,
    };
    let mut found = Vec::new();
    for change in [consult, granted, approver] as [fn(&mut Row) -> bool; 3] {
        let mut rows = approved().rows;
        assert_eq!(check_rows(&rows), Ok(()));
        tamper(&mut rows, change);
        found.push(check_rows(&rows).unwrap_err());
    }
    assert!(matches!(found[0], Violation::ConsultContradicts { .. }));
    assert!(matches!(found[1], Violation::CounterDiffers { .. }));
    assert!(matches!(found[2], Violation::SpendContradicts { .. }));
}
