//! The ledger's rows while it is replayed, hashed by name.
//!
//! They are the core's own rows; only where they are kept differs from a sidecar's memory, which
//! keeps them in order.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use makegood_core::ids::SpendId;
use makegood_core::ledger::{
    CounterKey, CounterRow, HeadRow, Key, OperationId, OutcomeRow, Read, Row, SpendRow, Write,
};
use makegood_core::time::Time;

type Hashed<K> = HashMap<K, Row, RandomState>;

/// Every row of the ledger so far.
#[derive(Debug, Default)]
pub struct ReplayedRows {
    head: Option<Row>,
    active_policy: Option<Row>,
    counters: Hashed<CounterKey>,
    spends: Hashed<SpendId>,
    outcomes: Hashed<OperationId>,
    /// Kinds of which there are few.
    others: Hashed<Key>,
}

impl Read for ReplayedRows {
    fn get(&self, key: &Key) -> Option<&Row> {
        match key {
            Key::Head => self.head.as_ref(),
            Key::ActivePolicy => self.active_policy.as_ref(),
            Key::Counter(counter) => self.counters.get(counter),
            Key::Spend(spend) => self.spends.get(spend),
            Key::Outcome(id) => self.outcomes.get(id),
            _ => self.others.get(key),
        }
    }

    fn books(&self) -> BTreeMap<&Key, &Row> {
        self.others.iter().filter(|(key, _)| is_book(key)).collect()
    }

    fn head(&self) -> HeadRow {
        match &self.head {
            Some(Row::Head(head)) => *head,
            _ => HeadRow { entry_count: 0, last_at: Time::MIN },
        }
    }

    fn spend(&self, spend: SpendId) -> Option<&SpendRow> {
        match self.spends.get(&spend) {
            Some(Row::Spend(row)) => Some(row),
            _ => None,
        }
    }

    fn outcome(&self, id: OperationId) -> Option<&OutcomeRow> {
        match self.outcomes.get(&id) {
            Some(Row::Outcome(row)) => Some(row),
            _ => None,
        }
    }

    fn counter(&self, key: &CounterKey) -> Option<&CounterRow> {
        match self.counters.get(key) {
            Some(Row::Counter(row)) => Some(row),
            _ => None,
        }
    }
}

fn is_book(key: &Key) -> bool {
    matches!(key, Key::Pool(..) | Key::Balance(..))
}

impl Write for ReplayedRows {
    fn move_counter(
        &mut self,
        key: &CounterKey,
        next: impl FnOnce(Option<&CounterRow>) -> CounterRow,
    ) {
        if let Some(Row::Counter(row)) = self.counters.get_mut(key) {
            *row = next(Some(row));
        } else {
            self.counters.insert(key.clone(), Row::Counter(next(None)));
        }
    }

    fn put(&mut self, key: Key, row: Row) {
        match key {
            Key::Head => self.head = Some(row),
            Key::ActivePolicy => self.active_policy = Some(row),
            Key::Counter(counter) => {
                self.counters.insert(counter, row);
            }
            Key::Outcome(id) => {
                self.outcomes.insert(id, row);
            }
            Key::Spend(id) => {
                self.spends.insert(id, row);
            }
            other => {
                self.others.insert(other, row);
            }
        }
    }
}
