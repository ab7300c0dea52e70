//! Rows in memory, and an overlay of what is not durable yet.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AgentPid, CustomerPid, Digest, InteractionPid, PoolId, RequestId, SpendId};
use crate::money::Currency;
use crate::time::Time;

use super::{
    Account, ActRow, ActivePolicyRow, BalanceRow, ConsultRow, ConsultState, CounterKey, CounterRow,
    FindingRow, HeadRow, Key, OperationId, OutcomeRow, PauseReason, PeriodsRow, PolicyRow,
    PolicyState, PoolRow, ReviewRow, Row, SpendRow, SpendState,
};

/// Rows that can be looked up by name.
pub trait Read {
    /// The row; `None` where there is none yet.
    fn get(&self, key: &Key) -> Option<&Row>;

    /// Every pool and every account, in the order of their names.
    fn books(&self) -> BTreeMap<&Key, &Row>;

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

    /// A consult.
    fn consult(&self, consult: RequestId) -> Option<&ConsultRow> {
        match self.get(&Key::Consult(consult)) {
            Some(Row::Consult(row)) => Some(row),
            _ => None,
        }
    }

    /// Why giving is paused, and since when; `None` while it goes on.
    fn paused(&self) -> Option<(PauseReason, Time)> {
        match self.get(&Key::Pause) {
            Some(Row::Pause(row)) => row.paused,
            _ => None,
        }
    }

    /// Which periods are closed.
    fn periods(&self) -> PeriodsRow {
        match self.get(&Key::Periods) {
            Some(Row::Periods(row)) => *row,
            _ => PeriodsRow::default(),
        }
    }

    /// A policy that was handed in.
    fn policy(&self, digest: Digest) -> Option<&PolicyRow> {
        match self.get(&Key::Policy(digest)) {
            Some(Row::Policy(row)) => Some(row),
            _ => None,
        }
    }

    /// The first answer to an act.
    fn act(&self, request: RequestId) -> Option<&ActRow> {
        match self.get(&Key::Act(request)) {
            Some(Row::Act(row)) => Some(row),
            _ => None,
        }
    }

    /// Where the review of a gesture stands.
    fn review(&self, spend: SpendId) -> Option<&ReviewRow> {
        match self.get(&Key::Review(spend)) {
            Some(Row::Review(row)) => Some(row),
            _ => None,
        }
    }

    /// A finding, by the position of the entry that raised it.
    fn finding(&self, position: u64) -> Option<&FindingRow> {
        match self.get(&Key::Finding(position)) {
            Some(Row::Finding(row)) => Some(row),
            _ => None,
        }
    }
}

/// Rows that can be changed.
pub trait Write: Read {
    /// Puts a row under its name, over the one that was there.
    fn put(&mut self, key: Key, row: Row);

    /// Moves a limit's count on from what it was; `None` where nothing was counted.
    fn move_counter(
        &mut self,
        key: &CounterKey,
        next: impl FnOnce(Option<&CounterRow>) -> CounterRow,
    ) {
        let row = next(self.counter(key));
        self.put(Key::Counter(key.clone()), Row::Counter(row));
    }
}

