//! The `keys` file: one wrapped key per subject, appended when a subject is new and rewritten when
//! one is erased.
//!
//! Row: pseudonym (15 bytes), wrapped key (24-byte nonce, 32 bytes, 16-byte tag), CRC-32C.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{Key, Pid, seal};

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
    /// A row is damaged.
    #[error("the key file {} is damaged in row {row}; restore it from its backup", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which row, counted from 0.
        row: usize,
    },
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

/// The row of the tenant's own key, for keyed hashes.
pub(super) const TENANT_SUBJECT: Pid = [0; 15];

const HEADER: &[u8; 16] = b"makegood keys 1\n";
const WRAPPED_BYTES: usize = 24 + 32 + 16;
const ROW_BYTES: usize = 15 + WRAPPED_BYTES + 4;

/// The open file. Rows wait in memory until [`KeyFile::sync`].
pub(super) struct KeyFile {
    path: PathBuf,
    file: File,
    end: u64,
    waiting: Vec<u8>,
    wrapping_key: Key,
}

impl KeyFile {
    /// Opens or creates the file and returns every key in it.
    pub(super) fn open(
        path: &Path,
        wrapping_key: &Key,
    ) -> Result<(Self, HashMap<Pid, Key>), VaultError> {
        let fail = |source| VaultError::File {
            path: path.to_owned(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(fail)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fail)?;
        let mut key_file = Self {
            path: path.to_owned(),
            file,
            end: HEADER.len() as u64,
            waiting: Vec::new(),
            wrapping_key: *wrapping_key,
        };
        // A crash during creation leaves less than a header, and nothing that could use it.
        if bytes.len() < HEADER.len() {
            key_file.write(HEADER, 0)?;
            sync_folder(path).map_err(fail)?;
            return Ok((key_file, HashMap::new()));
        }
        let keys = key_file.read_rows(&bytes)?;
        Ok((key_file, keys))
    }

    /// Adds a row; it is on disk only after [`KeyFile::sync`].
    pub(super) fn add(&mut self, pid: Pid, key: &Key) -> Result<(), VaultError> {
        let wrapped = seal::seal(&self.wrapping_key, &wrapping(&pid), key)?;
        let mut row = [pid.as_slice(), &wrapped].concat();
        row.extend(crc32c::crc32c(&row).to_be_bytes());
        self.waiting.extend(row);
        Ok(())
    }

    /// Writes waiting rows and syncs them.
    pub(super) fn sync(&mut self) -> Result<(), VaultError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.waiting);
        self.write(&rows, self.end)?;
        self.end += rows.len() as u64;
        Ok(())
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<(), VaultError> {
        self.file
            .write_all_at(bytes, offset)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| VaultError::File {
                path: self.path.clone(),
                source,
            })
    }

    /// A torn last row was never synced, so no record uses it: it is overwritten by the next one.
    fn read_rows(&mut self, bytes: &[u8]) -> Result<HashMap<Pid, Key>, VaultError> {
        let mut keys = HashMap::new();
        let Some(rows) = bytes.strip_prefix(HEADER.as_slice()) else {
            return Err(VaultError::Damaged {
                path: self.path.clone(),
                row: 0,
            });
        };
        let last = rows.len().div_ceil(ROW_BYTES).saturating_sub(1);
        for (index, row) in rows.chunks(ROW_BYTES).enumerate() {
            match read_row(row) {
                Some((pid, wrapped)) => {
                    let key = seal::open(&self.wrapping_key, &wrapping(&pid), wrapped)
                        .ok()
                        .and_then(|key| Key::try_from(key).ok())
                        .ok_or_else(|| VaultError::WrongKey {
                            path: self.path.clone(),
                        })?;
                    keys.insert(pid, key);
                    self.end += ROW_BYTES as u64;
                }
                None if index == last => break,
                None => {
                    return Err(VaultError::Damaged {
                        path: self.path.clone(),
                        row: index,
                    });
                }
            }
        }
        Ok(keys)
    }
}

fn read_row(row: &[u8]) -> Option<(Pid, &[u8])> {
    let (content, sum) = row.split_last_chunk::<4>()?;
    let (pid, wrapped) = content.split_first_chunk::<15>()?;
    let whole = wrapped.len() == WRAPPED_BYTES;
    let intact = crc32c::crc32c(content) == u32::from_be_bytes(*sum);
    (whole && intact).then_some((*pid, wrapped))
}

fn wrapping(pid: &Pid) -> Vec<u8> {
    [b"makegood/key/v1".as_slice(), pid].concat()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
