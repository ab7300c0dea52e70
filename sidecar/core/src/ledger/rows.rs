//! The rows that entries add up to: resident state, and an overlay of what is not durable yet.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AgentPid, CustomerPid, Digest, InteractionPid, LimitId, PoolId, SpendId, TeamId};
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

/// Rows that can be looked up by name.
pub trait Read {
    /// The row; `None` where there is none yet.
    fn get(&self, key: &Key) -> Option<&Row>;

    /// Where the ledger stands; before the first entry, at zero.
    fn head(&self) -> HeadRow {
        match self.get(&Key::Head) {
            Some(Row::Head(head)) => *head,
            _ => HeadRow {
                entry_count: 0,
                last_at: Time::MIN,
            },
        }
    }

    /// The policy in force.
    fn active_policy(&self) -> Option<&ActivePolicyRow> {
        match self.get(&Key::ActivePolicy) {
            Some(Row::ActivePolicy(row)) => Some(row),
            _ => None,
        }
    }

    /// A gesture.
    fn spend(&self, spend: SpendId) -> Option<&SpendRow> {
        match self.get(&Key::Spend(spend)) {
            Some(Row::Spend(row)) => Some(row),
            _ => None,
        }
    }

    /// The first answer to an operation.
    fn outcome(&self, id: OperationId) -> Option<&OutcomeRow> {
        match self.get(&Key::Outcome(id)) {
            Some(Row::Outcome(row)) => Some(row),
            _ => None,
        }
    }

    /// A pool in one currency.
    fn pool(&self, pool: &PoolId, currency: Currency) -> Option<&PoolRow> {
        match self.get(&Key::Pool(pool.clone(), currency)) {
            Some(Row::Pool(row)) => Some(row),
            _ => None,
        }
    }

    /// A limit's count.
    fn counter(&self, key: &CounterKey) -> Option<&CounterRow> {
        match self.get(&Key::Counter(key.clone())) {
            Some(Row::Counter(row)) => Some(row),
            _ => None,
        }
    }

    /// An account in one currency; zero where nothing was booked.
    fn balance(&self, account: &Account, currency: Currency) -> BalanceRow {
        match self.get(&Key::Balance(account.clone(), currency)) {
            Some(Row::Balance(row)) => *row,
            _ => BalanceRow::default(),
        }
    }
}

/// Rows that can be changed.
pub trait Write: Read {
    /// Puts a row under its name, over the one that was there.
    fn put(&mut self, key: Key, row: Row);
}

/// All rows in memory, with the open holds in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    by_key: BTreeMap<Key, Row>,
    due: BTreeSet<(Time, SpendId)>,
    open_by_agent: BTreeSet<(AgentPid, SpendId)>,
    open_by_customer: BTreeSet<(CustomerPid, SpendId)>,
    open_by_interaction: BTreeSet<(InteractionPid, SpendId)>,
}

/// Rows changed and not yet absorbed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<Key, Row>);

/// Changes over rows: later commands of a batch see what earlier ones did.
#[derive(Debug)]
pub struct Overlay<'a> {
    base: &'a Rows,
    changed: BTreeMap<Key, Row>,
}

