//! Writing the key file anew: without the keys of those who were erased, or under another
//! key-encryption key.
//!
//! The new file is made aside, synced, and renamed into place, so that a crash leaves the one or the
//! other whole. Most of it is copied while the old one is in use; what was appended meanwhile
//! follows at the end.

use std::collections::HashMap;

use super::contents::Contents;
use super::key_file::{
    HEADER_2, KeyFile, PID_BYTES, ROW_BYTES, ROWS_PER_APPEND, append, erased_at, failed, rows_of,
    tombstone,
};
use super::{ByRandomBytes, Key, Pid, VaultError};

/// A new file on its way.
pub(super) struct Rewrite {
    new: KeyFile,
    contents: Contents,
    /// Rows that wait to be written as one append.
    rows: Vec<u8>,
    /// How far the old file was copied.
    copied_to: u64,
    /// Whose keys are left out, and the positions of the entries that say so.
    gone: HashMap<Pid, u64, ByRandomBytes>,
    /// Whether keys are wrapped anew.
    is_new_key: bool,
    /// The appends of the old file that have a key which is left out, without it.
    blanked: Vec<(u64, Vec<u8>)>,
}

impl Rewrite {
    /// Begins a file without the keys of those who are `gone`.
    pub(super) fn without(
        old: &KeyFile,
        gone: HashMap<Pid, u64, ByRandomBytes>,
    ) -> Result<Self, VaultError> {
        Ok(Self::new(old.sibling()?, gone, false))
    }

    /// Begins a file with every key wrapped by another one.
    pub(super) fn under(old: &KeyFile, wrapping_key: &Key) -> Result<Self, VaultError> {
        let new = KeyFile::beside(old.path(), wrapping_key)?;
        Ok(Self::new(new, HashMap::default(), true))
    }

    fn new(new: KeyFile, gone: HashMap<Pid, u64, ByRandomBytes>, is_new_key: bool) -> Self {
        let (contents, rows, blanked) = (Contents::default(), Vec::new(), Vec::new());
        Self { new, contents, rows, copied_to: 0, gone, is_new_key, blanked }
    }

    /// Copies what the old file has and the new one has not.
    pub(super) fn copy(&mut self, old: &KeyFile) -> Result<(), VaultError> {
        old.each_append(self.copied_to, |at, rows| self.copy_append(old, at, rows))?;
        self.copied_to = old.end();
        Ok(())
    }

    /// Puts what was copied so far on stable storage, so that little is left for the end.
    pub(super) fn sync(&mut self) -> Result<(), VaultError> {
        self.put()?;
        self.new.sync()
    }

    fn copy_append(&mut self, old: &KeyFile, at: u64, rows: &[u8]) -> Result<(), VaultError> {
        let (mut blanked, mut is_blanked) = (Vec::with_capacity(rows.len()), false);
        for (pid, _, row) in rows_of(at, rows) {
            if let Some(position) = self.gone.get(&pid) {
                blanked.extend(tombstone_row(&pid, *position));
                is_blanked = true;
                continue;
            }
            blanked.extend_from_slice(row);
            let row = self.rewrapped(old, &pid, row)?;
            self.add(&row)?;
        }
        if is_blanked {
            self.blanked.push((at, append(at, &blanked)));
        }
        Ok(())
    }

    fn rewrapped(&self, old: &KeyFile, pid: &Pid, row: &[u8]) -> Result<Vec<u8>, VaultError> {
        if !self.is_new_key || erased_at(row).is_some() {
            return Ok(row.to_vec());
        }
        let key = old.unwrap(pid, row.get(PID_BYTES..).unwrap_or_default())?;
        self.new.row(pid, &key)
    }

    fn add(&mut self, row: &[u8]) -> Result<(), VaultError> {
        self.rows.extend_from_slice(row);
        if self.rows.len() >= ROWS_PER_APPEND * ROW_BYTES { self.put() } else { Ok(()) }
    }

    fn put(&mut self) -> Result<(), VaultError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let at = self.new.put(&rows)?;
        let contents = &mut self.contents;
        rows_of(at, &rows).for_each(|(pid, place, row)| contents.add(&pid, place, row));
        Ok(())
    }

    /// Takes the place of the old file, which nobody may append to meanwhile. Once this has
    /// happened it is the one in use, whatever else fails.
    pub(super) fn finish(mut self, old: &KeyFile) -> Result<Finished, VaultError> {
        self.copy(old)?;
        for (pid, position) in std::mem::take(&mut self.gone) {
            self.add(&tombstone_row(&pid, position))?;
        }
        self.put()?;
        let synced = self.new.replace()?;
        blank_out(old, &self.blanked);
        let path = self.new.path().to_owned();
        let synced = synced.map_err(|source| failed(&path, source));
        Ok(Finished { file: self.new, contents: self.contents, synced })
    }
}

/// A file that has taken the place of another.
pub(super) struct Finished {
    pub(super) file: KeyFile,
    pub(super) contents: Contents,
    /// Whether it will be there after a crash, too.
    pub(super) synced: Result<(), VaultError>,
}

/// Overwrites the keys that are gone in the old file, whose blocks the file system now gives away.
/// What a disk keeps of its own accord is beyond reach; nothing depends on this.
fn blank_out(old: &KeyFile, blanked: &[(u64, Vec<u8>)]) {
    if blanked.is_empty() {
        return;
    }
    let header = std::iter::once((0, HEADER_2.as_slice()));
    let appends = blanked.iter().map(|(at, bytes)| (*at, bytes.as_slice()));
    let written = header.chain(appends).try_for_each(|(at, bytes)| old.overwrite(at, bytes));
    if let Err(error) =
        written.map_err(|source| failed(old.path(), source)).and_then(|()| old.sync())
    {
        tracing::warn!(%error, "the former key file was replaced, and could not be overwritten");
    }
}

/// The row of somebody whom the entry at a position has erased.
fn tombstone_row(pid: &Pid, position: u64) -> Vec<u8> {
    [pid.as_slice(), &tombstone(position)].concat()
}
