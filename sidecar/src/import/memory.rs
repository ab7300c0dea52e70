//! A sink in memory: what tests import into.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::rows::{Kind, Put, PutError, Ref, Row, Sink, SinkError};

/// Keeps the newest version of every row; for tests and small runs, because all of it stays in
/// memory.
#[derive(Debug, Default)]
pub struct MemorySink {
    rows: BTreeMap<(Kind, String, String), Row>,
    flush_count: usize,
}

impl MemorySink {
    /// The rows of a kind, by source and id.
    pub fn rows(&self, kind: Kind) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |((it, _, _), _)| *it == kind).map(|(_, row)| row)
    }

    /// How many rows of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.rows(kind).count()
    }

    /// The row of that kind, source and id.
    pub fn row(&self, kind: Kind, source: &str, id: &str) -> Option<&Row> {
        self.rows.get(&(kind, source.to_owned(), id.to_owned()))
    }

    /// How often [`Sink::flush`] was called.
    pub fn flush_count(&self) -> usize {
        self.flush_count
    }

    /// The people that rows name and who have no row of their own.
    pub fn bare(&self) -> impl Iterator<Item = (Kind, &Ref)> {
        self.rows
            .values()
            .flat_map(|row| {
                let customer = row.customer.iter().map(|it| (Kind::Customer, it));
                customer.chain(row.agent.iter().map(|it| (Kind::Agent, it)))
            })
            .filter(|(kind, it)| self.row(*kind, &it.source, &it.id).is_none())
    }
}

impl Sink for MemorySink {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        match self.rows.entry((row.kind(), row.source.clone(), row.source_id.clone())) {
            Entry::Vacant(place) => {
                place.insert(row);
                Ok(Put::New)
            }
            Entry::Occupied(place) if *place.get() == row => Ok(Put::Same),
            Entry::Occupied(mut place) => {
                place.insert(row);
                Ok(Put::Changed)
            }
        }
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.flush_count += 1;
        Ok(())
    }
}
