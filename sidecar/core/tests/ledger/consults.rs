//! Consults: a second person gives their authority for what passes the limits.

use makegood_core::ledger::{CounterRow, EntryBody, Key, Row};
use makegood_core::policy::{Limit, Policy, Pool, Window};
use makegood_core::time::NS_PER_DAY;

use crate::script::run;
use crate::support::{House, day, leads, limit, often, policy_with};

/// Agents may give each customer 2,000.00 in all, leads may grant others 5,000.00 in all.
fn house() -> House {
    House::new(policy())
}

fn policy() -> Policy {
    policy_with(vec![
        limit("customer", Window::Lifetime, 200_000),
        leads("grants", Window::Lifetime, 500_000),
    ])
}

/// Held, given and granted in the count of a limit.
fn counter(house: &House, limit: &str) -> (i64, i64, i64) {
    let named = house.rows.iter().find_map(|(key, row)| match (key, row) {
        (
            Key::Counter(key),
            Row::Counter(CounterRow::Total { held_minor, given_minor, granted_minor }),
        ) if key.limit.as_str() == limit => Some((*held_minor, *given_minor, *granted_minor)),
        _ => None,
    });
    named.unwrap()
}

#[test]
fn holds_what_the_limits_leave_while_it_asks_for_the_rest() {
    let mut house = house();
    run(
        &mut house,
        "
        0  ann give S1 cora 150000                       -> committed
        1  ann ask C1 S2 cora 120000 to=lea              -> held held=50000 consult=open asked=120000 answer_by=61 until=661 entries=2
        2  ann reserve S3 cora 1                         -> LIMIT_EXCEEDED available_minor=0
        # a repeat gets the first answer, whoever would be asked now
        3  ann ask C1 S2 cora 120000 to=lou              -> held=50000 consult=open replayed entries=0
        10 lea approve R1 C1 S2 120000                   -> held=120000 consult=approved approved=120000 until=661 entries=1
        11 ann commit R2 S2 120000 final                 -> committed given=120000
        12 lea approve R1 C1 S2 120000                   -> held=120000 consult=approved replayed entries=0
        13 ann reserve S4 cora 1                         -> LIMIT_EXCEEDED available_minor=0
        ",
    );
    assert_eq!(counter(&house, "customer"), (0, 270_000, 70_000));
    assert_eq!(counter(&house, "grants"), (0, 70_000, 0));
    let approved = house.entries.iter().find_map(|entry| match &entry.body {
        EntryBody::ConsultApproved { added_minor, waited_ns, .. } => {
            Some((*added_minor, *waited_ns, entry.caller.role.to_string(), entry.trace.len()))
        }
        _ => None,
    });
    assert_eq!(approved, Some((70_000, 8_999_999_999, "lead".to_owned(), 2)));
}

#[test]
fn approves_less_than_was_asked() {
    run(
        &mut house(),
        "
        0 ann ask C1 S1 cora 300000 to=lea               -> held=200000
        1 lea approve R1 C1 S1 250000                    -> held=250000 consult=approved
        2 ann give S2 cora 1                             -> LIMIT_EXCEEDED available_minor=0
        3 ann void R2 S1 declined                        -> voided
        4 ann give S3 cora 200000                        -> committed
        ",
    );
}

#[test]
fn gives_the_granted_part_back_first() {
    let mut house = house();
    run(
        &mut house,
        "
        0 ann ask C1 S1 cora 300000 to=lea               -> held=200000
        1 lea approve R1 C1 S1 300000                    -> held=300000
        2 ann commit R2 S1 300000 final                  -> committed
        3 ann reverse R3 S1 40000 other                  -> back=40000
        4 ann give S2 cora 1                             -> LIMIT_EXCEEDED available_minor=0
        5 ann reverse R4 S1 60000 other                  -> back=100000
        6 ann give S3 cora 1                             -> LIMIT_EXCEEDED available_minor=0
        7 ann reverse R5 S1 10 other                     -> back=100010
        8 ann give S4 cora 11                            -> LIMIT_EXCEEDED available_minor=10
        9 ann give S5 cora 10                            -> committed
        ",
    );
    assert_eq!(counter(&house, "grants"), (0, 0, 0));
    assert_eq!(counter(&house, "customer"), (0, 200_000, 0));
}

