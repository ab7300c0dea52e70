//! Snapshots: the rows that the ledger's entries add up to, so that a start need not add them up
//! again, and so that rows nobody asks for need not be in memory.
//!
//! A snapshot is derived and never the truth. One that is damaged, cut short, of another ledger or
//! from a newer release is reported and set aside, and the one before it is used, or the journal.
//!
//! # A file
//! `<number of entries>.rows`, written once and never changed:
//!
//! | part | what it has |
//! |---|---|
//! | header | format version; number of entries; leaf hash of the last one (`ends`) |
//! | resident rows | where the house stands, and every open hold: read into memory at a start |
//! | settled rows | all others, sorted by name, in blocks, among them those of their index |
//! | leaf hashes | of every entry, at fixed places |
//! | footer | where the parts lie |
//!
//! Every byte is under a CRC-32C. Header, footer and resident rows are verified at a start; blocks
//! and leaf hashes when they are read. The index is a tree of blocks: the bytes of a name are
//! looked for from the root down, two or three reads deep, and what was read stays in a small cache
//! ([`file`]). Names and rows have codecs of their own (`key`, `row`).
//!
//! # Writing one
//! The rows in memory are merged with the snapshot before, from front to back, into a file aside
//! (`next.part`), which is synced as it grows and once it is whole, and then renamed. The newest two
//! are kept, so that damage to one leaves the other.

mod block;
mod cursor;
mod ends;
mod fault;
mod file;
mod key;
mod row;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use makegood_core::ledger::{Key, Row};
use parking_lot::Mutex;

pub use fault::{Fault, SnapshotError};
pub use file::Snapshot;

use crate::journal::disk::{Disk, Folder, Space};
use crate::journal::error::JournalError;
use crate::journal::frame::{LeafHash, leaf_hash};
use crate::journal::reader::Reader;
use ends::Header;
use write::Writer;

const SUFFIX: &str = ".rows";
const UNFINISHED: &str = "next.part";
const ASIDE: &str = ".aside";
/// How many are kept.
const KEPT: usize = 2;
/// What a row that is new takes, with its name; most take less.
const ROW_BYTES: u64 = 512;
/// What is left to the journals on their disk, in bytes: more than the margin at which they refuse
/// new work, and this part of the disk where that is more.
const LEFT_BYTES: u64 = 128 << 20;
const LEFT_SHARE: u64 = 50;

/// The folder of a ledger's snapshots.
#[derive(Debug)]
pub struct Snapshots {
    disk: Arc<dyn Disk>,
    /// Those that were found wanting in this run.
    distrusted: Mutex<BTreeSet<String>>,
}

/// What a snapshot is to hold beyond the one that it builds on.
pub struct Added<'a> {
    /// Every row that has changed since, and all those that are always in memory.
    pub rows: &'a BTreeMap<Key, Row>,
    /// The leaf hash of each entry since, in order; at least one.
    pub leaves: &'a [LeafHash],
}

