//! Reads the journals into the engine: at the start, behind the writer, and again from nothing
//! after damage. One path serves all three.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use makegood_core::ledger::EntryBody;
use parking_lot::{Mutex, RwLock};

use super::batch::{Batch, positions};
use super::engine::{Damaged, Engine};
use super::pending::Pending;
use super::sled_engine::SledEngine;
use super::{Progress, ReadModel, keys};
use crate::journal::frame::Record;
use crate::journal::reader::Reader;
use crate::ledger::codec;
use crate::ledger::state::LedgerState;
use crate::records;

/// How long the engine may lag behind on stable storage; after a crash that much is read again.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// How long to wait before another engine is tried; a full disk does not get better by haste.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Where the projector reads and writes, and whom it tells.
pub struct Sources {
    /// The ledger's journal.
    pub ledger: Reader,
    /// The records' journal.
    pub records: Reader,
    /// The folder of the engine.
    pub engine: PathBuf,
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
        let (wake, woken) = sync_channel(1);
        let model = Arc::new(ReadModel {
            engine: RwLock::new(None),
            progress: RwLock::new(Progress::Rebuilding { done: 0, total: 0 }),
            pending: RwLock::new(Pending::default()),
            writing: Mutex::default(),
            ledger,
            wake,
        });
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work { model: Arc::clone(&model), sources, stop: Arc::clone(&stop) };
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

struct Work {
    model: Arc<ReadModel>,
    sources: Sources,
    stop: Arc<AtomicBool>,
}

/// Why the projector cannot go on.
enum Fault {
    /// The engine is of no use any more.
    Engine(Damaged),
    /// A journal cannot be read any further; another engine would not help.
    Journal(String),
}

impl From<Damaged> for Fault {
    fn from(damage: Damaged) -> Self {
        Self::Engine(damage)
    }
}

impl Work {
    fn run(&self, woken: &Receiver<()>) {
        while !self.stopping() {
            let served = self.open().and_then(|engine| self.serve(&engine, woken));
            match served {
                Ok(()) => return,
                Err(damage) => tracing::warn!(%damage, "read model cannot be used now"),
            }
            let _ = woken.recv_timeout(RETRY_AFTER);
        }
    }

    /// Keeps an engine current until the thread is to end, or it is damaged: what was damaged while
    /// open may well open again, so it is set aside.
    fn serve(&self, engine: &Arc<dyn Engine>, woken: &Receiver<()>) -> Result<(), Damaged> {
        // It answers while it is being built.
        *self.model.engine.write() = Some(Arc::clone(engine));
        self.keep_current(engine, woken).or_else(|damage| {
            self.model.lose(engine, &damage);
            set_aside(&self.sources.engine)?;
            Err(damage)
        })
    }

    fn keep_current(&self, engine: &Arc<dyn Engine>, woken: &Receiver<()>) -> Result<(), Damaged> {
        let mut synced: Option<Instant> = None;
        let mut last_fault = None;
        loop {
            let fault = match self.catch_up(engine.as_ref()) {
                Ok(()) => None,
                Err(Fault::Journal(fault)) => Some(fault),
                Err(Fault::Engine(damage)) => return Err(damage),
            };
            if synced.is_none_or(|at| at.elapsed() >= SYNC_EVERY) || self.stopping() {
                engine.sync()?;
                synced = Some(Instant::now());
            }
            if self.stopping() {
                return Ok(());
            }
            match &fault {
                None => self.become_ready()?,
                // Once is enough: every write comes by here.
                Some(_) if fault == last_fault => {}
                Some(fault) => tracing::error!(%fault, "read model stops at a damaged journal"),
            }
            last_fault = fault;
            if let Err(RecvTimeoutError::Disconnected) = woken.recv_timeout(SYNC_EVERY) {
                return Ok(());
            }
        }
    }

    /// Says that everything can be read.
    fn become_ready(&self) -> Result<(), Damaged> {
        if self.note(Progress::Ready)? != Progress::Ready {
            tracing::info!("read model ready");
            self.model.ledger.touch_all();
            (self.sources.on_ready)();
        }
        Ok(())
    }

