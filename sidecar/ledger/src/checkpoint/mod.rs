//! Checkpoints: the size and root of the ledger's tree, signed (C2SP tlog-checkpoint).
//!
//! - `note`: the signed note, which is a text with signature lines (C2SP signed-note).
//! - `issued`: the file of all that were issued.
//! - `key`: Ed25519 keys by name, for logs and for witnesses (C2SP tlog-cosignature).

mod issued;
mod key;
mod note;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::proof::TreeHead;

pub use issued::{Issued, IssuedError, read_issued};
pub use key::{KeyError, KeyId, KeyKind, SigningKey, VerifierKey};
pub use note::{Note, NoteError, NoteSignature};

/// What a checkpoint says: which ledger, how many entries, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's name: one line without spaces and plus signs.
    pub origin: String,
    /// Size and root.
    pub head: TreeHead,
}

/// A checkpoint with the signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Who vouches for a checkpoint, by the keys that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The ledger's own keys.
    pub logs: Vec<KeyId>,
    /// The witnesses, by name, with the time of each cosignature in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is no signed note.
    #[error("the checkpoint is no signed note: {0}")]
    Note(#[from] NoteError),
    /// The text of the note is no checkpoint.
    #[error("line {line} of the checkpoint is not {expected}")]
    Line {
        /// Which line, from one.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// It is of another ledger.
    #[error("the checkpoint is of {found}, not of {expected}")]
    Origin {
        /// The origin it states.
        found: String,
        /// The origin of the key.
        expected: String,
    },
    /// A signature by a known key is wrong.
    #[error("the signature of {name} is wrong")]
    Signature {
        /// The key's name.
        name: String,
    },
    /// No known key of the ledger has signed it.
    #[error("no known key of the ledger has signed the checkpoint")]
    Unsigned,
}

impl Checkpoint {
    /// The signed text: origin, size and root, a line each.
    pub fn text(&self) -> String {
        let Self { origin, head } = self;
        format!("{origin}\n{}\n{}\n", head.size, BASE64.encode(head.root))
    }

    /// Reads the text of a note. Extension lines are refused: nobody could audit them.
    ///
    /// # Errors
    /// Which line is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let wrong = |line, expected| CheckpointError::Line { line, expected };
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|it| is_name(it)).ok_or(wrong(1, "an origin"))?;
        let size = lines.next().and_then(decimal).ok_or(wrong(2, "a size in decimal digits"))?;
        let root = lines.next().and_then(hash).ok_or(wrong(3, "a root hash in base64"))?;
        if (lines.next(), lines.next()) != (Some(""), None) {
            return Err(wrong(4, "the end of the text"));
        }
        Ok(Self { origin: origin.to_owned(), head: TreeHead { size, root } })
    }

    /// Signs it with each of `keys`: during a rotation these are the old key and the new.
    pub fn sign(&self, keys: &[SigningKey]) -> SignedCheckpoint {
        let text = self.text();
        let signatures = keys.iter().map(|key| key.sign(&text, 0)).collect();
        SignedCheckpoint { checkpoint: self.clone(), note: Note { text, signatures } }
    }
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint; its signatures still say nothing, see
    /// [`SignedCheckpoint::verify`].
    ///
    /// # Errors
    /// When it is no signed note, or that note is no checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let note = Note::parse(text)?;
        let checkpoint = Checkpoint::parse(&note.text)?;
        Ok(Self { checkpoint, note })
    }

    /// What it says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        self.checkpoint.head
    }

    /// The signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.note.signatures
    }

    /// Holds every signature by one of `keys` against its key, and passes over the others.
    ///
    /// # Errors
    /// [`CheckpointError::Signature`] when one by a known key is wrong, [`CheckpointError::Origin`]
    /// when a key of the ledger has another name than the origin, [`CheckpointError::Unsigned`] when
    /// no key of the ledger among them has signed.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vouched, CheckpointError> {
        let mut vouched = Vouched { logs: Vec::new(), witnesses: Vec::new() };
        for signature in &self.note.signatures {
            let Some(key) = keys.iter().find(|key| key.has_made(signature)) else { continue };
            let name = || key.name().to_owned();
            let time = key.verify(&self.note.text, signature);
            let time = time.ok_or_else(|| CheckpointError::Signature { name: name() })?;
            if key.kind() == KeyKind::Witness {
                vouched.witnesses.push((name(), time));
                continue;
            }
            let origin = &self.checkpoint.origin;
            if key.name() != origin {
                return Err(CheckpointError::Origin { found: origin.clone(), expected: name() });
            }
            vouched.logs.push(key.id());
        }
        if vouched.logs.is_empty() {
            return Err(CheckpointError::Unsigned);
        }
        Ok(vouched)
    }

    /// The signature line of a witness, as of `time` in seconds since 1970.
    pub fn cosign(&self, key: &SigningKey, time: u64) -> NoteSignature {
        key.sign(&self.note.text, time)
    }

    /// Whether the line is this key's right signature of the checkpoint.
    pub fn is_signed_by(&self, key: &VerifierKey, signature: &NoteSignature) -> bool {
        key.has_made(signature) && key.verify(&self.note.text, signature).is_some()
    }

    /// Adds a signature line, in place of an older one by the same key.
    pub fn add(&mut self, signature: NoteSignature) {
        self.note.signatures.retain(|old| old.name != signature.name || old.id != signature.id);
        self.note.signatures.push(signature);
    }
}

/// The note's whole text, as it is stored and sent.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(formatter)
    }
}

/// Whether a text can name a key or a ledger: not empty, without spaces, plus and control signs.
pub fn is_name(name: &str) -> bool {
    let is_part = |sign: char| !sign.is_whitespace() && !sign.is_control() && sign != '+';
    !name.is_empty() && name.chars().all(is_part)
}

/// A number as these formats write it: decimal digits, without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in base64, in its one right spelling.
pub(crate) fn hash(text: &str) -> Option<crate::tree::Hash> {
    BASE64.decode(text).ok()?.try_into().ok()
}
