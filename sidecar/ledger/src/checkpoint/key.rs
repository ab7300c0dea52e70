//! Ed25519 keys of signed notes: a name, a kind, and the text forms that other tools read.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _};
use sha2::{Digest as _, Sha256};

use super::is_name;
use super::note::NoteSignature;

/// What a secret key's text begins with.
const SECRET_START: &str = "PRIVATE+KEY+";
/// A time stands before the signature of a witness: seconds since 1970, big-endian.
const TIME_BYTES: usize = 8;

/// The first four bytes of the hash over a key's name, kind and public half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

/// Eight hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// The checkpoints of a ledger, plainly (signature type 0x01).
    Log,
    /// Checkpoints of other people's ledgers, with the time (cosignature/v1, type 0x04).
    Witness,
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not made of a name, an id and base64.
    #[error("a key is a name, eight hexadecimal digits and base64, joined by plus signs")]
    Form,
    /// The name cannot be a key's.
    #[error("the key's name is empty or holds a space or plus sign")]
    Name,
    /// The kind of signature is unknown here.
    #[error("the key is of kind {kind:#04x}; Ed25519 keys of kinds 0x01 and 0x04 are known")]
    Kind {
        /// The kind found.
        kind: u8,
    },
    /// The bytes are no Ed25519 key.
    #[error("the key's bytes are no Ed25519 key")]
    Bytes,
    /// The id is of other bytes.
    #[error("the key's id does not belong to its name and bytes")]
    Id,
}

/// The public half of a key: `name+id+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: KeyId,
    public: ed25519_dalek::VerifyingKey,
}

/// The secret half of a key; its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct SigningKey {
    verifier: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl KeyKind {
    fn byte(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }

    fn of_byte(kind: u8) -> Result<Self, KeyError> {
        match kind {
            1 => Ok(Self::Log),
            4 => Ok(Self::Witness),
            _ => Err(KeyError::Kind { kind }),
        }
    }
}

impl VerifierKey {
    fn new(
        name: &str,
        kind: KeyKind,
        public: ed25519_dalek::VerifyingKey,
    ) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let hash = Sha256::new_with_prefix(name).chain_update([b'\n', kind.byte()]);
        let hash: [u8; 32] = hash.chain_update(public.as_bytes()).finalize().into();
        let id = KeyId([hash[0], hash[1], hash[2], hash[3]]);
        Ok(Self { name: name.to_owned(), kind, id, public })
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// Why it is no key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, id, kind, bytes) = parse(text)?;
        let public = ed25519_dalek::VerifyingKey::from_bytes(&bytes);
        let public = public.ok().filter(|key| !key.is_weak()).ok_or(KeyError::Bytes)?;
        let key = Self::new(name, kind, public)?;
        if key.id.to_string() == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// The key's name; a ledger's key bears its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether the line claims to be by this key.
    pub(super) fn has_made(&self, signature: &NoteSignature) -> bool {
        signature.id == self.id && signature.name == self.name
    }

    /// The time of a right signature, zero where it has none; nothing for a wrong one.
    pub(super) fn verify(&self, text: &str, signature: &NoteSignature) -> Option<u64> {
        let (time, bytes) = match self.kind {
            KeyKind::Log => (0, signature.bytes.as_slice()),
            KeyKind::Witness => {
                let (time, bytes) = signature.bytes.split_first_chunk::<TIME_BYTES>()?;
                (u64::from_be_bytes(*time), bytes)
            }
        };
        let signature = Signature::from_slice(bytes).ok()?;
        let message = message(self.kind, text, time);
        self.public.verify_strict(message.as_bytes(), &signature).ok()?;
        Some(time)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(formatter, self, self.public.as_bytes())
    }
}

impl SigningKey {
    /// The key that is made of 32 random bytes.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, kind, secret.verifying_key())?;
        Ok(Self { verifier, secret })
    }

    /// Reads the text form, `PRIVATE+KEY+name+id+base64`.
    ///
    /// # Errors
    /// Why it is no key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, id, kind, seed) = parse(text.strip_prefix(SECRET_START).ok_or(KeyError::Form)?)?;
        let key = Self::from_seed(name, kind, &seed)?;
        if key.verifier.id.to_string() == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// The text form, for a file that nobody else can read.
    pub fn secret_text(&self) -> String {
        struct Secret<'a>(&'a SigningKey);
        impl fmt::Display for Secret<'_> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(SECRET_START)?;
                write_key(formatter, &self.0.verifier, &self.0.secret.to_bytes())
            }
        }
        Secret(self).to_string()
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature line under a note's text; a ledger's key leaves the time out.
    pub(super) fn sign(&self, text: &str, time: u64) -> NoteSignature {
        let VerifierKey { name, kind, id, .. } = &self.verifier;
        let signature = self.secret.sign(message(*kind, text, time).as_bytes());
        let mut bytes = match kind {
            KeyKind::Log => Vec::new(),
            KeyKind::Witness => time.to_be_bytes().to_vec(),
        };
        bytes.extend(signature.to_bytes());
        NoteSignature { name: name.clone(), id: *id, bytes }
    }
}

/// Shows the public half alone.
impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SigningKey").field(&self.verifier).finish()
    }
}

/// What a key of this kind signs for a note's text.
fn message(kind: KeyKind, text: &str, time: u64) -> String {
    match kind {
        KeyKind::Log => text.to_owned(),
        KeyKind::Witness => format!("cosignature/v1\ntime {time}\n{text}"),
    }
}

fn write_key(
    formatter: &mut fmt::Formatter<'_>,
    key: &VerifierKey,
    bytes: &[u8; 32],
) -> fmt::Result {
    let mut encoded = vec![key.kind.byte()];
    encoded.extend(bytes);
    write!(formatter, "{}+{}+{}", key.name, key.id, BASE64.encode(encoded))
}

/// Name, id as written, kind and bytes of `name+id+base64`.
fn parse(text: &str) -> Result<(&str, &str, KeyKind, [u8; 32]), KeyError> {
    let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
    let (id, encoded) = rest.split_once('+').ok_or(KeyError::Form)?;
    let bytes = BASE64.decode(encoded).map_err(|_| KeyError::Form)?;
    let (kind, bytes) = bytes.split_first().ok_or(KeyError::Form)?;
    let kind = KeyKind::of_byte(*kind)?;
    Ok((name, id, kind, bytes.try_into().map_err(|_| KeyError::Bytes)?))
}
