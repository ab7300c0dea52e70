//! Authority moves between capped pools; what is held and given stays covered.

use std::collections::BTreeMap;

use makegood_core::ids::{Digest, PoolId};
use makegood_core::ledger::{Account, Act, Operation, Read as _};
use makegood_core::money::{Currency, MAX_AMOUNT_MINOR};
use makegood_core::policy::{Policy, Pool};

use super::{act, fault, usd};
use crate::support::{House, gesture, seconds};

/// `north` with 1,000 for everybody, `south` with 500 for its team, `east` without a cap.
pub(super) fn house() -> House {
    let pool = |id: &str, cap: Option<i64>, team: Option<&str>| Pool {
        id: id.parse().unwrap(),
        label: id.to_owned(),
        team: team.map(|team| team.parse().unwrap()),
        caps: cap.map(|cap| BTreeMap::from([(Currency::USD, cap)])),
    };
    House::new(Policy {
        pools: vec![
            pool("north", Some(1_000), None),
            pool("south", Some(500), Some("south")),
            pool("east", None, Some("east")),
        ],
        ..Policy::standard(Digest::from_bytes([3; 32]))
    })
}

pub(super) fn allocate(from: Option<&str>, to: Option<&str>, amount_minor: i64) -> Act {
    let pool = |id: &str| id.parse().unwrap();
    Act::Allocate { from: from.map(pool), to: to.map(pool), amount: usd(amount_minor) }
}

fn allotted(house: &House, pool: &str) -> i64 {
    let pool: PoolId = pool.parse().unwrap();
    house.rows.pool(&pool, Currency::USD).and_then(|row| row.allotted_minor).unwrap()
}

#[test]
fn moves_authority_to_from_and_between_pools() {
    let mut house = house();
    let steps = [
        (allocate(None, Some("north"), 100), (1_100, 500)),
        (allocate(Some("north"), Some("south"), 300), (800, 800)),
        (allocate(Some("south"), None, 800), (800, 0)),
    ];
    for (index, (step, expected)) in steps.into_iter().enumerate() {
        assert_eq!(fault(act(&mut house, ("adm", 1), &format!("R{index}"), step)), None);
        assert_eq!((allotted(&house, "north"), allotted(&house, "south")), expected);
    }
    let left = house.rows.balance(&Account::AuthorityPool("north".parse().unwrap()), Currency::USD);
    assert_eq!(left.credit_minor - left.debit_minor, 800);
}

#[test]
fn never_takes_what_is_held_or_given() {
    let mut house = house();
    for (spend, operation) in
        [("S1", Operation::Reserve as fn(_) -> Operation), ("S2", Operation::Give)]
    {
        let operation = operation(Box::new(gesture(spend, "cora", 300)));
        house.submit(&house.command(seconds(0), "ann", operation.into())).unwrap();
    }
    let too_much = act(&mut house, ("adm", 1), "R1", allocate(Some("north"), None, 401));
    let found = too_much.unwrap_err();
    assert_eq!(found.reason(), "POOL_HOLDS_LESS");
    assert!(found.metadata().contains(&("free_minor", "400".to_owned())));
    assert_eq!(fault(act(&mut house, ("adm", 2), "R2", allocate(Some("north"), None, 400))), None);
    assert_eq!(allotted(&house, "north"), 600);
}

#[test]
fn refuses_allocations_that_cannot_be() {
    let cases = [
        ("FIELD_INVALID", allocate(None, None, 1)),
        ("FIELD_INVALID", allocate(Some("north"), Some("north"), 1)),
        ("AMOUNT_NOT_POSITIVE", allocate(None, Some("north"), 0)),
        ("AMOUNT_NOT_POSITIVE", allocate(None, Some("north"), -1)),
        ("AMOUNT_OVERFLOW", allocate(None, Some("north"), MAX_AMOUNT_MINOR + 1)),
        ("AMOUNT_OVERFLOW", allocate(None, Some("north"), MAX_AMOUNT_MINOR)),
        ("POOL_NOT_FOUND", allocate(None, Some("west"), 1)),
        ("POOL_NOT_FOUND", allocate(Some("west"), None, 1)),
        ("POOL_UNCAPPED", allocate(None, Some("east"), 1)),
        ("POOL_UNCAPPED", allocate(Some("east"), Some("north"), 1)),
        ("POOL_HOLDS_LESS", allocate(Some("south"), Some("north"), 501)),
    ];
    for (expected, one) in cases {
        let mut house = house();
        let before = house.entries.len();
        assert_eq!(
            fault(act(&mut house, ("adm", 1), "R1", one.clone())),
            Some(expected),
            "{one:?}"
        );
        assert_eq!(house.entries.len(), before);
    }
}
