//! The thread that follows the writer: it grows the tree by what was acknowledged, and signs it.
//!
//! An acknowledgement never waits for it. It wakes when the writer publishes, and issues a
//! checkpoint at once where the last is old enough, so that one covers every entry within a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use makegood_ledger::checkpoint::{Checkpoint, SigningKey};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::proof::TreeHead;
use makegood_ledger::tiles::{Edge, TileError};

use super::anchor::Anchor;
use super::book::{Book, PublishError};
use super::keys::KeyFolder;
use super::start::Ledger;

/// The least time between two checkpoints: a sync each, beside the writer's own.
const SPACING: Duration = Duration::from_millis(750);
/// As [`SPACING`], where so many entries wait that nobody should wait for more.
const SPACING_WHEN_BUSY: Duration = Duration::from_millis(250);
/// So many entries that wait make it busy.
const BUSY_ENTRIES: u64 = 256;
/// How long after a failure it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Entries that are gone over before it is looked whether a checkpoint is due.
const STEP_ENTRIES: u64 = 16_384;

/// The thread, and how to end it.
pub(super) struct Checkpointer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpointer {
    /// Lets `work` run on a thread of its own from now on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(mut work: Work) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (book, state) = (Arc::clone(&work.book), Arc::clone(&work.ledger.state));
        let stopped = Arc::clone(&stop);
        let builder = thread::Builder::new().name("checkpoints".into());
        let thread = builder.spawn(move || work.run(&stopped))?;
        book.is_kept_by(thread.thread().clone());
        state.wake_on_publish(thread.thread().clone());
        Ok(Self { stop, thread })
    }

    /// Ends it, after a checkpoint that covers all there is.
    pub(super) fn close(self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        // A panic has been logged; the next start goes on from the last checkpoint.
        drop(self.thread.join());
    }
}

/// What the thread works with.
pub(super) struct Work {
    pub(super) book: Arc<Book>,
    pub(super) ledger: Ledger,
    pub(super) origin: String,
    pub(super) key_folder: KeyFolder,
    pub(super) keys: Keys,
    pub(super) anchor: Option<Anchor>,
    pub(super) edge: Edge,
    /// The edge of a second walk over the whole tree, which mends what was damaged.
    pub(super) mending: Option<Edge>,
}

/// The secret keys, and as of when.
pub(super) struct Keys {
    pub(super) secrets: Vec<SigningKey>,
    pub(super) changed_at: Option<SystemTime>,
}