#[test]
fn holds_the_whole_wish_where_there_is_room_and_asks_nobody() {
    let mut house = house();
    run(
        &mut house,
        "
        0 ann ask C1 S1 cora 200000                      -> held held=200000 entries=1
        1 ann ask C1 S1 cora 200000 to=lea               -> held=200000 replayed entries=0
        2 ann ask C1 S1 cora 200001                      -> ID_REUSED field=amount_minor
        3 lea approve R1 C1 S1 200001                    -> CONSULT_NOT_FOUND fault
        ",
    );
    assert_eq!(house.rows.open_consults().count(), 0);
}

#[test]
fn goes_to_the_next_person_and_ends_when_nobody_answers() {
    let mut house = house();
    run(
        &mut house,
        "
        0   ann ask C1 S1 cora 300000 to=lea             -> consult=open answer_by=60 until=660
        59  sys pass C1 to=lou                           -> CONSULT_NOT_DUE fault
        60  sys pass C1 to=lea                           -> CONSULT_NOT_DUE fault
        60  sys pass C1 to=ann                           -> OWN_APPROVAL fault field=to
        60  ann pass C1 to=lou                           -> NOT_AUTHORIZED fault
        60  sys pass C1 to=lou                           -> consult=open answer_by=120 until=720 held=200000
        # the first may still answer
        61  zoe approve R1 C1 S1 300000                  -> NOT_ASKED fault
        120 sys pass C1                                  -> consult=timed_out until=720
        121 lea approve R2 C1 S1 300000                  -> CONSULT_OVER state=timed_out
        # what is held stays, and can be asked about anew
        122 ann ask C2 S1 cora 300000 to=lou             -> consult=open until=782
        123 lou decline R3 C2 S1                         -> consult=declined held=200000
        124 lou decline R3 C2 S1                         -> consult=declined replayed
        124 lou approve R3 C2 S1 300000                  -> ID_REUSED field=amount_minor
        125 ann commit R4 S1 200000 final                -> committed
        ",
    );
    assert_eq!(house.rows.next_consult_due_at(), None);
}

#[test]
fn lets_one_who_was_passed_over_answer_still() {
    run(
        &mut house(),
        "
        0  ann ask C1 S1 cora 300000 to=lea              -> consult=open
        60 sys pass C1 to=lou                            -> consult=open
        70 lea approve R1 C1 S1 300000                   -> consult=approved held=300000
        71 lou approve R2 C1 S1 300000                   -> CONSULT_OVER state=approved
        # one approval a gesture
        72 ann ask C2 S1 cora 400000 to=lea              -> CONSULT_OVER state=approved
        ",
    );
}

#[test]
fn takes_a_question_back_and_ends_it_with_its_hold() {
    let mut house = house();
    run(
        &mut house,
        "
        0 ann ask C1 S1 cora 300000 to=lea               -> consult=open
        1 ben withdraw R1 C1 S1                          -> NOT_YOUR_SPEND fault
        1 ann withdraw R1 C9 S1                          -> CONSULT_NOT_FOUND fault
        2 ann withdraw R1 C1 S1                          -> consult=withdrawn held=200000
        3 ann withdraw R1 C1 S1                          -> consult=withdrawn replayed
        4 lea approve R2 C1 S1 300000                    -> CONSULT_OVER state=withdrawn
        5 ann ask C2 S1 cora 300000 to=lea               -> consult=open
        # a part of the hold may be given while the question is open
        6 ann commit R3 S1 1000 more                     -> held held=199000 entries=1
        7 ann commit R4 S1 5 final                       -> committed entries=2
        8 lea approve R5 C2 S1 300000                    -> CONSULT_OVER state=settled
        9 ann ask C3 S2 carl 300000 to=lea               -> consult=open
        9 ann void R6 S2 declined                        -> voided entries=2
        9 ann ask C4 S3 carla 300000 to=lea              -> consult=open until=669
        670 sys pass C4 to=lou                           -> CONSULT_NOT_DUE fault
        670 lea approve R7 C4 S3 300000                  -> HOLD_EXPIRED
        670 sys expire S3                                -> expired entries=2
        ",
    );
    assert_eq!(house.rows.open_consults().count(), 0);
}

