//! Rows and their names: what entries add up to, one fact each.

use crate::ids::{AgentPid, Digest, LimitId, PoolId, RequestId, SpendId, TeamId};
use crate::money::Currency;
use crate::mutants::{Mutant, is_on};
use crate::time::Time;

use super::act::coded;
use super::{
    Account, Act, ConsultRow, ConsultState, Disposition, Operation, OperationId, Outcome,
    PauseReason, Period, ReviewState, ScopeKey, SpendRow, SpendState, WindowKey,
};

/// The name of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Where the ledger stands.
    Head,
    /// The policy in force.
    ActivePolicy,
    /// A pool in one currency.
    Pool(PoolId, Currency),
    /// An account in one currency.
    Balance(Account, Currency),
    /// A limit's count.
    Counter(CounterKey),
    /// A gesture.
    Spend(SpendId),
    /// The first answer to an operation.
    Outcome(OperationId),
    /// A consult.
    Consult(RequestId),
    /// Whether giving is paused.
    Pause,
    /// Which periods are closed.
    Periods,
    /// A policy that was handed in.
    Policy(Digest),
    /// The first answer to an act.
    Act(RequestId),
    /// Where the review of a gesture stands.
    Review(SpendId),
    /// A finding, by the position of the entry that raised it.
    Finding(u64),
}

/// The name of a limit's count: one limit, one set of those counted together, one window, one
/// currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey {
    /// The limit.
    pub limit: LimitId,
    /// Whom and what it counts together.
    pub scope: ScopeKey,
    /// Over which time.
    pub window: WindowKey,
    /// In which currency; `None` where gestures are counted whatever their currency.
    pub currency: Option<Currency>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Where the ledger stands.
    Head(HeadRow),
    /// The policy in force.
    ActivePolicy(Box<ActivePolicyRow>),
    /// A pool in one currency.
    Pool(PoolRow),
    /// An account in one currency.
    Balance(BalanceRow),
    /// A limit's count.
    Counter(CounterRow),
    /// A gesture.
    Spend(Box<SpendRow>),
    /// The first answer to an operation.
    Outcome(Box<OutcomeRow>),
    /// A consult.
    Consult(Box<ConsultRow>),
    /// Whether giving is paused.
    Pause(PauseRow),
    /// Which periods are closed.
    Periods(PeriodsRow),
    /// A policy that was handed in.
    Policy(Box<PolicyRow>),
    /// The first answer to an act.
    Act(Box<ActRow>),
    /// Where the review of a gesture stands.
    Review(ReviewRow),
    /// A finding.
    Finding(FindingRow),
}

impl Key {
    /// Whether rows of this name are always in memory, so that one not found there is not there.
    pub fn is_resident(&self) -> bool {
        match self {
            Self::Head
            | Self::ActivePolicy
            | Self::Pool(..)
            | Self::Balance(..)
            | Self::Pause
            | Self::Periods
            | Self::Policy(_) => true,
            Self::Counter(_)
            | Self::Spend(_)
            | Self::Outcome(_)
            | Self::Consult(_)
            | Self::Act(_)
            | Self::Review(_)
            | Self::Finding(_) => false,
        }
    }
}

impl Key {
    /// Whether it names a pool or an account.
    pub(crate) const fn is_book(&self) -> bool {
        matches!(self, Self::Pool(..) | Self::Balance(..))
    }
}

impl HeadRow {
    /// The time of a decision that is asked for at `at`: that, or just after the last entry.
    pub fn next_at(self, at: Time) -> Time {
        if is_on(Mutant::TimeGoesBack) { at } else { at.max(self.last_at.saturating_add_ns(1)) }
    }
}

impl Row {
    /// Whether the row is always in memory: where the house stands, and every open hold.
    pub fn is_resident(&self) -> bool {
        match self {
            Self::Head(_)
            | Self::ActivePolicy(_)
            | Self::Pool(_)
            | Self::Balance(_)
            | Self::Pause(_)
            | Self::Periods(_)
            | Self::Policy(_) => true,
            Self::Spend(spend) => spend.state == SpendState::Held,
            Self::Consult(consult) => consult.state == ConsultState::Open,
            Self::Counter(_)
            | Self::Outcome(_)
            | Self::Act(_)
            | Self::Review(_)
            | Self::Finding(_) => false,
        }
    }
}

/// Where the ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadRow {
    /// How many entries there are: the next one's position.
    pub entry_count: u64,
    /// The time of the last entry.
    pub last_at: Time,
}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivePolicyRow {
    /// The digest of its text.
    pub digest: Digest,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The entry that put it in force.
    pub position: u64,
    /// When that was.
    pub activated_at: Time,
}

