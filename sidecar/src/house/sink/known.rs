//! What an import knows of the records that are there, without asking the read model: twelve bytes
//! a record.

use std::collections::HashMap;

use crate::vault::{ByRandomBytes, Pid};

/// The id of a record: a keyed hash.
pub(super) type RecordId = [u8; 16];

/// The start of a record's keyed content hash: by mistake, one changed row in four billion passes
/// for an unchanged one.
pub(super) type Content = [u8; 4];

/// The start of a record's id; another part of it chooses the shard.
type Fingerprint = [u8; 8];

/// Each grows by itself, so that growing needs little room for a moment.
const SHARDS: usize = 16;

/// The records, by fingerprints, and the pseudonyms of people.
#[derive(Default)]
pub(super) struct Known {
    shards: [HashMap<Fingerprint, Content, ByRandomBytes>; SHARDS],
    people: HashMap<RecordId, Pid, ByRandomBytes>,
}

impl Known {
    /// What a record says, if it is known.
    pub(super) fn content(&self, record_id: &RecordId) -> Option<Content> {
        let (shard, fingerprint) = place(record_id);
        self.shards[shard].get(&fingerprint).copied()
    }

    pub(super) fn add(&mut self, record_id: &RecordId, content: Content) {
        let (shard, fingerprint) = place(record_id);
        self.shards[shard].insert(fingerprint, content);
    }

    /// The pseudonym of the person whose own record this is, if it is known.
    pub(super) fn person(&self, record_id: &RecordId) -> Option<Pid> {
        self.people.get(record_id).copied()
    }

    pub(super) fn add_person(&mut self, record_id: &RecordId, pid: Pid) {
        self.people.insert(*record_id, pid);
    }

    /// How many records are known.
    pub(super) fn record_count(&self) -> usize {
        self.shards.iter().map(HashMap::len).sum()
    }

    /// How many people are known.
    pub(super) fn person_count(&self) -> usize {
        self.people.len()
    }
}

/// The start of a content hash.
pub(super) fn content(hash: &[u8]) -> Content {
    hash.first_chunk().copied().unwrap_or_default()
}

fn place(record_id: &RecordId) -> (usize, Fingerprint) {
    let [first @ .., choice] = record_id;
    let fingerprint = first.first_chunk().copied().unwrap_or_default();
    (usize::from(*choice) % SHARDS, fingerprint)
}
