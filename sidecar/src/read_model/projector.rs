//! The thread that keeps the engine current, as the house starts and stops it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use super::ReadModel;
use super::journals::Journals;
use super::work::{Sizes, Work};
use crate::ledger::state::LedgerState;
use crate::vault::Erased;
use makegood_ledger::journal::reader::Reader;

/// Where the projector reads and writes, and whom it tells.
pub struct Sources {
    /// The ledger's journal.
    pub ledger: Reader,
    /// The records' journal.
    pub records: Reader,
    /// The folder of the engine. What a rebuild sorts lies beside it for a while.
    pub engine: PathBuf,
    /// Who was erased.
    pub erased: Arc<Erased>,
    /// Called on the projector's thread whenever a rebuild is done and everything can be read.
    pub on_ready: Box<dyn Fn() + Send + Sync>,
}

/// The thread that projects.
pub struct Projector {
    model: Arc<ReadModel>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Projector {
    /// Starts to project; the read model is ready once it has caught up.
    pub fn start(sources: Sources, ledger: Arc<LedgerState>) -> Self {
        Self::start_with(sources, ledger, Sizes::default())
    }

    pub(super) fn start_with(sources: Sources, state: Arc<LedgerState>, sizes: Sizes) -> Self {
        let (wake, woken) = sync_channel(1);
        let Sources { ledger, records, engine, erased, on_ready } = sources;
        let records = Arc::new(records);
        let (states, readers) = (Arc::clone(&state), Arc::clone(&records));
        let model = Arc::new(ReadModel::new(states, readers, Arc::clone(&erased), wake));
        let stop = Arc::new(AtomicBool::new(false));
        let journals = Journals { ledger, records, state, stop: Arc::clone(&stop), erased };
        let model_of_work = Arc::clone(&model);
        let work = Work::new(model_of_work, journals, engine, on_ready, sizes);
        let thread = std::thread::Builder::new().name("projector".into());
        let thread = thread.spawn(move || work.run(&woken)).ok();
        Self { model, stop, thread }
    }

    /// What it projects into.
    pub fn model(&self) -> Arc<ReadModel> {
        Arc::clone(&self.model)
    }

    /// Ends the thread with the engine on disk; the next start reads on from there. Dropping it
    /// does the same.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.model.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the projector was logged by the panic hook; there is nothing left to stop.
            drop(thread.join());
        }
        // With it goes the engine, unless somebody reads at this moment.
        let engine = self.model.engine.write().take();
        drop(engine);
    }
}
