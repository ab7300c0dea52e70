//! Records that are durable in the journal and not yet in the engine.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use makegood_proto::records::v1::Envelope;

use crate::vault::Pid;

/// The newest version of each waiting record, and by what it is found.
#[derive(Debug, Default)]
pub(super) struct Pending {
    by_record: HashMap<Vec<u8>, (u64, Envelope)>,
    by_position: BTreeMap<u64, Vec<u8>>,
    by_subject: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    by_term: HashMap<(i32, Vec<u8>), Vec<Vec<u8>>>,
    gestures: BTreeMap<u64, Pid>,
    by_customer: HashMap<Pid, BTreeMap<u64, Vec<u8>>>,
    forgotten_count: u64,
}

impl Pending {
    /// Adds the record at a position of the journal.
    pub(super) fn add(&mut self, position: u64, envelope: Envelope) {
        let id = envelope.record_id.clone();
        self.remove(&id);
        let subject = envelope.subject_pid.clone();
        self.by_subject.entry(subject).or_default().push(id.clone());
        for term in &envelope.index_terms {
            let term = (term.kind, term.hash.clone());
            self.by_term.entry(term).or_default().push(id.clone());
        }
        self.by_position.insert(position, id.clone());
        self.by_record.insert(id, (position, envelope));
    }

    /// Adds a gesture at a position of the ledger.
    pub(super) fn add_gesture(&mut self, position: u64, customer: Pid, key: Vec<u8>) {
        self.by_customer.entry(customer).or_default().insert(position, key);
        self.gestures.insert(position, customer);
    }

    /// Forgets what the engine has: records before `records_next`, gestures before `ledger_next`.
    pub(super) fn forget_before(&mut self, records_next: u64, ledger_next: u64) {
        while let Some(first) = self.by_position.first_entry()
            && *first.key() < records_next
        {
            let id = first.remove();
            self.remove(&id);
            self.forgotten_count += 1;
        }
        while let Some(first) = self.gestures.first_entry()
            && *first.key() < ledger_next
        {
            let position = *first.key();
            let customer = first.remove();
            self.remove_gesture(position, customer);
        }
    }

    /// Forgets all of a subject, who was erased.
    pub(super) fn forget_subject(&mut self, subject: &Pid) {
        for id in self.by_subject.get(subject.as_slice()).cloned().unwrap_or_default() {
            self.remove(&id);
        }
        for position in self.by_customer.remove(subject).into_iter().flat_map(BTreeMap::into_keys) {
            self.gestures.remove(&position);
        }
    }

    fn remove_gesture(&mut self, position: u64, customer: Pid) {
        if let Entry::Occupied(mut own) = self.by_customer.entry(customer) {
            own.get_mut().remove(&position);
            if own.get().is_empty() {
                own.remove();
            }
        }
    }

    /// How many records wait.
    pub(super) fn len(&self) -> usize {
        self.by_record.len()
    }

    /// How many records were ever forgotten, to see whether any was meanwhile.
    pub(super) fn forgotten_count(&self) -> u64 {
        self.forgotten_count
    }

    /// Whether no other subject has a newer version of the record.
    pub(super) fn is_current(&self, stored: &Envelope) -> bool {
        self.record(&stored.record_id).is_none_or(|newer| newer.subject_pid == stored.subject_pid)
    }

    pub(super) fn of_subject(&self, subject: &Pid, kind: i32) -> impl Iterator<Item = &Envelope> {
        let ids = self.by_subject.get(subject.as_slice()).into_iter().flatten();
        ids.filter_map(|id| self.record(id)).filter(move |envelope| envelope.kind == kind)
    }

    pub(super) fn record(&self, record_id: &[u8]) -> Option<&Envelope> {
        self.by_record.get(record_id).map(|(_, envelope)| envelope)
    }

    pub(super) fn find(&self, kind: i32, hash: &[u8]) -> Vec<Pid> {
        let ids = self.by_term.get(&(kind, hash.to_vec()));
        let records = ids.into_iter().flatten().filter_map(|id| self.record(id));
        records.filter_map(|it| Pid::try_from(it.subject_pid.as_slice()).ok()).collect()
    }

