//! Rows that are too many to be sorted in memory: split into files by the first bytes of their
//! keys, so that each file alone fits. The files are in the order of the keys, as are the rows of
//! each once it was sorted.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes of a part that wait in memory before they are written.
const BUFFER_BYTES: usize = 32 * 1024;

/// Bytes of the length in front of a row.
const LENGTH_BYTES: usize = 4;

/// Files of rows, one for each range of keys.
pub(super) struct Spill {
    parts: Vec<Part>,
}

struct Part {
    path: PathBuf,
    file: BufWriter<File>,
    checksum: u32,
}

impl Spill {
    /// Creates `part_count` files in `folder`, at most 65,536.
    pub(super) fn create(folder: &Path, name: &str, part_count: usize) -> io::Result<Self> {
        let part = |index| {
            let path = folder.join(format!("{name}-{index}"));
            let file = BufWriter::with_capacity(BUFFER_BYTES, File::create(&path)?);
            Ok(Part { path, file, checksum: 0 })
        };
        Ok(Self { parts: (0..part_count).map(part).collect::<io::Result<_>>()? })
    }

    /// Adds a row that belongs to `key`; rows of one key stay in their order.
    pub(super) fn add(&mut self, key: &[u8], row: &[&[u8]]) -> io::Result<()> {
        let first = [key.first(), key.get(1)].map(|byte| byte.copied().unwrap_or_default());
        let index = (usize::from(u16::from_be_bytes(first)) * self.parts.len()) >> 16;
        let part = &mut self.parts[index];
        let length: usize = row.iter().map(|it| it.len()).sum();
        let length = u32::try_from(length).map_err(io::Error::other)?.to_le_bytes();
        for bytes in std::iter::once(length.as_slice()).chain(row.iter().copied()) {
            part.checksum = crc32c::crc32c_append(part.checksum, bytes);
            part.file.write_all(bytes)?;
        }
        Ok(())
    }

    pub(super) fn part_count(&self) -> usize {
        self.parts.len()
    }

    /// Takes the rows of a part; its file is gone after that.
    pub(super) fn take(&mut self, index: usize) -> io::Result<Rows> {
        let part = &mut self.parts[index];
        part.file.flush()?;
        let bytes = fs::read(&part.path)?;
        if crc32c::crc32c(&bytes) != part.checksum {
            let path = part.path.display();
            return Err(io::Error::other(format!("{path} does not match its checksum")));
        }
        fs::remove_file(&part.path)?;
        Ok(Rows { ranges: ranges(&bytes), bytes })
    }
}

/// The rows of one part.
pub(super) struct Rows {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
}

impl Rows {
    /// Sorts the rows by a part of them; equal ones stay in their order.
    pub(super) fn sort_by_key<'a, K: Ord>(&'a mut self, key: impl Fn(&'a [u8]) -> K) {
        let bytes = &self.bytes;
        self.ranges.sort_by_key(|range| key(&bytes[range.clone()]));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges.iter().map(|range| &self.bytes[range.clone()])
    }

    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

fn ranges(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(length) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LENGTH_BYTES>) {
        let from = at + LENGTH_BYTES;
        at = from + usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        ranges.push(from..at);
    }
    ranges
}
