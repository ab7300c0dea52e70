//! The `keys` file: one wrapped key per subject, appended when a subject is new.
//!
//! After the header come appends, each synced before the next is begun: the number of its rows
//! (4 bytes, big-endian), the rows, and a CRC-32C over the append's offset (8 bytes) and all that.
//! A row is a pseudonym (15 bytes) and its wrapped key (24-byte nonce, 32 bytes, 16-byte tag). 64
//! zeros and a position of the ledger (8 bytes, big-endian) in place of the key are a tombstone: the
//! person was erased by the entry there. Of several rows of one pseudonym the last one counts. Two pseudonyms are nobody's: the tenant's own key is under one, and under the
//! other stands how far the ledger was read for erasures.
//!
//! The header names the version: a file with tombstones is of version 2, and has been written anew
//! by [`super::rewrite`].
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

use super::contents::Contents;
use super::{Key, Pid, VaultError, seal};

/// The row of the tenant's own key, for keyed hashes.
pub(super) const TENANT_SUBJECT: Pid = [0; 15];

/// The row that says how far the ledger was read: a position in big-endian, padded to a key.
pub(super) const LEDGER_READ: Pid = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

const HEADER: &[u8; 16] = b"makegood keys 1\n";

/// The header of a file that may have tombstones.
pub(super) const HEADER_2: &[u8; 16] = b"makegood keys 2\n";

pub(super) const PID_BYTES: usize = 15;
const WRAPPED_BYTES: usize = 24 + 32 + 16;

/// The zeros of a tombstone. The nonce alone of a wrapped key is never like this.
const TOMBSTONE_ZEROS: usize = WRAPPED_BYTES - size_of::<u64>();

pub(super) const ROW_BYTES: usize = PID_BYTES + WRAPPED_BYTES;

/// What stands before the rows of an append: their number.
const COUNT_BYTES: usize = 4;

/// What an append has besides its rows: their number and the CRC.
const FRAME_BYTES: usize = COUNT_BYTES + 4;

/// More wait seldom; they go into several appends.
pub(super) const ROWS_PER_APPEND: usize = 4_096;

/// The open file.
pub(super) struct KeyFile {
    path: PathBuf,
    file: File,
    end: u64,
    wrapping_key: Key,
}

impl KeyFile {
    /// Opens or creates the file for writing, and says what it has.
    pub(super) fn open(path: &Path, wrapping_key: &Key) -> Result<(Self, Contents), VaultError> {
        // What a rewriting has left that a crash has interrupted.
        match std::fs::remove_file(aside(path)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(failed(path, source));
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(|source| failed(path, source))?;
        let mut key_file = Self::new(path, file, wrapping_key);
        let length = key_file.length()?;
        // A crash during creation leaves no more than a header, and nothing that could use it.
        if length <= HEADER.len() as u64 {
            key_file.write(HEADER, 0)?;
            sync_folder(path).map_err(|source| failed(path, source))?;
            return Ok((key_file, Contents::default()));
        }
        let contents = key_file.scan(length)?;
        if key_file.end < length {
            let cut_bytes = length - key_file.end;
            tracing::warn!(
                bytes = cut_bytes,
                "a write was torn before it was acknowledged; it was cut off the key file"
            );
            let cut = key_file.file.set_len(key_file.end);
            cut.and_then(|()| key_file.file.sync_all()).map_err(|source| failed(path, source))?;
        }
        Ok((key_file, contents))
    }

    /// Opens the file for reading, and says what it has. A torn last append is passed over.
    pub(super) fn read(path: &Path, wrapping_key: &Key) -> Result<(Self, Contents), VaultError> {
        let file = File::open(path).map_err(|source| failed(path, source))?;
        let mut key_file = Self::new(path, file, wrapping_key);
        let length = key_file.length()?;
        if length <= HEADER.len() as u64 {
            return Ok((key_file, Contents::default()));
        }
        let contents = key_file.scan(length)?;
        Ok((key_file, contents))
    }

    /// A new file beside the one at `path`, which it is to replace; see [`KeyFile::replace`].
    pub(super) fn beside(path: &Path, wrapping_key: &Key) -> Result<Self, VaultError> {
        let aside = aside(path);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&aside).map_err(|source| failed(&aside, source))?;
        file.write_all_at(HEADER_2, 0).map_err(|source| failed(&aside, source))?;
        Ok(Self::new(path, file, wrapping_key))
    }

    /// A new file beside this one, under the same key-encryption key.
    pub(super) fn sibling(&self) -> Result<Self, VaultError> {
        Self::beside(&self.path, &self.wrapping_key)
    }

    /// Another handle to the same file, as long as it is now.
    pub(super) fn handle(&self) -> Result<Self, VaultError> {
        let file = self.file.try_clone().map_err(|source| failed(&self.path, source))?;
        Ok(Self { path: self.path.clone(), file, end: self.end, wrapping_key: self.wrapping_key })
    }

    fn new(path: &Path, file: File, wrapping_key: &Key) -> Self {
        let end = HEADER.len() as u64;
        Self { path: path.to_owned(), file, end, wrapping_key: *wrapping_key }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the next append will begin.
    pub(super) fn end(&self) -> u64 {
        self.end
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
            let at = self.put(rows)?;
            self.sync()?;
            written.extend(rows_of(at, rows).map(|(pid, place, _)| (pid, place)));
        }
        Ok(written)
    }

