//! Rows in memory, and an overlay of what is not durable yet.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AgentPid, CustomerPid, InteractionPid, PoolId, SpendId};
use crate::money::Currency;
use crate::time::Time;

use super::{
    Account, ActivePolicyRow, BalanceRow, CounterKey, CounterRow, HeadRow, Key, OperationId,
    OutcomeRow, PoolRow, Row, SpendRow, SpendState,
};

/// Rows that can be looked up by name.
pub trait Read {
    /// The row; `None` where there is none yet.
    fn get(&self, key: &Key) -> Option<&Row>;

    /// Where the ledger stands; before the first entry, at zero.
    fn head(&self) -> HeadRow {
        match self.get(&Key::Head) {
            Some(Row::Head(head)) => *head,
            _ => HeadRow { entry_count: 0, last_at: Time::MIN },
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

/// Rows in memory, with the open holds in order.
///
/// They are all the rows there are, or those that are always in memory ([`Row::is_resident`]) with
/// what has changed of late, beside rows that are kept elsewhere and loaded by name.
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

/// Rows that a batch is decided over.
pub trait Base: Read {
    /// The holds whose time has come at `now` (inclusive), the longest due first.
    fn due(&self, now: Time) -> impl Iterator<Item = SpendId>;
}

/// Changes over rows: later commands of a batch see what earlier ones did.
#[derive(Debug)]
pub struct Overlay<'a, B = Rows> {
    base: &'a B,
    changed: BTreeMap<Key, Row>,
}

impl Rows {
    /// Every row in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Row)> {
        self.by_key.iter()
    }

    /// Takes every row out, and keeps a copy of those that are always in memory.
    ///
    /// What is taken is then to be looked up elsewhere: here it counts as absent.
    pub fn settle(&mut self) -> BTreeMap<Key, Row> {
        let taken = std::mem::take(&mut self.by_key);
        let open = self.due.iter().map(|(_, spend)| Key::Spend(*spend));
        // Names are ordered by kind, and those that are always in memory come first.
        let first = taken.keys().take_while(|key| key.is_resident()).cloned();
        let kept =
            first.chain(open).filter_map(|key| Some((key.clone(), taken.get(&key)?.clone())));
        self.by_key = kept.collect();
        taken
    }

    /// Puts back what was taken, under what has changed since.
    pub fn unsettle(&mut self, taken: BTreeMap<Key, Row>) {
        let newer = std::mem::replace(&mut self.by_key, taken);
        self.by_key.extend(newer);
    }

    /// Takes over what an overlay changed.
    pub fn absorb(&mut self, changes: Changes) {
        for (key, row) in changes.0 {
            self.put(key, row);
        }
    }

    /// The holds whose time has come at `now` (inclusive), the longest due first.
    pub fn due(&self, now: Time) -> impl Iterator<Item = SpendId> {
        self.due.iter().take_while(move |(expire_at, _)| *expire_at <= now).map(|(_, spend)| *spend)
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
        self.open_by_interaction.insert((row.about.interaction, spend));
    }

    fn unindex(&mut self, row: &SpendRow) {
        let spend = row.about.spend;
        self.due.remove(&(row.expire_at, spend));
        self.open_by_agent.remove(&(row.about.agent, spend));
        self.open_by_customer.remove(&(row.about.customer, spend));
        self.open_by_interaction.remove(&(row.about.interaction, spend));
    }
}

impl Base for Rows {
    fn due(&self, now: Time) -> impl Iterator<Item = SpendId> {
        Self::due(self, now)
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

impl<'a, B: Base> Overlay<'a, B> {
    /// An overlay without changes.
    pub fn new(base: &'a B) -> Self {
        Self { base, changed: BTreeMap::new() }
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

impl<B: Base> Read for Overlay<'_, B> {
    fn get(&self, key: &Key) -> Option<&Row> {
        self.changed.get(key).or_else(|| self.base.get(key))
    }
}

impl<B: Base> Write for Overlay<'_, B> {
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
    index.range((of, first)..=(of, last)).map(|(_, spend)| *spend)
}
