//! Raising holds, correcting and back-dating bookings, pausing.

use makegood_core::ids::Digest;
use makegood_core::ledger::{Account, Action, EntryBody, Read as _, Side, headroom, preview};
use makegood_core::money::Currency;
use makegood_core::policy::{Policy, Window};
use makegood_core::time::NS_PER_DAY;

use crate::script::run;
use crate::support::{House, day, gesture, limit, policy_with, seconds};

fn credit(house: &House, account: &Account) -> i128 {
    let row = house.rows.balance(account, Currency::USD);
    row.credit_minor - row.debit_minor
}

fn back_dating(backdate_ns: i64) -> House {
    House::new(Policy { backdate_ns, ..Policy::standard(Digest::from_bytes([1; 32])) })
}

#[test]
fn raises_a_hold_within_every_limit() {
    run(
        &mut House::new(policy_with(vec![
            limit("all", Window::Lifetime, 1_000),
            limit("today", day(), 800),
        ])),
        "
        0 ann reserve S1 cora 500                        -> held
        1 ben increment R1 S1 1                          -> NOT_YOUR_SPEND fault
        1 sue increment R1 S1 1                          -> NOT_YOUR_SPEND fault
        1 ann increment R1 S9 0                          -> AMOUNT_NOT_POSITIVE fault
        1 ann increment R1 S9 1                          -> SPEND_NOT_FOUND fault
        2 ann increment R1 S1 301                        -> LIMIT_EXCEEDED limit=today available_minor=300 requested_minor=301
        3 ann increment R2 S1 300                        -> held=800 entries=1
        4 ann increment R2 S1 300                        -> held=800 replayed entries=0
        4 ann increment R2 S1 200                        -> ID_REUSED field=amount_minor
        5 ann commit R3 S1 700 more                      -> held=100 given=700
        6 adm pause A1                                   -> entries=1
        7 ann increment R4 S1 1                          -> PAUSED
        8 adm resume A2                                  -> entries=1
        9 ann commit R5 S1 100 final                     -> committed given=800
        9 ann increment R6 S1 1                          -> HOLD_RESOLVED
        9 ann reserve S2 carl 5                          -> held
        610 ann increment R7 S2 5                        -> HOLD_EXPIRED
        ",
    );
}

#[test]
fn raises_nothing_under_another_policy() {
    let mut house = House::standard();
    run(&mut house, "0 ann reserve S1 cora 500 -> held");
    let digest = Digest::from_bytes([7; 32]);
    house.policy = Policy { digest, ..house.policy.clone() };
    let command = house.command(seconds(1), "dev", Action::ActivatePolicy { digest });
    house.submit(&command).unwrap();
    run(
        &mut house,
        "
        2 ann increment R1 S1 1                          -> POLICY_CHANGED
        3 ann ask C1 S1 cora 600 to=lea                  -> POLICY_CHANGED
        4 ann commit R2 S1 500 final                     -> committed
        ",
    );
}

#[test]
fn pauses_what_is_new_and_nothing_else() {
    let mut house = House::standard();
    run(
        &mut house,
        "
        0 ann reserve S1 cora 500                        -> held
        0 ann reserve S2 cora 500                        -> held
        1 sue pause A1                                   -> entries=1
        2 ann reserve S3 cora 1                          -> PAUSED pause_reason=fraud
        2 ann give S4 cora 1                             -> PAUSED
        3 ann extend R1 S1                               -> held
        3 ann commit R2 S1 500 final                     -> committed
        3 ann reverse R3 S1 500 mis_entry                -> reversed
        3 ann void R4 S2 declined                        -> voided
        ",
    );
    let question = house.question(seconds(4), "ann", &gesture("S5", "cora", 1));
    let seen = headroom(&house.rows, &house.policy, &question).unwrap();
    assert_eq!(seen.paused.map(|(reason, _)| reason.code()), Some("fraud"));
    let credit = gesture("S5", "cora", 1).gesture;
    let seen = preview(&house.rows, &house.policy, &question, &credit, 1).unwrap();
    assert_eq!(seen.refusal.map(|refusal| refusal.reason()), Some("PAUSED"));
    run(
        &mut house,
        "
        5 sue resume A2                                  -> entries=1
        # the refusal stays with its id
        6 ann give S4 cora 1                             -> PAUSED replayed
        6 ann give S6 cora 1                             -> committed
        ",
    );
}

