//! Heads: the writer's own statement of how far a segment is known to be on stable storage.
//!
//! A head fills the start of a 512-byte sector of its own:
//! generation u64, next position u64, byte offset u64, last leaf hash, CRC-32C of those.
//! Generations alternate between the two slots, so that writing one never risks the other.

use super::frame::{LeafHash, take};
use super::segment::Cursor;

pub(super) const SECTOR_BYTES: usize = 512;
pub(super) const HEAD_BYTES: usize = 8 + 8 + 8 + 32;

/// Everything before `next_position` was synced before this head was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) generation: u64,
    pub(super) next_position: u64,
    /// Where the frame of `next_position` begins, in bytes.
    pub(super) offset: u64,
    /// The leaf hash of the record before `next_position`; zeros where there is none.
    pub(super) last_leaf: LeafHash,
}

impl Head {
    /// The head that comes after this one and confirms everything before `end`.
    pub(super) fn following(&self, end: Cursor, last_leaf: LeafHash) -> Self {
        let Cursor { position: next_position, offset } = end;
        Self { generation: self.generation + 1, next_position, offset, last_leaf }
    }

    /// The number of the slot that this head belongs in, 0 or 1.
    pub(super) fn slot(&self) -> u64 {
        self.generation % 2
    }

    pub(super) fn encode(&self) -> [u8; SECTOR_BYTES] {
        let mut fields = Vec::with_capacity(SECTOR_BYTES);
        fields.extend(self.generation.to_le_bytes());
        fields.extend(self.next_position.to_le_bytes());
        fields.extend(self.offset.to_le_bytes());
        fields.extend(self.last_leaf);
        fields.extend(crc32c::crc32c(&fields).to_le_bytes());
        let mut sector = [0; SECTOR_BYTES];
        sector[..fields.len()].copy_from_slice(&fields);
        sector
    }

    pub(super) fn decode(slot: &[u8]) -> Option<Self> {
        let (mut fields, mut rest) = slot.split_at_checked(HEAD_BYTES)?;
        let checksum = crc32c::crc32c(fields);
        let head = Self {
            generation: u64::from_le_bytes(take(&mut fields)?),
            next_position: u64::from_le_bytes(take(&mut fields)?),
            offset: u64::from_le_bytes(take(&mut fields)?),
            last_leaf: take(&mut fields)?,
        };
        (u32::from_le_bytes(take(&mut rest)?) == checksum).then_some(head)
    }
}

/// The newest valid head of the two slots, which follow one another in `slots`.
///
/// One slot may well be invalid: a power cut tears the one that is being written.
pub(super) fn newest(slots: &[u8]) -> Option<Head> {
    let heads = (0_u64..2).zip(slots.chunks(SECTOR_BYTES));
    heads
        .filter_map(|(slot, bytes)| Head::decode(bytes).filter(|head| head.slot() == slot))
        .max_by_key(|head| head.generation)
}
