//! A chunk: neighbouring items of the packed map as one value of the engine.
//!
//! | bytes | field |
//! |---|---|
//! | 0–3 | CRC-32C of the chunk's lower bound and everything after these four bytes |
//! | 4–5 | length of the upper bound; zero where there is none |
//! | … | the upper bound, exclusive: the lower bound of the next chunk |
//! | … | the items, in the order of their keys |
//!
//! An item is one byte with how much of its key it shares with the key before it, one with the
//! length of the rest, two with the length of its value, the rest of the key, and the value.
//! Integers are little-endian.
//!
//! A chunk knows where the next one begins, so that one which has got lost is noticed.

use std::collections::BTreeMap;

use super::engine::{Damaged, Pair};

/// A chunk grows up to so many bytes of items; sled wants values of at most 8 KiB.
pub(super) const CHUNK_BYTES_MAX: usize = 6 * 1024;

/// So many bytes a chunk has at most where it is cut, so that it can grow.
pub(super) const CHUNK_BYTES_CUT: usize = 4 * 1024;

const CHECKSUM_BYTES: usize = 4;
const BOUND_BYTES: usize = 2;
const ITEM_HEADER_BYTES: usize = 4;

/// Bytes of a key that belong together: the letter and a pseudonym. All of a subject is put into
/// one chunk where it fits.
const GROUP_BYTES: usize = 16;

/// A chunk as the engine has it, verified.
pub(super) struct Chunk {
    pub(super) low: Vec<u8>,
    bytes: Vec<u8>,
    items_from: usize,
}

impl Chunk {
    /// Verifies what the engine has under the lower bound `low`.
    pub(super) fn open(low: Vec<u8>, bytes: Vec<u8>) -> Result<Self, Damaged> {
        let header = bytes.split_first_chunk::<CHECKSUM_BYTES>();
        let (stored, rest) = header.ok_or_else(damaged)?;
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&low), rest);
        let length = rest.first_chunk::<BOUND_BYTES>().ok_or_else(damaged)?;
        let items_from = CHECKSUM_BYTES + BOUND_BYTES + usize::from(u16::from_le_bytes(*length));
        if u32::from_le_bytes(*stored) != checksum || items_from > bytes.len() {
            return Err(damaged());
        }
        Ok(Self { low, bytes, items_from })
    }

    /// The bytes of a chunk.
    pub(super) fn encode(low: &[u8], upper: Option<&[u8]>, items: &[Pair]) -> Vec<u8> {
        let upper = upper.unwrap_or_default();
        let mut bytes = vec![0; CHECKSUM_BYTES];
        bytes.extend(short(upper.len()));
        bytes.extend_from_slice(upper);
        let mut before: &[u8] = &[];
        for (key, value) in items {
            let shared = shared_length(before, key);
            bytes.extend([byte(shared), byte(key.len() - shared)]);
            bytes.extend(short(value.len()));
            bytes.extend_from_slice(&key[shared..]);
            bytes.extend_from_slice(value);
            before = key;
        }
        let checksum = crc32c::crc32c_append(crc32c::crc32c(low), &bytes[CHECKSUM_BYTES..]);
        bytes[..CHECKSUM_BYTES].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(super) fn upper(&self) -> Option<&[u8]> {
        let upper = &self.bytes[CHECKSUM_BYTES + BOUND_BYTES..self.items_from];
        Some(upper).filter(|it| !it.is_empty())
    }

    /// Whether this is the chunk in which `key` stands, if anywhere.
    pub(super) fn covers(&self, key: &[u8]) -> bool {
        self.low.as_slice() <= key && self.upper().is_none_or(|upper| key < upper)
    }

    pub(super) fn items(&self) -> Items<'_> {
        Items { rest: &self.bytes[self.items_from..], key: Vec::new() }
    }

    pub(super) fn to_map(&self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Damaged> {
        let mut map = BTreeMap::new();
        let mut items = self.items();
        while let Some((key, value)) = items.next()? {
            map.insert(key.to_vec(), value.to_vec());
        }
        Ok(map)
    }

    /// Whether the engine has these very bytes already.
    pub(super) fn is(&self, low: &[u8], bytes: &[u8]) -> bool {
        self.low == low && self.bytes == bytes
    }
}