impl Rows {
    /// Every row in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Row)> {
        self.by_key.iter()
    }

    /// Takes over what an overlay changed.
    pub fn absorb(&mut self, changes: Changes) {
        for (key, row) in changes.0 {
            self.put(key, row);
        }
    }

    /// The holds whose time has come at `now` (inclusive), the longest due first.
    pub fn due(&self, now: Time) -> impl Iterator<Item = SpendId> {
        self.due
            .iter()
            .take_while(move |(expire_at, _)| *expire_at <= now)
            .map(|(_, spend)| *spend)
    }

    /// When the next hold ends.
    pub fn next_due_at(&self) -> Option<Time> {
        self.due.first().map(|(expire_at, _)| *expire_at)
    }

    /// The open holds of an agent, in the order of their ids.
    pub fn open_of_agent(&self, agent: AgentPid) -> impl Iterator<Item = &SpendRow> {
        self.open(open_range(&self.open_by_agent, agent))
    }

    /// The open holds for a customer, in the order of their ids.
    pub fn open_of_customer(&self, customer: CustomerPid) -> impl Iterator<Item = &SpendRow> {
        self.open(open_range(&self.open_by_customer, customer))
    }

    /// The open holds of an interaction, in the order of their ids.
    pub fn open_of_interaction(
        &self,
        interaction: InteractionPid,
    ) -> impl Iterator<Item = &SpendRow> {
        self.open(open_range(&self.open_by_interaction, interaction))
    }

    fn open<'a>(
        &'a self,
        spends: impl Iterator<Item = SpendId> + 'a,
    ) -> impl Iterator<Item = &'a SpendRow> {
        spends.filter_map(|spend| self.spend(spend))
    }

    fn index(&mut self, row: &SpendRow) {
        let spend = row.about.spend;
        self.due.insert((row.expire_at, spend));
        self.open_by_agent.insert((row.about.agent, spend));
        self.open_by_customer.insert((row.about.customer, spend));
        self.open_by_interaction
            .insert((row.about.interaction, spend));
    }

    fn unindex(&mut self, row: &SpendRow) {
        let spend = row.about.spend;
        self.due.remove(&(row.expire_at, spend));
        self.open_by_agent.remove(&(row.about.agent, spend));
        self.open_by_customer.remove(&(row.about.customer, spend));
        self.open_by_interaction
            .remove(&(row.about.interaction, spend));
    }
}

impl Read for Rows {
    fn get(&self, key: &Key) -> Option<&Row> {
        self.by_key.get(key)
    }
}

impl Write for Rows {
    fn put(&mut self, key: Key, row: Row) {
        if let Key::Spend(spend) = &key
            && let Some(Row::Spend(old)) = self.by_key.remove(&key)
        {
            debug_assert_eq!(old.about.spend, *spend, "rows lie under their names");
            self.unindex(&old);
        }
        if let Row::Spend(spend) = &row
            && spend.state == SpendState::Held
        {
            self.index(spend);
        }
        self.by_key.insert(key, row);
    }
}

impl<'a> Overlay<'a> {
    /// An overlay without changes.
    pub fn new(base: &'a Rows) -> Self {
        Self {
            base,
            changed: BTreeMap::new(),
        }
    }

    /// The holds whose time has come at `now` (inclusive), the longest due first.
    pub fn due(&self, now: Time) -> Vec<SpendId> {
        let base = self.base.due(now).filter_map(|spend| self.spend(spend));
        let changed = self.changed.values().filter_map(|row| match row {
            Row::Spend(row) => Some(row.as_ref()),
            _ => None,
        });
        let due: BTreeSet<(Time, SpendId)> = base
            .chain(changed)
            .filter(|row| row.state == SpendState::Held && row.expire_at <= now)
            .map(|row| (row.expire_at, row.about.spend))
            .collect();
        due.into_iter().map(|(_, spend)| spend).collect()
    }

    /// What was changed, to be absorbed once the entries are durable.
    pub fn into_changes(self) -> Changes {
        Changes(self.changed)
    }
}

impl Changes {
    /// The rows changed, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Row)> {
        self.0.iter()
    }
}

impl Read for Overlay<'_> {
    fn get(&self, key: &Key) -> Option<&Row> {
        self.changed.get(key).or_else(|| self.base.get(key))
    }
}

impl Write for Overlay<'_> {
    fn put(&mut self, key: Key, row: Row) {
        self.changed.insert(key, row);
    }
}

fn open_range<P: Copy + Ord>(
    index: &BTreeSet<(P, SpendId)>,
    of: P,
) -> impl Iterator<Item = SpendId> {
    let first = SpendId::from_bytes([0; 16]);
    let last = SpendId::from_bytes([u8::MAX; 16]);
    index
        .range((of, first)..=(of, last))
        .map(|(_, spend)| *spend)
}
