//! `entries.bin` and `entries.proof`: the stored entries of the period, and what links them to the
//! root of the whole tree, so that a pack can be verified alone.
//!
//! `entries.bin` holds the stored bytes of each entry from the first position of the period to its
//! last, in order: four bytes with their length, big-endian, then the bytes themselves.
//!
//! `entries.proof` is text, a line each: `makegood-range-proof/1`; `first N`; `count N`; `size N`;
//! `root HASH`; `node HASH` for each subtree of the tree of that size which holds none of these
//! entries, from left to right; then, where there is one, an empty line and the checkpoint. Hashes
//! are RFC 6962's (SHA-256), in base64. Whoever hashes the entries' leaves and takes the nodes where
//! no entry is comes to the root:
//!
//! ```text
//! root(low, high) = the next node          where [low, high) and the period do not meet
//!                 = leaf(low)              where high = low + 1
//!                 = hash(1 ‖ root(low, low + k) ‖ root(low + k, high)), with k the largest power
//!                   of two below high − low
//! ```

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use makegood_ledger::journal::frame::LeafHash;
use makegood_ledger::tree::{empty_root, node_hash};

/// The files' names.
pub(super) const ENTRIES: &str = "entries.bin";
/// See [`ENTRIES`].
pub(super) const PROOF: &str = "entries.proof";

/// The link of a range of entries to the root of the whole tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RangeProof {
    /// The root.
    pub(super) root: LeafHash,
    range: Range<u64>,
    size: u64,
    nodes: Vec<LeafHash>,
}

impl RangeProof {
    /// The proof for the entries of `range` in the tree of all these leaves, of which there is one
    /// at least.
    pub(super) fn of(leaves: &[LeafHash], range: Range<u64>) -> Self {
        let positions = usize_of(range.start)..usize_of(range.end);
        let mut nodes = Vec::new();
        let root = link(leaves, 0, &positions, &mut nodes);
        Self { root, range, size: leaves.len() as u64, nodes }
    }

    /// The root as manifests write it.
    pub(super) fn root_text(&self) -> String {
        STANDARD.encode(self.root)
    }

    /// The file.
    pub(super) fn text(&self, checkpoint: Option<&str>) -> String {
        let Range { start, end } = self.range;
        let mut text = format!(
            "makegood-range-proof/1\nfirst {start}\ncount {}\nsize {}\nroot {}\n",
            end - start,
            self.size,
            self.root_text(),
        );
        for node in &self.nodes {
            text += "node ";
            text += &STANDARD.encode(node);
            text += "\n";
        }
        if let Some(checkpoint) = checkpoint {
            text.push('\n');
            text.push_str(checkpoint);
        }
        text
    }
}

/// The root of a subtree that begins at `low`; the roots of its parts outside of the range are kept.
fn link(
    leaves: &[LeafHash],
    low: usize,
    range: &Range<usize>,
    nodes: &mut Vec<LeafHash>,
) -> LeafHash {
    let high = low + leaves.len();
    if high <= range.start || range.end <= low || range.is_empty() {
        let root = root(leaves);
        nodes.push(root);
        return root;
    }
    if let [leaf] = leaves {
        return *leaf;
    }
    let (left, right) = halves(leaves);
    let left_root = link(left, low, range, nodes);
    let right_root = link(right, low + left.len(), range, nodes);
    node_hash(&left_root, &right_root)
}

fn root(leaves: &[LeafHash]) -> LeafHash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = halves(leaves);
            node_hash(&root(left), &root(right))
        }
    }
}

/// Two leaves or more, split as RFC 6962 splits them.
fn halves(leaves: &[LeafHash]) -> (&[LeafHash], &[LeafHash]) {
    leaves.split_at(leaves.len().div_ceil(2).next_power_of_two())
}

fn usize_of(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn leaves(count: u8) -> Vec<LeafHash> {
        (0..count).map(|index| Sha256::digest([0, index]).into()).collect()
    }

    /// The rule of the file's description, word for word.
    fn rebuilt(
        (low, high): (u64, u64),
        range: &Range<u64>,
        entries: &[LeafHash],
        nodes: &mut impl Iterator<Item = LeafHash>,
    ) -> LeafHash {
        if high <= range.start || range.end <= low || range.is_empty() {
            return nodes.next().unwrap();
        }
        if high == low + 1 {
            return entries[usize_of(low - range.start)];
        }
        let mut middle = 1;
        while middle * 2 < high - low {
            middle *= 2;
        }
        let left = rebuilt((low, low + middle), range, entries, nodes);
        node_hash(&left, &rebuilt((low + middle, high), range, entries, nodes))
    }

    #[test]
    fn links_every_range_of_every_small_tree_to_its_root() {
        let ranges = |size: u64| {
            (0..=size).flat_map(move |start| (start..=size).map(move |end| (size, start..end)))
        };
        for (size, range) in (1..=20).flat_map(ranges) {
            let leaves = leaves(u8::try_from(size).unwrap());
            let proof = RangeProof::of(&leaves, range.clone());
            assert_eq!(proof.root, root(&leaves));
            let entries = &leaves[usize_of(range.start)..usize_of(range.end)];
            let mut nodes = proof.nodes.iter().copied();
            assert_eq!(rebuilt((0, size), &range, entries, &mut nodes), proof.root);
            assert_eq!(nodes.next(), None, "{range:?} of {size}");
        }
    }

    #[test]
    fn makes_the_root_of_rfc_6962() {
        // The root of the two entries "a" and "b".
        let leaf = |text: &str| Sha256::digest([&[0], text.as_bytes()].concat()).into();
        let (a, b): (LeafHash, LeafHash) = (leaf("a"), leaf("b"));
        let expected: LeafHash = Sha256::digest([&[1][..], &a, &b].concat()).into();
        assert_eq!(RangeProof::of(&[a, b], 0..1).root, expected);
    }
}
