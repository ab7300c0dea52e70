//! Policies come into force, pools are opened, and nothing is given without either.

use std::collections::BTreeMap;

use makegood_core::ids::Digest;
use makegood_core::ledger::{
    Account, Act, Action, EntryBody, Fault, Operation, Read as _, Refusal, Rows, decide,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::{Policy, Pool};

use crate::script::run;
use crate::support::{House, gesture, request_id, seconds};

fn with_pool(digest: u8, id: &str, cap_minor: Option<i64>) -> Policy {
    Policy {
        pools: vec![Pool {
            id: id.parse().unwrap(),
            label: "team".to_owned(),
            team: None,
            caps: cap_minor.map(|cap| BTreeMap::from([(Currency::USD, cap)])),
        }],
        ..Policy::standard(Digest::from_bytes([digest; 32]))
    }
}

fn activate(house: &mut House, policy: Policy, at: i64) {
    let digest = policy.digest;
    house.policy = policy;
    let command = house.command(seconds(at), "dev", Action::ActivatePolicy { digest });
    house.submit(&command).unwrap();
    house.check();
}

fn give(house: &mut House, spend: &str, amount_minor: i64, at: i64) -> Option<Refusal> {
    let operation = Operation::Give(Box::new(gesture(spend, "cora", amount_minor)));
    let command = house.command(seconds(at), "ann", operation.into());
    house.submit(&command).unwrap().outcome.refusal
}

#[test]
fn opens_one_uncapped_house_pool_where_none_is_named() {
    let house = House::standard();
    let kinds: Vec<&str> = house.entries.iter().map(|entry| entry.body.kind()).collect();
    assert_eq!(kinds, ["POLICY_ACTIVATED", "POOL_OPENED"]);
    let pool = house.rows.pool(&"house".parse().unwrap(), Currency::USD);
    assert_eq!(pool.map(|pool| pool.allotted_minor), Some(None));
}

#[test]
fn writes_nothing_when_the_policy_is_in_force_already() {
    let mut house = House::standard();
    let digest = house.policy.digest;
    let command = house.command(seconds(9), "adm", Action::ActivatePolicy { digest });
    let decision = house.submit(&command).unwrap();
    assert!(decision.entries.is_empty() && decision.outcome.replayed);
    assert_eq!(decision.outcome.position, 0);
}

#[test]
fn lets_only_administrators_and_the_system_activate() {
    let house = House::standard();
    for caller in ["ann", "sue", "rev"] {
        let digest = house.policy.digest;
        let command = house.command(seconds(9), caller, Action::ActivatePolicy { digest });
        let fault = decide(&house.rows, &house.policy, &command).unwrap_err();
        assert_eq!(fault.reason(), "NOT_AUTHORIZED", "{caller}");
    }
}

#[test]
fn refuses_a_policy_that_is_not_whole_or_not_the_one_named() {
    let mut house = House::standard();
    house.policy = Policy { limits: Vec::new(), ..Policy::standard(Digest::from_bytes([7; 32])) };
    for (named, field) in [([7; 32], "limits"), ([8; 32], "digest")] {
        let digest = Digest::from_bytes(named);
        let command = house.command(seconds(9), "adm", Action::ActivatePolicy { digest });
        let fault = decide(&house.rows, &house.policy, &command).unwrap_err();
        assert_eq!(fault.reason(), "POLICY_INVALID");
        assert_eq!(fault.metadata()[0], ("field", field.to_owned()));
    }
}

#[test]
fn gives_nothing_without_a_policy() {
    let house = House::standard();
    let operation = Operation::Give(Box::new(gesture("S1", "cora", 1)));
    let command = house.command(seconds(1), "ann", operation.into());
    let fault = decide(&Rows::default(), &house.policy, &command).unwrap_err();
    assert_eq!(fault, Fault::NoPolicy);
}

#[test]
fn holds_a_pool_to_its_cap_and_names_it() {
    let mut house = House::new(with_pool(3, "north", Some(1_000)));
    assert_eq!(give(&mut house, "S1", 600, 1), None);
    let refusal = give(&mut house, "S2", 401, 2).unwrap();
    let limit = ("limit", "pool-north".to_owned());
    assert!(refusal.metadata().contains(&limit), "{refusal}");
    assert_eq!(give(&mut house, "S3", 400, 3), None);
    let left = house.rows.balance(&Account::AuthorityPool("north".parse().unwrap()), Currency::USD);
    assert_eq!(left.credit_minor - left.debit_minor, 0);
}

#[test]
fn changes_an_allotment_by_a_balanced_entry_and_keeps_what_was_used() {
    let mut house = House::new(with_pool(3, "north", Some(1_000)));
    assert_eq!(give(&mut house, "S1", 600, 1), None);
    activate(&mut house, with_pool(4, "north", Some(500)), 2);
    let opened = house.entries.last().map(|entry| entry.body.clone());
    assert!(matches!(
        opened,
        Some(EntryBody::PoolOpened { allotted_minor: Some(500), previous_minor: Some(1_000), .. })
    ));
    // History stays valid; only what is new is held to the lower cap.
    assert!(give(&mut house, "S2", 1, 3).is_some());
    activate(&mut house, with_pool(5, "north", None), 4);
    assert_eq!(give(&mut house, "S3", 1, 5), None);
}

fn allotted(house: &House) -> Option<i64> {
    house.rows.pool(&"north".parse().unwrap(), Currency::USD).unwrap().allotted_minor
}

/// What was moved stays moved, and what has lapsed does not come back.
#[test]
fn changes_an_allotment_by_the_difference_of_the_caps() {
    let mut house = House::new(with_pool(3, "north", Some(1_000)));
    let allocate = |from: Option<&str>, to: Option<&str>, amount_minor| Action::Act {
        request: Some(request_id(&format!("A{amount_minor}"))),
        act: Act::Allocate {
            from: from.map(|pool| pool.parse().unwrap()),
            to: to.map(|pool| pool.parse().unwrap()),
            amount: Money::new(Currency::USD, amount_minor),
        },
    };
    for action in [allocate(None, Some("north"), 300), allocate(Some("north"), None, 50)] {
        house.submit(&house.command(seconds(1), "adm", action)).unwrap();
    }
    run(
        &mut house,
        "
        2   ann give S1 cora 200                         -> committed
        10  adm close P1 0 5                             -> entries=1
        11  ann reverse R1 S1 200 other                  -> reversed
        ",
    );
    assert_eq!(allotted(&house), Some(1_050));
    // The same cap, a higher one, none, and a lower one than was ever moved out.
    for (digest, at, cap_minor, expected) in [
        (4, 20, Some(1_000), Some(1_050)),
        (5, 21, Some(1_500), Some(1_550)),
        (6, 22, None, None),
        (7, 23, Some(1_200), Some(1_250)),
        (8, 24, Some(10), Some(60)),
    ] {
        activate(&mut house, with_pool(digest, "north", cap_minor), at);
        assert_eq!(allotted(&house), expected, "{digest}");
    }
    house.submit(&house.command(seconds(25), "adm", allocate(Some("north"), None, 49))).unwrap();
    assert!(give(&mut house, "S2", 12, 26).is_some());
    assert_eq!(give(&mut house, "S3", 11, 27), None);
    // A cap lowered by more than is left leaves nothing, and the next one counts from there.
    activate(&mut house, with_pool(9, "north", Some(100)), 28);
    house.submit(&house.command(seconds(29), "adm", allocate(Some("north"), None, 90))).unwrap();
    activate(&mut house, with_pool(10, "north", Some(1)), 30);
    assert_eq!(allotted(&house), Some(-88));
    assert!(give(&mut house, "S4", 1, 31).is_some());
    activate(&mut house, with_pool(11, "north", Some(105)), 32);
    assert_eq!(give(&mut house, "S5", 5, 33), None);
    assert!(give(&mut house, "S6", 1, 34).is_some());
}

#[test]
fn what_lapsed_while_a_pool_had_no_cap_does_not_come_back_with_the_next() {
    let mut house = House::new(with_pool(3, "north", Some(1_000)));
    assert_eq!(give(&mut house, "S1", 200, 1), None);
    activate(&mut house, with_pool(4, "north", None), 2);
    run(
        &mut house,
        "
        10  adm close P1 0 5                             -> entries=1
        11  ann reverse R1 S1 200 other                  -> reversed
        ",
    );
    activate(&mut house, with_pool(5, "north", Some(1_000)), 20);
    assert_eq!(allotted(&house), Some(800));
    assert_eq!(give(&mut house, "S2", 800, 21), None);
    assert!(give(&mut house, "S3", 1, 22).is_some());
    house.check();
}

#[test]
fn gives_no_authority_to_a_team_without_a_pool() {
    let mut policy = with_pool(3, "north", None);
    policy.pools[0].team = Some("north".parse().unwrap());
    let mut house = House::new(policy);
    let refusal = give(&mut house, "S1", 1, 1).unwrap();
    assert_eq!(refusal.reason(), "NO_AUTHORITY");
    house.check();
}

#[test]
fn names_the_policy_in_every_entry() {
    let mut house = House::standard();
    assert_eq!(give(&mut house, "S1", 1, 1), None);
    activate(&mut house, with_pool(4, "north", None), 2);
    assert_eq!(give(&mut house, "S2", 1, 3), None);
    let first = Digest::from_bytes([1; 32]);
    let second = Digest::from_bytes([4; 32]);
    let policies: Vec<Digest> = house.entries.iter().map(|entry| entry.policy).collect();
    assert_eq!(policies, [first, first, first, first, second, second, second, second]);
}

#[test]
fn never_shortens_a_hold_that_stands() {
    let mut house = House::standard();
    let reserve = Operation::Reserve(Box::new(gesture("S1", "cora", 1)));
    let command = house.command(seconds(1), "ann", reserve.into());
    let held = house.submit(&command).unwrap().outcome.spend.unwrap();
    let shorter = Policy { hold_ns: 1, ..with_pool(4, "north", None) };
    activate(&mut house, shorter, 2);
    let extend = Operation::Extend { request: request_id("R1"), spend: held.spend };
    let command = house.command(seconds(3), "ann", extend.into());
    let extended = house.submit(&command).unwrap().outcome.spend.unwrap();
    assert_eq!(extended.expire_at, held.expire_at);
}

#[test]
fn takes_no_authority_from_a_pool_alone() {
    let mut policy = with_pool(3, "north", Some(1_000));
    policy.limits[0].min_tenure_days = 10_000;
    let mut house = House::new(policy);
    let refusal = give(&mut house, "S1", 1, 1).unwrap();
    assert_eq!(refusal.reason(), "NO_AUTHORITY");
}
