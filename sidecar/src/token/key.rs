//! Keys of tokens: Ed25519 in PEM files, as `openssl genpkey -algorithm ed25519` writes them.

use std::path::{Path, PathBuf};

use jsonwebtoken::DecodingKey;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use thiserror::Error;

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a key was not taken.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("token key {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The text is not the PEM of an Ed25519 public key.
    #[error(
        "token key {kid} is no Ed25519 public key; write one with \
         openssl pkey -in private.pem -pubout"
    )]
    NotEd25519 {
        /// The key's id.
        kid: String,
    },
    /// Two files have the same name.
    #[error("token key {kid} is named twice; give each file a name of its own")]
    Twice {
        /// The key's id.
        kid: String,
    },
}

/// A key that tokens are verified with.
#[derive(Clone)]
pub struct PublicKey {
    pub(super) kid: String,
    pub(super) key: DecodingKey,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl PublicKey {
    /// Reads a vendor's key; its id is the file's name without the ending.
    ///
    /// # Errors
    /// The file cannot be read, or holds no Ed25519 public key in PEM.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let pem = std::fs::read(path)
            .map_err(|source| KeyError::Unreadable { path: path.to_owned(), source })?;
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        Self::from_pem(&stem.to_string_lossy(), &pem)
    }

    /// Takes a key in PEM under an id.
    ///
    /// # Errors
    /// The text holds no Ed25519 public key in PEM.
    pub fn from_pem(kid: &str, pem: &[u8]) -> Result<Self, KeyError> {
        let not_ed25519 = || KeyError::NotEd25519 { kid: kid.to_owned() };
        let spki = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| not_ed25519())?;
        let raw: Option<[u8; 32]> =
            spki.strip_prefix(&SPKI_PREFIX).and_then(|raw| raw.try_into().ok());
        Ok(Self::from_raw(kid, &raw.ok_or_else(not_ed25519)?))
    }

    /// Takes the 32 bytes of a key under an id.
    pub(super) fn from_raw(kid: &str, raw: &[u8; 32]) -> Self {
        Self { kid: kid.to_owned(), key: DecodingKey::from_ed_der(raw) }
    }
}
