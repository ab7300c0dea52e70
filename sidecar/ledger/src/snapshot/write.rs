//! Writing a snapshot from front to back, in bounded memory.

use std::path::PathBuf;

use makegood_core::ledger::{Key, Row};

use super::block::{Builder, Place, checksum};
use super::ends::{Footer, GROUP_LEAVES, Header, leaf_bytes};
use super::fault::{Fault, SnapshotError};
use super::{key, row};
use crate::journal::disk::SegmentFile;
use crate::journal::frame::LeafHash;

/// Bytes are gathered up to this many before they are written.
const WRITE_BYTES: usize = 1 << 20;
/// So often what was written is synced, so that the journal's own sync never waits for much of it.
const SYNC_BYTES: u64 = 8 << 20;

/// A file that is being written.
pub(super) struct Writer {
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    gathered: Vec<u8>,
    /// Where the gathered bytes begin.
    offset: u64,
    synced: u64,
    header: Header,
    resident_end: u64,
    settled_rows: u64,
    /// The block being filled on each level.
    levels: Vec<Builder>,
    leaves: Vec<u8>,
    leaf_count: u64,
}

impl Writer {
    pub(super) fn new(file: Box<dyn SegmentFile>, path: PathBuf, header: Header) -> Self {
        Self {
            file,
            path,
            gathered: header.encode(),
            offset: 0,
            synced: 0,
            header,
            resident_end: 0,
            settled_rows: 0,
            levels: Vec::new(),
            leaves: Vec::new(),
            leaf_count: 0,
        }
    }

    /// Writes the rows that are always in memory; they come first.
    pub(super) fn residents<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a Key, &'a Row)>,
    ) -> Result<(), SnapshotError> {
        let mut block = Builder::default();
        for (name, value) in rows {
            block.push(&key::encode(name), &row::encode(value));
            if block.is_full() {
                self.append_block(&mut block, 0)?;
            }
        }
        if !block.is_empty() {
            self.append_block(&mut block, 0)?;
        }
        self.resident_end = self.end();
        self.levels = vec![Builder::default()];
        Ok(())
    }

    /// Writes a settled row; they come in the order of their keys.
    pub(super) fn settled(&mut self, key: &[u8], value: &[u8]) -> Result<(), SnapshotError> {
        self.settled_rows += 1;
        self.levels[0].push(key, value);
        if self.levels[0].is_full() { self.close(0) } else { Ok(()) }
    }

    /// Writes the settled rows' last blocks and what is left of their index.
    pub(super) fn end_settled(&mut self) -> Result<Footer, SnapshotError> {
        let mut root = None;
        let mut level = 0;
        while level < self.levels.len() {
            let is_top = level > 0 && level + 1 == self.levels.len();
            if is_top {
                let mut block = std::mem::take(&mut self.levels[level]);
                root = Some(self.append_block(&mut block, number(level))?.0);
            } else if !self.levels[level].is_empty() {
                self.close(level)?;
            }
            level += 1;
        }
        Ok(Footer {
            resident_end: self.resident_end,
            settled_end: self.end(),
            root,
            settled_rows: self.settled_rows,
        })
    }

    /// Writes the leaf hash of the next entry; they come last, from the first entry on.
    pub(super) fn leaf(&mut self, leaf: &LeafHash) -> Result<(), SnapshotError> {
        self.leaves.extend_from_slice(leaf);
        self.leaf_count += 1;
        if self.leaf_count.is_multiple_of(GROUP_LEAVES) { self.close_leaves() } else { Ok(()) }
    }

    /// Ends the file and puts it on stable storage.
    pub(super) fn finish(mut self, footer: &Footer) -> Result<(), SnapshotError> {
        debug_assert_eq!(self.leaf_count, self.header.entry_count, "one leaf for each entry");
        if !self.leaves.is_empty() {
            self.close_leaves()?;
        }
        debug_assert_eq!(self.end(), footer.settled_end + leaf_bytes(self.leaf_count));
        let footer = footer.encode(self.end());
        self.append(&footer)?;
        self.flush()?;
        self.sync()
    }

    /// Closes the block being filled on a level, and names it on the one above.
    fn close(&mut self, level: usize) -> Result<(), SnapshotError> {
        let mut block = std::mem::take(&mut self.levels[level]);
        let (place, first) = self.append_block(&mut block, number(level))?;
        if self.levels.len() == level + 1 {
            self.levels.push(Builder::default());
        }
        self.levels[level + 1].push(&first, &place.encode());
        if self.levels[level + 1].is_full() { self.close(level + 1) } else { Ok(()) }
    }

    fn append_block(
        &mut self,
        block: &mut Builder,
        level: u8,
    ) -> Result<(Place, Vec<u8>), SnapshotError> {
        let offset = self.end();
        let (bytes, first) = block.close(level, offset);
        let length = u32::try_from(bytes.len()).map_err(|_| self.failed(Fault::Content("row")))?;
        self.append(&bytes)?;
        Ok((Place { offset, bytes: length }, first))
    }

    fn close_leaves(&mut self) -> Result<(), SnapshotError> {
        let mut leaves = std::mem::take(&mut self.leaves);
        let checksum = checksum(self.end(), &leaves);
        leaves.extend_from_slice(&checksum.to_le_bytes());
        self.append(&leaves)
    }

    fn end(&self) -> u64 {
        self.offset + self.gathered.len() as u64
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() < WRITE_BYTES {
            return Ok(());
        }
        self.flush()?;
        if self.offset - self.synced < SYNC_BYTES { Ok(()) } else { self.sync() }
    }

    fn flush(&mut self) -> Result<(), SnapshotError> {
        let written = self.file.write_at(&self.gathered, self.offset);
        written.map_err(|source| self.failed(Fault::Io { action: "write", source }))?;
        self.offset += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    fn sync(&mut self) -> Result<(), SnapshotError> {
        let synced = self.file.sync_data();
        synced.map_err(|source| self.failed(Fault::Io { action: "sync", source }))?;
        self.synced = self.offset;
        Ok(())
    }

    fn failed(&self, fault: Fault) -> SnapshotError {
        SnapshotError { path: self.path.clone(), fault }
    }
}

/// Each level names a hundred blocks of the one below, so there are few.
fn number(level: usize) -> u8 {
    u8::try_from(level).unwrap_or(u8::MAX)
}
