//! The read model: what the journals say, arranged for reading.
//!
//! The journals are the truth. A projector reads them into an engine, behind the writer; until it
//! has, a record waits in an overlay, so that whoever wrote it reads it. Whatever goes wrong with
//! the engine ends in a rebuild from the journals, while giving goes on: what has been read so far
//! is answered, in the version that was reached, and finding nothing is no answer yet.

mod batch;
mod bulk;
mod chunk;
pub mod engine;
mod journals;
mod keys;
mod load;
mod packed;
mod pending;
mod projector;
mod sled_engine;
mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use makegood_proto::records::v1::{Envelope, IndexKind, RecordKind};
use parking_lot::{Mutex, RwLock};

use crate::journal::reader::Reader;
use crate::ledger::state::LedgerState;
use crate::vault::Pid;
use engine::{Damaged, Engine, Pair};
use keys::Place;
use packed::Packed;
use pending::Pending;

pub use bulk::Bulk;
pub use projector::{Projector, Sources};

/// Records that may wait before the projector is woken at once.
const WAITING_MAX: usize = 4_096;

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
    /// While it is being rebuilt: whether all people can be found, and it is known where each
    /// record is.
    has_people: AtomicBool,
    ledger: Arc<LedgerState>,
    records: Arc<Reader>,
    wake: SyncSender<()>,
}

/// A customer's records and the ids of their gestures, each newest first.
pub type Told = (Vec<Vec<Envelope>>, Vec<[u8; 16]>);

impl ReadModel {
    fn new(ledger: Arc<LedgerState>, records: Arc<Reader>, wake: SyncSender<()>) -> Self {
        Self {
            engine: RwLock::new(None),
            progress: RwLock::new(Progress::Rebuilding { done: 0, total: 0 }),
            pending: RwLock::default(),
            writing: Mutex::default(),
            has_people: AtomicBool::new(false),
            ledger,
            records,
            wake,
        }
    }

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
            let waited_before = pending.len();
            for (position, envelope) in envelopes {
                pending.add(position, envelope);
            }
            // Otherwise the projector comes by without being called.
            let waiting = pending.len();
            let is_first = waited_before == 0 && waiting > 0;
            if !is_first && waiting < WAITING_MAX {
                return;
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
        let waiting = self.pending.read().record(record_id).cloned();
        if waiting.is_some() {
            return Ok(waiting);
        }
        let found = self.read(|engine| self.at_place(engine, record_id, is_complete))?;
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

    /// Whether all people can be found by now. To be asked before reading, too.
    fn has_people(&self) -> bool {
        self.has_people.load(Ordering::SeqCst)
    }

    fn decode_all(&self, pairs: Vec<Pair>) -> Result<BTreeMap<Vec<u8>, Envelope>, Damaged> {
        let decode = |(key, value): Pair| Ok((key, stored::envelope(&self.records, &value)?));
        pairs.into_iter().map(decode).collect()
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
        self.has_people.store(false, Ordering::SeqCst);
        drop(held);
        tracing::warn!(%damage, "read model lost; rebuilding it from the journals");
        self.wake();
    }
}

fn answer<T>(found: T, is_answer: bool) -> Result<T, Rebuilding> {
    if is_answer { Ok(found) } else { Err(Rebuilding) }
}

#[cfg(test)]
mod tests;