    pub(super) fn gestures_of(&self, customer: &Pid) -> Vec<Vec<u8>> {
        self.by_customer.get(customer).into_iter().flat_map(|own| own.values().cloned()).collect()
    }

    fn remove(&mut self, record_id: &[u8]) {
        let Some((position, old)) = self.by_record.remove(record_id) else {
            return;
        };
        self.by_position.remove(&position);
        unlink(&mut self.by_subject, old.subject_pid, record_id);
        for term in old.index_terms {
            unlink(&mut self.by_term, (term.kind, term.hash), record_id);
        }
    }
}

/// Takes a record out of a list, and the list away with its last record.
fn unlink<K: Eq + Hash>(lists: &mut HashMap<K, Vec<Vec<u8>>>, key: K, record_id: &[u8]) {
    if let Entry::Occupied(mut list) = lists.entry(key) {
        list.get_mut().retain(|id| id != record_id);
        if list.get().is_empty() {
            list.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use makegood_proto::records::v1::IndexTerm;

    use super::*;

    fn record(id: u8, subject: u8, hashes: &[u8]) -> Envelope {
        let term = |hash: &u8| IndexTerm { kind: 1, hash: vec![*hash; 16] };
        Envelope {
            kind: 1,
            subject_pid: vec![subject; 15],
            record_id: vec![id; 16],
            index_terms: hashes.iter().map(term).collect(),
            ..Envelope::default()
        }
    }

    #[test]
    fn finds_by_the_terms_of_the_newest_version_alone() {
        let mut pending = Pending::default();
        pending.add(0, record(1, 1, &[10, 11]));
        pending.add(1, record(2, 2, &[10]));
        assert_eq!(pending.find(1, &[10; 16]), [[1; 15], [2; 15]]);
        pending.add(2, record(1, 1, &[11]));
        assert_eq!(pending.find(1, &[10; 16]), [[2; 15]]);
        assert_eq!(pending.find(1, &[11; 16]), [[1; 15]]);
    }

    #[test]
    fn keeps_nothing_of_what_it_forgets() {
        let mut pending = Pending::default();
        pending.add(0, record(1, 1, &[10]));
        pending.add(1, record(2, 1, &[11]));
        pending.add(2, record(1, 1, &[12]));
        pending.add_gesture(4, [1; 15], vec![4]);
        pending.forget_before(2, 4);
        assert_eq!(pending.len(), 1);
        assert_eq!(pending.find(1, &[11; 16]), [[0; 15]; 0]);
        assert_eq!(pending.find(1, &[12; 16]), [[1; 15]]);
        assert_eq!(pending.gestures_of(&[1; 15]), [[4]]);
        pending.forget_before(3, 5);
        assert!(pending.by_record.is_empty() && pending.by_position.is_empty());
        assert!(pending.by_subject.is_empty() && pending.by_term.is_empty());
        assert!(pending.gestures.is_empty() && pending.by_customer.is_empty());
    }

    #[test]
    fn forgets_all_of_a_subject_and_nothing_else() {
        let mut pending = Pending::default();
        pending.add(0, record(1, 1, &[10]));
        pending.add(1, record(2, 2, &[10]));
        pending.add_gesture(4, [1; 15], vec![4]);
        pending.add_gesture(5, [2; 15], vec![5]);
        pending.forget_subject(&[1; 15]);
        assert_eq!(pending.find(1, &[10; 16]), [[2; 15]]);
        assert_eq!((pending.len(), pending.gestures_of(&[1; 15]).len()), (1, 0));
        assert_eq!(pending.gestures_of(&[2; 15]), [[5]]);
        pending.forget_before(9, 9);
        assert!(pending.by_record.is_empty() && pending.by_position.is_empty());
        assert!(pending.by_subject.is_empty() && pending.by_term.is_empty());
        assert!(pending.gestures.is_empty() && pending.by_customer.is_empty());
    }
}
