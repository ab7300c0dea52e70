//! Blocks: sorted pairs of bytes under one checksum.
//!
//! | bytes | field |
//! |---|---|
//! | 0–3 | CRC-32C of the block's offset in the file (u64) and of everything after these four bytes |
//! | 4–7 | length of the pairs in bytes |
//! | 8 | level: 0 holds rows, each level above names the blocks of the one below |
//! | 9–11 | zero |
//! | 12– | pairs: length of the key u16, length of the value u32, key, value |
//!
//! Integers are little-endian. The offset is part of the checksum, so that an intact block in
//! another's place is found out.

use super::cursor::Cursor;
use super::fault::Fault;

pub(super) const HEADER_BYTES: usize = 12;
/// A block is closed once it is this long; with one row more it may be longer.
const FULL_BYTES: usize = 4 << 10;
/// No block is longer; a length above it is damage.
const MAX_BYTES: usize = 256 << 20;

/// The checksum of bytes at an offset.
pub(super) fn checksum(offset: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&offset.to_le_bytes()), bytes)
}

/// Where a block lies, with its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) bytes: u32,
}

impl Place {
    pub(super) fn encode(self) -> [u8; 12] {
        let mut encoded = [0; 12];
        encoded[..8].copy_from_slice(&self.offset.to_le_bytes());
        encoded[8..].copy_from_slice(&self.bytes.to_le_bytes());
        encoded
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (offset, rest) = bytes.split_first_chunk()?;
        let bytes = u32::from_le_bytes(rest.try_into().ok()?);
        Some(Self { offset: u64::from_le_bytes(*offset), bytes })
    }
}

/// A block that is being filled.
#[derive(Debug, Default)]
pub(super) struct Builder {
    first: Vec<u8>,
    pairs: Vec<u8>,
}

impl Builder {
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.pairs.len() >= FULL_BYTES
    }

    /// Adds a pair behind those with smaller keys.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        if self.is_empty() {
            self.first = key.to_vec();
        }
        // Keys have a few hundred bytes at most, and values are rows.
        let key_bytes = u16::try_from(key.len()).unwrap_or(u16::MAX);
        let value_bytes = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.pairs.extend_from_slice(&key_bytes.to_le_bytes());
        self.pairs.extend_from_slice(&value_bytes.to_le_bytes());
        self.pairs.extend_from_slice(key);
        self.pairs.extend_from_slice(value);
    }

    /// The block as it is stored at `offset`, and its first key; the builder begins anew.
    pub(super) fn close(&mut self, level: u8, offset: u64) -> (Vec<u8>, Vec<u8>) {
        let Self { first, pairs } = std::mem::take(self);
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&[level, 0, 0, 0]);
        bytes.extend_from_slice(&pairs);
        let checksum = checksum(offset, &bytes[4..]);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        (bytes, first)
    }
}

/// A block that was read and matches its checksum.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) level: u8,
    bytes: Vec<u8>,
}

/// A key and its value.
pub(super) type Pair<'a> = (&'a [u8], &'a [u8]);

impl Block {
    /// How long the block with this header is, header included.
    pub(super) fn length(header: &[u8]) -> Result<usize, Fault> {
        let field = header.get(4..8).and_then(|bytes| bytes.try_into().ok());
        let length = field.map_or(usize::MAX, |bytes| u32::from_le_bytes(bytes) as usize);
        if length > MAX_BYTES { Err(Fault::Checksum) } else { Ok(HEADER_BYTES + length) }
    }

    /// Takes the bytes of a whole block that was read at `offset`.
    pub(super) fn decode(bytes: Vec<u8>, offset: u64) -> Result<Self, Fault> {
        let is_whole = Self::length(&bytes).is_ok_and(|length| length == bytes.len());
        let stated = bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        if is_whole && stated == Some(checksum(offset, &bytes[4..])) {
            Ok(Self { level: bytes[8], bytes })
        } else {
            Err(Fault::Checksum)
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The pairs in their order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Result<Pair<'_>, Fault>> {
        let mut from = Cursor::new(&self.bytes[HEADER_BYTES..], "block");
        std::iter::from_fn(move || (!from.is_empty()).then(|| pair(&mut from)))
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<&[u8]>, Fault> {
        for pair in self.pairs() {
            match pair? {
                (found, value) if found == key => return Ok(Some(value)),
                (found, _) if found > key => break,
                _ => {}
            }
        }
        Ok(None)
    }

    /// Where the block lies that would hold the key; none where the key comes before all.
    pub(super) fn child(&self, key: &[u8]) -> Result<Option<Place>, Fault> {
        let mut child = None;
        for pair in self.pairs() {
            let (first, place) = pair?;
            if first > key {
                break;
            }
            child = Some(Place::decode(place).ok_or(Fault::Content("place"))?);
        }
        Ok(child)
    }
}

fn pair<'a>(from: &mut Cursor<'a>) -> Result<Pair<'a>, Fault> {
    let key_bytes = u16::from_le_bytes(from.array()?);
    let value_bytes = u32::from_le_bytes(from.array()?);
    Ok((from.take(key_bytes.into())?, from.take(value_bytes as usize)?))
}
