//! Receipts: what proves one entry to anybody who has the ledger's public key, as one text
//! (C2SP tlog-proof).
//!
//! The `extra` line carries the entry's stored bytes, so that the receipt stands alone. It is not
//! signed itself; it counts only because its hash is the leaf that the proof leads from.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{ProofFault, verify_inclusion};
use crate::checkpoint::{CheckpointError, SignedCheckpoint, VerifierKey, Vouched, decimal, hash};
use crate::tree::{Hash, leaf_hash};

/// The first line.
const VERSION: &str = "c2sp.org/tlog-proof@v1";
/// A path from leaf to root has no more hashes than a position has bits.
const MAX_HASHES: usize = 63;

/// An inclusion proof with its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The stored bytes of the entry, where they were put in.
    pub entry: Option<Vec<u8>>,
    /// The entry's position.
    pub index: u64,
    /// The hashes from the leaf's sibling up.
    pub path: Vec<Hash>,
    /// The checkpoint that it leads to.
    pub checkpoint: SignedCheckpoint,
}

/// Why a receipt is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The text is no receipt.
    #[error("line {line} of the receipt is not {expected}")]
    Line {
        /// Which line, from one.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// Its checkpoint is refused.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Its proof does not hold.
    #[error(transparent)]
    Proof(#[from] ProofFault),
    /// It holds no entry, and no leaf hash was given.
    #[error("the receipt holds no entry; give the leaf hash that was answered with the spend")]
    NoLeaf,
    /// It is of another entry than was asked for.
    #[error("the receipt is of another entry than the leaf hash that was given")]
    OtherLeaf,
}

impl Receipt {
    /// Reads a receipt. Nothing about it is verified, see [`Receipt::verify`].
    ///
    /// # Errors
    /// Which line is wrong.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let wrong = |line, expected| ReceiptError::Line { line, expected };
        let no_checkpoint = wrong(1, "the first of a receipt with a checkpoint");
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(no_checkpoint)?;
        let mut lines = (1..).zip(proof.split('\n')).peekable();
        if lines.next() != Some((1, VERSION)) {
            return Err(wrong(1, VERSION));
        }
        let extra = lines.next_if(|(_, line)| line.starts_with("extra "));
        let entry = extra.map(|(line, text)| {
            let encoded = text.get("extra ".len()..).unwrap_or_default();
            BASE64.decode(encoded).map_err(|_| wrong(line, "base64 behind the word extra"))
        });
        let at = if entry.is_some() { 3 } else { 2 };
        let index = lines.next().and_then(|(_, line)| line.strip_prefix("index "));
        let index = index.and_then(decimal).ok_or(wrong(at, "the word index and a position"))?;
        let path = lines.map(|(line, text)| hash(text).ok_or(wrong(line, "a hash in base64")));
        let path = path.collect::<Result<Vec<_>, _>>()?;
        if path.len() > MAX_HASHES {
            return Err(wrong(at + MAX_HASHES + 1, "a blank line"));
        }
        let checkpoint = SignedCheckpoint::parse(checkpoint)?;
        Ok(Self { entry: entry.transpose()?, index, path, checkpoint })
    }

    /// Holds the receipt against the public keys of its ledger, and of the witnesses that are
    /// known. `leaf` is the hash that was answered when the entry was made; without it, the entry
    /// in the receipt itself is proved.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub fn verify(
        &self,
        keys: &[VerifierKey],
        leaf: Option<Hash>,
    ) -> Result<Vouched, ReceiptError> {
        let own = self.entry.as_deref().map(leaf_hash);
        let leaf = leaf.or(own).ok_or(ReceiptError::NoLeaf)?;
        if own.is_some_and(|own| own != leaf) {
            return Err(ReceiptError::OtherLeaf);
        }
        let head = self.checkpoint.head();
        verify_inclusion(&leaf, self.index, head.size, &self.path, &head.root)?;
        Ok(self.checkpoint.verify(keys)?)
    }
}

/// The text of a `.tlog-proof` file.
impl fmt::Display for Receipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{VERSION}")?;
        if let Some(entry) = &self.entry {
            writeln!(formatter, "extra {}", BASE64.encode(entry))?;
        }
        writeln!(formatter, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(formatter, "{}", BASE64.encode(hash)))?;
        formatter.write_char('\n')?;
        self.checkpoint.fmt(formatter)
    }
}
