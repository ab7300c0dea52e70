//! Keeps the engine current: opens it, reads the journals into it behind the writer, and builds it
//! anew after damage.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::batch::{Batch, Positions, positions};
use super::engine::{Damaged, Engine, Memory};
use super::journals::{Fault, Journals};
use super::load::{self, Load};
use super::packed::Packed;
use super::sled_engine::SledEngine;
use super::{Progress, ReadModel, keys};

/// How long the engine may lag behind on stable storage; after a crash that much is read again.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// How long records wait for others, because many share a chunk. They are read meanwhile as well.
const GATHER: Duration = Duration::from_millis(200);

/// How long gestures wait for others: there are many of them, and each is small.
const GATHER_GESTURES: Duration = Duration::from_secs(5);

/// How long to wait before another engine is tried; a full disk does not get better by haste.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How often sled may refuse to open before history is kept in memory until the next start: sled
/// does not work any more in a process in which a thread of its own has panicked.
const OPENS_MAX: u32 = 3;

/// The most records and entries that are kept in memory instead; some 100 MB.
const MEMORY_MAX: u64 = 200_000;

/// How long readers may keep an engine that is to be closed.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// How an engine has its items. Another format is built anew.
const FORMAT: &[u8] = b"2";

/// Sizes that tests change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// When the engine is so many records and entries behind, they are loaded together.
    pub(super) load_from: u64,
    /// About how many records a load sorts in memory at once.
    pub(super) records_per_part: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { load_from: 50_000, records_per_part: 100_000 }
    }
}

/// What the projector's thread works with.
pub(super) struct Work {
    model: Arc<ReadModel>,
    journals: Journals,
    folder: PathBuf,
    on_ready: Box<dyn Fn() + Send + Sync>,
    sizes: Sizes,
    /// When gestures were last read.
    gestures_read: Cell<Option<Instant>>,
    /// How many people were erased when that was last looked at.
    erased_before: Cell<usize>,
    /// How often in a row no engine could be opened.
    failed_opens: Cell<u32>,
}

/// What was read at once.
#[derive(PartialEq, Eq)]
enum Read {
    Some,
    VeryMuch,
}

/// Why an engine is let go of.
#[derive(PartialEq, Eq)]
enum End {
    /// The thread is to end.
    Stop,
    /// Very much was loaded, and sled has yet to note where it lies: it does so when it opens, in
    /// seconds that the next start then does not need.
    Loaded,
}

impl Work {
    pub(super) fn new(
        model: Arc<ReadModel>,
        journals: Journals,
        folder: PathBuf,
        on_ready: Box<dyn Fn() + Send + Sync>,
        sizes: Sizes,
    ) -> Self {
        let (gestures_read, erased_before) = (Cell::new(None), Cell::new(0));
        let failed_opens = Cell::new(0);
        Self {
            model,
            journals,
            folder,
            on_ready,
            sizes,
            gestures_read,
            erased_before,
            failed_opens,
        }
    }

    /// Works until it is told to stop.
    pub(super) fn run(&self, woken: &Receiver<()>) {
        while !self.journals.stopping() {
            let served = self.open().and_then(|engine| self.serve(&engine, woken));
            match served {
                Ok(End::Stop) => return,
                Ok(End::Loaded) => continue,
                Err(damage) => tracing::warn!(%damage, "read model cannot be used now"),
            }
            let _ = woken.recv_timeout(RETRY_AFTER);
        }
    }

    /// Keeps an engine current until the thread is to end, or it is damaged: what was damaged while
    /// open may well open again, so it is set aside.
    fn serve(&self, engine: &Arc<dyn Engine>, woken: &Receiver<()>) -> Result<End, Damaged> {
        // It answers while it is being built.
        *self.model.engine.write() = Some(Arc::clone(engine));
        let end = self.keep_current(engine, woken).or_else(|damage| {
            self.model.lose(engine, &damage);
            set_aside(&self.folder)?;
            Err(damage)
        })?;
        if end == End::Loaded {
            self.model.engine.write().take();
            wait_for_readers(engine)?;
        }
        Ok(end)
    }

