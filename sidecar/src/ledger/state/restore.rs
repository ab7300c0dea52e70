//! The ledger's rows from its newest good snapshot and the entries after it.

use std::sync::Arc;

use makegood_core::ledger::{Entry, Key, Read as _, Rows, Write as _, apply, keys_of_entry};

use makegood_ledger::codec::{self, DecodeError};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::snapshot::{Added, Fault, Snapshot, SnapshotError, Snapshots};

/// Entries that a replay holds in memory before it writes a snapshot.
const REPLAYED_AT_ONCE: usize = 250_000;

/// Why the rows cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The journal is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry cannot be read.
    #[error("ledger entry {position}: {source}")]
    Entry {
        /// Which.
        position: u64,
        /// Why.
        source: DecodeError,
    },
    /// The journal ends before it should.
    #[error("the ledger's journal ends at position {position}, before position {end}")]
    Short {
        /// Where it ends.
        position: u64,
        /// Where it should.
        end: u64,
    },
}

/// What went wrong on the way: the journal, which is the truth, or a snapshot, which is not.
enum Broken {
    Truth(RestoreError),
    Snapshot(SnapshotError),
}

/// Rows and leaf hashes in memory, on top of a snapshot.
#[derive(Default)]
pub(super) struct Restored {
    pub(super) rows: Rows,
    pub(super) base: Option<Arc<Snapshot>>,
    /// The leaf hashes of the entries after the snapshot's.
    pub(super) leaves: Vec<LeafHash>,
}

/// Restores the rows up to position `end`, or to the journal's end.
///
/// # Errors
/// When the journal is damaged, or holds what is no entry. A snapshot that cannot be used is set
/// aside.
pub(super) fn restore(
    snapshots: &Snapshots,
    journal: &Reader,
    end: Option<u64>,
) -> Result<Restored, RestoreError> {
    loop {
        let base = snapshots.newest(journal)?.map(Arc::new);
        let restored = Restored::on(base).and_then(|mut restored| {
            restored.replay(snapshots, journal, end)?;
            Ok(restored)
        });
        match restored {
            Ok(restored) => return Ok(restored),
            Err(Broken::Truth(error)) => return Err(error),
            Err(Broken::Snapshot(error)) => snapshots.distrust(&error),
        }
    }
}

impl Restored {
    fn on(base: Option<Arc<Snapshot>>) -> Result<Self, Broken> {
        let mut restored = Self { base, ..Self::default() };
        let Some(base) = &restored.base else {
            return Ok(restored);
        };
        for (name, row) in base.residents()? {
            restored.rows.put(name, row);
        }
        if restored.rows.head().entry_count == base.entry_count() {
            Ok(restored)
        } else {
            Err(Broken::Snapshot(base.failed(Fault::Content("head"))))
        }
    }

    /// The position of the next entry.
    pub(super) fn next(&self) -> u64 {
        self.base.as_ref().map_or(0, |base| base.entry_count()) + self.leaves.len() as u64
    }

    /// Goes on to position `end` on what is in memory and in the snapshot below it.
    ///
    /// # Errors
    /// As [`restore`]; here a damaged snapshot, too.
    pub(super) fn go_on(&mut self, journal: &Reader, end: u64) -> Result<bool, RestoreError> {
        match self.apply_all(journal, Some(end), |_| Ok(())) {
            Ok(()) => Ok(true),
            Err(Broken::Truth(error)) => Err(error),
            Err(Broken::Snapshot(_)) => Ok(false),
        }
    }

    fn replay(
        &mut self,
        snapshots: &Snapshots,
        journal: &Reader,
        end: Option<u64>,
    ) -> Result<(), Broken> {
        let mut can_fold = true;
        self.apply_all(journal, end, |restored| {
            if can_fold && restored.leaves.len() >= REPLAYED_AT_ONCE {
                can_fold = restored.fold(snapshots)?;
            }
            Ok(())
        })
    }

    fn apply_all(
        &mut self,
        journal: &Reader,
        end: Option<u64>,
        mut after_each: impl FnMut(&mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        for record in journal.iter_from(self.next()) {
            let record = record?;
            let position = record.position;
            if end.is_some_and(|end| position >= end) {
                break;
            }
            let entry = codec::decode(&record.payload)
                .map_err(|source| Broken::Truth(RestoreError::Entry { position, source }))?;
            self.load_for(&entry)?;
            apply(&mut self.rows, &entry);
            self.leaves.push(leaf_hash(&record.payload));
            after_each(self)?;
        }
        let position = self.next();
        match end {
            Some(end) if position < end => {
                Err(Broken::Truth(RestoreError::Short { position, end }))
            }
            _ => Ok(()),
        }
    }

    /// Brings into memory what an entry touches.
    fn load_for(&mut self, entry: &Entry) -> Result<(), SnapshotError> {
        let Some(base) = self.base.clone() else {
            return Ok(());
        };
        let mut absent = Vec::new();
        loop {
            let names = keys_of_entry(&self.rows, entry).into_iter();
            let is_here = |name: &Key| name.is_resident() || self.rows.get(name).is_some();
            let names: Vec<_> =
                names.filter(|name| !is_here(name) && !absent.contains(name)).collect();
            if names.is_empty() {
                return Ok(());
            }
            for name in names {
                match base.get(&name)? {
                    Some(row) => self.rows.put(name, row),
                    None => absent.push(name),
                }
            }
        }
    }

    /// Moves what is settled into a snapshot, so that memory stays bounded; says whether it could.
    fn fold(&mut self, snapshots: &Snapshots) -> Result<bool, SnapshotError> {
        let taken = self.rows.settle();
        let added = Added { rows: &taken, leaves: &self.leaves };
        match snapshots.write(self.base.as_deref(), &added) {
            Ok(snapshot) => {
                self.base = Some(Arc::new(snapshot));
                self.leaves = Vec::new();
                Ok(true)
            }
            Err(error) if self.base.as_ref().is_some_and(|base| base.path() == error.path) => {
                Err(error)
            }
            Err(error) => {
                tracing::warn!(%error, "no snapshot was written; all rows stay in memory");
                self.rows.unsettle(taken);
                Ok(false)
            }
        }
    }
}

impl From<SnapshotError> for Broken {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}

impl From<JournalError> for Broken {
    fn from(error: JournalError) -> Self {
        Self::Truth(error.into())
    }
}
