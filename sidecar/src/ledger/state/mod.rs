//! What the writer has made durable, for everybody to read.
//!
//! Rows are in memory where they are needed at any moment ([`Row::is_resident`]) or have changed
//! since the last snapshot; the others are looked up in the snapshot. Nobody holds the lock while a
//! file is read: what a reader lacks is loaded first, and then the rows are looked at again.
//!
//! [`Row::is_resident`]: makegood_core::ledger::Row::is_resident

mod restore;
mod settle;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::Thread;

use makegood_core::ledger::{Changes, Key, Read as _, Row, Rows, Write as _};
use makegood_proto::records::v1::Envelope;
use parking_lot::{Mutex, RwLock};

use crate::vault::Pid;
use makegood_ledger::journal::frame::LeafHash;
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::snapshot::{Snapshot, Snapshots};
use restore::{Restored, restore};
use view::Loaded;

pub use restore::RestoreError;
pub use view::{Reading, View};

/// Slots by which readers see that a customer changed; two customers may share one.
const GENERATION_SLOTS: usize = 4_096;

/// The ledger's rows and what belongs to them, as of the last acknowledged batch.
///
/// The writer alone changes it; readers wait for no disk but for rows that left memory.
pub struct LedgerState {
    hot: RwLock<Hot>,
    /// None where all rows stay in memory.
    store: Option<Store>,
    record_count: AtomicU64,
    generations: Vec<AtomicU64>,
    /// Who is woken when a batch has been taken over.
    follower: OnceLock<Thread>,
}

/// What is in memory.
#[derive(Debug, Default)]
struct Hot {
    /// What is always in memory, and what has changed since the rows below were taken.
    rows: Rows,
    /// What is being written into the next snapshot.
    settling: Option<Arc<BTreeMap<Key, Row>>>,
    /// Where all other rows are.
    base: Option<Arc<Snapshot>>,
    /// The leaf hashes of the entries after the base.
    leaves: Vec<LeafHash>,
}

/// Where rows go that leave memory, and where they come from if that is lost.
struct Store {
    snapshots: Snapshots,
    journal: Reader,
    /// Entries after which a snapshot is due.
    every: usize,
    /// Held by whoever writes a snapshot or replaces the base.
    turn: Mutex<()>,
    due: OnceLock<SyncSender<()>>,
}

impl LedgerState {
    /// A state whose rows are all in memory and stay there.
    pub fn new(rows: Rows, leaves: Vec<LeafHash>, record_count: u64) -> Self {
        Self::of(Hot { rows, leaves, ..Hot::default() }, None, record_count)
    }

    /// The state of a ledger's journal, from the snapshots in `folder` and the entries after them;
    /// a snapshot is due every so many entries.
    ///
    /// # Errors
    /// When the journal is damaged, or holds what is no entry.
    pub fn restore(
        folder: &Path,
        journal: Reader,
        every: usize,
        record_count: u64,
    ) -> Result<Self, RestoreError> {
        match Snapshots::open(folder) {
            Ok(snapshots) => Self::restore_from(snapshots, journal, every, record_count),
            Err(error) => {
                tracing::warn!(%error, "no folder for snapshots; all rows stay in memory");
                let snapshots = Snapshots::on(Arc::new(
                    makegood_ledger::journal::disk::Folder::existing(folder),
                ));
                Self::restore_from(snapshots, journal, every, record_count)
            }
        }
    }

    /// As [`LedgerState::restore`], from snapshots on any disk.
    ///
    /// # Errors
    /// As [`LedgerState::restore`].
    pub fn restore_from(
        snapshots: Snapshots,
        journal: Reader,
        every: usize,
        record_count: u64,
    ) -> Result<Self, RestoreError> {
        let Restored { rows, base, leaves } = restore(&snapshots, &journal, None)?;
        let store =
            Store { snapshots, journal, every, turn: Mutex::default(), due: OnceLock::new() };
        Ok(Self::of(Hot { rows, settling: None, base, leaves }, Some(store), record_count))
    }

    fn of(hot: Hot, store: Option<Store>, record_count: u64) -> Self {
        Self {
            hot: RwLock::new(hot),
            store,
            record_count: AtomicU64::new(record_count),
            generations: (0..GENERATION_SLOTS).map(|_| AtomicU64::new(0)).collect(),
            follower: OnceLock::new(),
        }
    }

