//! The read model: what the journals say, arranged for reading.
//!
//! The journals are the truth. A projector reads them into an engine, behind the writer; until it
//! has, a record waits in [`pending::Pending`], so that whoever wrote it reads it. Whatever goes
//! wrong with the engine ends in a rebuild from the journals, while giving goes on.

pub mod engine;
mod keys;
mod pending;
mod projector;
mod sled_engine;

use std::collections::BTreeMap;
use std::sync::Arc;

use makegood_proto::records::v1::{Envelope, IndexKind, RecordKind};
use parking_lot::RwLock;

use crate::ledger::state::LedgerState;
use crate::records;
use crate::vault::Pid;
use engine::{Damaged, Engine, Pair};
use pending::Pending;

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
    ledger: Arc<LedgerState>,
    wake: std::sync::mpsc::SyncSender<()>,
}

impl ReadModel {
    /// Where a rebuild stands.
    pub fn progress(&self) -> Progress {
        *self.progress.read()
    }

    /// Takes over what the writer has made durable; readable when this returns.
    pub fn accept(&self, envelopes: Vec<(u64, Envelope)>) {
        let mut pending = self.pending.write();
        for (position, envelope) in envelopes {
            pending.add(position, envelope);
        }
        drop(pending);
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
    /// [`Rebuilding`] while the engine is away.
    pub fn records_of(
        &self,
        subject: &Pid,
        wanted: &[(RecordKind, usize)],
    ) -> Result<Vec<Vec<Envelope>>, Rebuilding> {
        let pending = self.pending.read();
        let prefixes = wanted
            .iter()
            .map(|(kind, limit)| (keys::records_of(subject, (*kind).into()), *limit));
        let stored = self.read(|engine| engine.scan_all(prefixes.collect()))?;
        let merged = stored
            .into_iter()
            .zip(wanted)
            .map(|(pairs, (kind, limit))| {
                let mut found = self.decode(pairs);
                // A record that has moved to another subject waits there.
                found.retain(|_, envelope| pending.is_current(envelope));
                let waiting = pending.of_subject(subject, (*kind).into());
                let counting = waiting.filter(|envelope| self.counts(envelope));
                found.extend(counting.map(|it| (keys::record(it), it.clone())));
                found.into_values().take(*limit).collect()
            });
        Ok(merged.collect())
    }

    /// The current version of a record.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away.
    pub fn record(&self, record_id: &[u8; 16]) -> Result<Option<Envelope>, Rebuilding> {
        let waiting = self.pending.read().record(record_id).cloned();
        if waiting.is_some() {
            return Ok(waiting);
        }
        let place = keys::place(record_id);
        let bytes = self.read(|engine| match engine.get(&place)? {
            Some(key) => engine.get(&key),
            None => Ok(None),
        })?;
        Ok(bytes.and_then(|bytes| records::decode(&bytes).ok()))
    }

    /// The subjects under a keyed hash; at most `limit`.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away.
    pub fn find(
        &self,
        kind: IndexKind,
        hash: &[u8; 16],
        limit: usize,
    ) -> Result<Vec<Pid>, Rebuilding> {
        let mut found = self.pending.read().find(kind.into(), hash);
        let prefix = keys::index_of(kind.into(), hash);
        let pairs = self.read(|engine| engine.scan(&prefix, limit))?;
        found.extend(pairs.iter().filter_map(|(key, _)| keys::tail::<15>(key)));
        found.sort_unstable();
        found.dedup();
        found.truncate(limit);
        Ok(found)
    }

    /// The ids of a customer's gestures, newest first; at most `limit`.
    ///
    /// Gestures that the projector has not reached yet are missing: the ledger's own rows have
    /// them as long as they are open.
    ///
    /// # Errors
    /// [`Rebuilding`] while the engine is away.
    pub fn gestures_of(&self, customer: &Pid, limit: usize) -> Result<Vec<[u8; 16]>, Rebuilding> {
        let prefix = keys::gestures_of(customer);
        let waiting = self.pending.read().gestures_of(customer);
        let pairs = self.read(|engine| engine.scan(&prefix, limit))?;
        let stored = pairs.into_iter().map(|(key, _)| key);
        let mut all: Vec<_> = waiting.into_iter().chain(stored).collect();
        all.sort_unstable();
        all.dedup();
        Ok(all
            .iter()
            .take(limit)
            .filter_map(|key| keys::tail(key))
            .collect())
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

    fn decode(&self, pairs: Vec<Pair>) -> BTreeMap<Vec<u8>, Envelope> {
        let decode = |(key, bytes): Pair| match records::decode(&bytes) {
            Ok(envelope) => Some((key, envelope)),
            Err(error) => {
                self.lose(&Damaged(error.to_string()));
                None
            }
        };
        pairs.into_iter().filter_map(decode).collect()
    }

    fn read<T>(
        &self,
        call: impl FnOnce(&dyn Engine) -> Result<T, Damaged>,
    ) -> Result<T, Rebuilding> {
        let engine = self.engine.read().clone().ok_or(Rebuilding)?;
        call(engine.as_ref()).map_err(|damage| {
            self.lose(&damage);
            Rebuilding
        })
    }

    /// Lets go of the engine; the projector will build a new one.
    fn lose(&self, damage: &Damaged) {
        if self.engine.write().take().is_some() {
            tracing::warn!(%damage, "read model lost; rebuilding it from the journals");
            *self.progress.write() = Progress::Rebuilding { done: 0, total: 0 };
            self.wake();
        }
    }
}

#[cfg(test)]
mod tests;
