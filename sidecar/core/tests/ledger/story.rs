//! The life of a gesture, and every fault and refusal in the order of the checks.

use std::collections::BTreeSet;

use makegood_core::ids::Digest;
use makegood_core::ledger::{
    Action, Command, EntryBody, Fault, Operation, Overlay, Rows, apply, decide, expire_due,
};
use makegood_core::policy::Policy;

use crate::script::run;
use crate::support::{House, caller_named, gesture, seconds};

const LIFE: &str = "
    0  ann reserve S1 cora 4500                      -> held held=4500 until=600 entries=1
    10 ann extend R1 S1                              -> held until=610 entries=1
    20 ann commit R2 S1 1000 more                    -> held held=3500 given=1000
    30 ann commit R3 S1 2000 final                   -> committed held=0 given=3000
    40 ann reverse R4 S1 500 mis_entry               -> committed given=3000 back=500
    70 ann reverse R5 S1 2500 returned               -> reversed back=3000
    # in one step
    80 ann give S2 cora 4500                         -> committed given=4500 entries=2
    # released
    90 ann reserve S3 cora 100                       -> held
    91 ann void R6 S3 declined                       -> voided held=0
    # a hold is given from until it is empty, final or not
    92 ann reserve S4 cora 100                       -> held
    93 ann commit R7 S4 100 more                     -> committed
    # a supervisor releases and reverses what others hold and gave
    94 ann reserve S5 cora 100                       -> held
    95 sue void R8 S5 other                          -> voided
    96 sue reverse R9 S4 100 duplicate               -> reversed
    # an extension never shortens a hold, and expiry ends it
    97 ann reserve S6 cora 100                       -> held until=697
    700 sys expire S6                                -> expired held=0
";

const IDEMPOTENCY_FIRST: &str = "
    0  ann reserve S1 cora 4500 case=K note=ab suggestion=refund -> held until=600
    # a repeat gets the first answer, whatever has happened since
    5  ann reserve S1 cora 4500 case=K note=ab suggestion=refund decided_ms=1 -> held replayed entries=0
    6  ann commit R1 S1 4500 final                   -> committed
    7  ann reserve S1 cora 4500 case=K note=ab suggestion=refund -> held replayed held=4500 entries=0
    8  ann commit R1 S1 4500 final                   -> committed replayed entries=0
    # another field is named, the caller first
    9  ben reserve S1 carl 1                         -> ID_REUSED field=caller
    9  ann give S1 cora 4500 case=K note=ab          -> ID_REUSED field=operation
    9  ann reserve S1 carl 4500 case=K note=ab       -> ID_REUSED field=customer
    9  ann reserve S1 cora 4500 case=K note=ab interaction=i2 -> ID_REUSED field=interaction
    9  ann reserve S1 cora 4500 note=ab              -> ID_REUSED field=case
    9  ann reserve S1 cora 4500 case=K note=ab currency=EUR -> ID_REUSED field=currency_code
    9  ann reserve S1 cora 4501 case=K note=ab       -> ID_REUSED field=amount_minor
    9  ann reserve S1 cora 4500 case=K note=ab reason=wrong -> ID_REUSED field=reason
    9  ann reserve S1 cora 4500 case=K note=ab gesture=upgrade -> ID_REUSED field=gesture
    9  ann reserve S1 cora 4500 case=K note=cd       -> ID_REUSED field=note
    9  ann reserve S1 cora 4500 case=K note=ab suggestion=upgrade -> ID_REUSED field=suggestion
    9  ann void R1 S1 declined                       -> ID_REUSED field=operation
    9  ann commit R1 S2 4500 final                   -> ID_REUSED field=spend_id
    9  ann commit R1 S1 4499 final                   -> ID_REUSED field=amount_minor
    9  ann commit R1 S1 4500 more                    -> ID_REUSED field=is_final
    10 ann reverse R2 S1 100 mis_entry               -> back=100
    11 ann reverse R2 S1 100 mis_entry               -> back=100 replayed entries=0
    11 ann reverse R2 S1 100 other                   -> ID_REUSED field=reason
    # two equal requests under two ids are two
    12 ann reverse R3 S1 100 mis_entry               -> back=200 entries=1
    # a refusal stays with its id, even when there is room again
    13 ann give S3 cora 200000                       -> committed
    14 ann reserve S4 cora 1                         -> LIMIT_EXCEEDED entries=1
    15 ann reverse R5 S3 200000 mis_entry            -> reversed
    16 ann reserve S4 cora 1                         -> LIMIT_EXCEEDED replayed entries=0 available_minor=0
    17 ann reserve S5 cora 1                         -> held
    # a gift whose answer was lost is given once
    18 ann give S6 cora 7                            -> committed entries=2
    19 ann give S6 cora 7                            -> committed replayed entries=0
    # a fault is not kept: the same id may be used for what was meant
    20 ann reserve S7 cora 0                         -> AMOUNT_NOT_POSITIVE
    21 ann reserve S7 cora 1                         -> held
    22 ann extend R7 S7                              -> held until=622
    23 ann extend R7 S7                              -> held until=622 replayed entries=0
    23 ann extend R7 S5                              -> ID_REUSED field=spend_id
    24 ann void R8 S7 declined                       -> voided
    24 ann void R8 S7 other                          -> ID_REUSED field=reason
    24 ann void R8 S7 declined                       -> voided replayed entries=0