/// Why no checkpoint was issued.
#[derive(Debug, thiserror::Error)]
enum IssueError {
    #[error(transparent)]
    Tiles(#[from] TileError),
    #[error(transparent)]
    Walk(#[from] WalkError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Work {
    fn run(&mut self, stop: &AtomicBool) {
        // The first checkpoint of a start does not wait: what it covers has waited already.
        let mut issued_at: Option<Instant> = None;
        loop {
            let ends = stop.load(Ordering::Acquire);
            let waits_for =
                self.spacing().saturating_sub(issued_at.map_or(SPACING, |at| at.elapsed()));
            let has_news = self.has_news();
            if has_news && (ends || waits_for.is_zero()) {
                let issued = self.issue(stop);
                issued_at = Some(Instant::now());
                issued.unwrap_or_else(|error| self.recover(&error, ends));
            }
            if ends {
                return;
            }
            if self.book.takes_mending() {
                self.mending = Some(Edge::new(self.book.tiles().clone()));
            }
            if self.mending.is_some() {
                // Never more than half of a core: agents are served meanwhile.
                let began = Instant::now();
                self.mend();
                thread::park_timeout(began.elapsed());
            } else if !has_news {
                thread::park();
            } else {
                thread::park_timeout(waits_for);
            }
        }
    }

    /// Whether there is anything that no checkpoint covers.
    fn has_news(&self) -> bool {
        let is_first = self.book.newest().is_none();
        is_first || self.ledger.state.entry_count() > self.book.size()
    }

    fn spacing(&self) -> Duration {
        let waiting = self.ledger.state.entry_count().saturating_sub(self.book.size());
        if waiting >= BUSY_ENTRIES { SPACING_WHEN_BUSY } else { SPACING }
    }

    /// Takes all that was acknowledged into the tree, and signs it.
    fn issue(&mut self, stop: &AtomicBool) -> Result<(), IssueError> {
        let end = self.ledger.state.entry_count();
        while self.edge.size() < end {
            let until = end.min(self.edge.size() + STEP_ENTRIES);
            walk(&self.ledger, &mut self.edge, until)?;
            if stop.load(Ordering::Acquire) && end - self.edge.size() > STEP_ENTRIES {
                // A long way to go: the next start goes on with it.
                return Ok(());
            }
        }
        self.edge.write_partials()?;
        self.reload_keys();
        let head = TreeHead { size: self.edge.size(), root: self.edge.root() };
        let checkpoint = Checkpoint { origin: self.origin.clone(), head };
        let signed = checkpoint.sign(&self.keys.secrets);
        self.book.publish(signed.clone())?;
        if let Some(anchor) = &self.anchor
            && let Err(error) = anchor.write(&signed)
        {
            tracing::error!(%error, "the newest checkpoint was not written outside the data folder");
        }
        Ok(())
    }

    /// A second key signs from the next checkpoint on, and a retired one no more.
    fn reload_keys(&mut self) {
        let changed_at = self.key_folder.changed_at();
        if changed_at == self.keys.changed_at {
            return;
        }
        match self.key_folder.secrets(&self.origin) {
            Ok(secrets) if !secrets.is_empty() => {
                let ids: Vec<_> =
                    secrets.iter().map(|key| key.verifier().id().to_string()).collect();
                tracing::info!(keys = ids.join(" "), "checkpoints are signed by other keys now");
                self.keys.secrets = secrets;
            }
            Ok(_) => tracing::error!("the signing keys are gone; going on with those in memory"),
            Err(error) => {
                tracing::error!(%error, "signing keys cannot be read; going on as before");
            }
        }
        self.keys.changed_at = changed_at;
    }

    /// Goes back to the last checkpoint; what was begun after it is begun again.
    fn recover(&mut self, error: &IssueError, ends: bool) {
        tracing::error!(%error, "no checkpoint was issued; trying again");
        let tiles = self.book.tiles().clone();
        let edge = Edge::open(tiles.clone(), self.book.size());
        let root = self.book.newest().map(|it| it.head().root);
        self.edge = match edge {
            Ok(edge) if root.is_none_or(|root| root == edge.root()) => edge,
            _ => Edge::new(tiles),
        };
        if !ends {
            thread::park_timeout(RETRY_AFTER);
        }
    }

    /// Goes a step on with the walk over the tiles that are there.
    fn mend(&mut self) {
        let Some(mending) = &mut self.mending else { return };
        let end = self.edge.size();
        let until = end.min(mending.size() + STEP_ENTRIES);
        let done = walk(&self.ledger, mending, until);
        match done {
            Ok(()) if mending.size() < end => {}
            Ok(()) => {
                let files = mending.mended();
                if files > 0 {
                    tracing::warn!(files, "damaged files of the tree were made again");
                }
                if let Err(error) = self.edge.write_partials() {
                    tracing::error!(%error, "the tree's files cannot be made again");
                }
                self.mending = None;
            }
            Err(error) => {
                tracing::error!(%error, "the tree's files cannot be made again");
                self.mending = None;
            }
        }
    }
}

/// Adds the entries of the journal to the edge, up to the tree of `until` entries.
pub(super) fn walk(ledger: &Ledger, edge: &mut Edge, until: u64) -> Result<(), WalkError> {
    if edge.size() >= until {
        return Ok(());
    }
    for record in ledger.journal.iter_from(edge.size()) {
        edge.push(&record?.payload)?;
        if edge.size() >= until {
            return Ok(());
        }
    }
    Err(WalkError::Short { size: edge.size(), until })
}

/// Why the tree does not grow.
#[derive(Debug, thiserror::Error)]
pub(super) enum WalkError {
    #[error(transparent)]
    Tiles(#[from] TileError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the journal has {size} entries, and {until} were acknowledged")]
    Short { size: u64, until: u64 },
}