    /// Writes one append of rows without syncing it; returns where it begins.
    pub(super) fn put(&mut self, rows: &[u8]) -> Result<u64, VaultError> {
        let (at, append) = (self.end, append(self.end, rows));
        self.file.write_all_at(&append, at).map_err(|source| failed(&self.path, source))?;
        self.end += append.len() as u64;
        Ok(at)
    }

    /// Puts everything written on stable storage.
    pub(super) fn sync(&self) -> Result<(), VaultError> {
        self.file.sync_data().map_err(|source| failed(&self.path, source))
    }

    /// Takes the place of the file that this one was made beside. Once that has happened, only to
    /// sync the folder may fail: then the new file is the one in use, and may be gone after a crash.
    pub(super) fn replace(&self) -> Result<io::Result<()>, VaultError> {
        self.file.sync_all().map_err(|source| failed(&self.path, source))?;
        std::fs::rename(aside(&self.path), &self.path)
            .map_err(|source| failed(&self.path, source))?;
        Ok(sync_folder(&self.path))
    }

    /// The key of the row at a place.
    pub(super) fn key_at(&self, place: u64, pid: &Pid) -> Result<Key, VaultError> {
        let mut wrapped = [0; WRAPPED_BYTES];
        self.read_at(&mut wrapped, place + PID_BYTES as u64)?;
        self.unwrap(pid, &wrapped)
    }

    /// The key of a row's second part.
    pub(super) fn unwrap(&self, pid: &Pid, wrapped: &[u8]) -> Result<Key, VaultError> {
        let key = seal::open(&self.wrapping_key, &wrapping(pid), wrapped).ok();
        let key = key.and_then(|key| Key::try_from(key).ok());
        key.ok_or_else(|| VaultError::WrongKey { path: self.path.clone() })
    }

    /// What the file has; its end is then that of the last whole append.
    fn scan(&mut self, length: u64) -> Result<Contents, VaultError> {
        let mut header = [0; HEADER.len()];
        self.read_at(&mut header, 0)?;
        if header != *HEADER && header != *HEADER_2 {
            return Err(self.damaged(0));
        }
        let mut contents = Contents::with_room_for(length / ROW_BYTES as u64);
        let mut append = Vec::new();
        while self.read_append(self.end, length, &mut append)?
            && let Some(rows) = rows_at(&append, self.end)
        {
            rows_of(self.end, rows).for_each(|(pid, place, row)| contents.add(&pid, place, row));
            self.end += append.len() as u64;
        }
        if self.end < length && self.has_append_behind(length)? {
            return Err(self.damaged(self.end));
        }
        Ok(contents)
    }

    /// Hands out the rows of each append from an offset on, with where the append begins.
    pub(super) fn each_append(
        &self,
        from: u64,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let (mut at, mut append) = (from.max(HEADER.len() as u64), Vec::new());
        while at < self.end {
            let is_there = self.read_append(at, self.end, &mut append)?;
            let rows = is_there.then(|| rows_at(&append, at)).flatten();
            take(at, rows.ok_or_else(|| self.damaged(at))?)?;
            at += append.len() as u64;
        }
        Ok(())
    }

    /// Reads the append at an offset, as long as its count says it is; false where none can be.
    fn read_append(&self, at: u64, length: u64, append: &mut Vec<u8>) -> Result<bool, VaultError> {
        let left = length - at;
        let mut count = [0; COUNT_BYTES];
        if left < FRAME_BYTES as u64 {
            return Ok(false);
        }
        self.read_at(&mut count, at)?;
        let Some(row_count) = row_count(count) else {
            return Ok(false);
        };
        let wanted = row_count * ROW_BYTES + FRAME_BYTES;
        if left < wanted as u64 {
            return Ok(false);
        }
        append.resize(wanted, 0);
        self.read_at(append, at)?;
        Ok(true)
    }

    /// Overwrites what is there, behind the back of whoever still has the file open: with as many
    /// bytes, and without moving anything.
    pub(super) fn overwrite(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, at)
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

/// The rows of an append: pseudonym, where the row begins, and the row itself.
pub(super) fn rows_of(append_at: u64, rows: &[u8]) -> impl Iterator<Item = (Pid, u64, &[u8])> {
    let first = append_at + COUNT_BYTES as u64;
    let places = (first..).step_by(ROW_BYTES);
    let rows = rows.chunks_exact(ROW_BYTES).zip(places);
    rows.filter_map(|(row, place)| Some((*row.first_chunk()?, place, row)))
}

/// What stands in place of the key of somebody whom the entry at this position has erased.
pub(super) fn tombstone(erased_at: u64) -> [u8; WRAPPED_BYTES] {
    let mut tombstone = [0; WRAPPED_BYTES];
    tombstone[TOMBSTONE_ZEROS..].copy_from_slice(&erased_at.to_be_bytes());
    tombstone
}

/// The position of the entry that has erased somebody, if a row says so.
pub(super) fn erased_at(row: &[u8]) -> Option<u64> {
    let (zeros, position) = row.get(PID_BYTES..)?.split_last_chunk()?;
    zeros.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*position))
}

/// Where a file stands that is to replace the one at `path`.
fn aside(path: &Path) -> PathBuf {
    path.with_extension("part")
}

/// The bytes of an append at an offset.
pub(super) fn append(offset: u64, rows: &[u8]) -> Vec<u8> {
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

pub(super) fn failed(path: &Path, source: io::Error) -> VaultError {
    VaultError::File { path: path.to_owned(), source }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
