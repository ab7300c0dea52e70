//! The root of a growing tree in 64 hashes: for whoever reads all leaves once.

use super::{Hash, fold, node_hash};

/// The complete subtrees that a tree is made of, largest first; one for each bit of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peaks {
    size: u64,
    hashes: Vec<Hash>,
}

impl Peaks {
    /// The peaks of a tree of `size` leaves, largest first.
    pub(crate) fn from_parts(size: u64, hashes: Vec<Hash>) -> Self {
        Self { size, hashes }
    }

    /// The peaks of a tree of `size` leaves, largest first; `None` where their number is another.
    pub fn resume(size: u64, hashes: &[Hash]) -> Option<Self> {
        let is_whole = u64::from(size.count_ones()) == hashes.len() as u64;
        is_whole.then(|| Self::from_parts(size, hashes.to_vec()))
    }

    /// How many leaves were added.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a subtree that the new one completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Hash {
        fold(self.hashes.clone())
    }
}