#[test]
fn asks_in_the_documented_order() {
    let pool = Pool {
        id: "all".parse().unwrap(),
        label: "in all".to_owned(),
        team: None,
        caps: Some([(makegood_core::money::Currency::USD, 250_000)].into()),
    };
    let mut house = House::new(Policy { pools: vec![pool], ..policy() });
    run(
        &mut house,
        "
        0 rev ask C1 S1 cora 0 to=ann reason=x           -> NOT_AUTHORIZED fault
        0 ann ask C1 S1 cora 0 to=ann reason=x           -> AMOUNT_NOT_POSITIVE fault
        0 ann ask C1 S1 cora 300000 to=ann reason=x      -> OWN_APPROVAL fault field=approver
        0 ann ask C1 S1 cora 300000 to=lea reason=x      -> UNKNOWN_REASON fault
        0 ann ask C1 S1 cora 300000 to=lea gesture=explain -> GESTURE_IS_FREE fault
        0 adm pause A1                                   -> entries=1
        1 ann ask C1 S1 cora 300000                      -> PAUSED pause_reason=fraud entries=1
        2 adm resume A2                                  -> entries=1
        # pools are never overdrawn, whoever would approve
        3 ann ask C2 S1 cora 300000                      -> LIMIT_EXCEEDED limit=pool-all available_minor=250000
        4 ann ask C3 S1 cora 250000                      -> NOBODY_TO_ASK entries=1
        5 ann ask C3 S1 cora 250000 to=lea               -> NOBODY_TO_ASK replayed
        6 ann ask C4 S1 cora 250000 to=lea               -> consult=open held=200000
        # about the same hold
        7 ben ask C5 S1 cora 250000 to=lea               -> NOT_YOUR_SPEND fault
        7 ann ask C5 S1 carl 250000 to=lea               -> ID_REUSED field=customer
        7 ann ask C5 S1 cora 250000 to=lea gesture=upgrade -> ID_REUSED field=gesture
        8 ann ask C5 S1 cora 250000 to=lea               -> CONSULT_OPEN
        8 ann increment R1 S1 1                          -> CONSULT_OPEN
        9 ann withdraw R2 C4 S1                          -> consult=withdrawn
        9 ann ask C6 S1 cora 200000 to=lea               -> NOT_ABOVE_HOLD fault held_minor=200000
        9 ann ask C7 S1 cora 250001 to=lea               -> LIMIT_EXCEEDED limit=pool-all available_minor=50000
        9 ann ask C8 S1 cora 250000                      -> NOBODY_TO_ASK
        # a refusal stays with the gesture's id
        9 ann give S2 cora 1                             -> LIMIT_EXCEEDED
        9 ann ask C9 S2 cora 1 to=lea                    -> ID_REUSED field=operation
        ",
    );
}

#[test]
fn answers_in_the_documented_order() {
    run(
        &mut house(),
        "
        0 ann ask C1 S1 cora 700000 to=lea               -> consult=open held=200000
        0 lea ask C2 S2 cora 300000 to=lou               -> consult=open held=200000
        1 rev approve R1 C9 S1 -5                        -> NOT_AUTHORIZED fault
        1 adm approve R1 C9 S1 -5                        -> NOT_AUTHORIZED fault
        1 lea approve R1 C9 S1 -5                        -> AMOUNT_NOT_POSITIVE fault
        1 lea approve R1 C9 S1 800000                    -> CONSULT_NOT_FOUND fault
        1 lea approve R1 C1 S2 800000                    -> CONSULT_NOT_FOUND fault
        # nobody approves their own, at any amount, whatever their role
        1 ann approve R1 C1 S1 800000                    -> OWN_APPROVAL fault field=caller
        1 lea approve R1 C2 S2 300000                    -> OWN_APPROVAL fault
        1 lou approve R1 C1 S1 800000                    -> NOT_ASKED fault
        1 lea approve R1 C1 S1 200000                    -> NOT_ABOVE_HOLD fault field=approved_minor
        1 lea approve R1 C1 S1 700001                    -> AMOUNT_ABOVE_ASKED asked_minor=700000
        ",
    );
    run(
        &mut house(),
        "
        0 ann ask C1 S1 cora 800000 to=lea               -> consult=open held=200000
        1 adm pause A1                                   -> entries=1
        2 lea approve R1 C1 S1 800000                    -> PAUSED
        3 adm resume A2                                  -> entries=1
        # the approver's own limit: 5,000.00
        4 lea approve R2 C1 S1 700001                    -> LIMIT_EXCEEDED limit=grants available_minor=500000 requested_minor=500001
        5 lea approve R3 C1 S1 700000                    -> consult=approved held=700000
        6 ben ask C2 S2 carl 200001 to=lea               -> consult=open
        7 lea approve R4 C2 S2 200001                    -> LIMIT_EXCEEDED limit=grants available_minor=0
        # what is released comes back to the approver
        8 ann void R5 S1 declined                        -> voided
        9 lea approve R6 C2 S2 200001                    -> consult=approved
        ",
    );
}

