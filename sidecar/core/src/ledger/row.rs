//! Rows and their names: what entries add up to, one fact each.

use crate::ids::{AgentPid, Digest, LimitId, PoolId, SpendId, TeamId};
use crate::money::Currency;
use crate::time::Time;

use super::{Account, Operation, OperationId, Outcome, ScopeKey, SpendRow, SpendState, WindowKey};

/// The name of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    /// In which currency.
    pub currency: Currency,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Where the ledger stands.
    Head(HeadRow),
    /// The policy in force.
    ActivePolicy(ActivePolicyRow),
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
}

impl Key {
    /// Whether rows of this name are always in memory, so that one not found there is not there.
    pub fn is_resident(&self) -> bool {
        match self {
            Self::Head | Self::ActivePolicy | Self::Pool(..) | Self::Balance(..) => true,
            Self::Counter(_) | Self::Spend(_) | Self::Outcome(_) => false,
        }
    }
}

impl HeadRow {
    /// The time of a decision that is asked for at `at`: that, or just after the last entry.
    pub(crate) fn next_at(self, at: Time) -> Time {
        at.max(self.last_at.saturating_add_ns(1))
    }
}

impl Row {
    /// Whether the row is always in memory: where the house stands, and every open hold.
    pub fn is_resident(&self) -> bool {
        match self {
            Self::Head(_) | Self::ActivePolicy(_) | Self::Pool(_) | Self::Balance(_) => true,
            Self::Spend(spend) => spend.state == SpendState::Held,
            Self::Counter(_) | Self::Outcome(_) => false,
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
    pub allotted_minor: Option<i64>,
    /// What is held, in minor units.
    pub held_minor: i64,
    /// What was given, reversals deducted, in minor units.
    pub given_minor: i64,
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
    },
    /// Each amount by itself, for windows that move; in order of time.
    Rolling {
        /// The amounts, without those that had left the window at the last charge.
        charges: Vec<Charge>,
    },
}

/// One gesture's share of a rolling window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The gesture.
    pub spend: SpendId,
    /// When it was reserved.
    pub at: Time,
    /// What is held, in minor units.
    pub held_minor: i64,
    /// What was given, reversals deducted, in minor units.
    pub given_minor: i64,
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
