//! Reading: what the engine has, with what still waits for it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use makegood_proto::records::v1::{Envelope, IndexKind, RecordKind};

use super::engine::{Damaged, Engine, Pair};
use super::keys::{self, Place};
use super::packed::Packed;
use super::{Progress, ReadModel, Rebuilding, stored};
use crate::vault::Pid;

/// A customer's records and the ids of their gestures, each newest first.
pub type Told = (Vec<Vec<Envelope>>, Vec<[u8; 16]>);

impl ReadModel {
    /// The newest `limit` records of a subject, of each of several kinds, newest first.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away, or is being built and has none of them yet.
    pub fn records_of(
        &self,
        subject: &Pid,
        wanted: &[(RecordKind, usize)],
    ) -> Result<Vec<Vec<Envelope>>, Rebuilding> {
        self.story_of(subject, wanted, 0).map(|(records, _)| records)
    }

    /// As [`ReadModel::records_of`], with the ids of at most `gesture_limit` gestures that were
    /// given to the subject, newest first. All of it is one read where the subject has little.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away, or is being built and has none of it yet.
    pub fn story_of(
        &self,
        subject: &Pid,
        wanted: &[(RecordKind, usize)],
        gesture_limit: usize,
    ) -> Result<Told, Rebuilding> {
        if self.erased.contains(subject) {
            return Ok((vec![Vec::new(); wanted.len()], Vec::new()));
        }
        let are_people = wanted.iter().all(|(kind, _)| keys::is_about_a_person((*kind).into()));
        let is_complete = self.is_complete() || (are_people && self.has_people());
        let told = self.current_of(subject, wanted, gesture_limit)?;
        let is_nothing = told.0.iter().all(Vec::is_empty) && told.1.is_empty();
        answer(told, is_complete || !is_nothing)
    }

    /// The ids of a customer's gestures, newest first; at most `limit`.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away, or is being built and has none yet.
    pub fn gestures_of(&self, customer: &Pid, limit: usize) -> Result<Vec<[u8; 16]>, Rebuilding> {
        self.story_of(customer, &[], limit).map(|(_, gestures)| gestures)
    }

    /// As [`ReadModel::story_of`], from what has been read so far.
    fn current_of(
        &self,
        subject: &Pid,
        wanted: &[(RecordKind, usize)],
        gesture_limit: usize,
    ) -> Result<Told, Rebuilding> {
        // The engine may take its time, and the writer needs `pending`: nobody holds it meanwhile.
        let (waiting, mut gestures, forgotten_before) = {
            let pending = self.pending.read();
            let of_kind = |kind: RecordKind| pending.of_subject(subject, kind.into());
            let each = wanted.iter();
            let waiting: Vec<Vec<_>> =
                each.map(|(kind, _)| of_kind(*kind).cloned().collect()).collect();
            (waiting, pending.gestures_of(subject), pending.forgotten_count())
        };
        let of_kind = |(kind, limit): &(RecordKind, usize)| {
            (keys::records_of(subject, (*kind).into()), *limit)
        };
        let mut prefixes: Vec<_> = wanted.iter().map(of_kind).collect();
        prefixes.push((keys::gestures_of(subject), gesture_limit));
        let mut lists: Vec<_> = self.read(|engine| {
            let mut lists = Packed::new(engine).scan_all(&prefixes)?;
            let stored = lists.pop().unwrap_or_default();
            gestures.extend(stored.into_iter().map(|(key, _)| key));
            lists.into_iter().map(|list| self.decode_all(list)).collect()
        })?;
        for (list, waiting) in lists.iter_mut().zip(waiting) {
            let counting = waiting.into_iter().filter(|it| self.counts(it));
            list.extend(counting.map(|it| (keys::record(&it), it)));
        }
        self.drop_moved(&mut lists, forgotten_before)?;
        let limits = wanted.iter().map(|(_, limit)| *limit);
        let records = lists.into_iter().zip(limits);
        let records = records.map(|(list, limit)| list.into_values().take(limit).collect());
        gestures.sort_unstable();
        gestures.dedup();
        let gestures = gestures.iter().take(gesture_limit).filter_map(|key| keys::tail(key));
        Ok((records.collect(), gestures.collect()))
    }

    /// Drops records that have moved to another subject. That waits, or, if it was forgotten while
    /// the engine was read, the engine has it by now.
    fn drop_moved(
        &self,
        lists: &mut [BTreeMap<Vec<u8>, Envelope>],
        forgotten_before: u64,
    ) -> Result<(), Rebuilding> {
        let mut unsure = Vec::new();
        {
            let pending = self.pending.read();
            for list in lists.iter_mut() {
                list.retain(|_, envelope| pending.is_current(envelope));
            }
            if pending.forgotten_count() != forgotten_before {
                let all = lists.iter().flatten();
                let settled = all.filter(|(_, it)| pending.record(&it.record_id).is_none());
                unsure.extend(settled.map(|(key, it)| (keys::place(&it.record_id), key.clone())));
            }
        }
        if unsure.is_empty() {
            return Ok(());
        }
        unsure.sort_unstable();
        let places: Vec<_> = unsure.iter().map(|(place, _)| place.clone()).collect();
        let found = self.read(|engine| Packed::new(engine).get_all(&places))?;
        for ((place, key), now) in unsure.iter().zip(found) {
            let decode = |it: Vec<u8>| Place::decode(&place[1..], &it);
            let now = self.read(|_| now.map(decode).transpose())?;
            let has_moved = now.is_some_and(|now| now.key != *key);
            lists.iter_mut().filter(|_| has_moved).for_each(|list| {
                list.remove(key);
            });
        }
        Ok(())
    }

