//! What the writer has made durable, for everybody to read.

use std::sync::atomic::{AtomicU64, Ordering};

use makegood_core::ledger::{Read as _, Rows};
use makegood_proto::records::v1::Envelope;
use parking_lot::{RwLock, RwLockReadGuard};

use crate::journal::frame::LeafHash;
use crate::vault::Pid;

/// Slots by which readers see that a customer changed; two customers may share one.
const GENERATION_SLOTS: usize = 4_096;

/// The ledger's rows and what belongs to them, as of the last acknowledged batch.
///
/// The writer alone changes it; readers never wait for a disk.
pub struct LedgerState {
    rows: RwLock<Rows>,
    leaves: RwLock<Vec<LeafHash>>,
    record_count: AtomicU64,
    generations: Vec<AtomicU64>,
}

impl LedgerState {
    /// The state after a replay.
    pub fn new(rows: Rows, leaves: Vec<LeafHash>, record_count: u64) -> Self {
        Self {
            rows: RwLock::new(rows),
            leaves: RwLock::new(leaves),
            record_count: AtomicU64::new(record_count),
            generations: (0..GENERATION_SLOTS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// The rows; held for as short as possible, because the writer waits for it.
    pub fn rows(&self) -> RwLockReadGuard<'_, Rows> {
        self.rows.read()
    }

    /// How many entries the ledger has.
    pub fn entry_count(&self) -> u64 {
        self.rows.read().head().entry_count
    }

    /// How many records there are.
    pub fn record_count(&self) -> u64 {
        self.record_count.load(Ordering::Acquire)
    }

    /// The Merkle leaf of an entry.
    pub fn leaf(&self, position: u64) -> Option<LeafHash> {
        let index = usize::try_from(position).ok()?;
        self.leaves.read().get(index).copied()
    }

    /// Whether the ledger has the very entry that a record belongs to, if it belongs to one.
    pub fn has_entry_of(&self, record: &Envelope) -> bool {
        record.ledger_leaf_hash.is_empty()
            || self
                .leaf(record.ledger_position.cast_unsigned())
                .is_some_and(|leaf| leaf.as_slice() == record.ledger_leaf_hash)
    }

    /// A number that changes whenever anything about the subject does.
    pub fn generation(&self, subject: &Pid) -> u64 {
        self.generations[slot(subject)].load(Ordering::Acquire)
    }

    /// Notes a change about the subject; called after it can be read.
    pub(super) fn touch(&self, subject: &Pid) {
        self.generations[slot(subject)].fetch_add(1, Ordering::AcqRel);
    }

    /// Notes a change about everybody: what was read before may have been incomplete.
    pub(crate) fn touch_all(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Takes over a durable batch.
    pub(crate) fn publish(
        &self,
        changes: makegood_core::ledger::Changes,
        leaves: &[LeafHash],
        record_count: u64,
    ) {
        self.leaves.write().extend_from_slice(leaves);
        self.rows.write().absorb(changes);
        self.record_count.store(record_count, Ordering::Release);
    }
}

/// Pseudonyms are random, so their bytes are spread evenly.
fn slot(subject: &Pid) -> usize {
    usize::from(u16::from_be_bytes([subject[0], subject[1]])) % GENERATION_SLOTS
}
