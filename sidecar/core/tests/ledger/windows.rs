//! Limits: whom they count together, over which time, for whom they apply.

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ledger::{
    Fault, GestureRequest, Headroom, Operation, Refusal, decide, headroom, preview,
};
use makegood_core::money::Currency;
use makegood_core::policy::{Dimension, Limit, Policy, Window};
use makegood_core::time::{NS_PER_DAY, NS_PER_S};

use crate::script::run;
use crate::support::{House, case, day, gesture, interaction, limit, policy_with, seconds};

const DAY_S: i64 = NS_PER_DAY / NS_PER_S;

fn room(house: &House, at: i64, caller: &str, request: &GestureRequest) -> Headroom {
    let question = house.question(seconds(at), caller, request);
    headroom(&house.rows, &house.policy, &question).unwrap()
}

fn give(house: &mut House, at: i64, caller: &str, request: GestureRequest) -> Option<Refusal> {
    let operation = Operation::Give(Box::new(request));
    let command = house.command(seconds(at), caller, operation.into());
    let refusal = house.submit(&command).unwrap().outcome.refusal;
    house.check();
    refusal
}

fn rolling_day() -> Window {
    Window::Rolling { duration_ns: NS_PER_DAY }
}

#[test]
fn counts_a_case_by_itself_and_rolls_without_one() {
    run(
        &mut House::standard(),
        "
        0  ann give S1 cora 200000 case=K1               -> committed
        1  ann give S2 cora 1 case=K1                    -> LIMIT_EXCEEDED available_minor=0
        1  ann give S3 cora 200000 case=K2               -> committed
        2  ann give S4 cora 200000                       -> committed
        3  ann give S5 cora 1                            -> LIMIT_EXCEEDED limit=customer_case
        # another customer and another agent have room of their own
        4  ann give S6 carl 200000                       -> committed
        4  ben give S7 cora 200000                       -> committed
        # 30 days later to the second, and not before
        2592001 ann give S8 cora 1                       -> LIMIT_EXCEEDED
        2592002 ann give S9 cora 200000                  -> committed
        ",
    );
}

#[test]
fn counts_holds_as_it_counts_gifts() {
    run(
        &mut House::standard(),
        "
        0  ann reserve S1 cora 150000                    -> held
        1  ann reserve S2 cora 50001                     -> LIMIT_EXCEEDED available_minor=50000
        2  ann commit R1 S1 100000 final                 -> committed
        3  ann reserve S3 cora 100001                    -> LIMIT_EXCEEDED available_minor=100000
        4  ann reserve S4 cora 100000                    -> held
        5  ann void R2 S4 declined                       -> voided
        6  ann reserve S5 cora 100000                    -> held
        ",
    );
}

#[test]
fn starts_a_calendar_window_anew_at_its_first_instant() {
    let mut house = House::new(policy_with(vec![limit("today", day(), 100)]));
    assert_eq!(give(&mut house, 10, "ann", gesture("S1", "cora", 100)), None);
    let last_second = DAY_S - 1;
    assert!(give(&mut house, last_second, "ann", gesture("S2", "cora", 1)).is_some());
    let before = room(&house, last_second, "ann", &gesture("S3", "cora", 1));
    assert_eq!(before.resets_at, Some(seconds(DAY_S)));
    assert_eq!(give(&mut house, DAY_S, "ann", gesture("S4", "cora", 100)), None);
}

#[test]
fn releases_into_the_window_that_was_charged() {
    let mut house = House::new(policy_with(vec![limit("today", day(), 100)]));
    run(
        &mut house,
        "
        10    ann give S1 cora 100                       -> committed
        86400 ann give S2 cora 40                        -> committed
        86401 ann reverse R1 S1 100 returned             -> reversed
        86402 ann give S3 cora 61                        -> LIMIT_EXCEEDED available_minor=60
        ",
    );
}

#[test]
fn refuses_to_decide_without_the_bounds_of_a_calendar_window() {
    let house = House::new(policy_with(vec![limit("today", day(), 100)]));
    let operation = Operation::Reserve(Box::new(gesture("S1", "cora", 1)));
    let mut command = house.command(seconds(5), "ann", operation.into());
    command.at = seconds(DAY_S);
    let fault = decide(&house.rows, &house.policy, &command).unwrap_err();
    assert_eq!(fault.reason(), "WINDOW_NOT_CURRENT");
    assert!(fault.is_transient());
    command.windows.clear();
    let fault = decide(&house.rows, &house.policy, &command).unwrap_err();
    assert!(matches!(fault, Fault::WindowNotCurrent { .. }));
}

