//! The read model: what the journals say, arranged for reading.
//!
//! The journals are the truth. A projector reads them into an engine, behind the writer; until it
//! has, a record waits in an overlay, so that whoever wrote it reads it. Whatever goes wrong with
//! the engine ends in a rebuild from the journals, while giving goes on: what has been read so far
//! is answered, in the version that was reached, and finding nothing is no answer yet.

mod batch;
mod bulk;
pub mod engine;
mod keys;
mod pending;
mod projector;
mod sled_engine;

use std::collections::BTreeMap;
use std::sync::Arc;

use makegood_proto::records::v1::{Envelope, IndexKind, RecordKind};
use parking_lot::{Mutex, RwLock};

use crate::ledger::state::LedgerState;
use crate::records;
use crate::vault::Pid;
use engine::{Damaged, Engine, Pair};
use pending::Pending;

pub use bulk::Bulk;
pub use projector::{Projector, Sources};

/// The story cannot be told now: the read model is being rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the customers' history is being rebuilt from the journal; try again shortly")]
pub struct Rebuilding;

/// Where a rebuild stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Everything can be read.
    Ready,
    /// Records read so far, and how many there are.
    Rebuilding {
        /// Read so far.
        done: u64,
        /// In all.
        total: u64,
    },
}

/// What can be read of customers and agents.
pub struct ReadModel {
    engine: RwLock<Option<Arc<dyn Engine>>>,
    progress: RwLock<Progress>,
    pending: RwLock<Pending>,
    writing: Mutex<bulk::Writing>,
    ledger: Arc<LedgerState>,
    wake: std::sync::mpsc::SyncSender<()>,
}

impl ReadModel {
    /// Where a rebuild stands.
    pub fn progress(&self) -> Progress {
        *self.progress.read()
    }

    /// Takes over what the writer has made durable; readable when this returns, unless somebody
    /// writes in bulk.
    pub fn accept(&self, envelopes: Vec<(u64, Envelope)>) {
        {
            let writing = self.writing.lock();
            if writing.is_bulk() {
                return;
            }
            let mut pending = self.pending.write();
            for (position, envelope) in envelopes {
                pending.add(position, envelope);
            }
        }
        self.wake();
    }

    /// Wakes the projector; it reads on from where it stands.
    pub fn wake(&self) {
        // A full channel means that it has been woken already.
        let _ = self.wake.try_send(());
    }

    /// The newest `limit` records of a subject, of each of several kinds, newest first.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away, or is being built and has none of them yet.
    pub fn records_of(
        &self,
        subject: &Pid,
        wanted: &[(RecordKind, usize)],
    ) -> Result<Vec<Vec<Envelope>>, Rebuilding> {
        let is_complete = self.is_complete();
        let found = self.current_of(subject, wanted)?;
        let is_nothing = found.iter().all(Vec::is_empty);
        answer(found, is_complete || !is_nothing)
    }

