//! The journals as the projector reads them: what counts of them, in order, up to what is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use makegood_core::ledger::{Entry, EntryBody};
use makegood_proto::records::v1::Envelope;

use super::engine::Damaged;
use super::keys;
use crate::ledger::erasure::erased_by;
use crate::ledger::state::LedgerState;
use crate::records;
use crate::vault::{Erased, Pid};
use makegood_ledger::codec;
use makegood_ledger::journal::frame::Record;
use makegood_ledger::journal::reader::{Reader, Records};

/// Why the projector cannot go on.
pub(super) enum Fault {
    /// The engine is of no use any more.
    Engine(Damaged),
    /// A journal cannot be read any further, or there is no room to sort what was read; another
    /// engine would not help.
    Input(String),
}

impl From<Damaged> for Fault {
    fn from(damage: Damaged) -> Self {
        Self::Engine(damage)
    }
}

impl Fault {
    pub(super) fn input(error: impl std::fmt::Display) -> Self {
        Self::Input(error.to_string())
    }
}

/// A record of the journal.
pub(super) struct Stored {
    pub(super) position: u64,
    pub(super) envelope: Envelope,
    pub(super) payload: Vec<u8>,
}

/// A gesture of the ledger.
pub(super) struct Gesture {
    pub(super) customer: Pid,
    reserved_at_ns: i64,
    spend: [u8; 16],
}

impl Gesture {
    pub(super) fn key(&self) -> Vec<u8> {
        keys::gesture(&self.customer, self.reserved_at_ns, &self.spend)
    }
}

/// What an entry changes in the read model.
pub(super) enum Fact {
    /// A gesture begins.
    Gesture(Gesture),
    /// Somebody was erased.
    Erased(Pid),
}

/// Both journals, and what tells how far they are durable.
pub(super) struct Journals {
    pub(super) ledger: Reader,
    pub(super) records: Arc<Reader>,
    pub(super) state: Arc<LedgerState>,
    pub(super) stop: Arc<AtomicBool>,
    /// Whose records do not count any more.
    pub(super) erased: Arc<Erased>,
}

impl Journals {
    /// Hands out records from `from` on and before `until`; `None` stands for one that does not
    /// count, because the ledger has no such entry, or whose subject was erased.
    pub(super) fn each_record(
        &self,
        from: u64,
        until: u64,
        mut take: impl FnMut(u64, Option<Stored>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.each("records", self.records.iter_from(from), (from, until), |record| {
            let Record { position, payload } = record;
            let envelope = records::decode(&payload).map_err(Fault::input)?;
            let is_erased = self.erased.contains(&envelope.subject_pid);
            let counts = !is_erased && self.state.has_entry_of(&envelope);
            take(position, counts.then_some(Stored { position, envelope, payload }))
        })
    }

    /// Hands out entries from `from` on and before `until`: the gestures that begin there, and who
    /// is erased.
    pub(super) fn each_entry(
        &self,
        from: u64,
        until: u64,
        mut take: impl FnMut(u64, Option<Fact>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.each("ledger", self.ledger.iter_from(from), (from, until), |record| {
            let entry = codec::decode(&record.payload).map_err(Fault::input)?;
            take(record.position, self.fact_of(&entry))
        })
    }

    fn fact_of(&self, entry: &Entry) -> Option<Fact> {
        let EntryBody::Reserved { request, .. } = &entry.body else {
            return erased_by(&entry.body).map(Fact::Erased);
        };
        let customer = *request.customer.as_bytes();
        let (reserved_at_ns, spend) = (entry.at.as_nanos(), *request.spend.as_bytes());
        let is_erased = self.erased.contains(&customer);
        (!is_erased).then_some(Fact::Gesture(Gesture { customer, reserved_at_ns, spend }))
    }

    fn each(
        &self,
        name: &str,
        records: Records<'_>,
        (from, until): (u64, u64),
        mut take: impl FnMut(Record) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut next = from;
        // What a reader sees beyond what was published may not be durable yet.
        for record in records.take(usize::try_from(until - from).unwrap_or(usize::MAX)) {
            if self.stopping() {
                return Ok(());
            }
            let record = record.map_err(Fault::input)?;
            next = record.position + 1;
            take(record)?;
        }
        // A reader ends quietly before bytes that look like a torn write, but what was published
        // is durable.
        if next < until && !self.stopping() {
            let fault = format!("the {name} journal cannot be read at position {next} of {until}");
            return Err(Fault::Input(fault));
        }
        Ok(())
    }

    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