/// The key and the value of an item.
pub(super) type Item<'k, 'v> = (&'k [u8], &'v [u8]);

/// The items of a chunk. Not an iterator, because a key lives until the next one only.
pub(super) struct Items<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
}

impl<'a> Items<'a> {
    pub(super) fn next(&mut self) -> Result<Option<Item<'_, 'a>>, Damaged> {
        let Some((header, rest)) = self.rest.split_first_chunk::<ITEM_HEADER_BYTES>() else {
            return if self.rest.is_empty() { Ok(None) } else { Err(damaged()) };
        };
        let [shared, own, low, high] = *header;
        let (shared, own) = (usize::from(shared), usize::from(own));
        let length = usize::from(u16::from_le_bytes([low, high]));
        let (key, rest) = rest.split_at_checked(own).ok_or_else(damaged)?;
        let (value, rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        self.key.truncate(shared);
        self.key.extend_from_slice(key);
        self.rest = rest;
        Ok(Some((&self.key, value)))
    }
}

/// Where to cut items that are too many for one chunk: the index at which each piece begins.
pub(super) fn cuts(items: &[Pair]) -> Vec<usize> {
    let total = size(items);
    let mut cutter = Cutter { cuts: vec![0], filled: 0, at: 0 };
    if total <= CHUNK_BYTES_MAX {
        return cutter.cuts;
    }
    // Of about the same size, so that none is left nearly empty.
    let wanted = total / total.div_ceil(CHUNK_BYTES_CUT) + ITEM_HEADER_BYTES;
    for together in items.chunk_by(|one, other| group(&one.0) == group(&other.0)) {
        if size(together) <= CHUNK_BYTES_MAX {
            cutter.add(together, CHUNK_BYTES_CUT);
        } else {
            for item in together.chunks(1) {
                cutter.add(item, wanted);
            }
        }
    }
    cutter.cuts
}

/// Items as they are cut into pieces.
struct Cutter {
    cuts: Vec<usize>,
    /// Bytes of the last piece.
    filled: usize,
    /// Items so far.
    at: usize,
}

impl Cutter {
    /// Adds items, to a new piece where the last one would have more than so many bytes.
    fn add(&mut self, items: &[Pair], bytes_max: usize) {
        let bytes = size(items);
        if self.filled > 0 && self.filled + bytes > bytes_max {
            self.cuts.push(self.at);
            self.filled = 0;
        }
        self.filled += bytes;
        self.at += items.len();
    }
}

fn size(items: &[Pair]) -> usize {
    items.iter().map(|(key, value)| item_bytes(key, value)).sum()
}

/// The part of a key by which items belong together.
pub(super) fn group(key: &[u8]) -> &[u8] {
    &key[..key.len().min(GROUP_BYTES)]
}

/// At most so many bytes an item takes in a chunk.
pub(super) fn item_bytes(key: &[u8], value: &[u8]) -> usize {
    ITEM_HEADER_BYTES + key.len() + value.len()
}

/// The shortest bound between two keys, the first of which is below the second.
pub(super) fn bound_between(before: &[u8], key: &[u8]) -> Vec<u8> {
    let shared = shared_length(before, key);
    key[..key.len().min(shared + 1)].to_vec()
}

fn shared_length(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[expect(clippy::expect_used, reason = "keys are fixed in length, far below the limit")]
fn byte(length: usize) -> u8 {
    u8::try_from(length).expect("a key of at most 255 bytes")
}

#[expect(clippy::expect_used, reason = "long values are left in the journal")]
fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).expect("a value of less than 64 KiB").to_le_bytes()
}

fn damaged() -> Damaged {
    Damaged("a chunk does not match its checksum".to_owned())
}
