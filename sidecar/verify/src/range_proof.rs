//! What links a run of entries to the root of the whole tree, as audit packs carry it.
//!
//! Text, a line each: `makegood-range-proof/1`; `first N`; `count N`; `size N`; `root HASH`;
//! `node HASH` for each subtree without any of the entries, from left to right; then, where there is
//! one, an empty line and the checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use makegood_ledger::tree::{Hash, Peaks, empty_root, node_hash};

const VERSION: &str = "makegood-range-proof/1";

/// A proof as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RangeProof {
    /// The position of the first entry.
    pub(crate) first: u64,
    /// How many entries it is for.
    pub(crate) count: u64,
    /// The size of the tree.
    pub(crate) size: u64,
    /// The root of the tree.
    pub(crate) root: Hash,
    /// The root as it is written.
    pub(crate) root_text: String,
    nodes: Vec<Hash>,
    /// The checkpoint, where there is one.
    pub(crate) checkpoint: Option<String>,
}

impl RangeProof {
    /// Reads a proof.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (lines, checkpoint) = match text.split_once("\n\n") {
            Some((lines, checkpoint)) => (lines, Some(checkpoint.to_owned())),
            None => (text.strip_suffix('\n').unwrap_or(text), None),
        };
        let mut lines = lines.split('\n');
        if lines.next() != Some(VERSION) {
            return Err(format!("does not begin with {VERSION}"));
        }
        let mut number = |name: &str| -> Result<u64, String> {
            let value = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            let parsed = value.and_then(|value| value.parse().ok());
            parsed.ok_or_else(|| format!("has no line with the word {name} and a number"))
        };
        let (first, count, size) = (number("first")?, number("count")?, number("size")?);
        let is_within = first.checked_add(count).is_some_and(|end| end <= size);
        let root_text = lines.next().and_then(|line| line.strip_prefix("root "));
        let root_text = root_text.unwrap_or_default().to_owned();
        let root = hash(&root_text).ok_or("has no line with the word root and a hash")?;
        let node = |line: &str| line.strip_prefix("node ").and_then(hash);
        let nodes: Option<Vec<Hash>> = lines.map(node).collect();
        let nodes = nodes.ok_or("has a line that is not the word node and a hash")?;
        if !is_within {
            return Err("is of entries beyond its tree".to_owned());
        }
        Ok(Self { first, count, size, root, root_text, nodes, checkpoint })
    }

    /// Whether these leaves lead to the root.
    pub(crate) fn check(&self, leaves: &[Hash]) -> Result<(), &'static str> {
        let mut nodes = self.nodes.iter();
        let root = match self.size {
            0 => Some(empty_root()),
            size => self.rebuild(0, size, leaves, &mut nodes),
        };
        match root {
            Some(root) if root == self.root && nodes.next().is_none() => Ok(()),
            _ => Err("does not lead from the entries to its root: one of them was changed"),
        }
    }

    /// The root over the first `size` entries of the ledger, where the leaves of this proof's entries
    /// and its subtrees before them tell it.
    pub(crate) fn root_at(&self, size: u64, leaves: &[Hash]) -> Option<Hash> {
        if size == self.size {
            return Some(self.root);
        }
        let more = usize::try_from(size.checked_sub(self.first)?).ok()?;
        // What lies before the first entry is a complete subtree for each bit of its number.
        let before = self.nodes.get(..self.first.count_ones() as usize)?;
        let mut peaks = Peaks::resume(self.first, before)?;
        leaves.get(..more)?.iter().for_each(|leaf| peaks.push(*leaf));
        Some(peaks.root())
    }

    fn rebuild<'a>(
        &self,
        low: u64,
        high: u64,
        leaves: &[Hash],
        nodes: &mut impl Iterator<Item = &'a Hash>,
    ) -> Option<Hash> {
        let end = self.first + self.count;
        if high <= self.first || end <= low || self.count == 0 {
            return nodes.next().copied();
        }
        if high == low + 1 {
            return leaves.get(usize::try_from(low - self.first).ok()?).copied();
        }
        // The largest power of two below the length.
        let middle = low + (1 << (high - low - 1).ilog2());
        let left = self.rebuild(low, middle, leaves, nodes)?;
        let right = self.rebuild(middle, high, leaves, nodes)?;
        Some(node_hash(&left, &right))
    }
}

fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