/// A pool in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolRow {
    /// The team that draws on it; `None` for every team without its own.
    pub team: Option<TeamId>,
    /// What may be given from it in all, in minor units; `None` is without a cap.
    ///
    /// The cap of the policy in force and what was moved since; below zero where the cap was lowered
    /// by more than is left.
    pub allotted_minor: Option<i64>,
    /// What was moved into it beside the policy's cap, in minor units: allocations, less what went
    /// out of it again or has lapsed. It outlives the policy.
    pub moved_minor: i64,
    /// What is held, in minor units.
    pub held_minor: i64,
    /// What was given, reversals deducted, in minor units.
    pub given_minor: i64,
}

impl PoolRow {
    /// The cap of the policy in force, in minor units; `None` where that sets none.
    pub(crate) fn cap_minor(&self) -> Option<i64> {
        self.allotted_minor.map(|minor| minor.saturating_sub(self.moved_minor))
    }

    /// What its account of authority was credited in all, in minor units; without a cap that is what
    /// was moved alone.
    pub(crate) fn authority_minor(&self) -> i64 {
        self.allotted_minor.unwrap_or(self.moved_minor)
    }

    /// Authority comes to it beside the policy's cap, or leaves it: also while there is no cap, or
    /// what has lapsed meanwhile would come back with the next one.
    pub(crate) fn allot(&mut self, more_minor: i64) {
        self.moved_minor = self.moved_minor.saturating_add(more_minor);
        if let Some(allotted_minor) = &mut self.allotted_minor {
            *allotted_minor = allotted_minor.saturating_add(more_minor);
        }
    }
}

/// An account in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BalanceRow {
    /// Sum of the debits, in minor units.
    pub debit_minor: i128,
    /// Sum of the credits, in minor units.
    pub credit_minor: i128,
}

/// A limit's count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CounterRow {
    /// Sums, for windows that gestures never leave.
    Total {
        /// What is held, in minor units.
        held_minor: i64,
        /// What was given, reversals deducted, in minor units.
        given_minor: i64,
        /// What second persons granted above the cap of what is held and given, in minor units.
        granted_minor: i64,
    },
    /// Each amount by itself, for windows that move; in order of time.
    Rolling {
        /// The amounts, without those that had left the window at the last charge.
        charges: Vec<Charge>,
    },
}

/// One gesture's share of a rolling window, by the time that it was authorised: what was reserved,
/// each raise, and what a second person granted, apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The gesture.
    pub spend: SpendId,
    /// When it was authorised.
    pub at: Time,
    /// What is held, in minor units.
    pub held_minor: i64,
    /// What was given, reversals deducted, in minor units.
    pub given_minor: i64,
    /// What a second person granted above the cap of what is held and given, in minor units.
    pub granted_minor: i64,
}

/// The first answer to an operation, with what a repeat is compared to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRow {
    /// Who asked.
    pub agent: AgentPid,
    /// What was asked.
    pub operation: Operation,
    /// The answer.
    pub outcome: Outcome,
}

/// Whether giving is paused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PauseRow {
    /// Why, and since when; `None` while giving goes on.
    pub paused: Option<(PauseReason, Time)>,
}

/// Which periods are closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeriodsRow {
    /// The last closed period; everything before its end is closed.
    pub closed: Option<Period>,
    /// The last closed period while it is asked to be open, or is, again.
    pub reopening: Option<Reopening>,
}

impl PeriodsRow {
    /// Until when the books are closed, where an instant lies before that; `None` where it counts
    /// for an open period, or for one that was opened again.
    pub fn closed_until(&self, at: Time) -> Option<Time> {
        let closed = self.closed?;
        let is_reopened = self.reopening.is_some_and(|reopening| reopening.seconded_by.is_some());
        let until = if is_reopened { closed.start } else { closed.end };
        (at < until).then_some(until)
    }
}

/// How far the reopening of the last closed period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reopening {
    /// Who asked.
    pub asked_by: AgentPid,
    /// The second person; the period is open once there is one.
    pub seconded_by: Option<AgentPid>,
}

coded!(
    /// How far a policy is.
    PolicyState {
        /// Handed in.
        Drafted = "drafted",
        /// Declared final by its author.
        Published = "published",
        /// Comes into force at a time that another person set.
        Scheduled = "scheduled",
        /// In force, or was once.
        Activated = "activated",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
);

/// A policy that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who handed it in.
    pub author: AgentPid,
    /// How far it is.
    pub state: PolicyState,
    /// Who set the time, and from when on it is to be in force.
    pub scheduled: Option<(AgentPid, Time)>,
}

/// The first answer to an act, with what a repeat is compared to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRow {
    /// Who acted.
    pub agent: AgentPid,
    /// What was done.
    pub act: Act,
    /// The answer.
    pub outcome: Outcome,
}

/// Where the review of a gesture stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// Where it stands.
    pub state: ReviewState,
    /// Who reviewed it so far, each once, in order of their first note.
    pub reviewers: Vec<AgentPid>,
    /// When it was last moved on.
    pub at: Time,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Who raised it, or the sidecar.
    pub raised_by: AgentPid,
    /// The agents that it is about.
    pub agents: Vec<AgentPid>,
    /// How it was settled, by whom; `None` while it is open.
    pub disposed: Option<(Disposition, AgentPid)>,
}
