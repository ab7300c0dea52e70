//! The hashes of any complete subtree, from the tiles of a tree.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Row, TileError, TileFolder, TilePath, WIDTH};
use crate::tree::{Hash, Hashes, MemoryTree};

/// The tree of one size in a folder of tiles. It keeps the tiles that it has read, so it is to be
/// used for one proof, or a few near each other.
#[derive(Debug)]
pub struct TileHashes<'f> {
    folder: &'f TileFolder,
    size: u64,
    read: RefCell<BTreeMap<TilePath, MemoryTree>>,
}

impl<'f> TileHashes<'f> {
    /// The tree of the first `size` entries.
    pub fn new(folder: &'f TileFolder, size: u64) -> Self {
        Self { folder, size, read: RefCell::default() }
    }
}

impl Hashes for TileHashes<'_> {
    type Error = TileError;

    fn hash(&self, level: u8, index: u64) -> Result<Hash, TileError> {
        let outside = || TileError::OutsideTree { size: self.size, level, index };
        let (row, within) = (level / 8, level % 8);
        let first = index.checked_shl(u32::from(within)).ok_or_else(outside)?;
        let tile = TilePath::in_tree(Row::Hashes(row), first / WIDTH, self.size);
        let tile = tile.ok_or_else(outside)?;
        let mut read = self.read.borrow_mut();
        let tree = match read.entry(tile) {
            Entry::Occupied(tree) => tree.into_mut(),
            Entry::Vacant(place) => place.insert(self.folder.hashes(tile)?.into_iter().collect()),
        };
        tree.hash(within, index % (WIDTH >> within)).map_err(|_| outside())
    }
}