    /// As [`ReadModel::records_of`], from what has been read so far.
    fn current_of(
        &self,
        subject: &Pid,
        wanted: &[(RecordKind, usize)],
    ) -> Result<Vec<Vec<Envelope>>, Rebuilding> {
        // The engine may take its time, and the writer needs `pending`: nobody holds it meanwhile.
        let (waiting, forgotten_before) = {
            let pending = self.pending.read();
            let of_kind = |kind: RecordKind| pending.of_subject(subject, kind.into());
            let each = wanted.iter();
            let waiting: Vec<Vec<_>> =
                each.map(|(kind, _)| of_kind(*kind).cloned().collect()).collect();
            (waiting, pending.forgotten_count())
        };
        let prefixes =
            wanted.iter().map(|(kind, limit)| (keys::records_of(subject, (*kind).into()), *limit));
        let mut lists: Vec<_> = self.read(|engine| {
            let lists = engine.scan_all(prefixes.collect())?;
            lists.into_iter().map(decode_all).collect()
        })?;
        for (list, waiting) in lists.iter_mut().zip(waiting) {
            let counting = waiting.into_iter().filter(|it| self.counts(it));
            list.extend(counting.map(|it| (keys::record(&it), it)));
        }
        self.drop_moved(&mut lists, forgotten_before)?;
        let limits = wanted.iter().map(|(_, limit)| *limit);
        Ok(lists
            .into_iter()
            .zip(limits)
            .map(|(list, limit)| list.into_values().take(limit).collect())
            .collect())
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
        let places = unsure.iter().map(|(place, _)| (place.clone(), 1));
        let found = self.read(|engine| engine.scan_all(places.collect()))?;
        for ((_, key), now) in unsure.iter().zip(found) {
            let has_moved = now.first().is_some_and(|(_, now)| now != key);
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
        let waiting = self.pending.read().record(record_id).cloned();
        if waiting.is_some() {
            return Ok(waiting);
        }
        let place = keys::place(record_id);
        let found = self.read(|engine| at_place(engine, &place))?;
        let is_found = found.is_some();
        answer(found, is_complete || is_found)
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
        let is_complete = self.is_complete();
        // Each waiting record may have given up a term that the engine still has.
        let (mut candidates, superseded_max) = {
            let pending = self.pending.read();
            (pending.find(kind.into(), hash), pending.len())
        };
        let prefix = keys::index_of(kind.into(), hash);
        let pairs = self.read(|engine| engine.scan(&prefix, limit + superseded_max))?;
        candidates.extend(pairs.iter().filter_map(|(key, _)| keys::tail::<15>(key)));
        candidates.sort_unstable();
        candidates.dedup();
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
        let records = self.current_of(subject, &[(holder, usize::MAX)])?;
        let mut terms = records.iter().flatten().flat_map(|it| &it.index_terms);
        Ok(terms.any(|term| term.kind() == kind && term.hash == hash))
    }

    /// The ids of a customer's gestures, newest first; at most `limit`.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away, or is being built and has none yet.
    pub fn gestures_of(&self, customer: &Pid, limit: usize) -> Result<Vec<[u8; 16]>, Rebuilding> {
        let is_complete = self.is_complete();
        let prefix = keys::gestures_of(customer);
        let waiting = self.pending.read().gestures_of(customer);
        let pairs = self.read(|engine| engine.scan(&prefix, limit))?;
        let stored = pairs.into_iter().map(|(key, _)| key);
        let mut all: Vec<_> = waiting.into_iter().chain(stored).collect();
        all.sort_unstable();
        all.dedup();
        let newest = all.iter().take(limit);
        let ids: Vec<_> = newest.filter_map(|key| keys::tail(key)).collect();
        let is_nothing = ids.is_empty();
        answer(ids, is_complete || !is_nothing)
    }

    /// Notes a gesture that the writer has made durable.
    pub fn accept_gesture(
        &self,
        customer: &Pid,
        reserved_at_ns: i64,
        spend: &[u8; 16],
        entry: u64,
    ) {
        let key = keys::gesture(customer, reserved_at_ns, spend);
        self.pending.write().add_gesture(entry, *customer, key);
    }

    /// A record that belongs to a ledger entry counts only if the ledger has that entry.
    fn counts(&self, envelope: &Envelope) -> bool {
        self.ledger.has_entry_of(envelope)
    }

    /// Whether finding nothing means that there is nothing. To be asked before reading.
    fn is_complete(&self) -> bool {
        self.progress() == Progress::Ready
    }

    fn read<T>(
        &self,
        call: impl FnOnce(&dyn Engine) -> Result<T, Damaged>,
    ) -> Result<T, Rebuilding> {
        let engine = self.engine.read().clone().ok_or(Rebuilding)?;
        call(engine.as_ref()).map_err(|damage| {
            self.lose(&engine, &damage);
            Rebuilding
        })
    }

    /// Lets go of an engine, unless that was done before; the projector will build a new one.
    fn lose(&self, engine: &Arc<dyn Engine>, damage: &Damaged) {
        let mut held = self.engine.write();
        if held.take_if(|held| Arc::ptr_eq(held, engine)).is_none() {
            return;
        }
        *self.progress.write() = Progress::Rebuilding { done: 0, total: 0 };
        drop(held);
        tracing::warn!(%damage, "read model lost; rebuilding it from the journals");
        self.wake();
    }
}

fn answer<T>(found: T, is_answer: bool) -> Result<T, Rebuilding> {
    if is_answer { Ok(found) } else { Err(Rebuilding) }
}

/// The record whose key is the value of `place`.
fn at_place(engine: &dyn Engine, place: &[u8]) -> Result<Option<Envelope>, Damaged> {
    let mut before = None;
    while let Some(key) = engine.get(place)? {
        if let Some(bytes) = engine.get(&key)? {
            return decode(&bytes).map(Some);
        }
        // It may have moved between the two reads, and is looked for again.
        if before.as_ref() == Some(&key) {
            return Err(Damaged("a record is not at its place".to_owned()));
        }
        before = Some(key);
    }
    Ok(None)
}

fn decode_all(pairs: Vec<Pair>) -> Result<BTreeMap<Vec<u8>, Envelope>, Damaged> {
    let decode = |(key, bytes): Pair| Ok((key, decode(&bytes)?));
    pairs.into_iter().map(decode).collect()
}

/// A record as the engine has it; one that cannot be read is damage like any other.
fn decode(bytes: &[u8]) -> Result<Envelope, Damaged> {
    records::decode(bytes).map_err(|error| Damaged(error.to_string()))
}

#[cfg(test)]
mod tests;