impl Snapshots {
    /// The snapshots in a folder, which is created where it is absent.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn open(dir: &Path) -> io::Result<Self> {
        Ok(Self::on(Arc::new(Folder::create(dir)?)))
    }

    /// The snapshots on any disk.
    pub fn on(disk: Arc<dyn Disk>) -> Self {
        Self { disk, distrusted: Mutex::default() }
    }

    /// The newest snapshot that can be used and is of this journal; others are set aside.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn newest(&self, journal: &Reader) -> Result<Option<Snapshot>, JournalError> {
        for name in self.names().into_iter().rev() {
            if self.distrusted.lock().contains(&name) {
                continue;
            }
            let error = match Snapshot::open(&*self.disk, &name) {
                Ok(snapshot) if is_of(&snapshot, journal)? => return Ok(Some(snapshot)),
                Ok(snapshot) => snapshot.failed(Fault::Foreign),
                Err(error) => error,
            };
            self.set_aside(&name, &error);
        }
        Ok(None)
    }

    /// Reads all of a snapshot, and says what is wrong with it.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self, name: &str) -> Result<(), SnapshotError> {
        let snapshot = Snapshot::open(&*self.disk, name)?;
        snapshot.residents()?;
        snapshot.rows()?;
        (0..snapshot.leaf_groups()).try_for_each(|group| snapshot.leaf_group(group).map(drop))
    }

    /// Uses the snapshot that an error names no more.
    pub fn distrust(&self, error: &SnapshotError) {
        let name = error.path.file_name().unwrap_or_default();
        self.set_aside(&name.to_string_lossy(), error);
    }

    /// Keeps one for those who want to look into it.
    fn set_aside(&self, name: &str, error: &SnapshotError) {
        tracing::warn!(%error, "snapshot set aside; the ledger's rows come from the journal");
        self.distrusted.lock().insert(name.to_owned());
        let names = self.disk.names().unwrap_or_default();
        for old in names.iter().filter(|name| name.ends_with(ASIDE)) {
            self.remove(old);
        }
        let aside = format!("{name}{ASIDE}");
        let moved = self.disk.rename(name, &aside).and_then(|()| self.disk.sync());
        if let Err(error) = moved {
            tracing::warn!(%error, name, "cannot set a snapshot aside");
        }
    }

    /// Writes a snapshot on top of `base`.
    ///
    /// # Errors
    /// When it cannot be written, or when `base` is damaged: the error's path tells which.
    pub fn write(
        &self,
        base: Option<&Snapshot>,
        added: &Added<'_>,
    ) -> Result<Snapshot, SnapshotError> {
        let failed = |name: &str, action, source| SnapshotError {
            path: self.disk.path(name),
            fault: Fault::Io { action, source },
        };
        self.remove_unfinished();
        self.check_room(base, added).map_err(|fault| {
            let path = self.disk.path(UNFINISHED);
            SnapshotError { path, fault }
        })?;
        let created = self.disk.create(UNFINISHED);
        let file = created.map_err(|error| failed(UNFINISHED, "create", error))?;
        let before = base.map_or(0, Snapshot::entry_count);
        let header = Header {
            entry_count: before + added.leaves.len() as u64,
            last_leaf: added.leaves.last().copied().unwrap_or_default(),
        };
        let name = format!("{:020}{SUFFIX}", header.entry_count);
        let writer = Writer::new(file, self.disk.path(UNFINISHED), header);
        // What is there of it takes room that the journals may need.
        fill(writer, base, added).inspect_err(|_| self.remove_unfinished())?;
        let renamed = self.disk.rename(UNFINISHED, &name).and_then(|()| self.disk.sync());
        renamed.map_err(|error| failed(&name, "rename", error))?;
        self.distrusted.lock().remove(&name);
        let snapshot = Snapshot::open(&*self.disk, &name)?;
        let names = self.names();
        names.iter().rev().skip(KEPT).for_each(|old| self.remove(old));
        Ok(snapshot)
    }

    /// A snapshot never takes the room in which holds are still settled.
    fn check_room(&self, base: Option<&Snapshot>, added: &Added<'_>) -> Result<(), Fault> {
        // A file system that does not say is taken at its word when it is full.
        let Ok(Space { available, total }) = self.disk.space() else {
            return Ok(());
        };
        let needed = base.map_or(0, Snapshot::bytes) + added.rows.len() as u64 * ROW_BYTES;
        let available = available.saturating_sub(LEFT_BYTES.max(total / LEFT_SHARE));
        if needed <= available { Ok(()) } else { Err(Fault::Room { needed, available }) }
    }

    fn remove_unfinished(&self) {
        let names = self.disk.names().unwrap_or_default();
        if names.iter().any(|name| name == UNFINISHED) {
            self.remove(UNFINISHED);
        }
    }

    /// The names of snapshots, the oldest first.
    fn names(&self) -> Vec<String> {
        let names = self.disk.names().unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot look for snapshots");
            Vec::new()
        });
        let mut names: Vec<_> = names.into_iter().filter(|name| name.ends_with(SUFFIX)).collect();
        names.sort();
        names
    }

    fn remove(&self, name: &str) {
        if let Err(error) = self.disk.remove(name) {
            tracing::warn!(%error, name, "cannot remove an old snapshot");
        }
    }
}

/// Whether the journal has the very entry that a snapshot ends with.
fn is_of(snapshot: &Snapshot, journal: &Reader) -> Result<bool, JournalError> {
    let last = journal.get(snapshot.entry_count() - 1)?;
    Ok(last.is_some_and(|last| leaf_hash(&last.payload) == snapshot.last_leaf()))
}

/// Writes everything: what is always in memory, the settled rows merged, the leaf hashes.
fn fill(
    mut writer: Writer,
    base: Option<&Snapshot>,
    added: &Added<'_>,
) -> Result<(), SnapshotError> {
    writer.residents(added.rows.iter().filter(|(_, row)| row.is_resident()))?;
    let settled = added.rows.iter().filter(|(_, row)| !row.is_resident());
    let mut newer: Vec<_> = settled.map(|(name, row)| (key::encode(name), row)).collect();
    newer.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    merge(&mut writer, base, newer)?;
    let footer = writer.end_settled()?;
    if let Some(base) = base {
        for group in 0..base.leaf_groups() {
            base.leaf_group(group)?.iter().try_for_each(|leaf| writer.leaf(leaf))?;
        }
    }
    added.leaves.iter().try_for_each(|leaf| writer.leaf(leaf))?;
    writer.finish(&footer)
}

/// Of two rows with one name the newer one counts.
fn merge(
    writer: &mut Writer,
    base: Option<&Snapshot>,
    newer: Vec<(Vec<u8>, &Row)>,
) -> Result<(), SnapshotError> {
    let mut newer = newer.into_iter().peekable();
    for block in base.into_iter().flat_map(Snapshot::settled) {
        let (block, base) = (block?, base);
        for pair in block.pairs().filter(|_| block.level == 0) {
            let pair = pair.map_err(|fault| SnapshotError {
                path: base.map(|base| base.path().to_owned()).unwrap_or_default(),
                fault,
            });
            let (name, value) = pair?;
            while let Some((before, row)) = newer.next_if(|(newer, _)| newer.as_slice() < name) {
                writer.settled(&before, &row::encode(row))?;
            }
            match newer.next_if(|(newer, _)| newer.as_slice() == name) {
                Some((name, row)) => writer.settled(&name, &row::encode(row))?,
                None => writer.settled(name, value)?,
            }
        }
    }
    newer.try_for_each(|(name, row)| writer.settled(&name, &row::encode(row)))
}
