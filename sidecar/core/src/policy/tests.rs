//! A whole policy passes; each thing that is wrong is named with its field.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CalendarUnit, Counts, Gesture, GestureKind, GestureValue, Limit, Policy, Pool, Window,
};
use crate::ids::{Digest, GestureCode, LimitId, PoolId, ReasonCode};
use crate::money::Currency;

fn standard() -> Policy {
    Policy::standard(Digest::from_bytes([0; 32]))
}

fn fields(policy: &Policy) -> Vec<String> {
    let problems = policy.validate().err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn accepts_the_standard_policy() {
    assert_eq!(standard().validate(), Ok(()));
}

fn count_times(limit: &mut Limit, cap_times: Option<u32>) {
    limit.counts = Counts::Times;
    limit.cap_times = cap_times;
    limit.caps.clear();
}

type Change = fn(&mut Policy);

const CHANGES: [(&str, Change); 35] = [
    ("name", |policy| policy.name.clear()),
    ("version", |policy| policy.version = " ".to_owned()),
    ("vision", |policy| policy.vision = Some("x".repeat(201))),
    ("currencies", |policy| {
        policy.currencies.clear();
        policy.limits[0].caps.clear();
    }),
    ("hold", |policy| policy.hold_ns = 0),
    ("undo", |policy| policy.undo_ns = i64::MAX),
    ("note_max_chars", |policy| policy.note_max_chars = 0),
    ("note_max_chars", |policy| policy.note_max_chars = 2_001),
    ("backdate", |policy| policy.backdate_ns = -1),
    ("consult.answer", |policy| policy.answer_ns = 0),
    ("consult.roles", |policy| policy.approvers = vec!["lead".parse().unwrap()]),
    ("limits", |policy| policy.limits.clear()),
    ("limits", |policy| count_times(&mut policy.limits[0], Some(3))),
    ("limits[1].cap", |policy| {
        policy.limits.push(policy.limits[0].clone());
        policy.limits[1].id = LimitId::known("often");
        count_times(&mut policy.limits[1], None);
    }),
    ("limits[0].cap", |policy| policy.limits[0].cap_times = Some(1)),
    ("limits[1].counts", |policy| {
        policy.limits.push(policy.limits[0].clone());
        policy.limits[1].id = LimitId::known("grants");
        policy.limits[1].counts = Counts::Grants;
    }),
    ("reasons", |policy| {
        let first = policy.reasons[0].clone();
        let more = (0..100).map(|index| super::Reason {
            code: ReasonCode::known(&format!("more_{index}")),
            ..first.clone()
        });
        policy.reasons.extend(more);
    }),
    ("limits[1].id", |policy| {
        policy.limits.push(policy.limits[0].clone());
    }),
    ("limits[0].id", |policy| {
        policy.limits[0].id = LimitId::known("pool-x");
    }),
    ("limits[0].label", |policy| policy.limits[0].label.clear()),
    ("limits[0].scope", |policy| policy.limits[0].scope.clear()),
    ("limits[0].window", |policy| {
        policy.limits[0].window = Window::Rolling { duration_ns: 0 };
    }),
    ("limits[0].window", |policy| {
        let (unit, zone) = (CalendarUnit::Day, String::new());
        policy.limits[0].window = Window::Calendar { unit, zone };
    }),
    ("limits[0].roles", |policy| {
        policy.limits[0].roles = Some(BTreeSet::new());
    }),
    ("limits[0].below_tenure_days", |policy| {
        policy.limits[0].below_tenure_days = Some(0);
    }),
    ("limits[0].reasons", |policy| {
        policy.limits[0].reasons = Some(BTreeSet::from([ReasonCode::known("x")]));
    }),
    ("limits[0].caps", |policy| policy.limits[0].caps.clear()),
    ("limits[0].caps", |policy| {
        policy.limits[0].caps.insert(Currency::USD, 0);
    }),
    ("reasons[1].code", |policy| {
        policy.reasons[1].code = policy.reasons[0].code.clone();
    }),
    ("gestures[0].label", |policy| {
        policy.gestures[0].label = "Eleven char".to_owned();
    }),
    ("gestures[0].reason", |policy| {
        policy.gestures[0].reason = Some(ReasonCode::known("x"));
    }),
    ("gestures[0].value", |policy| {
        policy.gestures[0].value = GestureValue::Free;
    }),
    ("gestures[3].value", |policy| {
        policy.gestures[3].value = GestureValue::Asked;
    }),
    ("gestures[0].value", |policy| {
        policy.gestures[0].value = GestureValue::Fixed(BTreeMap::new());
    }),
    ("pools[0].id", |policy| {
        policy.pools.push(Pool {
            id: PoolId::known(&"p".repeat(36)),
            label: "long".to_owned(),
            team: None,
            caps: None,
        });
    }),
];

#[test]
fn names_the_field_of_each_problem() {
    for (field, change) in CHANGES {
        let mut policy = standard();
        change(&mut policy);
        assert_eq!(fields(&policy), [field]);
    }
}

#[test]
fn collects_every_problem_at_once() {
    let mut policy = standard();
    policy.name.clear();
    policy.hold_ns = -1;
    policy.reasons.clear();
    assert_eq!(fields(&policy), ["name", "hold", "reasons"]);
}

#[test]
fn refuses_two_pools_for_one_team() {
    let pool =
        |id: &str| Pool { id: PoolId::known(id), label: id.to_owned(), team: None, caps: None };
    let policy = Policy { pools: vec![pool("a"), pool("b")], ..standard() };
    assert_eq!(fields(&policy), ["pools[1].team"]);
}

#[test]
fn finds_the_pool_of_a_team_and_falls_back_to_the_one_for_all() {
    let pool = |id: &str, team: Option<&str>| Pool {
        id: PoolId::known(id),
        label: id.to_owned(),
        team: team.map(|team| team.parse().unwrap()),
        caps: None,
    };
    let mut policy =
        Policy { pools: vec![pool("all", None), pool("north", Some("north"))], ..standard() };
    let north = "north".parse().unwrap();
    let south = "south".parse().unwrap();
    let name = |pool: Option<&Pool>| pool.map(|pool| pool.id.to_string());
    assert_eq!(name(policy.pool_of(Some(&north))).as_deref(), Some("north"));
    assert_eq!(name(policy.pool_of(Some(&south))).as_deref(), Some("all"));
    assert_eq!(name(policy.pool_of(None)).as_deref(), Some("all"));
    policy.pools.remove(0);
    assert_eq!(policy.pool_of(Some(&south)), None);
}

#[test]
fn names_each_kind_by_its_code() {
    for kind in GestureKind::ALL {
        assert_eq!(GestureKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(GestureKind::from_code("bribe"), None);
    let free = Gesture::free(GestureCode::known("listen"), "Listen", GestureKind::Listened);
    assert_eq!(free.value, GestureValue::Free);
}
