//! Writes snapshots on a thread of its own, off the writer's path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::state::LedgerState;

/// Entries after which a snapshot is due while the house is open.
///
/// Until then their rows are in memory, some 100 MB at most, and a start replays them.
pub const ENTRIES_BETWEEN: usize = 100_000;
/// Entries that are worth a snapshot when the house is closed; a start replays fewer in no time.
const ENTRIES_AT_CLOSE: usize = 10_000;

/// The thread that writes snapshots.
pub struct Snapshotter {
    state: Arc<LedgerState>,
    wake: SyncSender<()>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Snapshotter {
    /// Starts the thread; from now on the state tells it when a snapshot is due.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(state: Arc<LedgerState>) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("snapshots".into()).spawn({
            let (state, stop) = (Arc::clone(&state), Arc::clone(&stop));
            move || {
                while woken.recv().is_ok() && !stop.load(Ordering::Acquire) {
                    write(&state);
                }
            }
        })?;
        state.tell_when_due(wake.clone());
        Ok(Self { state, wake, stop, thread: Some(thread) })
    }

    /// Waits for a snapshot that is being written, and writes one more where enough has come since
    /// the last. To be called when nothing is written to the ledger any more.
    pub fn close(mut self) {
        self.end();
        if self.state.unsettled_entries() >= ENTRIES_AT_CLOSE {
            write(&self.state);
        }
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A full channel wakes it as well.
        let _ = self.wake.try_send(());
        if let Some(thread) = self.thread.take() {
            // A panic has been logged; the ledger goes on without snapshots.
            drop(thread.join());
        }
    }
}

impl Drop for Snapshotter {
    fn drop(&mut self) {
        self.end();
    }
}

/// Without a snapshot rows stay in memory and a start takes longer; nothing else is lost.
fn write(state: &LedgerState) {
    let entries = state.entry_count();
    match state.snapshot() {
        Ok(()) => tracing::info!(entries, "snapshot written"),
        Err(error) => tracing::warn!(%error, "no snapshot was written"),
    }
}
