//! A house to test in: rows, a policy in force, every entry so far; checked after each command.

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ids::{AgentPid, CasePid, CustomerPid, Digest, InteractionPid};
use makegood_core::ids::{RequestId, SpendId};
use makegood_core::ledger::invariants::{
    check_entry, check_lives, check_replay, check_rows, check_sequence,
};
use makegood_core::ledger::{
    Access, Action, Caller, Command, Decision, Entry, Fault, GestureRequest, Overlay, Question,
    Rows, Subject, WindowBounds, apply, decide, expire_due,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::{CalendarUnit, Counts, Dimension, Limit, Policy, Window};
use makegood_core::time::{NS_PER_DAY, NS_PER_S, Time};

pub(crate) struct House {
    pub(crate) rows: Rows,
    pub(crate) policy: Policy,
    pub(crate) entries: Vec<Entry>,
}

impl House {
    /// A house with this policy in force since a second before zero.
    pub(crate) fn new(policy: Policy) -> Self {
        let mut house = Self { rows: Rows::default(), policy, entries: Vec::new() };
        let digest = house.policy.digest;
        let command = house.command(seconds(-1), "sys", Action::ActivatePolicy { digest });
        house.submit(&command).unwrap();
        house
    }

    pub(crate) fn standard() -> Self {
        Self::new(Policy::standard(Digest::from_bytes([1; 32])))
    }

    pub(crate) fn command(&self, at: Time, caller: &str, action: Action) -> Command {
        Command { at, caller: caller_named(caller), windows: windows(&self.policy, at), action }
    }

    pub(crate) fn question(&self, at: Time, caller: &str, request: &GestureRequest) -> Question {
        Question {
            caller: caller_named(caller),
            subject: Subject {
                customer: request.customer,
                interaction: request.interaction,
                case: request.case,
                reason: Some(request.reason.clone()),
            },
            currency: request.amount.currency,
            at,
            windows: windows(&self.policy, at),
        }
    }

    /// Decides and applies one command as a batch of its own.
    pub(crate) fn submit(&mut self, command: &Command) -> Result<Decision, Fault> {
        self.submit_batch(std::slice::from_ref(command)).remove(0)
    }

    /// Decides a batch over one overlay, then absorbs it, as the writer does.
    pub(crate) fn submit_batch(&mut self, commands: &[Command]) -> Vec<Result<Decision, Fault>> {
        let mut overlay = Overlay::new(&self.rows);
        let mut written = Vec::new();
        let mut answers = Vec::new();
        for command in commands {
            let answer = decide(&overlay, &self.policy, command);
            let entries = answer.iter().flat_map(|decision| &decision.entries);
            written.extend(entries.inspect(|entry| apply(&mut overlay, entry)).cloned());
            answers.push(answer);
        }
        self.absorb(overlay.into_changes(), written);
        answers
    }

    /// Writes the end of every hold whose time has come.
    pub(crate) fn expire_due(&mut self, at: Time) {
        let mut overlay = Overlay::new(&self.rows);
        let system = caller_named("sys");
        let written = expire_due(&mut overlay, &self.policy, &system, at).unwrap();
        self.absorb(overlay.into_changes(), written);
        assert_eq!(self.rows.due(at).count(), 0);
    }

    fn absorb(&mut self, changes: makegood_core::ledger::Changes, written: Vec<Entry>) {
        self.rows.absorb(changes);
        for entry in &written {
            check_entry(entry).unwrap();
        }
        self.entries.extend(written);
        check_rows(&self.rows).unwrap();
    }

    /// Everything that holds for a whole ledger.
    pub(crate) fn check(&self) {
        check_sequence(&self.entries).unwrap();
        check_lives(&self.entries).unwrap();
        check_replay(&self.entries, &self.rows).unwrap();
    }
}

/// `sys`, `dev`, `adm`, `ada`, `rev`, `rex`, `ray`, `sue`, `sup` and `sub` have the access that is said here; all others
/// are agents. `dev` is the sidecar in development mode.
pub(crate) fn caller_named(name: &str) -> Caller {
    let access = match name {
        "sys" | "dev" => Access::System,
        "adm" | "ada" => Access::Admin,
        "rev" | "rex" | "ray" => Access::Auditor,
        "sue" | "sup" | "sub" => Access::Supervisor,
        _ => Access::Agent,
    };
    let (role, tenure_days) = match name {
        "dev" => ("development", 0),
        "temp" => ("temp", 400),
        "lea" | "lou" => ("lead", 400),
        "newby" => ("agent", 3),
        _ => ("agent", 400),
    };
    Caller {
        agent: AgentPid::from_bytes(padded(name)),
        access,
        role: role.parse().unwrap(),
        team: None,
        tenure_days,
    }
}

pub(crate) fn padded<const N: usize>(name: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes
}

pub(crate) fn spend_id(name: &str) -> SpendId {
    SpendId::from_bytes(padded(name))
}

pub(crate) fn request_id(name: &str) -> RequestId {
    RequestId::from_bytes(padded(name))
}

pub(crate) fn customer(name: &str) -> CustomerPid {
    CustomerPid::from_bytes(padded(name))
}

pub(crate) fn case(name: &str) -> CasePid {
    CasePid::from_bytes(padded(name))
}

pub(crate) fn interaction(name: &str) -> InteractionPid {
    InteractionPid::from_bytes(padded(name))
}

pub(crate) fn seconds(seconds: i64) -> Time {
    Time::from_nanos(seconds * NS_PER_S)
}

pub(crate) fn gesture(spend: &str, for_customer: &str, amount_minor: i64) -> GestureRequest {
    GestureRequest {
        spend: spend_id(spend),
        customer: customer(for_customer),
        interaction: interaction("call"),
        case: None,
        amount: Money::new(Currency::USD, amount_minor),
        reason: "late".parse().unwrap(),
        gesture: "refund".parse().unwrap(),
        note: None,
        decided_ms: 900,
        suggestion: None,
    }
}

/// A limit on agent × customer, to be changed where a test needs another.
pub(crate) fn limit(id: &str, window: Window, cap_minor: i64) -> Limit {
    let caps = BTreeMap::from([(Currency::USD, cap_minor)]);
    Limit::on_amounts(id.parse().unwrap(), window, caps)
}

/// A limit on how often a customer is given something, by anyone.
pub(crate) fn often(id: &str, window: Window, cap_times: u32) -> Limit {
    Limit {
        scope: BTreeSet::from([Dimension::Customer]),
        counts: Counts::Times,
        caps: BTreeMap::new(),
        cap_times: Some(cap_times),
        ..limit(id, window, 1)
    }
}

/// What each lead may grant others above their limits.
pub(crate) fn leads(id: &str, window: Window, cap_minor: i64) -> Limit {
    Limit {
        scope: BTreeSet::from([Dimension::Agent]),
        roles: Some(BTreeSet::from(["lead".parse().unwrap()])),
        counts: Counts::Grants,
        ..limit(id, window, cap_minor)
    }
}

pub(crate) fn policy_with(limits: Vec<Limit>) -> Policy {
    let grants = limits.iter().any(|limit| limit.counts == Counts::Grants);
    let approvers = if grants { vec!["lead".parse().unwrap()] } else { Vec::new() };
    Policy { limits, approvers, ..Policy::standard(Digest::from_bytes([2; 32])) }
}

/// Bounds of calendar windows where every unit is a day of UTC, for tests need no calendar.
fn windows(policy: &Policy, at: Time) -> Vec<WindowBounds> {
    let start = at.as_nanos().div_euclid(NS_PER_DAY) * NS_PER_DAY;
    let is_calendar = |limit: &&Limit| matches!(limit.window, Window::Calendar { .. });
    let calendar = policy.limits.iter().filter(is_calendar);
    calendar
        .map(|limit| WindowBounds {
            limit: limit.id.clone(),
            start: Time::from_nanos(start),
            end: Time::from_nanos(start + NS_PER_DAY),
        })
        .collect()
}

pub(crate) fn day() -> Window {
    Window::Calendar { unit: CalendarUnit::Day, zone: "Etc/UTC".to_owned() }
}