";

const PRECEDENCE_OF_RESERVE: &str = "
    0  ann reserve S1 cora 1000                      -> held
    # wrong in every way, then mended one by one
    1  rev reserve S1 carl 0 reason=x gesture=x currency=EUR       -> NOT_AUTHORIZED fault
    1  ann reserve S1 carl 0 reason=x gesture=x currency=EUR       -> AMOUNT_NOT_POSITIVE fault
    1  ann reserve S1 carl -5 reason=x gesture=x currency=EUR      -> AMOUNT_NOT_POSITIVE fault
    1  ann reserve S1 carl 9007199254740992 reason=x gesture=x currency=EUR -> AMOUNT_OVERFLOW fault
    1  ann reserve S1 carl 300000 reason=x gesture=x currency=EUR  -> ID_REUSED fault
    1  ann reserve S2 carl 300000 reason=x gesture=x currency=EUR  -> UNKNOWN_REASON fault
    1  ann reserve S2 carl 300000 gesture=x currency=EUR           -> UNKNOWN_GESTURE fault
    1  ann reserve S2 carl 300000 gesture=explain currency=EUR     -> GESTURE_IS_FREE fault
    1  ann reserve S2 carl 300000 currency=EUR       -> CURRENCY_NOT_IN_POLICY fault allowed_currency_codes=USD
    1  ann reserve S2 carl 300000                    -> LIMIT_EXCEEDED available_minor=200000 requested_minor=300000
    1  ann reserve S3 carl 200000                    -> held
";

