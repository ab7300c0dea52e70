//! Entries as stored bytes: a version byte, then `makegood.ledger.v1.Entry`.
//!
//! Bytes are encoded once, by the writer. Everything else, hashes above all, uses them as stored.

pub(crate) mod acts;
mod consults;
pub(super) mod decode;
pub(super) mod encode;

use makegood_core::ledger::Entry;
use makegood_proto::ledger::v1 as pb;
use prost::Message as _;

pub use decode::DecodeError;

/// The version byte in front of every stored entry.
const FORMAT_VERSION: u8 = 1;

/// The bytes to store for an entry; `development` marks what was written in development mode.
pub fn encode(entry: &Entry, development: bool) -> Vec<u8> {
    let mut bytes = vec![FORMAT_VERSION];
    encode::entry(entry, development).encode_raw(&mut bytes);
    bytes
}

/// Reads stored bytes as the message that they hold.
///
/// # Errors
/// [`DecodeError`] when the bytes are of another version or no such message.
pub fn message(bytes: &[u8]) -> Result<pb::Entry, DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT_VERSION, message)) => {
            pb::Entry::decode(message).map_err(|_| DecodeError { field: "entry" })
        }
        _ => Err(DecodeError { field: "version" }),
    }
}

/// Reads stored bytes as an entry.
///
/// # Errors
/// [`DecodeError`] naming the first field that holds no valid value.
pub fn decode(bytes: &[u8]) -> Result<Entry, DecodeError> {
    decode::entry(message(bytes)?)
}

/// Reads an entry's message, as it is listed.
///
/// # Errors
/// As [`decode`].
pub fn entry(message: pb::Entry) -> Result<Entry, DecodeError> {
    decode::entry(message)
}

#[cfg(test)]
mod tests;
