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
mod erase;
mod journals;
mod keys;
mod load;
mod packed;
mod pending;
mod projector;
mod reading;
mod sled_engine;
mod stored;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use makegood_proto::records::v1::Envelope;
use parking_lot::{Mutex, RwLock};

use crate::ledger::state::LedgerState;
use crate::vault::{Erased, Pid};
use engine::{Damaged, Engine};
use makegood_ledger::journal::reader::Reader;
use pending::Pending;

pub use bulk::Bulk;
pub use projector::{Projector, Sources};
pub use reading::Told;

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
    /// Of whom nothing is told any more.
    erased: Arc<Erased>,
    /// Whether somebody was erased whom the engine may still have.
    has_erased: AtomicBool,
    /// How far the engine has read the ledger.
    ledger_read: AtomicU64,
}

impl ReadModel {
    fn new(
        ledger: Arc<LedgerState>,
        records: Arc<Reader>,
        erased: Arc<Erased>,
        wake: SyncSender<()>,
    ) -> Self {
        Self {
            engine: RwLock::new(None),
            progress: RwLock::new(Progress::Rebuilding { done: 0, total: 0 }),
            pending: RwLock::default(),
            writing: Mutex::default(),
            has_people: AtomicBool::new(false),
            ledger,
            records,
            wake,
            erased,
            has_erased: AtomicBool::new(false),
            ledger_read: AtomicU64::new(0),
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
            let before = pending.len();
            for (position, envelope) in envelopes {
                pending.add(position, envelope);
            }
            // Otherwise the projector comes by without being called.
            let now = pending.len();
            let is_first = before == 0 && now > 0;
            if !is_first && now < WAITING_MAX {
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

    /// Forgets somebody who was erased by an entry that is durable. Nothing of them is told any
    /// more; the engine deletes what it has once it has read the entry, which it does now.
    pub fn forget(&self, subject: &Pid) {
        self.pending.write().forget_subject(subject);
        self.has_erased.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Whether the engine has read the ledger's entry at a position.
    pub fn has_read(&self, position: u64) -> bool {
        self.ledger_read.load(Ordering::Acquire) > position
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

#[cfg(test)]
mod tests;
