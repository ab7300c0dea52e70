//! The header of a segment: what it is, where it begins, and the record that it continues.
//!
//! It fills the start of the first 512-byte sector:
//! magic, format version u32, base position u64, capacity u64, leaf hash of the record before the
//! base, CRC-32C of those. It is written once and never changes.

use super::error::Damage;
use super::frame::{LeafHash, take};
use super::head::SECTOR_BYTES;

const MAGIC: [u8; 8] = *b"MAKEGOOD";
const FORMAT_VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 8 + 4 + 8 + 8 + 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The position of the segment's first record.
    pub(super) base: u64,
    /// The size that the file was created with, in bytes.
    pub(super) capacity: u64,
    /// The leaf hash of the record before the base; zeros where there is none.
    pub(super) previous_leaf: LeafHash,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; SECTOR_BYTES] {
        let mut fields = Vec::with_capacity(SECTOR_BYTES);
        fields.extend(MAGIC);
        fields.extend(FORMAT_VERSION.to_le_bytes());
        fields.extend(self.base.to_le_bytes());
        fields.extend(self.capacity.to_le_bytes());
        fields.extend(self.previous_leaf);
        fields.extend(crc32c::crc32c(&fields).to_le_bytes());
        let mut sector = [0; SECTOR_BYTES];
        sector[..fields.len()].copy_from_slice(&fields);
        sector
    }

    /// Decodes the header of the file that is named by `base`.
    pub(super) fn decode(bytes: &[u8], base: u64) -> Result<Self, Damage> {
        let too_short = || Damage::TooShort { bytes: bytes.len() as u64 };
        let (mut fields, mut rest) = bytes.split_at_checked(HEADER_BYTES).ok_or_else(too_short)?;
        let checksum = crc32c::crc32c(fields);
        let magic = take(&mut fields).ok_or_else(too_short)?;
        let version = take(&mut fields).map(u32::from_le_bytes).ok_or_else(too_short)?;
        let stated = take(&mut fields).map(u64::from_le_bytes).ok_or_else(too_short)?;
        let capacity = take(&mut fields).map(u64::from_le_bytes).ok_or_else(too_short)?;
        let previous_leaf = take(&mut fields).ok_or_else(too_short)?;
        if magic != MAGIC {
            return Err(Damage::Magic);
        }
        if take(&mut rest).map(u32::from_le_bytes) != Some(checksum) {
            return Err(Damage::HeaderChecksum);
        }
        if version != FORMAT_VERSION {
            return Err(Damage::HeaderVersion { found: version });
        }
        if stated != base {
            return Err(Damage::WrongBase { stated });
        }
        Ok(Self { base, capacity, previous_leaf })
    }
}
