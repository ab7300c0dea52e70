//! How often: limits that count gestures and not amounts.

use makegood_core::ledger::{headroom, preview};
use makegood_core::money::Currency;
use makegood_core::policy::{Counts, Limit, Policy, Window};
use makegood_core::time::NS_PER_DAY;

use crate::script::run;
use crate::support::{House, gesture, limit, often, policy_with, seconds};

fn house(window: Window, cap_times: u32) -> House {
    House::new(policy_with(vec![
        limit("customer", Window::Lifetime, 200_000),
        often("often", window, cap_times),
    ]))
}

#[test]
fn counts_gestures_of_everyone_for_a_customer() {
    run(
        &mut house(Window::Lifetime, 3),
        "
        0 ann give S1 cora 5                             -> committed
        1 ben give S2 cora 5                             -> committed
        2 ann reserve S3 cora 5                          -> held
        3 ben give S4 cora 5                             -> LIMIT_EXCEEDED limit=often available_minor=0
        # another customer is counted apart
        4 ben give S5 carl 5                             -> committed
        # a gesture counts once, however it is given, and no more once nothing stands
        5 ann commit R1 S3 2 more                        -> held
        6 ann commit R2 S3 2 final                       -> committed
        7 ann give S6 cora 5                             -> LIMIT_EXCEEDED limit=often
        8 ann reverse R3 S3 3 other                      -> back=3
        9 ann give S7 cora 5                             -> LIMIT_EXCEEDED limit=often
        9 ann reverse R4 S3 1 other                      -> reversed
        9 ann give S8 cora 5                             -> committed
        # raising what is counted already is not another time
        9 ann reserve S9 carl 5                          -> held
        9 ann increment R5 S9 5                          -> held=10
        ",
    );
}

#[test]
fn moves_with_its_window() {
    run(
        &mut house(Window::Rolling { duration_ns: NS_PER_DAY }, 1),
        "
        0     ann give S1 cora 5                         -> committed
        86399 ann give S2 cora 5                         -> LIMIT_EXCEEDED limit=often
        86400 ann give S3 cora 5                         -> committed
        ",
    );
}

#[test]
fn counts_gestures_whatever_their_currency() {
    let yen = Currency::parse("JPY").unwrap();
    let mut rule = limit("customer", Window::Lifetime, 100);
    rule.caps.insert(yen, 5_000);
    let policy = policy_with(vec![rule, often("often", Window::Lifetime, 1)]);
    let mut house = House::new(Policy { currencies: [Currency::USD, yen].into(), ..policy });
    run(
        &mut house,
        "
        0 ann give S1 cora 5                             -> committed
        1 ann give S2 cora 5 currency=JPY                -> LIMIT_EXCEEDED limit=often currency_code=JPY
        ",
    );
    let counted = house.entries[house.entries.len() - 2].trace.last().cloned().unwrap();
    assert_eq!((counted.counts, counted.cap_minor), (Counts::Times, 1));
}

#[test]
fn gives_no_authority_by_itself() {
    let for_others = Limit {
        roles: Some(["temp".parse().unwrap()].into()),
        ..limit("customer", Window::Lifetime, 200_000)
    };
    let mut house = House::new(policy_with(vec![for_others, often("often", Window::Lifetime, 3)]));
    run(&mut house, "0 ann give S1 cora 5 -> NO_AUTHORITY");
}

#[test]
fn appears_in_headroom_as_a_count_and_binds_when_it_is_used_up() {
    let mut house = house(Window::Lifetime, 2);
    let ask = gesture("S9", "cora", 1);
    let room = |house: &House| {
        let question = house.question(seconds(9), "ann", &ask);
        headroom(&house.rows, &house.policy, &question).unwrap()
    };
    run(&mut house, "0 ann give S1 cora 500 -> committed");
    let seen = room(&house);
    assert_eq!(seen.available_minor, 199_500);
    assert_eq!(seen.binding.map(|limit| limit.to_string()).as_deref(), Some("customer"));
    let often = &seen.limits[1];
    assert_eq!((often.counts, often.used_minor(), often.available_minor()), (Counts::Times, 1, 1));
    let question = house.question(seconds(9), "ann", &ask);
    let seen = preview(&house.rows, &house.policy, &question, &ask.gesture, 100).unwrap();
    assert_eq!((seen.refusal, seen.available_after_minor), (None, 0));
    run(&mut house, "1 ann give S2 cora 500 -> committed");
    let seen = room(&house);
    assert_eq!((seen.available_minor, seen.cap_minor, seen.given_minor), (0, 200_000, 1_000));
    assert_eq!(seen.binding.map(|limit| limit.to_string()).as_deref(), Some("often"));
}
