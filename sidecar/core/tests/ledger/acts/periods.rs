//! Periods close in order, and the last opens again by two persons.

use makegood_core::ledger::{Act, Period, PeriodsRow, Read as _};

use super::{act, fault, period};
use crate::support::House;

fn close(start: i64, end: i64) -> Act {
    Act::ClosePeriod(period(start, end))
}

fn reopen(start: i64, end: i64) -> Act {
    Act::ReopenPeriod(period(start, end))
}

fn second(start: i64, end: i64) -> Act {
    Act::SecondReopening(period(start, end))
}

/// Plays steps at seconds 100, 101, …; answers with the reason of the last one's fault.
fn play(house: &mut House, steps: &[(&str, Act)]) -> Option<&'static str> {
    let mut last = None;
    for (at, (caller, step)) in (100..).zip(steps) {
        last = fault(act(house, (caller, at), &format!("R{at}"), step.clone()));
    }
    last
}

fn closed(house: &House) -> (Option<Period>, bool) {
    let PeriodsRow { closed, reopening } = house.rows.periods();
    (closed, reopening.is_some_and(|reopening| reopening.seconded_by.is_some()))
}

#[test]
fn closes_periods_one_after_the_other() {
    let mut house = House::standard();
    assert_eq!(play(&mut house, &[("adm", close(10, 20)), ("ada", close(20, 50))]), None);
    assert_eq!(closed(&house), (Some(period(20, 50)), false));
}

#[test]
fn opens_the_last_period_by_two_persons_and_closes_it_again() {
    let mut house = House::standard();
    let steps = [("adm", close(10, 20)), ("adm", reopen(10, 20)), ("rev", second(10, 20))];
    assert_eq!(play(&mut house, &steps), None);
    assert_eq!(closed(&house), (Some(period(10, 20)), true));
    assert_eq!(fault(act(&mut house, ("adm", 200), "A1", close(10, 20))), None);
    assert_eq!(closed(&house), (Some(period(10, 20)), false));
    assert_eq!(fault(act(&mut house, ("adm", 201), "A2", close(20, 30))), None);
}

#[test]
fn refuses_periods_out_of_order_and_reopenings_by_one() {
    let (adm, ada, rev) = ("adm", "ada", "rev");
    let cases: Vec<(&str, Vec<(&str, Act)>)> = vec![
        ("FIELD_INVALID", vec![(adm, close(20, 20))]),
        ("FIELD_INVALID", vec![(adm, reopen(20, 10))]),
        ("FIELD_INVALID", vec![(adm, second(20, 10))]),
        ("PERIOD_NOT_OVER", vec![(adm, close(10, 101))]),
        ("PERIOD_NOT_NEXT", vec![(adm, close(10, 20)), (adm, close(21, 30))]),
        ("PERIOD_NOT_NEXT", vec![(adm, close(10, 20)), (adm, close(10, 20))]),
        ("PERIOD_NOT_LAST", vec![(adm, reopen(10, 20))]),
        (
            "PERIOD_NOT_LAST",
            vec![(adm, close(10, 20)), (adm, close(20, 30)), (adm, reopen(10, 20))],
        ),
        ("PERIOD_NOT_LAST", vec![(adm, second(10, 20))]),
        ("NO_REOPENING", vec![(adm, close(10, 20)), (rev, second(10, 20))]),
        (
            "SECOND_PERSON_NEEDED",
            vec![(adm, close(10, 20)), (adm, reopen(10, 20)), (adm, second(10, 20))],
        ),
        (
            "ALREADY_REOPENING",
            vec![(adm, close(10, 20)), (adm, reopen(10, 20)), (ada, reopen(10, 20))],
        ),
        (
            "ALREADY_REOPENING",
            vec![(adm, close(10, 20)), (adm, reopen(10, 20)), (ada, close(20, 30))],
        ),
        (
            "NO_REOPENING",
            vec![
                (adm, close(10, 20)),
                (adm, reopen(10, 20)),
                (rev, second(10, 20)),
                (ada, second(10, 20)),
            ],
        ),
        (
            "NO_REOPENING",
            vec![
                (adm, close(10, 20)),
                (adm, reopen(10, 20)),
                (ada, close(10, 20)),
                (rev, second(10, 20)),
            ],
        ),
    ];
    for (expected, steps) in cases {
        let mut house = House::standard();
        assert_eq!(play(&mut house, &steps), Some(expected), "{steps:?}");
    }
}
