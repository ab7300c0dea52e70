//! The thread that follows the writer: it grows the tree by what was acknowledged, and signs it.
//!
//! An acknowledgement never waits for it. It wakes when the writer publishes, and issues a
//! checkpoint at once where the last is old enough, so that one covers every entry within a second.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use makegood_ledger::checkpoint::{Checkpoint, SigningKey};
use makegood_ledger::proof::TreeHead;
use makegood_ledger::tiles::{Edge, TileError};

use super::anchor::{Anchor, Behind};
use super::book::{Book, PublishError};
use super::keys::KeyFolder;
use super::mending::{Mending, STEP_ENTRIES, Step, WalkError, foreign, made_again, walk};
use super::start::Ledger;

/// The least time between two checkpoints: a sync each, beside the writer's own.
const SPACING: Duration = Duration::from_millis(750);
/// As [`SPACING`], where so many entries wait that nobody should wait for more.
const SPACING_WHEN_BUSY: Duration = Duration::from_millis(250);
/// So many entries that wait make it busy.
const BUSY_ENTRIES: u64 = 256;
/// How long after a failure it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

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
    /// A second walk over the whole tree, which mends what was damaged.
    pub(super) mending: Option<Mending>,
    /// Told where the journal turns out not to be the one that was signed.
    pub(super) on_behind: Arc<dyn Fn(&Behind) + Send + Sync>,
    /// The tenant's folder.
    pub(super) folder: PathBuf,
    /// Whether the journal was found not to be the one that was signed: then nothing more is.
    pub(super) is_foreign: bool,
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
            let has_news = self.has_news() && !self.is_foreign;
            if has_news && (ends || waits_for.is_zero()) {
                let issued = self.issue(stop);
                issued_at = Some(Instant::now());
                issued.unwrap_or_else(|error| self.recover(&error, ends));
            }
            if ends {
                return;
            }
            if self.book.takes_mending() && !self.is_foreign {
                self.mending = self.book.mending();
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
        if self.edge.size() < self.book.size() {
            let Some(edge) = self.last_edge()? else {
                self.stop_as_foreign();
                return Ok(());
            };
            self.edge = edge;
        }
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
        self.edge = Edge::new(self.book.tiles().clone());
        if !ends {
            thread::park_timeout(RETRY_AFTER);
        }
    }

    /// The edge of the tree that was last signed; `None` where the journal does not lead to it.
    fn last_edge(&self) -> Result<Option<Edge>, WalkError> {
        let tiles = self.book.tiles().clone();
        let Some(head) = self.book.newest().map(|it| it.head()) else {
            return Ok(Some(Edge::new(tiles)));
        };
        match Edge::open(tiles.clone(), head.size) {
            Ok(edge) if edge.root() == head.root => Ok(Some(edge)),
            _ => made_again(&self.ledger, &tiles, head),
        }
    }

    /// Goes a step on with the walk over the tiles that are there.
    fn mend(&mut self) {
        let Some(mending) = &mut self.mending else { return };
        match mending.step(&self.ledger, self.edge.size()) {
            Ok(Step::GoesOn) => return,
            Ok(Step::Done { files }) => {
                if files > 0 {
                    tracing::warn!(files, "damaged files of the tree were made again");
                }
                if let Err(error) = self.edge.write_partials() {
                    tracing::error!(%error, "the tree's files cannot be made again");
                }
            }
            Ok(Step::Foreign) => self.stop_as_foreign(),
            Err(error) => tracing::error!(%error, "the tree's files cannot be made again"),
        }
        self.mending = None;
    }

    /// Signs nothing any more: the journal is not the one that was signed.
    fn stop_as_foreign(&mut self) {
        self.is_foreign = true;
        if let Some(newest) = self.book.newest() {
            (self.on_behind)(&foreign(&self.folder, newest.head()));
        }
    }
}
