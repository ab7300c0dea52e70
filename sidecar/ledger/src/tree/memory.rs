//! A whole tree in memory, for tests and small ledgers.

use super::{Hash, Hashes, node_hash};

/// All complete subtrees of a tree: 64 bytes a leaf.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    /// The hashes of complete subtrees by level; level zero holds the leaves.
    levels: Vec<Vec<Hash>>,
}

/// A subtree that the tree does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no complete subtree {index} at level {level}")]
pub struct Absent {
    /// The level, where leaves are at zero.
    pub level: u8,
    /// The subtree's number in its level.
    pub index: u64,
}

impl MemoryTree {
    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, Vec::len) as u64
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            // A subtree is complete with every second hash below it.
            let [.., left, right] = hashes.as_slice() else { return };
            if !hashes.len().is_multiple_of(2) {
                return;
            }
            hash = node_hash(left, right);
        }
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        let size = self.size();
        // The tree has every complete subtree within its size.
        super::root(self, size).unwrap_or_else(|_| super::empty_root())
    }
}

impl Hashes for MemoryTree {
    type Error = Absent;

    fn hash(&self, level: u8, index: u64) -> Result<Hash, Absent> {
        let hashes = self.levels.get(usize::from(level));
        let at = usize::try_from(index).ok();
        let hash = hashes.zip(at).and_then(|(hashes, at)| hashes.get(at));
        hash.copied().ok_or(Absent { level, index })
    }
}

impl FromIterator<Hash> for MemoryTree {
    fn from_iter<T: IntoIterator<Item = Hash>>(leaves: T) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}
