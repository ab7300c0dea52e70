//! Entries as stored bytes: a version byte, then `makegood.ledger.v1.Entry`.
//!
//! Bytes are encoded once, by the writer. Everything else, hashes above all, uses them as stored.

pub(crate) mod acts;
mod asked;
pub mod codes;
mod consults;
pub(super) mod decode;
pub(super) mod encode;
mod entry;
mod people;
mod wire;

use bytes::Bytes;
use makegood_core::ledger::Entry;
use makegood_proto::ledger::v1 as pb;
use prost::Message as _;

use wire::Wire;

pub use decode::DecodeError;

/// The version byte in front of every stored entry.
const FORMAT_VERSION: u8 = 1;

/// The bytes to store for an entry; `development` marks what was written in development mode.
pub fn encode(entry: &Entry, development: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(&mut bytes, entry, development);
    bytes
}

/// As [`encode`], into bytes that are there already, whose content is dropped.
pub fn encode_into(bytes: &mut Vec<u8>, entry: &Entry, development: bool) {
    bytes.clear();
    bytes.push(FORMAT_VERSION);
    entry::entry(&mut Wire::new(bytes), entry, development);
}

/// Reads stored bytes as the message that they hold.
///
/// # Errors
/// [`DecodeError`] when the bytes are of another version or no such message.
pub fn message(bytes: &[u8]) -> Result<pb::Entry, DecodeError> {
    // Out of `Bytes` every field is taken by one copy, out of a slice by two.
    read(Bytes::copy_from_slice(unversioned(bytes)?))
}

/// Reads stored bytes as an entry.
///
/// # Errors
/// [`DecodeError`] naming the first field that holds no valid value.
pub fn decode(bytes: &[u8]) -> Result<Entry, DecodeError> {
    decode::entry(message(bytes)?)
}

/// As [`decode`], without the traces of limits and the lines in the books, of which the entry has
/// none then: what was asked, without what came of it.
///
/// # Errors
/// As [`decode`], for the fields that are read.
pub fn decode_asked(bytes: &[u8]) -> Result<Entry, DecodeError> {
    let message = unversioned(bytes)?;
    if let Some(reservation) = asked::reservation(message)? {
        return Ok(reservation);
    }
    let asked = wire::without(message, &[entry::LIMIT_TRACES, entry::POSTINGS]);
    let asked = asked.ok_or(DecodeError { field: "entry" })?;
    decode::entry(read(Bytes::from(asked))?)
}

/// Whether stored bytes are those of an entry that was written in development mode.
pub fn is_development(bytes: &[u8]) -> bool {
    let message = unversioned(bytes).ok();
    let fields = message.and_then(wire::fields::<{ entry::DEVELOPMENT + 1 }>);
    fields.is_some_and(|fields| fields[entry::DEVELOPMENT].int() != 0)
}

/// Reads an entry's message, as it is listed.
///
/// # Errors
/// As [`decode`].
pub fn entry(message: pb::Entry) -> Result<Entry, DecodeError> {
    decode::entry(message)
}

fn unversioned(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT_VERSION, message)) => Ok(message),
        _ => Err(DecodeError { field: "version" }),
    }
}

fn read(message: Bytes) -> Result<pb::Entry, DecodeError> {
    pb::Entry::decode(message).map_err(|_| DecodeError { field: "entry" })
}

#[cfg(test)]
mod tests;
