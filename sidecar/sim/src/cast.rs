//! Who and what plays in a simulation: people, customers, and a policy with every kind of limit.

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ids::{AgentPid, CasePid, CustomerPid, Digest, InteractionPid, ReasonCode};
use makegood_core::ledger::{Access, Caller};
use makegood_core::money::Currency;
use makegood_core::policy::{CalendarUnit, Counts, Dimension, Limit, Policy, Pool, Window};
use makegood_core::time::{NS_PER_DAY, NS_PER_MINUTE};

/// The first employees serve customers.
pub(crate) const AGENTS: usize = 6;
/// The next ones lead teams, and are asked in consults.
pub(crate) const LEADS: usize = 2;
/// Few, so that they meet again.
pub(crate) const CUSTOMERS: usize = 9;
/// The reasons that may be given, and one that the policy does not have.
pub(crate) const REASONS: [&str; 4] = ["late", "wrong", "goodwill", "unheard_of"];

/// An employee, by number: agents first, then leads, two admins, two auditors.
pub(crate) fn employee(number: usize) -> Caller {
    let (access, role) = match number {
        0..AGENTS => (Access::Agent, "agent"),
        6 | 7 => (Access::Supervisor, "team_lead"),
        8 | 9 => (Access::Admin, "admin"),
        _ => (Access::Auditor, "auditor"),
    };
    Caller {
        agent: pid(1, number, AgentPid::from_bytes),
        access,
        role: known(role),
        team: (number.is_multiple_of(2)).then(|| known("orders")),
        tenure_days: if number.is_multiple_of(3) { 30 } else { 400 },
    }
}

/// The lead with this number, from 0.
pub(crate) fn lead(number: usize) -> Caller {
    employee(AGENTS + number % LEADS)
}

/// A customer, by number.
pub(crate) fn customer(number: usize) -> CustomerPid {
    pid(2, number, CustomerPid::from_bytes)
}

/// An interaction, by number.
pub(crate) fn interaction(number: usize) -> InteractionPid {
    pid(3, number, InteractionPid::from_bytes)
}

/// A case, by number.
pub(crate) fn case(number: usize) -> CasePid {
    pid(4, number, CasePid::from_bytes)
}

fn pid<T>(kind: u8, number: usize, make: impl FnOnce([u8; 15]) -> T) -> T {
    let mut bytes = [kind; 15];
    bytes[7..].copy_from_slice(&(number as u64).to_be_bytes());
    make(bytes)
}

/// A code that is well formed.
pub(crate) fn known<T: std::str::FromStr<Err: std::fmt::Debug>>(code: &str) -> T {
    code.parse().expect("codes here are well formed")
}

/// A policy with every scope, window and kind of count, with caps that are soon reached.
pub(crate) fn policy() -> Policy {
    use Dimension::{Agent, Customer, Interaction, Reason, Tenant};
    let hours = |hours: i64| hours * 60 * NS_PER_MINUTE;
    let day = || Window::Calendar { unit: CalendarUnit::Day, zone: "UTC".to_owned() };
    let limits = vec![
        limit("case", &[Agent, Customer], Window::Case { otherwise_ns: 3 * NS_PER_DAY }, 200_000),
        limit("day", &[Agent], day(), 300_000),
        limit("rolling", &[Customer], Window::Rolling { duration_ns: hours(6) }, 250_000),
        limit("house", &[Tenant], Window::Rolling { duration_ns: hours(24) }, 2_500_000),
        limit("call", &[Interaction], Window::Interaction, 150_000),
        Limit {
            reasons: Some(BTreeSet::from([known("goodwill")])),
            ..limit(
                "goodwill",
                &[Agent, Reason],
                Window::Rolling { duration_ns: hours(24) },
                30_000,
            )
        },
        Limit {
            below_tenure_days: Some(90),
            ..limit("new", &[Agent, Customer], Window::Lifetime, 120_000)
        },
        Limit {
            counts: Counts::Times,
            caps: BTreeMap::new(),
            cap_times: Some(9),
            ..limit("times", &[Customer], Window::Rolling { duration_ns: hours(12) }, 0)
        },
        Limit {
            counts: Counts::Grants,
            roles: Some(BTreeSet::from([known("team_lead")])),
            ..limit("grants", &[Agent], day(), 180_000)
        },
    ];
    let pool = |id: &str, team: Option<&str>, cap_minor: Option<i64>| Pool {
        id: known(id),
        label: id.to_owned(),
        team: team.map(known),
        caps: cap_minor.map(caps),
    };
    Policy {
        currencies: BTreeSet::from([Currency::USD, euros()]),
        approvers: vec![known("team_lead")],
        backdate_ns: 2 * NS_PER_DAY,
        limits,
        pools: vec![pool("orders", Some("orders"), Some(1_500_000)), pool("rest", None, None)],
        ..Policy::standard(Digest::from_bytes([5; 32]))
    }
}

fn limit(id: &str, scope: &[Dimension], window: Window, cap_minor: i64) -> Limit {
    Limit {
        scope: scope.iter().copied().collect(),
        ..Limit::on_amounts(known(id), window, caps(cap_minor))
    }
}

/// The second currency: nothing of it ever counts for the first.
pub(crate) fn euros() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

fn caps(minor: i64) -> BTreeMap<Currency, i64> {
    BTreeMap::from([(Currency::USD, minor), (euros(), minor)])
}

/// A reason, by number.
pub(crate) fn reason(number: usize) -> ReasonCode {
    known(REASONS[number % REASONS.len()])
}
