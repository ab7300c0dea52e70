//! Reads the journals into the engine: at the start, behind the writer, and again from nothing
//! after damage. One path serves all three.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use makegood_core::ledger::EntryBody;
use makegood_proto::records::v1::Envelope;
use parking_lot::RwLock;

use super::engine::{Change, Damaged, Engine};
use super::pending::Pending;
use super::sled_engine::SledEngine;
use super::{Progress, ReadModel, keys};
use crate::journal::frame::Record;
use crate::journal::reader::Reader;
use crate::ledger::codec;
use crate::ledger::state::LedgerState;
use crate::records;

/// Changes that go into one commit of the engine.
const CHANGES_PER_COMMIT: usize = 2_000;

/// How long the engine may lag behind on stable storage; after a crash that much is read again.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// How long to wait before another engine is tried after one would not open.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Where the projector reads and writes.
#[derive(Debug)]
pub struct Sources {
    /// The ledger's journal.
    pub ledger: Reader,
    /// The records' journal.
    pub records: Reader,
    /// The folder of the engine.
    pub engine: PathBuf,
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
            ledger,
            wake,
        });
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work {
            model: Arc::clone(&model),
            sources,
            stop: Arc::clone(&stop),
        };
        let thread = std::thread::Builder::new().name("projector".into());
        let thread = thread.spawn(move || work.run(&woken)).ok();
        Self {
            model,
            stop,
            thread,
        }
    }

    /// What it projects into.
    pub fn model(&self) -> Arc<ReadModel> {
        Arc::clone(&self.model)
    }

    /// Ends the thread with the engine on disk; the next start reads on from there.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.model.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the projector was logged by the panic hook; there is nothing left to stop.
            drop(thread.join());
        }
    }
}

/// How far the engine has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Positions {
    records: u64,
    ledger: u64,
}

struct Work {
    model: Arc<ReadModel>,
    sources: Sources,
    stop: Arc<AtomicBool>,
}

impl Work {
    fn run(&self, woken: &Receiver<()>) {
        while !self.stopping() {
            match self.serve(woken) {
                Ok(()) => return,
                Err(damage) => self.model.lose(&damage),
            }
            // Only an engine that will not even open is worth waiting for.
            let _ = woken.recv_timeout(RETRY_AFTER);
        }
    }

    /// Opens an engine and keeps it current until it is damaged or the thread is to end.
    fn serve(&self, woken: &Receiver<()>) -> Result<(), Damaged> {
        let engine: Arc<dyn Engine> = Arc::new(self.open()?);
        self.catch_up(engine.as_ref())?;
        engine.sync()?;
        *self.model.engine.write() = Some(Arc::clone(&engine));
        *self.model.progress.write() = Progress::Ready;
        tracing::info!("read model ready");
        let mut synced = Instant::now();
        loop {
            let is_due = match woken.recv_timeout(SYNC_EVERY) {
                Ok(()) => synced.elapsed() >= SYNC_EVERY,
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if self.model.engine.read().is_none() {
                return Err(Damaged("given up by a reader".to_owned()));
            }
            self.catch_up(engine.as_ref())?;
            if is_due || self.stopping() {
                engine.sync()?;
                synced = Instant::now();
            }
            if self.stopping() {
                return Ok(());
            }
        }
    }

    /// An engine whose positions the journals bear out; a fresh one where there is none such.
    fn open(&self) -> Result<SledEngine, Damaged> {
        let folder = &self.sources.engine;
        let lost = matches!(
            *self.model.progress.read(),
            Progress::Rebuilding { total: 0, .. }
        );
        let opened = SledEngine::open(folder).and_then(|engine| {
            let at = positions(&engine)?;
            let ahead = at.ledger > self.model.ledger.entry_count()
                || at.records > self.model.ledger.record_count();
            if ahead {
                Err(Damaged("it is ahead of the journals".to_owned()))
            } else {
                Ok(engine)
            }
        });
        match opened {
            Ok(engine) => Ok(engine),
            Err(damage) => {
                tracing::warn!(%damage, first_start = lost, "read model set aside");
                set_aside(folder)?;
                SledEngine::open(folder)
            }
        }
    }

    /// Reads on from where the engine stands. What a reader sees beyond what was published may not
    /// be durable yet, so it ends there.
    fn catch_up(&self, engine: &dyn Engine) -> Result<(), Damaged> {
        let mut batch = Batch::new(engine)?;
        self.project_records(&mut batch)?;
        self.project_ledger(&mut batch)?;
        batch.commit()?;
        let at = batch.at;
        self.model
            .pending
            .write()
            .forget_before(at.records, at.ledger);
        Ok(())
    }

    fn project_records(&self, batch: &mut Batch<'_>) -> Result<(), Damaged> {
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
                self.report(position, total);
            }
        }
        Ok(())
    }

    fn project_ledger(&self, batch: &mut Batch<'_>) -> Result<(), Damaged> {
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
        Ok(())
    }

    fn report(&self, done: u64, total: u64) {
        let mut progress = self.model.progress.write();
        if *progress != Progress::Ready {
            *progress = Progress::Rebuilding { done, total };
        }
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// Changes on their way into the engine.
struct Batch<'a> {
    engine: &'a dyn Engine,
    changes: Vec<Change>,
    /// Where records of this batch stand: the engine does not know them yet.
    places: HashMap<Vec<u8>, Vec<u8>>,
    /// How far the journals were read, and how far of that the engine knows.
    at: Positions,
    committed: Positions,
}

