//! The two ends of a snapshot: what it is of, and where its parts lie.
//!
//! The header, 64 bytes: magic, format version u32, zero u32, number of entries u64, leaf hash of
//! the last of them, zero u32, CRC-32C of all before it.
//!
//! The footer, 64 bytes at the end of the file: end of the resident rows u64, end of the settled
//! rows u64, the root block's offset u64 and length u64 (zero where there are no settled rows),
//! number of settled rows u64, zero u64 twice, zero u32, CRC-32C of its offset (u64) and of all
//! before it.

use super::block::{Place, checksum};
use super::fault::Fault;
use crate::journal::frame::LeafHash;

pub(super) const HEADER_BYTES: usize = 64;
pub(super) const FOOTER_BYTES: usize = 64;
/// Leaf hashes lie in groups of this many, each followed by its CRC-32C.
pub(super) const GROUP_LEAVES: u64 = 128;
const LEAF_BYTES: u64 = 32;
pub(super) const CHECKSUM_BYTES: u64 = 4;

const MAGIC: [u8; 8] = *b"MGSNAP\r\n";
pub(super) const FORMAT_VERSION: u32 = 3;

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// How many entries it is the sum of; above zero.
    pub(super) entry_count: u64,
    /// The leaf hash of the last of them, which chains it to its journal.
    pub(super) last_leaf: LeafHash,
}

/// Where the parts of a snapshot lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    /// Where the rows end that are always in memory; they begin behind the header.
    pub(super) resident_end: u64,
    /// Where the settled rows and their index end; leaf hashes follow.
    pub(super) settled_end: u64,
    /// The top block of the index.
    pub(super) root: Option<Place>,
    /// How many settled rows there are.
    pub(super) settled_rows: u64,
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.entry_count.to_le_bytes());
        bytes.extend_from_slice(&self.last_leaf);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, Fault> {
        if bytes[..8] != MAGIC {
            return Err(Fault::Magic);
        }
        let (fields, stated) = bytes.split_at(HEADER_BYTES - 4);
        if crc32c::crc32c(fields).to_le_bytes() != *stated {
            return Err(Fault::Checksum);
        }
        let found = u32::from_le_bytes(array(bytes, 8));
        if found != FORMAT_VERSION {
            return Err(Fault::Version { found });
        }
        let entry_count = u64::from_le_bytes(array(bytes, 16));
        if entry_count == 0 {
            return Err(Fault::Content("number of entries"));
        }
        Ok(Self { entry_count, last_leaf: array(bytes, 24) })
    }
}

impl Footer {
    pub(super) fn encode(&self, offset: u64) -> Vec<u8> {
        let root = self.root.unwrap_or(Place { offset: 0, bytes: 0 });
        let mut bytes = Vec::with_capacity(FOOTER_BYTES);
        let fields = [
            self.resident_end,
            self.settled_end,
            root.offset,
            root.bytes.into(),
            self.settled_rows,
            0,
            0,
        ];
        for field in fields {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&checksum(offset, &bytes).to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; FOOTER_BYTES], offset: u64) -> Result<Self, Fault> {
        let (fields, stated) = bytes.split_at(FOOTER_BYTES - 4);
        if checksum(offset, fields).to_le_bytes() != *stated {
            return Err(Fault::Checksum);
        }
        let field = |nth: usize| u64::from_le_bytes(array(bytes, 8 * nth));
        let root_bytes = u32::try_from(field(3)).map_err(|_| Fault::Content("root"))?;
        let root = Place { offset: field(2), bytes: root_bytes };
        Ok(Self {
            resident_end: field(0),
            settled_end: field(1),
            root: (root_bytes > 0).then_some(root),
            settled_rows: field(4),
        })
    }
}

/// How many bytes so many leaf hashes take, checksums included.
pub(super) fn leaf_bytes(count: u64) -> u64 {
    count * LEAF_BYTES + count.div_ceil(GROUP_LEAVES) * CHECKSUM_BYTES
}

fn array<const N: usize>(bytes: &[u8; 64], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}
