//! Proofs over the tree: that an entry is in it, and that one tree goes on from another
//! (RFC 6962, sections 2.1.1 and 2.1.2; verified as in RFC 9162, sections 2.1.3 and 2.1.4).
//!
//! - [`Receipt`]: an inclusion proof with its checkpoint, as a text that stands alone.

mod receipt;
#[cfg(test)]
mod tests;

use crate::tree::{Hash, Hashes, node_hash, range_hash, split};

pub use receipt::{Receipt, ReceiptError};

/// Why a proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    /// The position or older size is not within the tree.
    #[error("position or size {asked} is not within the tree of {size} entries")]
    OutOfRange {
        /// What was asked for.
        asked: u64,
        /// The tree's size.
        size: u64,
    },
    /// A hash cannot be had.
    #[error(transparent)]
    Hashes(E),
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// The index is not below the tree's size, or the older size is above the newer.
    #[error("the proof speaks of position or size {asked}, which a tree of {size} cannot hold")]
    OutOfRange {
        /// The index or older size.
        asked: u64,
        /// The tree's size.
        size: u64,
    },
    /// Another number of hashes belongs to these sizes.
    #[error("the proof has {hashes} hashes, which is not what its sizes ask for")]
    Length {
        /// The number found.
        hashes: usize,
    },
    /// The hashes do not lead to the newer root.
    #[error("the proof does not lead to the root")]
    Root,
    /// The hashes do not lead to the older root.
    #[error("the proof does not lead to the older root")]
    OldRoot,
}

/// The proof that the leaf at `index` is in the tree over the first `size` leaves: the hashes of
/// its path, from the leaf's sibling up.
///
/// # Errors
/// When the index is not below the size, or a hash cannot be had.
pub fn inclusion<H: Hashes>(
    hashes: &H,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProofError<H::Error>> {
    if index >= size {
        return Err(ProofError::OutOfRange { asked: index, size });
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        let (low, high) = (start, end);
        let other = if index < middle {
            end = middle;
            (middle, high)
        } else {
            start = middle;
            (low, middle)
        };
        path.push(range_hash(hashes, other.0, other.1).map_err(ProofError::Hashes)?);
    }
    path.reverse();
    Ok(path)
}

/// Holds an inclusion proof against a root.
///
/// # Errors
/// Why it does not hold.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofFault> {
    if index >= size {
        return Err(ProofFault::OutOfRange { asked: index, size });
    }
    let too_long = ProofFault::Length { hashes: path.len() };
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(too_long);
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // The right edge passes through levels where it has no sibling.
            while node.is_multiple_of(2) && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(too_long);
    }
    if hash == *root { Ok(()) } else { Err(ProofFault::Root) }
}

/// The proof that the tree over the first `size` leaves begins with the one over the first
/// `old_size`; empty where the two are one, or the older is empty.
///
/// # Errors
/// When the older size is above the newer, or a hash cannot be had.
pub fn consistency<H: Hashes>(
    hashes: &H,
    old_size: u64,
    size: u64,
) -> Result<Vec<Hash>, ProofError<H::Error>> {
    if old_size > size {
        return Err(ProofError::OutOfRange { asked: old_size, size });
    }
    if old_size == 0 {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end != old_size {
        let middle = start + split(end - start);
        let (low, high) = (start, end);
        let other = if old_size <= middle {
            end = middle;
            (middle, high)
        } else {
            start = middle;
            (low, middle)
        };
        path.push(range_hash(hashes, other.0, other.1).map_err(ProofError::Hashes)?);
    }
    // Where the older tree is one complete subtree, its root is known to whoever asks.
    if start != 0 {
        path.push(range_hash(hashes, start, end).map_err(ProofError::Hashes)?);
    }
    path.reverse();
    Ok(path)
}

/// A tree as one number and one hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// How many leaves it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Holds a consistency proof against the roots of both trees.
///
/// # Errors
/// Why it does not hold.
pub fn verify_consistency(old: TreeHead, new: TreeHead, path: &[Hash]) -> Result<(), ProofFault> {
    if old.size > new.size {
        return Err(ProofFault::OutOfRange { asked: old.size, size: new.size });
    }
    let wrong_length = ProofFault::Length { hashes: path.len() };
    if old.size == 0 || old.size == new.size {
        if !path.is_empty() {
            return Err(wrong_length);
        }
        let old_is_right = if old.size == 0 { crate::tree::empty_root() } else { new.root };
        return if old.root == old_is_right { Ok(()) } else { Err(ProofFault::OldRoot) };
    }
    // An older tree that is one complete subtree is the first hash of the path, left out.
    let (first, path) = if old.size.is_power_of_two() {
        (old.root, path)
    } else {
        let (first, rest) = path.split_first().ok_or(wrong_length)?;
        (*first, rest)
    };
    let (mut node, mut last) = (old.size - 1, new.size - 1);
    while node % 2 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if node % 2 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node.is_multiple_of(2) && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    match (old_hash == old.root, new_hash == new.root) {
        (true, true) => Ok(()),
        (false, _) => Err(ProofFault::OldRoot),
        (true, false) => Err(ProofFault::Root),
    }
}
