//! Destroying keys: the person is forgotten at once, and then the file is written anew without them.
//!
//! The ledger says who was erased, and its entry comes first. The file notes how far the ledger was
//! read for such entries: a start goes on from there, so that neither a crash before the file was
//! written nor an older file from a backup brings anybody back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::RwLock;

use super::key_file::{KeyFile, LEDGER_READ};
use super::rewrite::Rewrite;
use super::{Erased, Key, Pid, Subjects, Vault, VaultError};

/// After so many entries it is noted again how far the ledger was read.
const ENTRIES_BETWEEN_NOTES: u64 = 10_000;

impl Vault {
    /// Who was erased.
    pub fn erased(&self) -> Arc<Erased> {
        Arc::clone(&self.erased)
    }

    /// Forgets subjects, each erased by the entry at a position: from now on they have no key. Their
    /// keys are in the file until [`Vault::destroy_forgotten`].
    pub fn forget(&self, erased: impl IntoIterator<Item = (Pid, u64)>) {
        for (pid, position) in erased {
            if !self.erased.add(&pid, position) {
                continue;
            }
            let mut subjects = self.subjects.write();
            subjects.places.remove(&pid);
            subjects.fresh.remove(&pid);
            subjects.doomed.insert(pid, position);
            drop(subjects);
            self.unwrapped.remove(&pid);
        }
    }

    /// Destroys the keys of all who were forgotten: when it returns, their wrapped keys are in no
    /// file. Others use their keys meanwhile, but for a moment at the end.
    ///
    /// # Errors
    /// When the file cannot be written anew; the keys are still in it then, and the next call or the
    /// next start tries again.
    pub fn destroy_forgotten(vault: &RwLock<Self>) -> Result<(), VaultError> {
        let turn = Arc::clone(&vault.read().rewriting);
        let _turn = turn.lock();
        let (old, doomed) = {
            let vault = vault.read();
            let doomed = vault.subjects.read().doomed.clone();
            (vault.file.handle()?, doomed)
        };
        if doomed.is_empty() {
            return Ok(());
        }
        let mut rewrite = Rewrite::without(&old, doomed.clone())?;
        rewrite.copy(&old)?;
        rewrite.sync()?;
        let mut vault = vault.write();
        let finished = rewrite.finish(&vault.file)?;
        vault.file = finished.file;
        let Subjects { places, doomed: still, .. } = vault.subjects.get_mut();
        *places = finished.contents.places;
        places.remove(&super::key_file::TENANT_SUBJECT);
        // Those who were forgotten meanwhile.
        for pid in still.keys() {
            places.remove(pid);
        }
        finished.synced?;
        still.retain(|pid, _| !doomed.contains_key(pid));
        Ok(())
    }

    /// How far the ledger was read for erasures: those before this position were carried out.
    pub fn ledger_read(&self) -> u64 {
        self.ledger_read.load(Ordering::Acquire)
    }

    /// Notes that every erasure before a position was carried out, now and then; on disk with the
    /// next [`Vault::sync`].
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn note_ledger(&self, position: u64) -> Result<(), VaultError> {
        let before = self.ledger_read();
        let is_due = position < before || position - before >= ENTRIES_BETWEEN_NOTES;
        if !is_due || !self.subjects.read().doomed.is_empty() {
            return Ok(());
        }
        let row = self.file.row(&LEDGER_READ, &note(position))?;
        self.waiting.lock().extend(row);
        self.ledger_read.store(position, Ordering::Release);
        Ok(())
    }

    /// Wraps every key in `folder` by another key-encryption key; how many there are. Nobody may
    /// have the keys open for writing.
    ///
    /// # Errors
    /// As [`Vault::open`]; nothing is changed then.
    pub fn rotate(folder: &Path, old: &Key, new: &Key) -> Result<usize, VaultError> {
        let (file, contents) = KeyFile::open(&folder.join("keys"), old)?;
        if contents.places.len() == 0 {
            return Err(VaultError::Empty { path: folder.join("keys") });
        }
        let mut rewrite = Rewrite::under(&file, new)?;
        rewrite.copy(&file)?;
        rewrite.finish(&file)?.synced?;
        Ok(contents.places.len().saturating_sub(1))
    }
}

/// A position, as long as a key.
fn note(position: u64) -> Key {
    let mut note = [0; 32];
    note[..8].copy_from_slice(&position.to_be_bytes());
    note
}

/// The position of a note.
pub(super) fn noted(note: &Key) -> u64 {
    note.first_chunk().map_or(0, |position| u64::from_be_bytes(*position))
}

#[cfg(test)]
mod tests;