    fn keep_current(&self, engine: &Arc<dyn Engine>, woken: &Receiver<()>) -> Result<End, Damaged> {
        let mut synced: Option<Instant> = None;
        let mut last_fault = None;
        loop {
            let (fault, read) = match self.catch_up(engine.as_ref()) {
                Ok(read) => (None, read),
                Err(Fault::Input(fault)) => (Some(fault), Read::Some),
                Err(Fault::Engine(damage)) => return Err(damage),
            };
            if synced.is_none_or(|at| at.elapsed() >= SYNC_EVERY) || self.journals.stopping() {
                engine.sync()?;
                synced = Some(Instant::now());
            }
            if self.journals.stopping() {
                return Ok(End::Stop);
            }
            let is_on_disk = self.failed_opens.get() < OPENS_MAX;
            let is_away = self.model.progress() != Progress::Ready;
            if read == Read::VeryMuch && is_away && is_on_disk {
                return Ok(End::Loaded);
            }
            match &fault {
                None => self.become_ready()?,
                // Once is enough: every write comes by here.
                Some(_) if fault == last_fault => {}
                Some(fault) => tracing::error!(%fault, "read model cannot be built any further"),
            }
            last_fault = fault;
            if self.is_over(woken) {
                return Ok(End::Stop);
            }
        }
    }

    /// Waits for something to read, and a little longer for more of it. Whether nobody is left who
    /// could write any.
    fn is_over(&self, woken: &Receiver<()>) -> bool {
        let is_waiting = || self.model.pending.read().len() > 0;
        if !is_waiting() {
            match woken.recv_timeout(SYNC_EVERY) {
                Err(RecvTimeoutError::Disconnected) => return true,
                // What is urgent leaves nothing waiting: it is not about records.
                Ok(()) if !is_waiting() => return false,
                _ => {}
            }
        }
        // Woken again only by what cannot wait.
        !self.journals.stopping()
            && woken.recv_timeout(GATHER) == Err(RecvTimeoutError::Disconnected)
    }

