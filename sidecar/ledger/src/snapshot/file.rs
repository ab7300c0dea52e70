//! A snapshot that is open for reading: rows by name, leaf hashes by position.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use makegood_core::ledger::{Key, Row};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::block::{self, Block, Place, checksum};
use super::ends::{
    CHECKSUM_BYTES, FOOTER_BYTES, Footer, GROUP_LEAVES, HEADER_BYTES, Header, leaf_bytes,
};
use super::fault::{Fault, SnapshotError};
use super::{key, row};
use crate::journal::disk::{Access, Disk, SegmentFile};
use crate::journal::frame::LeafHash;

/// Bytes of blocks that are kept in memory, those of the index above all.
const CACHE_BYTES: u64 = 8 << 20;
/// How much is read at once where all blocks are read in order.
const READ_AHEAD_BYTES: usize = 256 << 10;

/// An immutable file with the rows that so many entries add up to.
#[derive(Debug)]
pub struct Snapshot {
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    header: Header,
    footer: Footer,
    blocks: Cache<u64, Arc<Block>, ByBytes>,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<u64, Arc<Block>> for ByBytes {
    fn weight(&self, _: &u64, block: &Arc<Block>) -> u64 {
        block.bytes() as u64
    }
}

impl Snapshot {
    /// Opens a file, and verifies its two ends; blocks are verified as they are read.
    pub(super) fn open(disk: &dyn Disk, name: &str) -> Result<Self, SnapshotError> {
        let path = disk.path(name);
        let failed = |fault| SnapshotError { path: path.clone(), fault };
        let opened = disk.open(name, Access::Read).map_err(Fault::io("open")).and_then(|file| {
            let (header, footer) = ends(&*file)?;
            Ok((file, header, footer))
        });
        let (file, header, footer) = opened.map_err(failed)?;
        let items = usize::try_from(CACHE_BYTES >> 12).unwrap_or(1);
        let blocks = Cache::with_weighter(items, CACHE_BYTES, ByBytes);
        Ok(Self { file, path, header, footer, blocks })
    }

    /// How many entries it is the sum of.
    pub fn entry_count(&self) -> u64 {
        self.header.entry_count
    }

    /// The leaf hash of the last of them.
    pub fn last_leaf(&self) -> LeafHash {
        self.header.last_leaf
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        let leaves = leaf_bytes(self.entry_count());
        self.footer.settled_end + leaves + FOOTER_BYTES as u64
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows that are always in memory.
    ///
    /// # Errors
    /// When a block is damaged, or the file cannot be read.
    pub fn residents(&self) -> Result<Vec<(Key, Row)>, SnapshotError> {
        let blocks = self.blocks(HEADER_BYTES as u64, self.footer.resident_end);
        let mut rows = Vec::new();
        for block in blocks {
            for pair in block?.pairs() {
                rows.push(pair.and_then(decoded).map_err(|fault| self.failed(fault))?);
            }
        }
        Ok(rows)
    }

    /// The settled row of this name.
    ///
    /// # Errors
    /// When a block on the way to it is damaged or cannot be read.
    pub fn get(&self, name: &Key) -> Result<Option<Row>, SnapshotError> {
        self.find(name).map_err(|fault| self.failed(fault))
    }

    fn find(&self, name: &Key) -> Result<Option<Row>, Fault> {
        let bytes = key::encode(name);
        let mut place = self.footer.root;
        while let Some(at) = place {
            let block = self.block(at)?;
            if block.level == 0 {
                let value = block.value(&bytes)?;
                return Ok(value.map(|value| row::decode(name, value)).transpose()?);
            }
            place = block.child(&bytes)?;
        }
        Ok(None)
    }

    fn block(&self, place: Place) -> Result<Arc<Block>, Fault> {
        if let Some(block) = self.blocks.get(&place.offset) {
            return Ok(block);
        }
        let mut bytes = vec![0; place.bytes as usize];
        self.file.read_at(&mut bytes, place.offset).map_err(Fault::io("read"))?;
        let block = Arc::new(Block::decode(bytes, place.offset)?);
        self.blocks.insert(place.offset, Arc::clone(&block));
        Ok(block)
    }

    /// Every settled block in order; those of the index lie among them.
    pub(super) fn settled(&self) -> Blocks<'_> {
        self.blocks(self.footer.resident_end, self.footer.settled_end)
    }

    /// Every settled row with its name, in the order of the file.
    ///
    /// # Errors
    /// When a block is damaged or cannot be read.
    pub fn rows(&self) -> Result<Vec<(Key, Row)>, SnapshotError> {
        let mut rows = Vec::new();
        for block in self.settled() {
            let block = block?;
            for pair in block.pairs().filter(|_| block.level == 0) {
                rows.push(pair.and_then(decoded).map_err(|fault| self.failed(fault))?);
            }
        }
        Ok(rows)
    }