    /// Sets the progress and returns the one before, unless a reader has given the engine up.
    fn note(&self, progress: Progress) -> Result<Progress, Damaged> {
        // To give it up takes the lock for writing, so it happens before or after this.
        let held = self.model.engine.read();
        if held.is_none() {
            return Err(Damaged("given up by a reader".to_owned()));
        }
        let writing = self.model.writing.lock();
        if progress == Progress::Ready && writing.read_count < writing.wanted_count {
            // Somebody has written in bulk meanwhile; that is read next.
            return Ok(Progress::Ready);
        }
        Ok(std::mem::replace(&mut *self.model.progress.write(), progress))
    }

    /// An engine whose positions the journals bear out; a fresh one where there is none such.
    fn open(&self) -> Result<Arc<dyn Engine>, Damaged> {
        let folder = &self.sources.engine;
        let opened = SledEngine::open(folder).and_then(|engine| {
            let at = positions(&engine)?;
            let ahead = at.ledger > self.model.ledger.entry_count()
                || at.records > self.model.ledger.record_count();
            if ahead { Err(Damaged("it is ahead of the journals".to_owned())) } else { Ok(engine) }
        });
        let engine = opened.or_else(|damage| {
            tracing::warn!(%damage, "read model set aside");
            set_aside(folder)?;
            SledEngine::open(folder)
        })?;
        Ok(Arc::new(engine))
    }

    /// Reads on from where the engine stands. What a reader sees beyond what was published may not
    /// be durable yet, so it ends there.
    fn catch_up(&self, engine: &dyn Engine) -> Result<(), Fault> {
        let mut batch = Batch::new(engine)?;
        if self.model.writing.lock().is_bulk() {
            return Ok(());
        }
        let projected =
            self.project_records(&mut batch).and_then(|()| self.project_ledger(&mut batch));
        batch.commit()?;
        let at = batch.at;
        self.model.writing.lock().read_count = at.records;
        self.model.pending.write().forget_before(at.records, at.ledger);
        projected
    }

    fn project_records(&self, batch: &mut Batch<'_>) -> Result<(), Fault> {
        let total = self.model.ledger.record_count();
        for record in self.sources.records.iter_from(batch.at.records) {
            let Record { position, payload } = record.map_err(unreadable)?;
            if position >= total || self.stopping() {
                break;
            }
            let envelope = records::decode(&payload).map_err(unreadable)?;
            if self.model.ledger.has_entry_of(&envelope) {
                batch.add_record(&envelope, &payload)?;
            }
            batch.at.records = position + 1;
            if batch.commit_when_full()? {
                self.report(position, total)?;
            }
        }
        self.ends_at("records", batch.at.records, total)
    }

    fn project_ledger(&self, batch: &mut Batch<'_>) -> Result<(), Fault> {
        let total = self.model.ledger.entry_count();
        for record in self.sources.ledger.iter_from(batch.at.ledger) {
            let Record { position, payload } = record.map_err(unreadable)?;
            if position >= total || self.stopping() {
                break;
            }
            let entry = codec::decode(&payload).map_err(unreadable)?;
            if let EntryBody::Reserved { request, .. } = &entry.body {
                let customer = request.customer.as_bytes();
                let key = keys::gesture(customer, entry.at.as_nanos(), request.spend.as_bytes());
                batch.put(key, Vec::new());
            }
            batch.at.ledger = position + 1;
            batch.commit_when_full()?;
        }
        self.ends_at("ledger", batch.at.ledger, total)
    }

    fn report(&self, done: u64, total: u64) -> Result<(), Damaged> {
        if self.model.progress() != Progress::Ready {
            self.note(Progress::Rebuilding { done, total })?;
        }
        Ok(())
    }

    /// A reader ends quietly before bytes that look like a torn write, but what was published is
    /// durable.
    fn ends_at(&self, journal: &str, next: u64, total: u64) -> Result<(), Fault> {
        if next < total && !self.stopping() {
            let fault =
                format!("the {journal} journal cannot be read at position {next} of {total}");
            return Err(Fault::Journal(fault));
        }
        Ok(())
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// Keeps one damaged folder, for those who want to look into it.
fn set_aside(folder: &Path) -> Result<(), Damaged> {
    let stays =
        |error: io::Error| Damaged(format!("cannot set {} aside: {error}", folder.display()));
    let aside = folder.with_extension("damaged");
    if aside.try_exists().map_err(stays)? {
        std::fs::remove_dir_all(&aside).map_err(stays)?;
    }
    match std::fs::rename(folder, &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(stays(error)),
        _ => Ok(()),
    }
}

fn unreadable(error: impl std::fmt::Display) -> Fault {
    Fault::Journal(error.to_string())
}