#[test]
fn frees_a_rolling_window_amount_by_amount() {
    let mut house = House::new(policy_with(vec![limit("rolling", rolling_day(), 100)]));
    assert_eq!(give(&mut house, 0, "ann", gesture("S1", "cora", 60)), None);
    assert_eq!(give(&mut house, 10, "ann", gesture("S2", "cora", 40)), None);
    let ask = gesture("S3", "cora", 1);
    for (at, available_minor, resets_at) in
        [(DAY_S - 1, 0, Some(DAY_S)), (DAY_S, 60, Some(DAY_S + 10)), (DAY_S + 10, 100, None)]
    {
        let room = room(&house, at, "ann", &ask);
        assert_eq!(room.available_minor, available_minor, "{at}");
        assert_eq!(room.resets_at, resets_at.map(seconds), "{at}");
    }
}

#[test]
fn counts_together_what_the_scope_names() {
    use Dimension::{Agent, Case, Customer, Interaction, Reason, Tenant};
    // For each scope: may the same agent give more to another customer, in another interaction,
    // for another reason, in a case; and may another agent give to the same customer?
    for (scope, another) in [
        (vec![Tenant], [false, false, false, false, false]),
        (vec![Agent], [false, false, false, false, true]),
        (vec![Customer], [true, false, false, false, false]),
        (vec![Interaction], [false, true, false, false, false]),
        (vec![Reason], [false, false, true, false, false]),
        (vec![Case], [false, false, false, true, false]),
        (vec![Agent, Customer], [true, false, false, false, true]),
    ] {
        let rule = Limit {
            scope: scope.iter().copied().collect(),
            ..limit("rule", Window::Lifetime, 100)
        };
        let mut house = House::new(policy_with(vec![rule]));
        let first = gesture("S1", "cora", 100);
        assert_eq!(give(&mut house, 0, "ann", first.clone()), None);
        let found = [
            ("ann", gesture("S2", "carl", 100)),
            ("ann", GestureRequest { interaction: interaction("i2"), ..first.clone() }),
            ("ann", GestureRequest { reason: "wrong".parse().unwrap(), ..first.clone() }),
            ("ann", GestureRequest { case: Some(case("K1")), ..first.clone() }),
            ("ben", first),
        ]
        .map(|(caller, request)| room(&house, 1, caller, &request).available_minor == 100);
        assert_eq!(found, another, "{scope:?}");
    }
}

#[test]
fn applies_limits_by_role_tenure_and_reason() {
    let for_agents = Limit {
        roles: Some(BTreeSet::from(["agent".parse().unwrap()])),
        min_tenure_days: 90,
        ..limit("settled", Window::Lifetime, 2_000)
    };
    let for_new = Limit {
        roles: Some(BTreeSet::from(["agent".parse().unwrap()])),
        below_tenure_days: Some(90),
        ..limit("new", Window::Lifetime, 500)
    };
    let goodwill = Limit {
        reasons: Some(BTreeSet::from(["goodwill".parse().unwrap()])),
        ..limit("goodwill", Window::Lifetime, 100)
    };
    let house = House::new(policy_with(vec![for_agents, for_new, goodwill]));
    let late = gesture("S1", "cora", 1);
    let mut kind = late.clone();
    kind.reason = "goodwill".parse().unwrap();
    for (caller, request, available_minor, binding) in [
        ("ann", &late, 2_000, Some("settled")),
        ("newby", &late, 500, Some("new")),
        ("temp", &late, 0, None),
        ("ann", &kind, 100, Some("goodwill")),
        ("temp", &kind, 100, Some("goodwill")),
    ] {
        let room = room(&house, 1, caller, request);
        assert_eq!(room.available_minor, available_minor, "{caller}");
        let bound = room.binding.as_ref().map(ToString::to_string);
        assert_eq!(bound.as_deref(), binding, "{caller}");
    }
    let mut house = house;
    let refusal = give(&mut house, 2, "temp", late).unwrap();
    assert_eq!(refusal.reason(), "NO_AUTHORITY");
}