    /// The current version of a record.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away, or is being built and does not have it yet.
    pub fn record(&self, record_id: &[u8; 16]) -> Result<Option<Envelope>, Rebuilding> {
        let is_complete = self.is_complete();
        let is_known = is_complete || self.has_people();
        let is_there = |it: &Envelope| !self.erased.contains(&it.subject_pid);
        let waiting = self.pending.read().record(record_id).filter(|it| is_there(it)).cloned();
        if waiting.is_some() {
            return Ok(waiting);
        }
        let found = self.read(|engine| self.at_place(engine, record_id, is_complete))?;
        let found = found.filter(is_there);
        let is_found = found.is_some();
        answer(found, is_known || is_found)
    }

    fn at_place(
        &self,
        engine: &dyn Engine,
        record_id: &[u8; 16],
        is_complete: bool,
    ) -> Result<Option<Envelope>, Damaged> {
        let packed = Packed::new(engine);
        let mut before = None;
        while let Some(place) = packed.get(&keys::place(record_id))? {
            let place = Place::decode(record_id, &place)?;
            if let Some(value) = packed.get(&place.key)? {
                return stored::envelope(&self.records, &value).map(Some);
            }
            // Places are built before what they lead to.
            if !is_complete {
                return stored::at(&self.records, place.position).map(Some);
            }
            // It may have moved between the two reads, and is looked for again.
            if before.as_ref() == Some(&place) {
                return Err(Damaged("a record is not at its place".to_owned()));
            }
            before = Some(place);
        }
        Ok(None)
    }

    /// The subjects that are found by a keyed hash now; at most `limit`.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away, or is being built and has nobody yet.
    pub fn find(
        &self,
        kind: IndexKind,
        hash: &[u8; 16],
        limit: usize,
    ) -> Result<Vec<Pid>, Rebuilding> {
        let is_complete = self.is_complete() || self.has_people();
        // Each waiting record may have given up a term that the engine still has.
        let (mut candidates, superseded_max) = {
            let pending = self.pending.read();
            (pending.find(kind.into(), hash), pending.len())
        };
        let prefix = (keys::index_of(kind.into(), hash), limit + superseded_max);
        let lists = self.read(|engine| Packed::new(engine).scan_all(&[prefix]))?;
        let stored = lists.iter().flatten();
        candidates.extend(stored.filter_map(|(key, _)| keys::indexed_subject(key)));
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|pid| !self.erased.contains(pid));
        let mut found = Vec::new();
        for pid in candidates {
            if found.len() < limit && self.is_found_by(&pid, kind, hash)? {
                found.push(pid);
            }
        }
        let is_nothing = found.is_empty();
        answer(found, is_complete || !is_nothing)
    }

    /// Whether a current record of the subject holds the term.
    fn is_found_by(
        &self,
        subject: &Pid,
        kind: IndexKind,
        hash: &[u8; 16],
    ) -> Result<bool, Rebuilding> {
        let holder = match kind {
            IndexKind::Agent => RecordKind::Agent,
            _ => RecordKind::Customer,
        };
        let (records, _) = self.current_of(subject, &[(holder, usize::MAX)], 0)?;
        let mut terms = records.iter().flatten().flat_map(|it| &it.index_terms);
        Ok(terms.any(|term| term.kind() == kind && term.hash == hash))
    }

    /// A record that belongs to a ledger entry counts only if the ledger has that entry.
    fn counts(&self, envelope: &Envelope) -> bool {
        self.ledger.has_entry_of(envelope)
    }

    /// Whether finding nothing means that there is nothing. To be asked before reading.
    fn is_complete(&self) -> bool {
        self.progress() == Progress::Ready
    }

    /// Whether all people can be found by now. To be asked before reading, too.
    fn has_people(&self) -> bool {
        self.has_people.load(Ordering::SeqCst)
    }

    fn decode_all(&self, pairs: Vec<Pair>) -> Result<BTreeMap<Vec<u8>, Envelope>, Damaged> {
        let decode = |(key, value): Pair| Ok((key, stored::envelope(&self.records, &value)?));
        pairs.into_iter().map(decode).collect()
    }
}

fn answer<T>(found: T, is_answer: bool) -> Result<T, Rebuilding> {
    if is_answer { Ok(found) } else { Err(Rebuilding) }
}
