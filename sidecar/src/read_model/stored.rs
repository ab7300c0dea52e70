//! Records as the packed map has them.

use makegood_proto::records::v1::Envelope;

use super::engine::Damaged;
use crate::records;
use makegood_ledger::journal::reader::Reader;

/// A longer record stays in its journal alone, and the engine has its position.
const BYTES_MAX: usize = 4 * 1024;

/// The first byte of a position; a record starts with the version of its format.
const IN_JOURNAL: u8 = 0;

/// The value under which a record from `position` is kept.
pub(super) fn value(position: u64, payload: &[u8]) -> Vec<u8> {
    if payload.len() <= BYTES_MAX {
        return payload.to_vec();
    }
    [&[IN_JOURNAL], position.to_be_bytes().as_slice()].concat()
}

/// The record of a value.
pub(super) fn envelope(journal: &Reader, value: &[u8]) -> Result<Envelope, Damaged> {
    match value.split_first() {
        Some((&IN_JOURNAL, position)) => {
            let position = position.try_into().map_err(|_| damaged("its position is damaged"))?;
            at(journal, u64::from_be_bytes(position))
        }
        // One that cannot be read is damage like any other.
        _ => records::decode(value).map_err(damaged),
    }
}

/// The record at a position of the journal.
pub(super) fn at(journal: &Reader, position: u64) -> Result<Envelope, Damaged> {
    let record = journal.get(position).map_err(damaged)?;
    let record = record.ok_or_else(|| damaged("the journal is shorter than its position"))?;
    records::decode(&record.payload).map_err(damaged)
}

fn damaged(error: impl std::fmt::Display) -> Damaged {
    Damaged(format!("a record cannot be read: {error}"))
}
