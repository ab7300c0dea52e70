//! How the read model names things. Every name starts with a letter for its kind.

use makegood_proto::records::v1::{Envelope, IndexTerm};

use crate::vault::Pid;

/// Where the journals have been read to.
pub(super) const POSITIONS: &[u8] = b"m/positions";

/// A record, by subject and kind, newest first.
pub(super) fn record(envelope: &Envelope) -> Vec<u8> {
    let newest_first = !(envelope.sort_time_ns.cast_unsigned() ^ (1 << 63));
    [
        b"r".as_slice(),
        &envelope.subject_pid,
        &kind_byte(envelope.kind),
        &newest_first.to_be_bytes(),
        &envelope.record_id,
    ]
    .concat()
}

/// The prefix of a subject's records of one kind.
pub(super) fn records_of(subject: &Pid, kind: i32) -> Vec<u8> {
    [b"r".as_slice(), subject, &kind_byte(kind)].concat()
}

/// Where the current version of a record stands: its value is the key of [`record`].
pub(super) fn place(record_id: &[u8]) -> Vec<u8> {
    [b"p", record_id].concat()
}

/// A subject under one of the terms by which it is found.
pub(super) fn index(term: &IndexTerm, subject: &[u8]) -> Vec<u8> {
    [index_of(term.kind, &term.hash).as_slice(), subject].concat()
}

/// The prefix of the subjects under a term.
pub(super) fn index_of(kind: i32, hash: &[u8]) -> Vec<u8> {
    [b"i".as_slice(), &kind_byte(kind), hash].concat()
}

/// A gesture of the ledger, by customer, newest first.
pub(super) fn gesture(customer: &Pid, reserved_at_ns: i64, spend: &[u8; 16]) -> Vec<u8> {
    let newest_first = !(reserved_at_ns.cast_unsigned() ^ (1 << 63));
    [b"g".as_slice(), customer, &newest_first.to_be_bytes(), spend].concat()
}

/// The prefix of a customer's gestures.
pub(super) fn gestures_of(customer: &Pid) -> Vec<u8> {
    [b"g".as_slice(), customer].concat()
}

/// The last bytes of a key that ends with an id.
pub(super) fn tail<const N: usize>(key: &[u8]) -> Option<[u8; N]> {
    key.last_chunk().copied()
}

/// Kinds are small numbers of the format; one that does not fit is one that we do not know.
fn kind_byte(kind: i32) -> [u8; 1] {
    [u8::try_from(kind).unwrap_or(u8::MAX)]
}
