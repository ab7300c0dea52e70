//! Windows that move count each authorisation by its own time: what was reserved, each raise, what
//! a second person granted, and what a correction charges.

use makegood_core::ledger::{Read as _, Row};
use makegood_core::policy::{Limit, Policy, Window};
use makegood_core::time::NS_PER_DAY;

use crate::script::run;
use crate::support::{House, leads, limit, often, policy_with};

/// A house in which holds live for three days.
fn house(limits: Vec<Limit>) -> House {
    House::new(Policy { hold_ns: 3 * NS_PER_DAY, ..policy_with(limits) })
}

fn rolling_day() -> Window {
    Window::Rolling { duration_ns: NS_PER_DAY }
}

#[test]
fn counts_a_raise_from_its_own_time_on() {
    run(
        &mut house(vec![limit("rolling", rolling_day(), 100)]),
        "
        0      ann reserve S1 cora 40                    -> held
        86000  ann increment R1 S1 60                    -> held=100
        86399  ann reserve S2 cora 1                     -> LIMIT_EXCEEDED available_minor=0
        # what was reserved has left the window, and the raise has not
        86400  ann reserve S3 cora 41                    -> LIMIT_EXCEEDED available_minor=40
        86400  ann reserve S4 cora 40                    -> held
        # a hold older than the window can be raised within what it leaves
        172400 ann increment R2 S1 61                    -> LIMIT_EXCEEDED available_minor=60
        172400 ann increment R3 S1 60                    -> held=160
        172801 ann reserve S5 cora 41                    -> LIMIT_EXCEEDED available_minor=40
        ",
    );
}

#[test]
fn traces_a_refused_raise_by_its_own_time() {
    let mut house = house(vec![limit("rolling", rolling_day(), 100)]);
    run(
        &mut house,
        "
        0      ann reserve S1 cora 40                    -> held
        90000  ann increment R1 S1 101                   -> LIMIT_EXCEEDED available_minor=100
        ",
    );
    let refused = house.entries.last().unwrap();
    let traced: Vec<_> =
        refused.trace.iter().map(|it| (it.before_minor, it.amount_minor)).collect();
    assert_eq!(traced, [(0, 101)], "the reservation has left the window");
}

#[test]
fn counts_a_raise_of_a_case_without_a_number_by_its_own_time() {
    run(
        &mut house(vec![limit("case", Window::Case { otherwise_ns: NS_PER_DAY }, 100)]),
        "
        0      ann reserve S1 cora 40                    -> held
        86000  ann increment R1 S1 60                    -> held=100
        86400  ann reserve S2 cora 41                    -> LIMIT_EXCEEDED available_minor=40
        ",
    );
}

#[test]
fn takes_back_the_latest_raise_first() {
    run(
        &mut house(vec![limit("rolling", rolling_day(), 100)]),
        "
        0      ann reserve S1 cora 40                    -> held
        10     ann increment R1 S1 20                    -> held=60
        43200  ann increment R2 S1 40                    -> held=100
        43201  ann commit R3 S1 100 final                -> committed
        # 30 of the last raise go, and 10 of it stay
        43202  ann reverse R4 S1 30 returned             -> back=30
        43203  ann give S2 cora 31                       -> LIMIT_EXCEEDED available_minor=30
        86410  ann give S3 cora 91                       -> LIMIT_EXCEEDED available_minor=90
        # and with the next 20 the rest of it and half of the first
        86411  ann reverse R5 S1 20 returned             -> back=50
        86412  ann give S4 cora 100                      -> committed
        ",
    );
}

#[test]
fn counts_a_grant_by_the_time_of_the_approval() {
    run(
        &mut house(vec![
            limit("rolling", rolling_day(), 100),
            leads("grants", rolling_day(), 150),
        ]),
        "
        0      ann ask C1 S1 cora 200 to=lea             -> held=100 consult=open
        43200  lea approve R1 C1 S1 200                  -> held=200 approved=200
        # the agent's own hundred leaves the window, and the grant counts neither for nor against
        86400  ann give S2 cora 100                      -> committed
        86401  ann give S3 cora 1                        -> LIMIT_EXCEEDED available_minor=0
        # what lea granted still counts against what lea may grant
        86402  ann ask C2 S4 cora 60 to=lea              -> held=0 consult=open
        86403  lea approve R2 C2 S4 60                   -> LIMIT_EXCEEDED limit=grants available_minor=50
        129600 lea approve R3 C2 S4 60                   -> held=60
        ",
    );
}

#[test]
fn grants_for_a_hold_older_than_the_approvers_window() {
    run(
        &mut house(vec![
            limit("ever", Window::Lifetime, 100),
            leads("grants", rolling_day(), 150),
        ]),
        "
        0      ann reserve S1 cora 100                   -> held
        90000  ann ask C1 S1 cora 200 to=lea             -> consult=open
        90001  lea approve R1 C1 S1 200                  -> held=200
        90002  ann ask C2 S2 carl 200 to=lea             -> held=100
        90003  lea approve R2 C2 S2 200                  -> LIMIT_EXCEEDED limit=grants available_minor=50
        ",
    );
}

#[test]
fn counts_a_gesture_from_when_it_first_held_anything() {
    run(
        &mut house(vec![
            limit("ever", Window::Lifetime, 100_000),
            often("often", rolling_day(), 1),
            leads("grants", Window::Lifetime, 150),
        ]),
        "
        0      ann give S1 cora 10                       -> committed
        10     ann ask C1 S2 cora 20 to=lea              -> held=0 consult=open
        43200  lea approve R1 C1 S2 20                   -> held=20
        43201  ann increment R2 S2 5                     -> held=25
        86401  ann give S3 cora 1                        -> committed
        86402  ann give S4 cora 1                        -> LIMIT_EXCEEDED
        ",
    );
}

#[test]
fn keeps_no_charge_that_has_left_the_window() {
    let mut house = house(vec![limit("rolling", rolling_day(), 100)]);
    let script = (0..50).map(|nth| {
        let at = nth * 90_000;
        format!("{at} ann give S{nth} cora 100 -> committed\n")
    });
    run(&mut house, &script.collect::<String>());
    let charges = house.rows.iter().filter_map(|(key, _)| match house.rows.get(key) {
        Some(Row::Counter(makegood_core::ledger::CounterRow::Rolling { charges })) => {
            Some(charges.len())
        }
        _ => None,
    });
    assert_eq!(charges.collect::<Vec<_>>(), [1]);
}
