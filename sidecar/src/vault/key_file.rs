//! The `keys` file: one wrapped key per subject, appended when a subject is new.
//!
//! After the header come appends, each synced before the next is begun: the number of its rows
//! (4 bytes, big-endian), the rows, and a CRC-32C over the append's offset (8 bytes) and all that.
//! A row is a pseudonym (15 bytes) and its wrapped key (24-byte nonce, 32 bytes, 16-byte tag).
//!
//! The pages of an append reach the disk in any order, so a crash may leave holes anywhere in the
//! last one. No record uses its keys yet: it is cut off whole. A broken append with a whole one
//! behind it is damage.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
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

/// The row of the tenant's own key, for keyed hashes.
pub(super) const TENANT_SUBJECT: Pid = [0; 15];

const HEADER: &[u8; 16] = b"makegood keys 1\n";
const WRAPPED_BYTES: usize = 24 + 32 + 16;
const ROW_BYTES: usize = 15 + WRAPPED_BYTES;

/// What an append has besides its rows: their number and the CRC.
const FRAME_BYTES: usize = 4 + 4;

/// More wait seldom; they go into several appends.
const ROWS_PER_APPEND: usize = 4_096;

/// The open file. Rows wait in memory until [`KeyFile::sync`].
pub(super) struct KeyFile {
    path: PathBuf,
    file: File,
    end: usize,
    waiting: Vec<u8>,
    wrapping_key: Key,
}

impl KeyFile {
    /// Opens or creates the file and returns every key in it.
    pub(super) fn open(
        path: &Path,
        wrapping_key: &Key,
    ) -> Result<(Self, HashMap<Pid, Key>), VaultError> {
        let fail = |source| failed(path, source);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(fail)?;
        let bytes = fs::read(path).map_err(fail)?;
        let mut key_file = Self {
            path: path.to_owned(),
            file,
            end: HEADER.len(),
            waiting: Vec::new(),
            wrapping_key: *wrapping_key,
        };
        // A crash during creation leaves no more than a header, and nothing that could use it.
        if bytes.len() <= HEADER.len() {
            key_file.write(HEADER, 0)?;
            sync_folder(path).map_err(fail)?;
            return Ok((key_file, HashMap::new()));
        }
        let (keys, end) = parse(path, &bytes, wrapping_key)?;
        key_file.end = end;
        if end < bytes.len() {
            let cut_bytes = bytes.len() - end;
            tracing::warn!(
                bytes = cut_bytes,
                "a write was torn before it was acknowledged; it was cut off the key file"
            );
            key_file.file.set_len(end as u64).map_err(fail)?;
            key_file.file.sync_all().map_err(fail)?;
        }
        Ok((key_file, keys))
    }

    /// Adds a row; it is on disk only after [`KeyFile::sync`].
    pub(super) fn add(&mut self, pid: Pid, key: &Key) -> Result<(), VaultError> {
        let wrapped = seal::seal(&self.wrapping_key, &wrapping(&pid), key)?;
        self.waiting.extend(pid);
        self.waiting.extend(wrapped);
        Ok(())
    }

    /// Writes waiting rows and syncs them.
    pub(super) fn sync(&mut self) -> Result<(), VaultError> {
        while !self.waiting.is_empty() {
            let length = self.waiting.len().min(ROWS_PER_APPEND * ROW_BYTES);
            let append = append(self.end, &self.waiting[..length]);
            self.write(&append, self.end)?;
            self.end += append.len();
            self.waiting.drain(..length);
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8], offset: usize) -> Result<(), VaultError> {
        self.file
            .write_all_at(bytes, offset as u64)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| failed(&self.path, source))
    }
}

/// Every key in a file, which stays as it is. A torn last append is passed over.
pub(super) fn read(path: &Path, wrapping_key: &Key) -> Result<HashMap<Pid, Key>, VaultError> {
    let bytes = fs::read(path).map_err(|source| failed(path, source))?;
    if bytes.len() <= HEADER.len() {
        return Ok(HashMap::new());
    }
    Ok(parse(path, &bytes, wrapping_key)?.0)
}

/// The keys in a file's bytes, and where the last whole append ends.
fn parse(
    path: &Path,
    bytes: &[u8],
    wrapping_key: &Key,
) -> Result<(HashMap<Pid, Key>, usize), VaultError> {
    let damaged = |offset| VaultError::Damaged { path: path.to_owned(), offset };
    if !bytes.starts_with(HEADER) {
        return Err(damaged(0));
    }
    let mut keys = HashMap::new();
    let mut end = HEADER.len();
    while let Some(rows) = rows_at(bytes, end) {
        let each_row = rows.chunks_exact(ROW_BYTES);
        for (pid, wrapped) in each_row.filter_map(|row| row.split_first_chunk()) {
            let key = seal::open(wrapping_key, &wrapping(pid), wrapped).ok();
            let key = key.and_then(|key| Key::try_from(key).ok());
            let key = key.ok_or_else(|| VaultError::WrongKey { path: path.to_owned() })?;
            keys.insert(*pid, key);
        }
        end += rows.len() + FRAME_BYTES;
    }
    let is_last = (end + 1..bytes.len()).all(|later| rows_at(bytes, later).is_none());
    if is_last { Ok((keys, end)) } else { Err(damaged(end)) }
}

/// The bytes of an append at an offset.
fn append(offset: usize, rows: &[u8]) -> Vec<u8> {
    let row_count = u32::try_from(rows.len() / ROW_BYTES).unwrap_or(u32::MAX);
    let count = row_count.to_be_bytes();
    let sum = checksum(offset, count, rows).to_be_bytes();
    [count.as_slice(), rows, &sum].concat()
}

/// The rows of the append at an offset, if a whole one is there.
fn rows_at(bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let (count, rest) = bytes.get(offset..)?.split_first_chunk()?;
    let row_count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    if !(1..=ROWS_PER_APPEND).contains(&row_count) {
        return None;
    }
    let (rows, rest) = rest.split_at_checked(row_count * ROW_BYTES)?;
    let (sum, _) = rest.split_first_chunk()?;
    (checksum(offset, *count, rows) == u32::from_be_bytes(*sum)).then_some(rows)
}

fn checksum(offset: usize, count: [u8; 4], rows: &[u8]) -> u32 {
    let sum = crc32c::crc32c(&(offset as u64).to_be_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(sum, &count), rows)
}

fn wrapping(pid: &Pid) -> Vec<u8> {
    [b"makegood/key/v1".as_slice(), pid].concat()
}

fn failed(path: &Path, source: io::Error) -> VaultError {
    VaultError::File { path: path.to_owned(), source }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
