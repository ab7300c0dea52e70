//! Secrets in files: read only where not everyone can read them.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a secret's file was not read.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file cannot be read, or is no text.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Every user of the machine may read the file.
    #[error("{} is readable by everyone; run chmod o-rwx on it, or set the mount's mode to 0400", path.display())]
    ReadableByEveryone {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a secret's file as text.
///
/// # Errors
/// The file cannot be read, is not UTF-8, or lets every user of the machine in.
pub fn read_secret(path: &Path) -> Result<String, SecretError> {
    let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if is_open_to_everyone(&metadata) {
        return Err(SecretError::ReadableByEveryone { path: path.to_owned() });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

#[cfg(unix)]
fn is_open_to_everyone(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o007 != 0
}

/// Elsewhere the system has no such bits to look at.
#[cfg(not(unix))]
fn is_open_to_everyone(_: &std::fs::Metadata) -> bool {
    false
}
