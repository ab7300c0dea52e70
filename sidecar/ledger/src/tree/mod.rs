//! The Merkle tree over the ledger's entries: RFC 6962, section 2.1, with SHA-256.
//!
//! Everything here is a pure function over [`Hashes`], the hashes of complete subtrees, wherever
//! those lie: in memory ([`MemoryTree`]) or in tiles ([`crate::tiles::TileHashes`]).

mod memory;
mod peaks;
#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};

pub use crate::journal::frame::leaf_hash;
pub use memory::MemoryTree;
pub use peaks::Peaks;

/// The hash of a node: SHA-256, 32 bytes.
pub type Hash = [u8; 32];

/// The hashes of a tree's complete subtrees.
pub trait Hashes {
    /// Why a hash cannot be had.
    type Error;

    /// The hash of the complete subtree over the `2^level` leaves from `index * 2^level` on. Asked
    /// only for subtrees that lie wholly within the tree's size.
    ///
    /// # Errors
    /// When the hash is not there or cannot be read.
    fn hash(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// The hash of an inner node: SHA-256 of a one byte, the left and the right child.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root of the tree over the first `size` leaves.
///
/// # Errors
/// When a hash cannot be had.
pub fn root<H: Hashes>(hashes: &H, size: u64) -> Result<Hash, H::Error> {
    if size == 0 { Ok(empty_root()) } else { range_hash(hashes, 0, size) }
}

/// The Merkle tree hash of the leaves from `start` up to `end`, exclusive: a range as the recursion
/// of RFC 6962 reaches it, not empty, and with a `start` that is a multiple of the largest power of
/// two in its length.
pub(crate) fn range_hash<H: Hashes>(hashes: &H, start: u64, end: u64) -> Result<Hash, H::Error> {
    let mut peaks = Vec::new();
    let mut at = start;
    // The bits of the length, largest first: each is a complete subtree.
    for level in (0_u8..64).rev().filter(|level| (end - start) >> level & 1 == 1) {
        peaks.push(hashes.hash(level, at >> level)?);
        at += 1 << level;
    }
    Ok(fold(peaks))
}

/// Joins the hashes of complete subtrees, largest first, to one; of none, the empty tree's.
fn fold(peaks: Vec<Hash>) -> Hash {
    let mut peaks = peaks.into_iter().rev();
    let Some(last) = peaks.next() else {
        return empty_root();
    };
    peaks.fold(last, |right, left| node_hash(&left, &right))
}

/// The largest power of two below `length`, which is at least two: where RFC 6962 parts a tree.
pub(crate) fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}
