//! What a witness does with a checkpoint that it is shown (C2SP tlog-witness), without network and
//! disk: it cosigns a tree that goes on from the one it saw last, and nothing else.

#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::checkpoint::{
    CheckpointError, KeyKind, SignedCheckpoint, VerifierKey, decimal, hash, is_name,
};
use crate::proof::{ProofFault, TreeHead, verify_consistency};
use crate::tree::{Hash, empty_root};

/// The most hashes of a consistency proof in a request.
const MAX_HASHES: usize = 63;

/// The content type of an answer that states a size.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// A checkpoint that is shown to a witness, with the proof that it goes on from an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the tree that the witness is thought to have seen last.
    pub old_size: u64,
    /// The consistency proof from there.
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be read.
    #[error("line {line} of the request is not {expected}")]
    Line {
        /// Which line, from one.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// The checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// The older size is above the newer one.
    #[error("the old size {old_size} is above the checkpoint's size {size}")]
    Shrinks {
        /// The older size.
        old_size: u64,
        /// The checkpoint's.
        size: u64,
    },
    /// The ledger is not among those that this witness watches.
    #[error("this witness does not watch {origin}")]
    UnknownOrigin {
        /// The ledger's origin.
        origin: String,
    },
    /// No key that is trusted for the ledger has signed, or a signature by one is wrong.
    #[error("no trusted key of the ledger has signed the checkpoint")]
    Signature,
    /// The witness has seen another size last.
    #[error("the newest size that was cosigned is {size}")]
    OtherSize {
        /// The size seen last.
        size: u64,
    },
    /// The witness has seen another root at this very size: the ledger has forked.
    #[error("another root was cosigned at size {size}: the ledger has forked")]
    Forked {
        /// That size.
        size: u64,
    },
    /// The proof does not hold: the ledger has forked, or the proof is wrong.
    #[error("the checkpoint does not go on from the one that was cosigned: {0}")]
    Inconsistent(ProofFault),
}

impl Refusal {
    /// The HTTP status that says so.
    pub fn status(&self) -> u16 {
        match self {
            Self::Line { .. } | Self::Checkpoint(_) | Self::Shrinks { .. } => 400,
            Self::Signature => 403,
            Self::UnknownOrigin { .. } => 404,
            Self::OtherSize { .. } | Self::Forked { .. } => 409,
            Self::Inconsistent(_) => 422,
        }
    }

    /// The size to answer with, where the asker can go on from it.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::OtherSize { size } | Self::Forked { size } => Some(*size),
            _ => None,
        }
    }
}

impl AddCheckpoint {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`Refusal::Line`] or [`Refusal::Checkpoint`].
    pub fn parse(body: &str) -> Result<Self, Refusal> {
        let wrong = |line, expected| Refusal::Line { line, expected };
        let parts = body.split_once("\n\n");
        let (proof, checkpoint) = parts.ok_or(wrong(1, "followed by a blank line"))?;
        let mut lines = (1..).zip(proof.split('\n'));
        let old = lines.next().and_then(|(_, line)| line.strip_prefix("old ")).and_then(decimal);
        let old_size = old.ok_or(wrong(1, "the word old and a size"))?;
        let path = lines.map(|(line, text)| hash(text).ok_or(wrong(line, "a hash in base64")));
        let path = path.collect::<Result<Vec<_>, _>>()?;
        if path.len() > MAX_HASHES {
            return Err(wrong(MAX_HASHES + 2, "a blank line"));
        }
        let checkpoint = SignedCheckpoint::parse(checkpoint).map_err(Refusal::Checkpoint)?;
        Ok(Self { old_size, path, checkpoint })
    }

    /// Says whether the checkpoint is to be cosigned by a witness that trusts `keys`, and last
    /// cosigned the tree `seen` of this ledger, if any. Where it is, the returned head must be on
    /// stable storage before the cosignature is given away.
    ///
    /// # Errors
    /// Why it is not; see [`Refusal`].
    pub fn decide(
        &self,
        keys: &[VerifierKey],
        seen: Option<TreeHead>,
    ) -> Result<TreeHead, Refusal> {
        let checkpoint = self.checkpoint.checkpoint();
        let (old_size, new) = (self.old_size, checkpoint.head);
        let origin = &checkpoint.origin;
        let is_own = |key: &&VerifierKey| key.kind() == KeyKind::Log && key.name() == origin;
        let keys: Vec<_> = keys.iter().filter(is_own).cloned().collect();
        if keys.is_empty() {
            return Err(Refusal::UnknownOrigin { origin: origin.clone() });
        }
        self.checkpoint.verify(&keys).map_err(|_| Refusal::Signature)?;
        if old_size > new.size {
            return Err(Refusal::Shrinks { old_size, size: new.size });
        }
        let seen = seen.unwrap_or(TreeHead { size: 0, root: empty_root() });
        if old_size != seen.size {
            return Err(Refusal::OtherSize { size: seen.size });
        }
        if old_size == new.size && seen.root != new.root {
            return Err(Refusal::Forked { size: seen.size });
        }
        verify_consistency(seen, new, &self.path).map_err(Refusal::Inconsistent)?;
        Ok(new)
    }
}

/// The body of the request.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "old {}", self.old_size)?;
        self.path.iter().try_for_each(|hash| writeln!(formatter, "{}", BASE64.encode(hash)))?;
        formatter.write_char('\n')?;
        self.checkpoint.fmt(formatter)
    }
}

/// A file name for what is kept of a ledger: letters, digits, dots and dashes of its origin, and
/// anything else as two hexadecimal digits a byte behind an underscore.
pub fn state_file_name(origin: &str) -> Option<String> {
    if !is_name(origin) {
        return None;
    }
    let mut name = String::new();
    for byte in origin.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' {
            name.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(name, "_{byte:02x}");
        }
    }
    Some(format!("{name}.checkpoint"))
}
