//! Taking back and correcting what was given in several parts, at several times.

use std::collections::BTreeMap;

use makegood_core::ids::Digest;
use makegood_core::ledger::{Account, Read as _};
use makegood_core::money::Currency;
use makegood_core::policy::{Dimension, Limit, Policy, Pool, Window};
use makegood_core::time::NS_PER_DAY;

use crate::script::run;
use crate::support::{House, day, limit, policy_with};

fn capped() -> House {
    let pool = Pool {
        id: "all".parse().unwrap(),
        label: "in all".to_owned(),
        team: None,
        caps: Some(BTreeMap::from([(Currency::USD, 5_000)])),
    };
    let standard = Policy::standard(Digest::from_bytes([1; 32]));
    House::new(Policy { backdate_ns: NS_PER_DAY, pools: vec![pool], ..standard })
}

fn credit(house: &House, account: &Account) -> i128 {
    let row = house.rows.balance(account, Currency::USD);
    row.credit_minor - row.debit_minor
}

#[test]
fn undoes_no_part_that_was_given_long_ago() {
    run(
        &mut capped(),
        "
        0   ann reserve S1 cora 1000                     -> held
        10  ann commit R1 S1 600 more                    -> given=600
        100 ann commit R2 S1 50 more                     -> given=650
        110 ann commit R3 S1 50 more                     -> given=700
        120 ann reverse R4 S1 101 mis_entry              -> UNDO_WINDOW_CLOSED ended_at_ns=40000000000
        120 ann reverse R5 S1 70 mis_entry               -> back=70
        # the rest of the second part, which is older than what was undone
        131 ann reverse R6 S1 30 mis_entry               -> UNDO_WINDOW_CLOSED ended_at_ns=130000000000
        132 ann reverse R7 S1 630 returned               -> back=700
        ",
    );
}

#[test]
fn lets_lapse_only_what_was_given_in_the_closed_period() {
    let mut house = capped();
    run(
        &mut house,
        "
        0   ann reserve S1 cora 1000                     -> held
        10  ann commit R1 S1 600 more                    -> given=600
        60  adm close A1 0 50                            -> entries=1
        70  ann commit R2 S1 400 final                   -> committed
        80  ann reverse R3 S1 500 other                  -> back=500
        ",
    );
    assert_eq!(credit(&house, &Account::AuthorityLapsed), 100);
    let row = house.rows.pool(&"all".parse().unwrap(), Currency::USD).unwrap();
    assert_eq!((row.allotted_minor, row.given_minor), (Some(4_900), 500));
    // A hold of a closed period that is given later has nothing that could lapse.
    run(
        &mut house,
        "
        90  ann reserve S2 cora 200                      -> held
        100 adm close A2 50 95                           -> entries=1
        110 ann commit R4 S2 200 final                   -> committed
        120 ann reverse R5 S2 200 other                  -> reversed
        ",
    );
    assert_eq!(credit(&house, &Account::AuthorityLapsed), 100);
}

#[test]
fn takes_nothing_back_before_it_was_given() {
    run(
        &mut capped(),
        "
        0   ann reserve S1 cora 1000                     -> held
        50  ann commit R1 S1 600 more                    -> given=600
        60  ann reverse R2 S1 1 other at=40              -> TOO_LONG_AGO earliest_ns=50000000000
        60  ann reverse R3 S1 1 other at=50              -> back=1
        70  ann commit R4 S1 400 final                   -> committed
        80  ann correct R5 S1 late upgrade at=60         -> TOO_LONG_AGO earliest_ns=70000000000
        80  ann reverse R6 S1 400 other                  -> back=401
        # what stands was given before
        80  ann correct R7 S1 late upgrade at=60         -> committed
        ",
    );
}

fn by_reason() -> House {
    let goodwill = Limit {
        reasons: Some(["goodwill".parse().unwrap()].into()),
        ..limit("goodwill", Window::Lifetime, 100)
    };
    let each =
        Limit { scope: [Dimension::Agent, Dimension::Reason].into(), ..limit("each", day(), 150) };
    House::new(policy_with(vec![limit("ever", Window::Lifetime, 1_000), goodwill, each]))
}

#[test]
fn holds_a_corrected_reason_against_its_limits() {
    run(
        &mut by_reason(),
        "
        0   ann give S1 cora 60 reason=goodwill          -> committed
        1   ann give S2 cora 120                         -> committed
        2   ann correct R1 S2 goodwill refund            -> LIMIT_EXCEEDED limit=goodwill available_minor=40
        3   ann give S3 cora 30                          -> committed
        # the reason that it leaves has room again, and the one that it is given for has less
        4   ann correct R2 S3 goodwill refund            -> committed
        5   ann give S4 cora 11 reason=goodwill          -> LIMIT_EXCEEDED limit=goodwill available_minor=10
        6   ann give S5 cora 31                          -> LIMIT_EXCEEDED limit=each available_minor=30
        7   ann give S6 cora 30                          -> committed
        # and back, where there is no room any more
        8   ann correct R3 S3 late refund                -> LIMIT_EXCEEDED limit=each available_minor=0
        9   ann reverse R4 S3 30 other                   -> reversed
        10  ann give S7 cora 40 reason=goodwill          -> committed
        # limits that look at no reasons stay charged as they were
        11  ann give S8 cora 751 reason=wrong            -> LIMIT_EXCEEDED
        ",
    );
}

#[test]
fn corrects_by_the_limits_of_whose_gesture_it_is() {
    let standard = by_reason().policy;
    let mut limits = standard.limits.clone();
    limits[1].roles = Some(["temp".parse().unwrap()].into());
    run(
        &mut House::new(Policy { limits, ..standard }),
        "
        0   temp give S1 cora 120                        -> committed
        1   sue correct R1 S1 goodwill refund            -> LIMIT_EXCEEDED limit=goodwill
        2   ann give S2 cora 120                         -> committed
        3   sue correct R2 S2 goodwill refund            -> committed
        ",
    );
}

#[test]
fn charges_a_corrected_reason_from_the_correction_on() {
    let rolling = Window::Rolling { duration_ns: NS_PER_DAY };
    let goodwill = Limit {
        reasons: Some(["goodwill".parse().unwrap()].into()),
        ..limit("goodwill", rolling, 100)
    };
    run(
        &mut House::new(policy_with(vec![limit("ever", Window::Lifetime, 1_000), goodwill])),
        "
        0      ann give S1 cora 80                       -> committed
        80000  ann correct R1 S1 goodwill refund         -> committed
        86401  ann give S2 cora 21 reason=goodwill       -> LIMIT_EXCEEDED available_minor=20
        166399 ann give S3 cora 21 reason=goodwill       -> LIMIT_EXCEEDED available_minor=20
        166401 ann give S4 cora 100 reason=goodwill      -> committed
        # nothing is left of it in that window to be taken out
        166402 ann correct R2 S1 late refund             -> committed
        ",
    );
}

#[test]
fn corrects_to_no_reason_without_authority() {
    let late = Limit {
        reasons: Some(["late".parse().unwrap()].into()),
        ..limit("late", Window::Lifetime, 100)
    };
    run(
        &mut House::new(policy_with(vec![late])),
        "
        0   ann give S1 cora 80                          -> committed
        1   ann correct R1 S1 goodwill refund            -> NO_AUTHORITY
        2   ann correct R2 S1 late upgrade               -> committed
        ",
    );
}
