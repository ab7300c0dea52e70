//! How the read model names things. Every item's key starts with a letter for its kind.

use makegood_proto::records::v1::{Envelope, RecordKind};

use super::engine::Damaged;
use crate::vault::Pid;

/// Where the journals have been read to; a key of the engine itself.
pub(super) const POSITIONS: &[u8] = b"m/positions";

/// How the engine's bytes are to be read; a key of the engine itself.
pub(super) const FORMAT: &[u8] = b"m/format";

/// Gestures stand behind the records of their customer, as a kind of their own.
const GESTURE_KIND: u8 = 254;

/// A record, by subject and kind, newest first.
pub(super) fn record(envelope: &Envelope) -> Vec<u8> {
    let Envelope { kind, sort_time_ns, subject_pid, record_id, .. } = envelope;
    of_subject(subject_pid, kind_byte(*kind), *sort_time_ns, record_id)
}

/// The prefix of a subject's records of one kind.
pub(super) fn records_of(subject: &Pid, kind: i32) -> Vec<u8> {
    [b"r".as_slice(), subject, &[kind_byte(kind)]].concat()
}

/// A gesture of the ledger, by customer, newest first.
pub(super) fn gesture(customer: &Pid, reserved_at_ns: i64, spend: &[u8; 16]) -> Vec<u8> {
    of_subject(customer, GESTURE_KIND, reserved_at_ns, spend)
}

/// The prefix of a customer's gestures.
pub(super) fn gestures_of(customer: &Pid) -> Vec<u8> {
    [b"r".as_slice(), customer, &[GESTURE_KIND]].concat()
}

/// The prefix of everything that there is of a subject.
pub(super) fn all_of(subject: &Pid) -> Vec<u8> {
    [b"r".as_slice(), subject].concat()
}

/// Whether a key from [`all_of`] is that of a gesture.
pub(super) fn is_gesture(key: &[u8]) -> bool {
    key.get(16) == Some(&GESTURE_KIND)
}

fn of_subject(subject: &[u8], kind: u8, at_ns: i64, id: &[u8]) -> Vec<u8> {
    let newest_first = !(at_ns.cast_unsigned() ^ (1 << 63));
    [b"r".as_slice(), subject, &[kind], &newest_first.to_be_bytes(), id].concat()
}

/// Where the current version of a record stands: its value is a [`Place`].
pub(super) fn place(record_id: &[u8]) -> Vec<u8> {
    [b"p", record_id].concat()
}

/// A record under one of the terms by which its subject is found.
pub(super) fn index(kind: i32, hash: &[u8], subject: &[u8], record_id: &[u8]) -> Vec<u8> {
    [index_of(kind, hash).as_slice(), subject, record_id].concat()
}

/// The keys under which a record's subject is found.
pub(super) fn indexes(envelope: &Envelope) -> impl Iterator<Item = Vec<u8>> {
    let Envelope { index_terms, subject_pid, record_id, .. } = envelope;
    index_terms.iter().map(|term| index(term.kind, &term.hash, subject_pid, record_id))
}

/// The prefix of what stands under a term.
pub(super) fn index_of(kind: i32, hash: &[u8]) -> Vec<u8> {
    [b"i".as_slice(), &[kind_byte(kind)], hash].concat()
}

/// The subject in a key of [`index`].
pub(super) fn indexed_subject(key: &[u8]) -> Option<Pid> {
    let (subject, _) = key.split_last_chunk::<16>()?;
    subject.last_chunk().copied()
}

/// The last bytes of a key that ends with an id.
pub(super) fn tail<const N: usize>(key: &[u8]) -> Option<[u8; N]> {
    key.last_chunk().copied()
}

/// Whether a record says who somebody is. These are read before everything else.
pub(super) fn is_about_a_person(kind: i32) -> bool {
    matches!(RecordKind::try_from(kind), Ok(RecordKind::Customer | RecordKind::Agent))
}

/// As [`is_about_a_person`], of a key from [`record`].
pub(super) fn is_of_a_person(key: &[u8]) -> bool {
    key.get(16).is_some_and(|kind| is_about_a_person(i32::from(*kind)))
}

/// Where the current version of a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its key, from [`record`].
    pub(super) key: Vec<u8>,
    /// Its position in the journal.
    pub(super) position: u64,
}

impl Place {
    /// The bytes of it: the position, and of the key what the record's id does not say.
    pub(super) fn encode(&self) -> Vec<u8> {
        let own = self.key.len().saturating_sub(16);
        [self.position.to_be_bytes().as_slice(), self.key.get(1..own).unwrap_or_default()].concat()
    }

    pub(super) fn decode(record_id: &[u8], bytes: &[u8]) -> Result<Self, Damaged> {
        let (position, key) = bytes
            .split_first_chunk()
            .ok_or_else(|| Damaged("the place of a record is damaged".to_owned()))?;
        let position = u64::from_be_bytes(*position);
        Ok(Self { key: [b"r", key, record_id].concat(), position })
    }
}

/// Kinds are small numbers of the format; one that does not fit is one that we do not know.
fn kind_byte(kind: i32) -> u8 {
    u8::try_from(kind).unwrap_or(u8::MAX)
}