/// Rows in memory, with the open holds in order.
///
/// They are all the rows there are, or those that are always in memory ([`Row::is_resident`]) with
/// what has changed of late, beside rows that are kept elsewhere and loaded by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    by_key: BTreeMap<Key, Row>,
    due: BTreeSet<(Time, SpendId)>,
    due_consults: BTreeSet<(Time, RequestId)>,
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

    /// The open consults whose time to answer is over at `now` (inclusive), the longest due first.
    fn due_consults(&self, now: Time) -> impl Iterator<Item = RequestId>;
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
        let asked = self.due_consults.iter().map(|(_, consult)| Key::Consult(*consult));
        // Names are ordered by kind, and those that are always in memory stand in two runs.
        let is_kept = |key: &&Key| key.is_resident();
        let first = taken.keys().take_while(is_kept);
        let second = taken.range(Key::Pause..).map(|(key, _)| key).take_while(is_kept);
        let kept = first.chain(second).cloned().chain(open).chain(asked);
        let kept = kept.filter_map(|key| Some((key.clone(), taken.get(&key)?.clone())));
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

    /// The policies that were handed in, in the order of their digests.
    pub fn policies(&self) -> impl Iterator<Item = (Digest, &PolicyRow)> {
        let first = Key::Policy(Digest::from_bytes([0; 32]));
        self.by_key.range(first..).map_while(|(key, row)| match (key, row) {
            (Key::Policy(digest), Row::Policy(row)) => Some((*digest, &**row)),
            _ => None,
        })
    }

    /// The policies whose time has come at `now` (inclusive), the earliest first.
    pub fn due_policies(&self, now: Time) -> Vec<Digest> {
        let scheduled = self.policies().filter(|(_, row)| row.state == PolicyState::Scheduled);
        let due: BTreeSet<(Time, Digest)> = scheduled
            .filter_map(|(digest, row)| {
                row.scheduled.map(|(_, effective_at)| (effective_at, digest))
            })
            .filter(|(effective_at, _)| *effective_at <= now)
            .collect();
        due.into_iter().map(|(_, digest)| digest).collect()
    }

    /// When the next hold ends.
    pub fn next_due_at(&self) -> Option<Time> {
        self.due.first().map(|(expire_at, _)| *expire_at)
    }

    /// The open consults whose time to answer is over at `now` (inclusive), the longest due first.
    pub fn due_consults(&self, now: Time) -> impl Iterator<Item = RequestId> {
        let is_due = move |(answer_at, _): &&(Time, RequestId)| *answer_at <= now;
        self.due_consults.iter().take_while(is_due).map(|(_, consult)| *consult)
    }

    /// When the next time to answer a consult is over.
    pub fn next_consult_due_at(&self) -> Option<Time> {
        self.due_consults.first().map(|(answer_at, _)| *answer_at)
    }

    /// Every open consult, the one due next first.
    pub fn open_consults(&self) -> impl Iterator<Item = &ConsultRow> {
        self.due_consults.iter().filter_map(|(_, consult)| self.consult(*consult))
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

    fn forget(&mut self, row: &Row) {
        match row {
            Row::Spend(old) => self.unindex(old),
            Row::Consult(old) => {
                self.due_consults.remove(&(old.answer_at, old.consult));
            }
            _ => {}
        }
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

    fn due_consults(&self, now: Time) -> impl Iterator<Item = RequestId> {
        Self::due_consults(self, now)
    }
}

impl Read for Rows {
    fn get(&self, key: &Key) -> Option<&Row> {
        self.by_key.get(key)
    }

    fn books(&self) -> BTreeMap<&Key, &Row> {
        // Names are ordered by kind, and those that are always in memory come first.
        let resident = self.by_key.iter().take_while(|(key, _)| key.is_resident());
        resident.filter(|(key, _)| key.is_book()).collect()
    }
}

impl Write for Rows {
    fn put(&mut self, key: Key, row: Row) {
        if matches!(key, Key::Spend(_) | Key::Consult(_))
            && let Some(old) = self.by_key.remove(&key)
        {
            self.forget(&old);
        }
        match &row {
            Row::Spend(spend) if spend.state == SpendState::Held => self.index(spend),
            Row::Consult(consult) if consult.state == ConsultState::Open => {
                self.due_consults.insert((consult.answer_at, consult.consult));
            }
            _ => {}
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

    /// The open consults whose time to answer is over at `now` (inclusive), the longest due first.
    pub fn due_consults(&self, now: Time) -> Vec<RequestId> {
        let base = self.base.due_consults(now).filter_map(|consult| self.consult(consult));
        let changed = self.changed.values().filter_map(|row| match row {
            Row::Consult(row) => Some(row.as_ref()),
            _ => None,
        });
        let due: BTreeSet<(Time, RequestId)> = base
            .chain(changed)
            .filter(|row| row.state == ConsultState::Open && row.answer_at <= now)
            .map(|row| (row.answer_at, row.consult))
            .collect();
        due.into_iter().map(|(_, consult)| consult).collect()
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

    fn books(&self) -> BTreeMap<&Key, &Row> {
        let mut books = self.base.books();
        books.extend(self.changed.iter().filter(|(key, _)| key.is_book()));
        books
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