impl<'a> Batch<'a> {
    fn new(engine: &'a dyn Engine) -> Result<Self, Damaged> {
        let at = positions(engine)?;
        Ok(Self {
            engine,
            changes: Vec::new(),
            places: HashMap::new(),
            at,
            committed: at,
        })
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.push((key, Some(value)));
    }

    fn add_record(&mut self, envelope: &Envelope, stored: &[u8]) -> Result<(), Damaged> {
        let key = keys::record(envelope);
        let place = keys::place(&envelope.record_id);
        let before = match self.places.get(&place) {
            Some(key) => Some(key.clone()),
            None => self.engine.get(&place)?,
        };
        if let Some(old) = before.filter(|old| *old != key) {
            self.changes.push((old, None));
        }
        for term in &envelope.index_terms {
            self.put(keys::index(term, &envelope.subject_pid), Vec::new());
        }
        self.put(place.clone(), key.clone());
        self.put(key.clone(), stored.to_vec());
        self.places.insert(place, key);
        Ok(())
    }

    fn commit_when_full(&mut self) -> Result<bool, Damaged> {
        let is_full = self.changes.len() >= CHANGES_PER_COMMIT;
        if is_full {
            self.commit()?;
        }
        Ok(is_full)
    }

    fn commit(&mut self) -> Result<(), Damaged> {
        if self.at == self.committed {
            return Ok(());
        }
        let mut changes = std::mem::take(&mut self.changes);
        let value = [self.at.records.to_be_bytes(), self.at.ledger.to_be_bytes()].concat();
        changes.push((keys::POSITIONS.to_vec(), Some(value)));
        self.engine.commit(changes)?;
        self.places.clear();
        self.committed = self.at;
        Ok(())
    }
}

fn positions(engine: &dyn Engine) -> Result<Positions, Damaged> {
    let Some(value) = engine.get(keys::POSITIONS)? else {
        return Ok(Positions::default());
    };
    let (Some(records), Some(ledger)) = (value.first_chunk(), value.last_chunk()) else {
        return Err(Damaged("its positions are damaged".to_owned()));
    };
    Ok(Positions {
        records: u64::from_be_bytes(*records),
        ledger: u64::from_be_bytes(*ledger),
    })
}

/// Keeps one damaged folder, for those who want to look into it.
fn set_aside(folder: &Path) -> Result<(), Damaged> {
    let aside = folder.with_extension("damaged");
    if aside.try_exists().map_err(unreadable)? {
        std::fs::remove_dir_all(&aside).map_err(unreadable)?;
    }
    match std::fs::rename(folder, &aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unreadable(error)),
        _ => Ok(()),
    }
}

fn unreadable(error: impl std::fmt::Display) -> Damaged {
    Damaged(error.to_string())
}