    /// What `look` makes of the rows, all of one moment. It is called again where it asked for rows
    /// that had to be loaded, so it must do nothing else; and be short, because the writer waits.
    ///
    /// # Errors
    /// When neither the snapshots nor the journal can be read.
    pub fn read<T>(&self, look: impl Fn(&View<'_>) -> T) -> Result<T, RestoreError> {
        self.look(look).map(|(seen, _)| seen)
    }

    /// The rows as they are, with all those in memory that `touch` asks for. Until the reading is
    /// dropped nobody changes them.
    ///
    /// # Errors
    /// As [`LedgerState::read`].
    pub fn reading(&self, touch: impl Fn(&View<'_>)) -> Result<Reading<'_>, RestoreError> {
        self.look(touch).map(|((), reading)| reading)
    }

    fn look<T>(&self, look: impl Fn(&View<'_>) -> T) -> Result<(T, Reading<'_>), RestoreError> {
        let mut loaded = Loaded::default();
        loop {
            let hot = self.hot.read();
            loaded.keep_if_of(hot.base.as_ref());
            let view = View::new(&hot, &loaded);
            let seen = look(&view);
            let missing = view.into_missing();
            let base = match &hot.base {
                Some(base) if !missing.is_empty() => Arc::clone(base),
                _ => return Ok((seen, Reading { hot, loaded })),
            };
            drop(hot);
            if let Err(error) = loaded.load(&base, missing) {
                self.recover(&base, &error)?;
            }
        }
    }

    /// Every row there is, to hold against the journal; they are all in memory then.
    ///
    /// # Errors
    /// As [`LedgerState::read`].
    pub fn all_rows(&self) -> Result<Rows, RestoreError> {
        loop {
            let base = self.hot.read().base.clone();
            let settled = match base.as_ref().map(|base| (base, base.rows())) {
                None => Vec::new(),
                Some((_, Ok(settled))) => settled,
                Some((base, Err(error))) => {
                    self.recover(base, &error)?;
                    continue;
                }
            };
            let hot = self.hot.read();
            if hot.base.as_ref().map(Arc::as_ptr) != base.as_ref().map(Arc::as_ptr) {
                continue;
            }
            let mut rows = Rows::default();
            let settling = hot.settling.iter().flat_map(|rows| rows.iter());
            let newer = settling.chain(hot.rows.iter());
            let newer = newer.map(|(name, row)| (name.clone(), row.clone()));
            for (name, row) in settled.into_iter().chain(newer) {
                rows.put(name, row);
            }
            return Ok(rows);
        }
    }

    /// The rows of a state that keeps all of them in memory; the writer waits while they are held.
    #[cfg(test)]
    pub(crate) fn rows(&self) -> parking_lot::MappedRwLockReadGuard<'_, Rows> {
        parking_lot::RwLockReadGuard::map(self.hot.read(), |hot| &hot.rows)
    }

    /// How many rows are in memory.
    pub fn rows_in_memory(&self) -> usize {
        let hot = self.hot.read();
        hot.rows.iter().count() + hot.settling.as_ref().map_or(0, |rows| rows.len())
    }

    /// How many entries the ledger has.
    pub fn entry_count(&self) -> u64 {
        self.hot.read().rows.head().entry_count
    }

    /// How many records there are.
    pub fn record_count(&self) -> u64 {
        self.record_count.load(Ordering::Acquire)
    }

    /// The Merkle leaf of an entry; none for one that is not there, or cannot be read.
    pub fn leaf(&self, position: u64) -> Option<LeafHash> {
        loop {
            let base = {
                let hot = self.hot.read();
                let before = hot.base.as_ref().map_or(0, |base| base.entry_count());
                match position.checked_sub(before) {
                    Some(nth) => return hot.leaves.get(usize::try_from(nth).ok()?).copied(),
                    None => hot.base.clone()?,
                }
            };
            let recovered = match base.leaf(position) {
                Ok(leaf) => return leaf,
                Err(error) => self.recover(&base, &error),
            };
            if let Err(error) = recovered {
                tracing::error!(%error, position, "an entry's leaf hash cannot be read");
                return None;
            }
        }
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
    pub(crate) fn publish(&self, changes: Changes, leaves: &[LeafHash], record_count: u64) {
        let unsettled = {
            let mut hot = self.hot.write();
            hot.leaves.extend_from_slice(leaves);
            hot.rows.absorb(changes);
            hot.leaves.len()
        };
        self.record_count.store(record_count, Ordering::Release);
        if let Some(store) = &self.store
            && unsettled >= store.every
            && let Some(due) = store.due.get()
        {
            // A full channel means that it has been told already.
            let _ = due.try_send(());
        }
        if let Some(follower) = self.follower.get() {
            follower.unpark();
        }
    }

    /// Unparks this thread after each batch from now on; the first one that is named stays.
    pub(crate) fn wake_on_publish(&self, follower: Thread) {
        self.follower.get_or_init(|| follower);
    }

    /// Whom to tell when a snapshot is due; the first one that is named stays.
    pub(super) fn tell_when_due(&self, due: SyncSender<()>) {
        if let Some(store) = &self.store {
            store.due.get_or_init(|| due);
        }
    }

    /// How many entries have come since the last snapshot.
    pub fn unsettled_entries(&self) -> usize {
        self.hot.read().leaves.len()
    }
}

impl Hot {
    /// The row, where it is in memory.
    fn get(&self, key: &Key) -> Option<&Row> {
        let settling = || self.settling.as_ref().and_then(|rows| rows.get(key));
        self.rows.get(key).or_else(settling)
    }
}

/// Pseudonyms are random, so their bytes are spread evenly.
fn slot(subject: &Pid) -> usize {
    usize::from(u16::from_be_bytes([subject[0], subject[1]])) % GENERATION_SLOTS
}
