//! What can be wrong with the keys.

use std::io;
use std::path::PathBuf;

/// What is wrong with the keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The file cannot be read or written.
    #[error("cannot use the key file {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Keys that records use are damaged.
    #[error(
        "the key file {} is damaged at byte {offset} or shortly behind it; restore it from its backup",
        path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where the header or append begins that is damaged.
        offset: usize,
    },
    /// The file holds no keys: it was never opened for writing, or that was interrupted.
    #[error("the key file {} holds no keys yet; start the sidecar once", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// A new subject was asked of keys that were opened for reading.
    #[error("the keys were opened for reading only")]
    ReadOnly,
    /// The file was written under another key-encryption key.
    #[error(
        "the key file {} was made under another key-encryption key; name the right one in MAKEGOOD_KEK_FILE",
        path.display()
    )]
    WrongKey {
        /// Which file.
        path: PathBuf,
    },
    /// The subject's key is gone: the person was erased.
    #[error("the subject was erased")]
    Erased,
    /// Sealed bytes, or where they stand, were changed.
    #[error("a sealed record was changed")]
    Tampered,
    /// The text is longer than the cipher takes.
    #[error("the text is too long to seal")]
    TooLong,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}
