//! The `keys` file: one wrapped key per subject, appended when a subject is new.
//!
//! After the header come appends, each synced before the next is begun: the number of its rows
//! (4 bytes, big-endian), the rows, and a CRC-32C over the append's offset (8 bytes) and all that.
//! A row is a pseudonym (15 bytes) and its wrapped key (24-byte nonce, 32 bytes, 16-byte tag).
//!
//! The pages of an append reach the disk in any order, so a crash may leave holes anywhere in the
//! last one. No record uses its keys yet: it is cut off whole. A broken append with a whole one
//! behind it is damage.
//!
//! Memory holds where each row begins, and a key is unwrapped when it is used.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::places::Places;
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
const PID_BYTES: usize = 15;
const WRAPPED_BYTES: usize = 24 + 32 + 16;
pub(super) const ROW_BYTES: usize = PID_BYTES + WRAPPED_BYTES;

/// What stands before the rows of an append: their number.
const COUNT_BYTES: usize = 4;

/// What an append has besides its rows: their number and the CRC.
const FRAME_BYTES: usize = COUNT_BYTES + 4;

/// More wait seldom; they go into several appends.
const ROWS_PER_APPEND: usize = 4_096;

/// The open file.
pub(super) struct KeyFile {
    path: PathBuf,
    file: File,
    end: u64,
    wrapping_key: Key,
}

