//! The right edge of a growing tree: the tiles that are not full yet.

use super::{HASH_BYTES, Row, TileError, TileFolder, TilePath, WIDTH};
use crate::tree::{Hash, MemoryTree, Peaks, leaf_hash};

/// Takes entries in order, writes each tile when it is full, and the partial ones when asked.
#[derive(Debug)]
pub struct Edge {
    folder: TileFolder,
    /// The hashes of the last tile of each row, fewer than 256.
    rows: Vec<Vec<Hash>>,
    /// The last bundle's bytes.
    bundle: Vec<u8>,
    peaks: Peaks,
    /// How many files were found with other bytes than the tree's.
    mended: u64,
}

impl Edge {
    /// The edge of an empty tree.
    pub fn new(folder: TileFolder) -> Self {
        Self { folder, rows: Vec::new(), bundle: Vec::new(), peaks: Peaks::default(), mended: 0 }
    }

    /// The edge of the tree of `size` entries, from its tiles. Whether they are the right ones shows
    /// in [`Edge::root`].
    ///
    /// # Errors
    /// When a tile of the edge cannot be read.
    pub fn open(folder: TileFolder, size: u64) -> Result<Self, TileError> {
        let mut rows = Vec::new();
        for level in 0_u8.. {
            let in_row = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
            if in_row == 0 {
                break;
            }
            rows.push(match TilePath::in_tree(Row::Hashes(level), in_row / WIDTH, size) {
                Some(tile) => folder.hashes(tile)?,
                None => Vec::new(),
            });
        }
        let mut bundle = Vec::new();
        if let Some(tile) = TilePath::in_tree(Row::Entries, size / WIDTH, size) {
            bundle = folder.read(tile)?;
            let entries = folder.entries(tile)?;
            if !entries.iter().map(|entry| leaf_hash(entry)).eq(rows
                .iter()
                .flatten()
                .copied()
                .take(entries.len()))
            {
                return Err(TileError::OtherEntries { path: folder.path(tile) });
            }
        }
        let peaks = Peaks::of_tiles(size, &rows);
        Ok(Self { folder, rows, bundle, peaks, mended: 0 })
    }

    /// How many entries the tree has.
    pub fn size(&self) -> u64 {
        self.peaks.size()
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.peaks.root()
    }

    /// How many files it has found with other bytes than the tree's, and written anew: none, unless
    /// it goes over a tree that is there already and was damaged.
    pub fn mended(&self) -> u64 {
        self.mended
    }

    /// Adds an entry by its stored bytes, and writes the tiles that it fills.
    ///
    /// # Errors
    /// When a tile cannot be written, or the entry is too long; the edge must not be used then.
    pub fn push(&mut self, entry: &[u8]) -> Result<(), TileError> {
        let length = u16::try_from(entry.len());
        let length = length.map_err(|_| TileError::EntryTooLong { bytes: entry.len() })?;
        self.bundle.extend(length.to_be_bytes());
        self.bundle.extend(entry);
        let leaf = leaf_hash(entry);
        self.peaks.push(leaf);
        let size = self.size();
        if size.is_multiple_of(WIDTH) {
            let tile = TilePath { row: Row::Entries, index: size / WIDTH - 1, width: 1 }.full();
            self.mended += u64::from(self.folder.write(tile, &self.bundle)?);
            self.folder.remove_partials(tile)?;
            self.bundle.clear();
        }
        self.push_hash(leaf)
    }

    fn push_hash(&mut self, leaf: Hash) -> Result<(), TileError> {
        let mut hash = leaf;
        for level in 0_u8.. {
            let at = usize::from(level);
            if self.rows.len() == at {
                self.rows.push(Vec::new());
            }
            self.rows[at].push(hash);
            if self.rows[at].len() as u64 != WIDTH {
                break;
            }
            let index = (self.size() >> (8 * (u32::from(level) + 1))) - 1;
            let tile = TilePath { row: Row::Hashes(level), index, width: 1 }.full();
            self.mended += u64::from(self.folder.write(tile, &self.rows[at].concat())?);
            self.folder.remove_partials(tile)?;
            hash = self.rows[at].drain(..).collect::<MemoryTree>().root();
        }
        Ok(())
    }

    /// Writes the partial tiles of the tree as it is: what a checkpoint of this size needs.
    ///
    /// # Errors
    /// When a tile cannot be written.
    pub fn write_partials(&self) -> Result<(), TileError> {
        let size = self.size();
        for (level, hashes) in (0..).zip(&self.rows) {
            let in_row = size >> (8 * u32::from(level));
            if let Some(tile) = TilePath::in_tree(Row::Hashes(level), in_row / WIDTH, size) {
                debug_assert_eq!(hashes.len(), usize::from(tile.width));
                self.folder.write(tile, &hashes.concat())?;
            }
        }
        if let Some(tile) = TilePath::in_tree(Row::Entries, size / WIDTH, size) {
            self.folder.write(tile, &self.bundle)?;
        }
        Ok(())
    }
}

impl Peaks {
    /// The peaks of a tree of `size` leaves whose right edge of tiles is given, lowest row first.
    fn of_tiles(size: u64, rows: &[Vec<Hash>]) -> Self {
        let mut hashes = Vec::new();
        for row in rows.iter().rev() {
            let mut rest = row.as_slice();
            while !rest.is_empty() {
                let (subtree, after) = rest.split_at(1 << rest.len().ilog2());
                hashes.push(subtree.iter().copied().collect::<MemoryTree>().root());
                rest = after;
            }
        }
        Self::from_parts(size, hashes)
    }
}

const _: () = assert!(HASH_BYTES == size_of::<Hash>());
