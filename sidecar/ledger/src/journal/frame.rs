//! Frames: how one record lies in a segment, and the leaf hash over its payload.
//!
//! | bytes | field |
//! |---|---|
//! | 0–3 | CRC-32C of everything after these four bytes |
//! | 4–7 | length of the payload |
//! | 8–15 | position |
//! | 16–19 | index in its batch, from zero |
//! | 20 | version of the frame, 1 |
//! | 21 | flags; bit 0: the last frame of its batch |
//! | 22–23 | zero |
//! | 24– | payload |
//!
//! Integers are little-endian.

use makegood_core::mutants::{Mutant, is_on};
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::error::JournalError;

/// The longest payload of a record, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// What stands before a record's payload in a segment, in bytes.
pub const FRAME_HEADER_BYTES: usize = 24;
pub(super) const MAX_FRAME_BYTES: usize = FRAME_HEADER_BYTES + MAX_PAYLOAD_BYTES;

/// The checksum, with which a frame begins; it covers all that follows of the frame.
pub const CHECKSUM_BYTES: usize = 4;
const VERSION: u8 = 1;
const LAST_OF_BATCH: u8 = 1;

/// The hash of one record's payload.
pub type LeafHash = [u8; 32];

/// One record as read back.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number: positions start at zero and have no gaps.
    pub position: u64,
    /// The bytes that were appended.
    pub payload: Vec<u8>,
}

/// Shows how long the payload is but not what it says, which may be private.
impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Record");
        fields.field("position", &self.position);
        fields.field("payload_bytes", &self.payload.len()).finish()
    }
}

/// A frame decoded in place.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) position: u64,
    /// Its number in its batch, from zero.
    pub(super) index: u32,
    /// Whether it ends its batch.
    pub(super) last: bool,
    pub(super) payload: &'a [u8],
}

/// Why bytes are not the frame that belongs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// Nothing was written here.
    #[error("there are only zeros")]
    Blank,
    /// The frame reaches past the end of the file.
    #[error("it runs past the end of the file")]
    PastEnd,
    /// The length is above [`MAX_PAYLOAD_BYTES`].
    #[error("its length is {length}, above the limit of {MAX_PAYLOAD_BYTES}")]
    Length {
        /// The length found.
        length: u32,
    },
    /// The bytes do not match their CRC-32C.
    #[error("it does not match its checksum")]
    Checksum,
    /// The frame has a version or flags that this release does not know.
    #[error("it has frame version {version} and flags {flags:#04x}, unknown to this release")]
    Version {
        /// The version found.
        version: u8,
        /// The flags found.
        flags: u8,
    },
    /// An intact frame of another position or batch lies here.
    #[error("position {position}, number {index} of its batch, lies in its place")]
    OutOfPlace {
        /// The position found.
        position: u64,
        /// The index found.
        index: u32,
    },
}

/// The hash of a payload as a leaf of a Merkle tree: SHA-256 of a zero byte and the payload
/// (RFC 6962, section 2.1).
pub fn leaf_hash(payload: &[u8]) -> LeafHash {
    let hashed = match payload.split_last() {
        Some((_, but_last)) if is_on(Mutant::HashLeavesByteOut) => but_last,
        _ => payload,
    };
    Sha256::new_with_prefix([0]).chain_update(hashed).finalize().into()
}

/// The fields before the payload.
struct Header {
    checksum: u32,
    length: u32,
    position: u64,
    index: u32,
    version: u8,
    flags: u8,
}

impl Header {
    fn decode(mut bytes: &[u8]) -> Option<Self> {
        Some(Self {
            checksum: u32::from_le_bytes(take(&mut bytes)?),
            length: u32::from_le_bytes(take(&mut bytes)?),
            position: u64::from_le_bytes(take(&mut bytes)?),
            index: u32::from_le_bytes(take(&mut bytes)?),
            version: u8::from_le_bytes(take(&mut bytes)?),
            flags: u8::from_le_bytes(take(&mut bytes)?),
        })
    }
}

impl<'a> Frame<'a> {
    /// Decodes the frame at the start of `bytes`, which may hold more.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, FrameFault> {
        let (raw, rest) = bytes.split_at_checked(FRAME_HEADER_BYTES).ok_or(FrameFault::PastEnd)?;
        if raw.iter().all(|byte| *byte == 0) {
            return Err(FrameFault::Blank);
        }
        let header = Header::decode(raw).ok_or(FrameFault::PastEnd)?;
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if length > MAX_PAYLOAD_BYTES {
            return Err(FrameFault::Length { length: header.length });
        }
        let payload = rest.get(..length).ok_or(FrameFault::PastEnd)?;
        let covered = bytes.get(CHECKSUM_BYTES..FRAME_HEADER_BYTES + length);
        if covered.map(crc32c::crc32c) != Some(header.checksum) {
            return Err(FrameFault::Checksum);
        }
        let Header { position, index, version, flags, .. } = header;
        if version != VERSION || flags & !LAST_OF_BATCH != 0 {
            return Err(FrameFault::Version { version, flags });
        }
        Ok(Self { position, index, last: flags == LAST_OF_BATCH, payload })
    }

    /// The frame, if it is the one of `position` in the batch that begins at `batch_first`.
    pub(super) fn in_place(self, position: u64, batch_first: u64) -> Result<Self, FrameFault> {
        if self.position == position && self.batch_first() == batch_first {
            return Ok(self);
        }
        Err(FrameFault::OutOfPlace { position: self.position, index: self.index })
    }

    /// The position of the first record of this frame's batch.
    pub(super) fn batch_first(&self) -> u64 {
        self.position.saturating_sub(u64::from(self.index))
    }

    /// The frame's length in the file, in bytes.
    pub(super) fn size(&self) -> usize {
        FRAME_HEADER_BYTES + self.payload.len()
    }
}

/// The position that the bytes would have if they were a frame: a cheap look before decoding.
pub(super) fn peek_position(bytes: &[u8]) -> Option<u64> {
    Header::decode(bytes).map(|header| header.position)
}

/// The bytes that these payloads take as one batch.
pub(super) fn batch_bytes(payloads: &[impl AsRef<[u8]>]) -> u64 {
    let frames = payloads.iter().map(|payload| FRAME_HEADER_BYTES + payload.as_ref().len());
    frames.sum::<usize>() as u64
}

/// Encodes `payloads` into `out` as one batch whose first record has position `first`.
pub(super) fn encode_batch(
    out: &mut Vec<u8>,
    first: u64,
    payloads: &[impl AsRef<[u8]>],
) -> Result<(), JournalError> {
    out.clear();
    for ((position, index), payload) in (first..).zip(0_u32..).zip(payloads) {
        let (payload, limit) = (payload.as_ref(), MAX_PAYLOAD_BYTES);
        let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= limit);
        let length =
            length.ok_or(JournalError::PayloadTooLarge { index, bytes: payload.len(), limit })?;
        let last = position + 1 == first + payloads.len() as u64;
        let start = out.len();
        out.extend([0; CHECKSUM_BYTES]);
        out.extend(length.to_le_bytes());
        out.extend(position.to_le_bytes());
        out.extend(index.to_le_bytes());
        out.extend([VERSION, if last { LAST_OF_BATCH } else { 0 }, 0, 0]);
        out.extend(payload);
        let checksum = crc32c::crc32c(&out[start + CHECKSUM_BYTES..]);
        out[start..start + CHECKSUM_BYTES].copy_from_slice(&checksum.to_le_bytes());
    }
    Ok(())
}

/// Takes the next `N` bytes off the front of `bytes`.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (field, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*field)
}