impl KeyFile {
    /// Opens or creates the file for writing, and says where each row is.
    pub(super) fn open(path: &Path, wrapping_key: &Key) -> Result<(Self, Places), VaultError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(|source| failed(path, source))?;
        let mut key_file = Self::new(path, file, wrapping_key);
        let length = key_file.length()?;
        // A crash during creation leaves no more than a header, and nothing that could use it.
        if length <= HEADER.len() as u64 {
            key_file.write(HEADER, 0)?;
            sync_folder(path).map_err(|source| failed(path, source))?;
            return Ok((key_file, Places::default()));
        }
        let places = key_file.scan(length)?;
        if key_file.end < length {
            let cut_bytes = length - key_file.end;
            tracing::warn!(
                bytes = cut_bytes,
                "a write was torn before it was acknowledged; it was cut off the key file"
            );
            let cut = key_file.file.set_len(key_file.end);
            cut.and_then(|()| key_file.file.sync_all()).map_err(|source| failed(path, source))?;
        }
        Ok((key_file, places))
    }

    /// Opens the file for reading, and says where each row is. A torn last append is passed over.
    pub(super) fn read(path: &Path, wrapping_key: &Key) -> Result<(Self, Places), VaultError> {
        let file = File::open(path).map_err(|source| failed(path, source))?;
        let mut key_file = Self::new(path, file, wrapping_key);
        let length = key_file.length()?;
        if length <= HEADER.len() as u64 {
            return Ok((key_file, Places::default()));
        }
        let places = key_file.scan(length)?;
        Ok((key_file, places))
    }

    fn new(path: &Path, file: File, wrapping_key: &Key) -> Self {
        let end = HEADER.len() as u64;
        Self { path: path.to_owned(), file, end, wrapping_key: *wrapping_key }
    }

    /// The bytes of a row.
    pub(super) fn row(&self, pid: &Pid, key: &Key) -> Result<Vec<u8>, VaultError> {
        let wrapped = seal::seal(&self.wrapping_key, &wrapping(pid), key)?;
        Ok([pid.as_slice(), &wrapped].concat())
    }

    /// Writes rows and syncs them; returns where each is.
    pub(super) fn append(&mut self, rows: &[u8]) -> Result<Vec<(Pid, u64)>, VaultError> {
        let mut written = Vec::new();
        for rows in rows.chunks(ROWS_PER_APPEND * ROW_BYTES) {
            let append = append(self.end, rows);
            self.write(&append, self.end)?;
            written.extend(places_of(self.end, rows));
            self.end += append.len() as u64;
        }
        Ok(written)
    }

    /// The key of the row at a place.
    pub(super) fn key_at(&self, place: u64, pid: &Pid) -> Result<Key, VaultError> {
        let mut wrapped = [0; WRAPPED_BYTES];
        let offset = place + PID_BYTES as u64;
        let read = self.file.read_exact_at(&mut wrapped, offset);
        read.map_err(|source| failed(&self.path, source))?;
        let key = seal::open(&self.wrapping_key, &wrapping(pid), &wrapped).ok();
        let key = key.and_then(|key| Key::try_from(key).ok());
        key.ok_or_else(|| VaultError::WrongKey { path: self.path.clone() })
    }

    /// Where the rows of the file are; its end is then that of the last whole append.
    fn scan(&mut self, length: u64) -> Result<Places, VaultError> {
        let mut header = [0; HEADER.len()];
        self.read_at(&mut header, 0)?;
        if header != *HEADER {
            return Err(self.damaged(0));
        }
        let mut places = Places::with_room_for(length / ROW_BYTES as u64);
        let mut append = Vec::new();
        while self.read_append(&mut append, length)?
            && let Some(rows) = rows_at(&append, self.end)
        {
            places_of(self.end, rows).for_each(|(pid, place)| places.add(&pid, place));
            self.end += (rows.len() + FRAME_BYTES) as u64;
        }
        if self.end < length && self.has_append_behind(length)? {
            return Err(self.damaged(self.end));
        }
        Ok(places)
    }

    /// Reads the append at the end into `append`, as long as its count says it is; false where
    /// none can be.
    fn read_append(&self, append: &mut Vec<u8>, length: u64) -> Result<bool, VaultError> {
        let left = length - self.end;
        let mut count = [0; COUNT_BYTES];
        if left < FRAME_BYTES as u64 {
            return Ok(false);
        }
        self.read_at(&mut count, self.end)?;
        let Some(row_count) = row_count(count) else {
            return Ok(false);
        };
        let wanted = row_count * ROW_BYTES + FRAME_BYTES;
        if left < wanted as u64 {
            return Ok(false);
        }
        append.resize(wanted, 0);
        self.read_at(append, self.end)?;
        Ok(true)
    }

    /// Whether a whole append stands anywhere behind a broken one.
    fn has_append_behind(&self, length: u64) -> Result<bool, VaultError> {
        let mut tail = vec![0; usize::try_from(length - self.end).unwrap_or(usize::MAX)];
        self.read_at(&mut tail, self.end)?;
        let mut offsets = (1..tail.len()).zip(self.end + 1..);
        Ok(offsets.any(|(from, offset)| rows_at(&tail[from..], offset).is_some()))
    }

    fn length(&self) -> Result<u64, VaultError> {
        let metadata = self.file.metadata().map_err(|source| failed(&self.path, source))?;
        Ok(metadata.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<(), VaultError> {
        self.file.read_exact_at(bytes, offset).map_err(|source| failed(&self.path, source))
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<(), VaultError> {
        self.file
            .write_all_at(bytes, offset)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| failed(&self.path, source))
    }

    fn damaged(&self, offset: u64) -> VaultError {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        VaultError::Damaged { path: self.path.clone(), offset }
    }
}

/// The pseudonyms of an append's rows, and where each row begins.
fn places_of(append_at: u64, rows: &[u8]) -> impl Iterator<Item = (Pid, u64)> {
    let first = append_at + COUNT_BYTES as u64;
    let places = (first..).step_by(ROW_BYTES);
    let pids = rows.chunks_exact(ROW_BYTES).filter_map(|row| row.first_chunk().copied());
    pids.zip(places)
}

/// The bytes of an append at an offset.
fn append(offset: u64, rows: &[u8]) -> Vec<u8> {
    let row_count = u32::try_from(rows.len() / ROW_BYTES).unwrap_or(u32::MAX);
    let count = row_count.to_be_bytes();
    let sum = checksum(offset, count, rows).to_be_bytes();
    [count.as_slice(), rows, &sum].concat()
}

/// The number of an append's rows, if it is one.
fn row_count(count: [u8; COUNT_BYTES]) -> Option<usize> {
    let row_count = usize::try_from(u32::from_be_bytes(count)).ok()?;
    (1..=ROWS_PER_APPEND).contains(&row_count).then_some(row_count)
}

/// The rows of the append with which `bytes` begin, which stand at an offset of the file, if it is
/// a whole one.
fn rows_at(bytes: &[u8], offset: u64) -> Option<&[u8]> {
    let (count, rest) = bytes.split_first_chunk()?;
    let (rows, rest) = rest.split_at_checked(row_count(*count)? * ROW_BYTES)?;
    let (sum, _) = rest.split_first_chunk()?;
    (checksum(offset, *count, rows) == u32::from_be_bytes(*sum)).then_some(rows)
}

fn checksum(offset: u64, count: [u8; 4], rows: &[u8]) -> u32 {
    let sum = crc32c::crc32c(&offset.to_be_bytes());
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