    fn blocks(&self, from: u64, end: u64) -> Blocks<'_> {
        Blocks { snapshot: self, next: from, end, ahead: Vec::new(), used: 0 }
    }

    /// The leaf hash of an entry; none for one that came later.
    ///
    /// # Errors
    /// When the hashes around it are damaged or cannot be read.
    pub fn leaf(&self, position: u64) -> Result<Option<LeafHash>, SnapshotError> {
        if position >= self.entry_count() {
            return Ok(None);
        }
        let group = self.leaf_group(position / GROUP_LEAVES)?;
        let nth = usize::try_from(position % GROUP_LEAVES).unwrap_or(usize::MAX);
        Ok(group.get(nth).copied())
    }

    /// How many groups of leaf hashes there are.
    pub(super) fn leaf_groups(&self) -> u64 {
        self.entry_count().div_ceil(GROUP_LEAVES)
    }

    pub(super) fn leaf_group(&self, group: u64) -> Result<Vec<LeafHash>, SnapshotError> {
        let first = group * GROUP_LEAVES;
        let end = self.entry_count().min(first + GROUP_LEAVES);
        let offset = self.footer.settled_end + leaf_bytes(first);
        let mut bytes = vec![0; usize::try_from(leaf_bytes(end - first)).unwrap_or(0)];
        let read = self.file.read_at(&mut bytes, offset).map_err(Fault::io("read"));
        read.map_err(|fault| self.failed(fault))?;
        let stated = bytes.split_off(bytes.len() - usize::try_from(CHECKSUM_BYTES).unwrap_or(0));
        if checksum(offset, &bytes).to_le_bytes() != *stated {
            return Err(self.failed(Fault::Checksum));
        }
        let leaves = bytes.chunks_exact(32).filter_map(|leaf| leaf.try_into().ok());
        Ok(leaves.collect())
    }

    /// What is wrong with this snapshot, with its name.
    pub fn failed(&self, fault: Fault) -> SnapshotError {
        SnapshotError { path: self.path.clone(), fault }
    }
}

/// Verifies header and footer, and that the parts between them fill the file.
fn ends(file: &dyn SegmentFile) -> Result<(Header, Footer), Fault> {
    let size = file.size().map_err(Fault::io("read"))?;
    let mut header = [0; HEADER_BYTES];
    file.read_at(&mut header, 0).map_err(Fault::io("read"))?;
    let header = Header::decode(&header)?;
    let offset = size.checked_sub(FOOTER_BYTES as u64).ok_or(Fault::Short)?;
    let mut footer = [0; FOOTER_BYTES];
    file.read_at(&mut footer, offset).map_err(Fault::io("read"))?;
    let footer = Footer::decode(&footer, offset)?;
    let leaves = offset.checked_sub(footer.settled_end);
    let is_whole = leaves == Some(leaf_bytes(header.entry_count))
        && footer.resident_end >= HEADER_BYTES as u64
        && footer.settled_end >= footer.resident_end;
    if is_whole { Ok((header, footer)) } else { Err(Fault::Short) }
}

fn decoded((name, value): block::Pair<'_>) -> Result<(Key, Row), Fault> {
    let name = key::decode(name)?;
    let row = row::decode(&name, value)?;
    Ok((name, row))
}

/// Blocks one after another.
pub(super) struct Blocks<'s> {
    snapshot: &'s Snapshot,
    next: u64,
    end: u64,
    ahead: Vec<u8>,
    used: usize,
}

impl Blocks<'_> {
    fn read(&mut self) -> Result<Block, Fault> {
        let header = self.peek(block::HEADER_BYTES)?;
        let length = Block::length(header)?;
        let bytes = self.peek(length)?.to_vec();
        let offset = self.next;
        self.used += length;
        self.next += length as u64;
        Block::decode(bytes, offset)
    }

    /// The next so many bytes, which stay the next.
    fn peek(&mut self, count: usize) -> Result<&[u8], Fault> {
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        if count > left {
            return Err(Fault::Checksum);
        }
        if self.ahead.len() - self.used < count {
            self.ahead.resize(count.max(READ_AHEAD_BYTES).min(left), 0);
            self.used = 0;
            let read = self.snapshot.file.read_at(&mut self.ahead, self.next);
            read.map_err(Fault::io("read"))?;
        }
        Ok(&self.ahead[self.used..self.used + count])
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let block = self.read();
        if block.is_err() {
            self.next = self.end;
        }
        Some(block.map_err(|fault| self.snapshot.failed(fault)))
    }
}