const PRECEDENCE_OF_LATER_OPERATIONS: &str = "
    0  ann reserve S1 cora 1000                      -> held
    0  ann reserve S2 cora 1000                      -> held
    1  ann commit R1 S2 1000 final                   -> committed
    # commit
    2  rev commit R1 S9 0 final                      -> NOT_AUTHORIZED fault
    2  ann commit R1 S9 0 final                      -> AMOUNT_NOT_POSITIVE fault
    2  ann commit R1 S9 1 final                      -> ID_REUSED fault
    2  ann commit R2 S9 1001 final                   -> SPEND_NOT_FOUND fault
    2  ben commit R2 S2 1001 final                   -> NOT_YOUR_SPEND fault
    2  sue commit R2 S2 1001 final                   -> NOT_YOUR_SPEND fault
    2  ann commit R2 S2 1001 final                   -> HOLD_RESOLVED state=committed
    2  ann commit R3 S1 1001 final                   -> AMOUNT_ABOVE_HOLD held_minor=1000
    2  ann commit R20 S1 600 more                    -> held held=400
    2  ann commit R21 S1 401 more                    -> AMOUNT_ABOVE_HOLD held_minor=400
    600 ann commit R4 S1 1001 final                  -> HOLD_EXPIRED expired held=0
    # void and extend
    600 rev void R5 S9 other                         -> NOT_AUTHORIZED fault
    600 adm void R5 S9 other                         -> NOT_AUTHORIZED fault
    600 ann void R5 S9 other                         -> SPEND_NOT_FOUND fault
    600 ben void R5 S1 other                         -> NOT_YOUR_SPEND fault
    600 ann void R5 S1 other                         -> HOLD_EXPIRED
    600 ann void R6 S2 other                         -> HOLD_RESOLVED
    600 sue extend R7 S1                             -> NOT_YOUR_SPEND fault
    600 ann extend R7 S1                             -> HOLD_EXPIRED
    # reverse
    600 rev reverse R8 S9 0 mis_entry                -> NOT_AUTHORIZED fault
    600 ann reverse R8 S9 0 mis_entry                -> AMOUNT_NOT_POSITIVE fault
    600 ann reverse R8 S9 1 mis_entry                -> SPEND_NOT_FOUND fault
    600 ben reverse R8 S2 1001 mis_entry             -> NOT_YOUR_SPEND fault
    600 sue reverse R8 S2 1001 mis_entry             -> NOT_YOUR_SPEND fault
    600 ann reverse R8 S2 1001 mis_entry             -> AMOUNT_ABOVE_GIVEN given_minor=1000
    600 ann reverse R9 S2 1000 mis_entry             -> UNDO_WINDOW_CLOSED
    600 ann reverse R10 S2 1000 other                -> reversed
    601 ann reverse R11 S2 1 other                   -> AMOUNT_ABOVE_GIVEN given_minor=0
    # expiry is the system's, when the time has come
    601 ann expire S1                                -> NOT_AUTHORIZED fault
    601 ann reserve S3 cora 1                        -> held until=1201
    601 sys expire S3                                -> HOLD_NOT_DUE fault
    601 sys expire S9                                -> SPEND_NOT_FOUND fault
    601 sys expire S2                                -> HOLD_NOT_DUE fault
    601 sys expire S1                                -> expired
    602 sys expire S1                                -> HOLD_NOT_DUE fault
    602 ann commit R12 S1 1 final                    -> HOLD_EXPIRED
";

const REVIEWERS_NEVER_SPEND: &str = "
    0  ann reserve S1 cora 1000                      -> held
    1  rev reserve S2 cora 1                         -> NOT_AUTHORIZED
    1  rev give S2 cora 1                            -> NOT_AUTHORIZED
    1  rev extend R1 S1                              -> NOT_AUTHORIZED
    1  rev commit R1 S1 1 final                      -> NOT_AUTHORIZED
    1  rev void R1 S1 other                          -> NOT_AUTHORIZED
    1  rev reverse R1 S1 1 other                     -> NOT_AUTHORIZED
    1  adm give S2 cora 1                            -> NOT_AUTHORIZED
    1  sys give S2 cora 1                            -> NOT_AUTHORIZED
";

const TIME_RUNS_OUT: &str = "
    # the last nanosecond is the second before: at the end the hold is over, written or not
    0   ann reserve S1 cora 100                      -> until=600
    599 ann extend R1 S1                             -> until=1199
    1198 ann commit R2 S1 1 more                     -> held
    1199 ann commit R3 S1 1 more                     -> HOLD_EXPIRED
    1199 ann void R4 S1 other                        -> HOLD_EXPIRED
    1199 sys expire S1                               -> expired held=0 given=1
    # what was given before stays given, and can be taken back
    1200 ann reverse R5 S1 1 other                   -> reversed
    # undo: 30 seconds from the last commit, not from the hold
    2000 ann reserve S2 cora 100                     -> held
    2100 ann commit R6 S2 50 more                    -> held
    2120 ann commit R7 S2 50 more                    -> committed
    2149 ann reverse R8 S2 1 mis_entry               -> back=1
    2150 ann reverse R9 S2 1 mis_entry               -> UNDO_WINDOW_CLOSED
    2150 ann reverse R10 S2 1 duplicate              -> back=2
";

#[test]
fn leads_a_gesture_through_its_life() {
    run(&mut House::standard(), LIFE);
}

#[test]
fn answers_a_repeat_as_it_did_before() {
    run(&mut House::standard(), IDEMPOTENCY_FIRST);
}

#[test]
fn refuses_to_let_reviewers_spend() {
    run(&mut House::standard(), REVIEWERS_NEVER_SPEND);
}

