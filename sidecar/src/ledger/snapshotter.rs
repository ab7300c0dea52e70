//! Writes snapshots on a thread of its own, off the writer's path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::state::LedgerState;

/// Entries after which a snapshot is due while the house is open.
///
/// Until then their rows are in memory, some 100 MB at most, and a start replays them.
pub const ENTRIES_BETWEEN: usize = 100_000;
/// Entries that are worth a snapshot when the house is closed; a start replays fewer in no time.
const ENTRIES_AT_CLOSE: u64 = 10_000;
/// Closing writes everything anew, so that it takes one part more of so many to be worth it.
const PARTS_AT_CLOSE: u64 = 100;

/// Entries after which it is tried again where it failed.
const ENTRIES_UNTIL_RETRY: usize = 10_000;

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
            move || run(&state, &woken, &stop)
        })?;
        state.tell_when_due(wake.clone());
        Ok(Self { state, wake, stop, thread: Some(thread) })
    }

    /// Waits for a snapshot that is being written, and writes one more where enough has come since
    /// the last. To be called when nothing is written to the ledger any more.
    pub fn close(mut self) {
        self.end();
        let worth = ENTRIES_AT_CLOSE.max(self.state.entry_count() / PARTS_AT_CLOSE);
        if self.state.unsettled_entries() as u64 >= worth {
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

fn run(state: &LedgerState, woken: &Receiver<()>, stop: &AtomicBool) {
    let mut not_before = 0;
    while woken.recv().is_ok() && !stop.load(Ordering::Acquire) {
        let unsettled = state.unsettled_entries();
        if unsettled >= not_before {
            let is_written = write(state);
            not_before = if is_written { 0 } else { unsettled + ENTRIES_UNTIL_RETRY };
        }
    }
}

/// Writes one, and says whether that was possible.
///
/// Without a snapshot rows stay in memory and a start takes longer; nothing else is lost.
fn write(state: &LedgerState) -> bool {
    let entries = state.entry_count();
    match state.snapshot() {
        Ok(()) => tracing::info!(entries, "snapshot written"),
        Err(error) => {
            tracing::warn!(%error, "no snapshot was written");
            return false;
        }
    }
    true
}
