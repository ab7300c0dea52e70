//! Records that are durable in the journal and not yet in the engine.

use std::collections::{BTreeMap, HashMap};

use makegood_proto::records::v1::Envelope;

use crate::vault::Pid;

/// The newest version of each waiting record, and by what it is found.
#[derive(Debug, Default)]
pub(super) struct Pending {
    by_record: HashMap<Vec<u8>, (u64, Envelope)>,
    by_subject: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    by_term: HashMap<(i32, Vec<u8>), Vec<Pid>>,
    gestures: BTreeMap<u64, (Pid, Vec<u8>)>,
}

impl Pending {
    /// Adds the record at a position of the journal.
    pub(super) fn add(&mut self, position: u64, envelope: Envelope) {
        let Ok(subject) = Pid::try_from(envelope.subject_pid.as_slice()) else {
            return;
        };
        for term in &envelope.index_terms {
            self.by_term
                .entry((term.kind, term.hash.clone()))
                .or_default()
                .push(subject);
        }
        self.unlink(&envelope.record_id);
        let ids = self
            .by_subject
            .entry(envelope.subject_pid.clone())
            .or_default();
        ids.push(envelope.record_id.clone());
        self.by_record
            .insert(envelope.record_id.clone(), (position, envelope));
    }

    /// Adds a gesture at a position of the ledger.
    pub(super) fn add_gesture(&mut self, position: u64, customer: Pid, key: Vec<u8>) {
        self.gestures.insert(position, (customer, key));
    }

    /// Forgets what the engine has: records before `records_next`, gestures before `ledger_next`.
    pub(super) fn forget_before(&mut self, records_next: u64, ledger_next: u64) {
        let done = self
            .by_record
            .iter()
            .filter(|(_, (position, _))| *position < records_next);
        let ids: Vec<_> = done.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.unlink(&id);
            self.by_record.remove(&id);
        }
        // Terms are few and are found in the engine as well, so they go all together.
        if self.by_record.is_empty() {
            self.by_term.clear();
        }
        self.gestures = self.gestures.split_off(&ledger_next);
    }

    /// Whether no other subject has a newer version of the record.
    pub(super) fn is_current(&self, stored: &Envelope) -> bool {
        self.record(&stored.record_id)
            .is_none_or(|newer| newer.subject_pid == stored.subject_pid)
    }

    pub(super) fn of_subject(&self, subject: &Pid, kind: i32) -> impl Iterator<Item = &Envelope> {
        let ids = self
            .by_subject
            .get(subject.as_slice())
            .into_iter()
            .flatten();
        ids.filter_map(|id| self.record(id))
            .filter(move |envelope| envelope.kind == kind)
    }

    pub(super) fn record(&self, record_id: &[u8]) -> Option<&Envelope> {
        self.by_record.get(record_id).map(|(_, envelope)| envelope)
    }

    pub(super) fn find(&self, kind: i32, hash: &[u8]) -> Vec<Pid> {
        self.by_term
            .get(&(kind, hash.to_vec()))
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn gestures_of(&self, customer: &Pid) -> Vec<Vec<u8>> {
        let own = self
            .gestures
            .values()
            .filter(|(whose, _)| whose == customer);
        own.map(|(_, key)| key.clone()).collect()
    }

    fn unlink(&mut self, record_id: &[u8]) {
        let Some((_, old)) = self.by_record.get(record_id) else {
            return;
        };
        if let Some(ids) = self.by_subject.get_mut(&old.subject_pid) {
            ids.retain(|id| id != record_id);
            if ids.is_empty() {
                self.by_subject.remove(&old.subject_pid);
            }
        }
    }
}