#[test]
fn ends_holds_and_undo_on_time() {
    run(&mut House::standard(), TIME_RUNS_OUT);
}

#[test]
fn checks_in_the_documented_order() {
    let mut met = run(&mut House::standard(), PRECEDENCE_OF_RESERVE);
    met.extend(run(&mut House::standard(), PRECEDENCE_OF_LATER_OPERATIONS));
    // The rest of the faults and refusals is in `activation` and `windows`.
    let expected = [
        "AMOUNT_ABOVE_GIVEN",
        "AMOUNT_ABOVE_HOLD",
        "AMOUNT_NOT_POSITIVE",
        "AMOUNT_OVERFLOW",
        "CURRENCY_NOT_IN_POLICY",
        "GESTURE_IS_FREE",
        "HOLD_EXPIRED",
        "HOLD_NOT_DUE",
        "HOLD_RESOLVED",
        "ID_REUSED",
        "LIMIT_EXCEEDED",
        "NOT_AUTHORIZED",
        "NOT_YOUR_SPEND",
        "SPEND_NOT_FOUND",
        "UNDO_WINDOW_CLOSED",
        "UNKNOWN_GESTURE",
        "UNKNOWN_REASON",
    ];
    assert_eq!(met, expected.map(str::to_owned).into());
}

#[test]
fn names_every_reason_once_and_in_upper_case() {
    let house = House::standard();
    let command = house.command(
        seconds(1),
        "ann",
        Operation::Reserve(Box::new(gesture("S1", "cora", 1))).into(),
    );
    let other = Policy::standard(Digest::from_bytes([9; 32]));
    let faults = [
        decide(&Rows::default(), &house.policy, &command).unwrap_err(),
        decide(&house.rows, &other, &command).unwrap_err(),
    ];
    let reasons: BTreeSet<&str> = faults.iter().map(Fault::reason).collect();
    assert_eq!(reasons, BTreeSet::from(["NO_POLICY", "POLICY_NOT_IN_FORCE"]));
    assert_eq!(faults.map(|fault| fault.is_transient()), [false, true]);
}

#[test]
fn numbers_entries_without_gaps_even_when_the_clock_stands_still() {
    let mut house = House::standard();
    for spend in ["S1", "S2", "S3"] {
        let give = Operation::Give(Box::new(gesture(spend, "cora", 1)));
        let command = house.command(seconds(-5), "ann", Action::Spend(give));
        house.submit(&command).unwrap();
    }
    house.check();
    assert_eq!(house.entries.len(), 2 + 3 * 2);
}

#[test]
fn ends_the_holds_of_an_overlay_that_are_still_open() {
    let house = House::standard();
    let mut overlay = Overlay::new(&house.rows);
    let reserve = |spend| Operation::Reserve(Box::new(gesture(spend, "cora", 1)));
    let give = Operation::Give(Box::new(gesture("S2", "cora", 1)));
    for operation in [reserve("S1"), give] {
        let command: Command = house.command(seconds(1), "ann", operation.into());
        for entry in decide(&overlay, &house.policy, &command).unwrap().entries {
            apply(&mut overlay, &entry);
        }
    }
    let system = caller_named("sys");
    let mut end = |at| expire_due(&mut overlay, &house.policy, &system, seconds(at)).unwrap();
    assert_eq!(end(600), []);
    let ended = end(601);
    assert!(matches!(ended[0].body, EntryBody::Expired { .. }));
    assert_eq!((ended.len(), end(602).len()), (1, 0));
}

/// One id is one thing, an act or an operation.
#[test]
fn takes_no_id_for_an_act_and_for_an_operation() {
    run(
        &mut House::standard(),
        "
        0   ann reserve S1 cora 1000                     -> held
        1   adm pause X1                                 -> entries=1
        2   adm resume X2                                -> entries=1
        3   ann commit X1 S1 600 more                    -> ID_REUSED field=operation
        3   ann ask X1 S1 cora 2000 to=lea               -> ID_REUSED field=operation
        4   ann commit X3 S1 600 more                    -> given=600
        5   adm pause X3                                 -> ID_REUSED field=act
        6   adm pause X1                                 -> replayed
        ",
    );
}