    /// Says that everything can be read.
    fn become_ready(&self) -> Result<(), Damaged> {
        if self.note(Progress::Ready)? != Progress::Ready {
            tracing::info!("read model ready");
            self.model.has_people.store(false, Ordering::SeqCst);
            self.model.ledger.touch_all();
            (self.on_ready)();
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
        if progress == Progress::Ready && writing.read < writing.wanted {
            // Somebody has written in bulk meanwhile; that is read next.
            return Ok(Progress::Ready);
        }
        Ok(std::mem::replace(&mut *self.model.progress.write(), progress))
    }

    /// An engine whose positions the journals bear out; a fresh one where there is none such.
    fn open(&self) -> Result<Arc<dyn Engine>, Damaged> {
        let opened = self.open_sled().or_else(|damage| {
            tracing::warn!(%damage, "read model set aside");
            set_aside(&self.folder)?;
            self.open_sled()
        });
        let failed_opens = if opened.is_ok() { 0 } else { self.failed_opens.get() + 1 };
        self.failed_opens.set(failed_opens);
        let count = self.journals.state.record_count() + self.journals.state.entry_count();
        if failed_opens < OPENS_MAX || count > MEMORY_MAX {
            return opened;
        }
        tracing::error!("read model kept in memory until the next start, as sled does not open");
        let engine = Memory::default();
        self.verify(&engine)?;
        Ok(Arc::new(engine))
    }

    fn open_sled(&self) -> Result<Arc<dyn Engine>, Damaged> {
        let engine = SledEngine::open(&self.folder)?;
        self.verify(&engine)?;
        Ok(Arc::new(engine))
    }

    /// Whether the engine can be read on into. One without anything is founded.
    fn verify(&self, engine: &dyn Engine) -> Result<(), Damaged> {
        let at = positions(engine)?;
        let state = &self.journals.state;
        if at.ledger > state.entry_count() || at.records > state.record_count() {
            return Err(Damaged("it is ahead of the journals".to_owned()));
        }
        match engine.get(keys::FORMAT)? {
            Some(format) if format == FORMAT => Ok(()),
            None if engine.floor(&[u8::MAX])?.is_none() => {
                let format = (keys::FORMAT.to_vec(), Some(FORMAT.to_vec()));
                engine.commit(vec![format, Packed::founding()])
            }
            _ => Err(Damaged("it has another format".to_owned())),
        }
    }

    /// Reads on from where the engine stands.
    fn catch_up(&self, engine: &dyn Engine) -> Result<Read, Fault> {
        if self.model.writing.lock().is_bulk() {
            return Ok(Read::Some);
        }
        self.forget_what_was_damaged()?;
        let at = positions(engine)?;
        let state = &self.journals.state;
        let to = Positions { records: state.record_count(), ledger: state.entry_count() };
        let behind = (to.records - at.records) + (to.ledger - at.ledger);
        let read = if behind >= self.sizes.load_from {
            self.load(engine, at, to).map(|()| Read::VeryMuch)
        } else {
            self.follow(engine, at, to).map(|()| Read::Some)
        };
        let at = positions(engine)?;
        self.model.writing.lock().read = at.records;
        self.model.pending.write().forget_before(at.records, at.ledger);
        self.model.ledger_read.store(at.ledger, Ordering::Release);
        read
    }

    /// An engine that was set aside may have what somebody was found by who is erased now.
    fn forget_what_was_damaged(&self) -> Result<(), Fault> {
        let erased = self.journals.erased.count();
        if self.erased_before.replace(erased) != erased {
            load::empty(&self.folder.with_extension("damaged")).map_err(Fault::input)?;
        }
        Ok(())
    }

    fn load(&self, engine: &dyn Engine, from: Positions, to: Positions) -> Result<(), Fault> {
        let total = to.records + to.ledger;
        let done_before = from.records + from.ledger;
        tracing::info!(from = done_before, total, "read model loads what the journals have");
        Load {
            engine,
            journals: &self.journals,
            scratch: &self.folder.with_extension("loading"),
            records_per_part: self.sizes.records_per_part,
            from,
            to,
            on_progress: &|done| self.report(done_before + done, total),
            on_people: &|| self.model.has_people.store(true, Ordering::SeqCst),
            steps: Cell::new(0),
        }
        .run()
    }

    /// A few records and gestures, one by one.
    fn follow(&self, engine: &dyn Engine, from: Positions, to: Positions) -> Result<(), Fault> {
        let mut batch = Batch::new(engine, &self.journals.records)?;
        let read = self.journals.each_record(from.records, to.records, |position, record| {
            if let Some(record) = record {
                batch.add_record(record);
            }
            batch.at.records = position + 1;
            if batch.commit_when_full()? {
                self.report(position, to.records)?;
            }
            Ok(())
        });
        let waited = self.gestures_read.get().is_none_or(|at| at.elapsed() >= GATHER_GESTURES);
        let is_urgent = self.model.has_erased.swap(false, Ordering::SeqCst);
        let read = read.and_then(|()| {
            if !waited && !is_urgent && self.model.progress() == Progress::Ready {
                return Ok(());
            }
            self.gestures_read.set(Some(Instant::now()));
            self.journals.each_entry(from.ledger, to.ledger, |position, fact| {
                batch.add_fact(fact);
                batch.at.ledger = position + 1;
                batch.commit_when_full()?;
                Ok(())
            })
        });
        batch.commit()?;
        read
    }

    fn report(&self, done: u64, total: u64) -> Result<(), Damaged> {
        if self.model.progress() != Progress::Ready {
            self.note(Progress::Rebuilding { done, total })?;
        }
        Ok(())
    }
}

/// Waits until nobody reads an engine any more: two of them on one folder would destroy it.
fn wait_for_readers(engine: &Arc<dyn Engine>) -> Result<(), Damaged> {
    let since = Instant::now();
    while Arc::strong_count(engine) > 1 {
        if since.elapsed() > CLOSE_LIMIT {
            return Err(Damaged("a reader does not let go of it".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Keeps one damaged folder, for those who want to look into it.
fn set_aside(folder: &Path) -> Result<(), Damaged> {
    let stays =
        |error: io::Error| Damaged(format!("cannot set {} aside: {error}", folder.display()));
    let aside = folder.with_extension("damaged");
    load::empty(&aside).map_err(stays)?;
    match std::fs::rename(folder, &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(stays(error)),
        _ => Ok(()),
    }
}