#[test]
fn leaves_out_limits_by_reason_until_one_is_chosen() {
    let goodwill = Limit {
        reasons: Some(BTreeSet::from(["goodwill".parse().unwrap()])),
        ..limit("goodwill", Window::Lifetime, 100)
    };
    let house = House::new(policy_with(vec![limit("all", Window::Lifetime, 500), goodwill]));
    let mut question = house.question(seconds(1), "ann", &gesture("S1", "cora", 1));
    question.subject.reason = None;
    let room = headroom(&house.rows, &house.policy, &question).unwrap();
    assert_eq!((room.available_minor, room.limits.len()), (500, 1));
}

#[test]
fn names_the_first_of_equally_tight_limits() {
    let limits = vec![
        limit("wide", Window::Lifetime, 300),
        limit("first", Window::Interaction, 100),
        limit("second", Window::Lifetime, 100),
    ];
    let mut house = House::new(policy_with(limits));
    let refusal = give(&mut house, 1, "ann", gesture("S1", "cora", 101)).unwrap();
    assert!(refusal.metadata().contains(&("limit", "first".to_owned())));
    // The refusal's entry carries every limit that it was held against.
    let entry = house.entries.last().unwrap();
    let traced: Vec<_> = entry.trace.iter().map(|trace| trace.limit.as_str()).collect();
    assert_eq!(traced, ["wide", "first", "second"]);
    assert!(entry.trace.iter().all(|trace| trace.before_minor == trace.after_minor));
}

#[test]
fn keeps_currencies_apart() {
    let yen = Currency::parse("JPY").unwrap();
    let mut rule = limit("rule", Window::Lifetime, 100);
    rule.caps.insert(yen, 5_000);
    let mut house = House::new(Policy {
        currencies: BTreeSet::from([Currency::USD, yen]),
        ..policy_with(vec![rule])
    });
    assert_eq!(give(&mut house, 1, "ann", gesture("S1", "cora", 100)), None);
    let mut in_yen = gesture("S2", "cora", 5_000);
    in_yen.amount.currency = yen;
    assert_eq!(give(&mut house, 2, "ann", in_yen), None);
    assert!(give(&mut house, 3, "ann", gesture("S3", "cora", 1)).is_some());
}

#[test]
fn shows_what_an_amount_would_leave() {
    let house = House::standard();
    let question = house.question(seconds(1), "ann", &gesture("S1", "cora", 1));
    let credit = gesture("S1", "cora", 1).gesture;
    let seen = preview(&house.rows, &house.policy, &question, &credit, 4_500).unwrap();
    assert_eq!(seen.available_after_minor, 195_500);
    assert_eq!(seen.refusal, None);
    let seen = preview(&house.rows, &house.policy, &question, &credit, 200_001).unwrap();
    assert_eq!(seen.available_after_minor, 200_000);
    assert!(matches!(seen.refusal, Some(Refusal::LimitExceeded { .. })));
    let fault = preview(&house.rows, &house.policy, &question, &credit, 0).unwrap_err();
    assert_eq!(fault.reason(), "AMOUNT_NOT_POSITIVE");
    let castle = "castle".parse().unwrap();
    let fault = preview(&house.rows, &house.policy, &question, &castle, 1).unwrap_err();
    assert_eq!(fault.reason(), "UNKNOWN_GESTURE");
    let reviewer = house.question(seconds(1), "rev", &gesture("S1", "cora", 1));
    let fault = headroom(&house.rows, &house.policy, &reviewer).unwrap_err();
    assert_eq!(fault.reason(), "NOT_AUTHORIZED");
}

#[test]
fn lowers_a_cap_without_touching_history() {
    let mut house = House::new(policy_with(vec![limit("rule", Window::Lifetime, 100)]));
    assert_eq!(give(&mut house, 1, "ann", gesture("S1", "cora", 90)), None);
    let digest = makegood_core::ids::Digest::from_bytes([5; 32]);
    house.policy.limits[0].caps = BTreeMap::from([(Currency::USD, 50)]);
    house.policy.digest = digest;
    let action = makegood_core::ledger::Action::ActivatePolicy { digest };
    let command = house.command(seconds(2), "dev", action);
    house.submit(&command).unwrap();
    let room = room(&house, 3, "ann", &gesture("S2", "cora", 1));
    assert_eq!((room.available_minor, room.given_minor, room.cap_minor), (0, 90, 50));
    house.check();
}