#[test]
fn takes_no_authority_from_a_role_that_has_none_to_grant() {
    run(
        &mut house(),
        "
        0 ann ask C1 S1 cora 300000 to=ben               -> consult=open
        1 ben approve R1 C1 S1 300000                    -> NO_AUTHORITY role=agent
        2 ben decline R2 C1 S1                           -> consult=declined
        ",
    );
    // A limit on what may be granted gives nobody authority to give.
    let for_agents = Limit {
        roles: Some(["agent".parse().unwrap()].into()),
        ..limit("customer", Window::Lifetime, 200_000)
    };
    let grants = leads("grants", Window::Lifetime, 500_000);
    let mut house = House::new(policy_with(vec![for_agents, grants]));
    run(
        &mut house,
        "
        0 lea give S1 cora 1                             -> NO_AUTHORITY role=lead
        1 lea ask C1 S2 cora 1 to=lou                    -> NO_AUTHORITY role=lead
        ",
    );
}

#[test]
fn asks_nothing_of_windows_that_are_over() {
    let rolling = Window::Rolling { duration_ns: NS_PER_DAY };
    let mut house = House::new(policy_with(vec![
        limit("today", day(), 1_000),
        limit("rolling", rolling, 5_000),
        leads("grants", day(), 500_000),
    ]));
    run(
        &mut house,
        "
        86390 ann ask C1 S1 cora 3000 to=lea             -> held=1000 consult=open
        86391 ann reserve S2 carl 1000                   -> held
        86401 lea approve R1 C1 S1 3000                  -> WINDOW_ENDED limit=today
        86402 ann withdraw R2 C1 S1                      -> consult=withdrawn
        86403 ann ask C2 S1 cora 3000 to=lea             -> WINDOW_ENDED limit=today
        86404 ann increment R3 S2 1                      -> WINDOW_ENDED limit=today
        ",
    );
}

#[test]
fn holds_nothing_where_nothing_is_left_and_asks_all_the_same() {
    let mut house = House::new(policy_with(vec![
        limit("customer", Window::Lifetime, 200_000),
        often("twice", Window::Lifetime, 1),
        leads("grants", Window::Lifetime, 500_000),
    ]));
    run(
        &mut house,
        "
        0 ben give S1 cora 10                            -> committed
        1 ann ask C1 S2 cora 500 to=lea                  -> held held=0 consult=open entries=2
        2 ann commit R1 S2 1 final                       -> AMOUNT_ABOVE_HOLD held_minor=0
        3 lea approve R2 C1 S2 400                       -> held=400 consult=approved
        4 ann commit R3 S2 400 final                     -> committed
        # above the cap by grant alone
        5 ann give S3 cora 1                             -> LIMIT_EXCEEDED limit=twice available_minor=0
        6 ann reverse R4 S2 400 other                    -> reversed
        7 ann give S4 cora 1                             -> LIMIT_EXCEEDED limit=twice
        8 ben reverse R5 S1 10 other                     -> reversed
        9 ann give S5 cora 1                             -> committed
        # a question about nothing held ends with its hold
        10 ann ask C2 S6 cora 5 to=lea                   -> held=0 consult=open until=670
        670 sys expire S6                                -> expired entries=2
        ",
    );
}

#[test]
fn raises_what_was_granted_within_the_agents_own_room() {
    let mut house = house();
    run(
        &mut house,
        "
        0 ann give S1 cora 150000                        -> committed
        1 ann ask C1 S2 cora 120000 to=lea               -> held=50000
        2 lea approve R1 C1 S2 120000                    -> held=120000
        3 ann increment R2 S2 1                          -> LIMIT_EXCEEDED available_minor=0
        4 ann reverse R3 S1 100000 other                 -> back=100000
        5 ann increment R4 S2 30000                      -> held=150000
        6 ann give S3 cora 70001                         -> LIMIT_EXCEEDED available_minor=70000
        ",
    );
    assert_eq!(counter(&house, "customer"), (150_000, 50_000, 70_000));
    assert_eq!(counter(&house, "grants"), (70_000, 0, 0));
    run(&mut house, "7 ann commit R5 S2 80000 final -> committed given=80000");
    assert_eq!(counter(&house, "customer"), (0, 130_000, 0));
    assert_eq!(counter(&house, "grants"), (0, 0, 0));
}