#[test]
fn books_a_correction_to_the_other_class_and_leaves_the_limits() {
    let mut house = House::standard();
    run(
        &mut house,
        "
        0 ann reserve S1 cora 1000                       -> held
        1 ann correct R1 S1 wrong upgrade                -> NOTHING_GIVEN fault
        2 ann commit R2 S1 600 more                      -> held
        3 ben correct R1 S1 wrong upgrade                -> NOT_YOUR_SPEND fault
        3 ann correct R1 S1 x upgrade                    -> UNKNOWN_REASON fault
        3 ann correct R1 S1 wrong explain                -> GESTURE_IS_FREE fault
        3 ann correct R1 S1 wrong upgrade at=4           -> EFFECTIVE_IN_FUTURE fault
        4 ann correct R1 S1 wrong upgrade                -> held held=400 given=600 entries=1
        5 ann correct R1 S1 wrong upgrade                -> replayed entries=0
        5 ann correct R1 S1 wrong refund                 -> ID_REUSED field=gesture
        # what is given later is booked as corrected
        6 ann commit R3 S1 400 final                     -> committed
        7 ann give S2 cora 199001                        -> LIMIT_EXCEEDED available_minor=199000
        8 sue correct R4 S1 late upgrade                 -> committed
        ",
    );
    let class = |number: &str| -credit(&house, &number.parse().unwrap());
    assert_eq!((class("5100"), class("5400"), class("2100.house")), (0, 1_000, -1_000));
    let spend = house.rows.spend(crate::support::spend_id("S1")).unwrap();
    assert_eq!((spend.about.reason.as_str(), spend.about.gesture.as_str()), ("late", "upgrade"));
    let same_class = house.entries.last().unwrap();
    assert!(matches!(same_class.body, EntryBody::Corrected { amount_minor: 1_000, .. }));
    assert!(same_class.postings.is_empty(), "the class stays");
}

#[test]
fn counts_for_another_day_as_far_back_as_the_policy_says() {
    let mut house = back_dating(100 * 1_000_000_000);
    run(
        &mut house,
        "
        1000 ann give S1 cora 1000                       -> committed
        1050 ann reverse R1 S1 1 other at=1051           -> EFFECTIVE_IN_FUTURE fault
        1050 ann reverse R1 S1 1 other at=1020           -> back=1
        1050 ann reverse R1 S1 1 other at=1020           -> replayed
        1050 ann reverse R1 S1 1 other at=1021           -> ID_REUSED field=effective_time
        # nothing is taken back before it was given
        1050 ann reverse R2 S1 1 other at=1000           -> TOO_LONG_AGO earliest_ns=1000000000001
        1200 ann reverse R3 S1 1 other at=1099           -> TOO_LONG_AGO earliest_ns=1100000000000
        1200 ann reverse R4 S1 1 other at=1101           -> back=2
        1200 ann correct R5 S1 late upgrade at=1000      -> TOO_LONG_AGO
        1200 ann correct R6 S1 late upgrade at=1150      -> committed
        ",
    );
    let effective: Vec<_> = house.entries.iter().filter_map(|entry| entry.effective_at).collect();
    assert_eq!(effective, [1020, 1101, 1150].map(seconds));
}

#[test]
fn counts_for_no_closed_period_unless_two_persons_opened_it() {
    let mut house = back_dating(NS_PER_DAY);
    run(
        &mut house,
        "
        50  ann give S1 cora 1000                        -> committed
        150 ann give S2 cora 1000                        -> committed
        200 adm close A1 0 100                           -> entries=1
        201 ann reverse R1 S1 1 other at=99              -> PERIOD_CLOSED closed_until_ns=100000000000
        201 ann reverse R2 S1 1 other at=100             -> back=1
        202 adm reopen A2 0 100                          -> entries=1
        203 ann reverse R3 S1 1 other at=99              -> PERIOD_CLOSED
        204 ada second A3 0 100                          -> entries=1
        205 ann reverse R4 S1 1 other at=99              -> back=2
        206 adm close A4 0 100                           -> entries=1
        207 ann correct R5 S1 late upgrade at=99         -> PERIOD_CLOSED
        ",
    );
    let post_close: Vec<bool> = house
        .entries
        .iter()
        .filter(|entry| entry.effective_at.is_some())
        .map(|entry| entry.is_post_close)
        .collect();
    assert_eq!(post_close, [false, true]);
}

#[test]
fn lets_authority_of_a_closed_period_lapse() {
    for caps in [None, Some([(Currency::USD, 5_000)].into())] {
        let pool = makegood_core::policy::Pool {
            id: "all".parse().unwrap(),
            label: "in all".to_owned(),
            team: None,
            caps,
        };
        let is_capped = pool.caps.is_some();
        let standard = Policy::standard(Digest::from_bytes([1; 32]));
        let mut house = House::new(Policy { pools: vec![pool], ..standard });
        run(
            &mut house,
            "
            50  ann give S1 cora 1000                    -> committed
            60  ann reverse R1 S1 200 other              -> back=200
            100 adm close A1 0 70                        -> entries=1
            101 ann reverse R2 S1 300 other              -> back=500
            102 ann give S2 cora 400                     -> committed
            103 ann reverse R3 S2 400 other              -> reversed
            ",
        );
        assert_eq!(credit(&house, &Account::AuthorityLapsed), 300);
        let lapsed = house.entries.iter().flat_map(|entry| &entry.postings);
        let is_lapse = |line: &&makegood_core::ledger::Posting| {
            line.account == Account::AuthorityLapsed && line.side == Side::Credit
        };
        assert_eq!(lapsed.filter(is_lapse).count(), 1);
        let row = house.rows.pool(&"all".parse().unwrap(), Currency::USD).unwrap();
        assert_eq!(row.allotted_minor, is_capped.then_some(4_700));
        assert_eq!(row.given_minor, 500);
    }
}
