//! The engine on sled, and the fence around it.
//!
//! sled reports damage by panicking, sometimes on threads of its own, and may hang; its `flush`
//! does not reach stable storage. So every call runs on a worker of ours with a time limit, a
//! panic anywhere in sled counts as damage, and a sync point ends with our own `fdatasync`.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Once, mpsc};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::engine::{Change, Damaged, Engine, Pair};

/// Long enough for a slow disk, short enough that an agent's panel still answers.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// Almost every call is over by then; to go aside costs more than to wait for so long.
const USUAL_MAX: Duration = Duration::from_millis(1);

/// How often who waits looks whether sled has panicked.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Opening replays sled's own log and may take its time.
const OPEN_LIMIT: Duration = Duration::from_mins(1);

/// Many megabytes are put on stable storage at once while very much is loaded. Nobody but the
/// projector waits for it.
const WRITE_LIMIT: Duration = Duration::from_mins(2);

const READER_COUNT: usize = 2;

/// A small cache: hot customers are served from a cache of our own.
const CACHE_BYTES: u64 = 32 << 20;

/// Set when a thread of sled's own panics; no `catch_unwind` of ours would see it.
static SLED_PANICKED: AtomicBool = AtomicBool::new(false);

type Job = Box<dyn FnOnce(&SledTree) + Send>;

/// sled behind its fence.
pub(super) struct SledEngine {
    readers: Vec<mpsc::Sender<Job>>,
    next_reader: AtomicUsize,
    /// A worker of its own, so that no reader stands behind a write that takes its time.
    writer: mpsc::Sender<Job>,
    /// Disconnected once every worker has ended, and sled with them.
    ended: parking_lot::Mutex<mpsc::Receiver<()>>,
}

impl SledEngine {
    /// Opens or creates the folder.
    ///
    /// # Errors
    /// When sled cannot open it, panics, or does not come back in time.
    pub(super) fn open(folder: &Path) -> Result<Self, Damaged> {
        watch_for_panics();
        SLED_PANICKED.store(false, Ordering::SeqCst);
        let folder = folder.to_owned();
        let tree = Arc::new(limited(OPEN_LIMIT, move || SledTree::open(folder))?);
        let (ending, ended) = mpsc::channel();
        let worker = || spawn_worker(Arc::clone(&tree), ending.clone());
        Ok(Self {
            readers: (0..READER_COUNT).map(|_| worker()).collect(),
            next_reader: AtomicUsize::new(0),
            writer: worker(),
            ended: parking_lot::Mutex::new(ended),
        })
    }

    fn read<T: Send + 'static>(
        &self,
        call: impl FnOnce(&SledTree) -> Result<T, Damaged> + Send + 'static,
    ) -> Result<T, Damaged> {
        let index = self.next_reader.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        Self::run(&self.readers[index], CALL_LIMIT, call)
    }

    fn run<T: Send + 'static>(
        worker: &mpsc::Sender<Job>,
        limit: Duration,
        call: impl FnOnce(&SledTree) -> Result<T, Damaged> + Send + 'static,
    ) -> Result<T, Damaged> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |tree| {
            let result = catch_unwind(AssertUnwindSafe(|| call(tree)));
            // Nobody waits any more once the limit has passed.
            drop(sender.send(result.unwrap_or_else(|_| Err(panicked()))));
        });
        worker.send(job).map_err(|_| panicked())?;
        let result = match receiver.recv_timeout(USUAL_MAX) {
            Err(RecvTimeoutError::Timeout) => aside(|| wait(&receiver, limit)),
            result => result,
        };
        let has_panicked = || SLED_PANICKED.load(Ordering::SeqCst);
        let result = result.map_err(|_| if has_panicked() { panicked() } else { too_slow() })?;
        if has_panicked() { Err(panicked()) } else { result }
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        let key = key.to_owned();
        self.read(move |sled| Ok(sled.tree.get(key).map_err(broken)?.map(|value| value.to_vec())))
    }

    fn floor(&self, key: &[u8]) -> Result<Option<Pair>, Damaged> {
        let key = key.to_owned();
        self.read(move |sled| {
            let found = sled.tree.range::<&[u8], _>(..=key.as_slice()).next_back();
            let owned = |(key, value): (sled::IVec, sled::IVec)| (key.to_vec(), value.to_vec());
            Ok(found.transpose().map_err(broken)?.map(owned))
        })
    }

    fn commit(&self, changes: Vec<Change>) -> Result<(), Damaged> {
        Self::run(&self.writer, WRITE_LIMIT, move |sled| {
            let mut batch = sled::Batch::default();
            for (key, value) in changes {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            sled.tree.apply_batch(batch).map_err(broken)
        })
    }

    fn sync(&self) -> Result<(), Damaged> {
        Self::run(&self.writer, WRITE_LIMIT, SledTree::sync)
    }
}

/// Waits until sled is closed: it writes until then, and for good refuses to work in this process
/// when a thread of its own finds its folder gone.
impl Drop for SledEngine {
    fn drop(&mut self) {
        self.readers.clear();
        self.writer = mpsc::channel().0;
        // It ends by being disconnected, or by the limit if sled hangs.
        let _ = self.ended.lock().recv_timeout(CALL_LIMIT);
    }
}

/// One tree and the folder it lives in.
struct SledTree {
    // Dropped before `folder` matters: sled flushes when its last handle goes.
    tree: sled::Db,
    folder: PathBuf,
}

impl SledTree {
    fn open(folder: PathBuf) -> Result<Self, Damaged> {
        let config = sled::Config::new()
            .path(&folder)
            .cache_capacity(CACHE_BYTES)
            // Its garbage collection lives in the same thread, so it stays on.
            .flush_every_ms(Some(1_000));
        Ok(Self { tree: config.open().map_err(broken)?, folder })
    }

    /// sled's flush ends with `sync_file_range`, which survives no power cut.
    fn sync(&self) -> Result<(), Damaged> {
        self.tree.flush().map_err(broken)?;
        let file = File::open(self.folder.join("db")).map_err(broken)?;
        file.sync_data().map_err(broken)
    }
}

fn spawn_worker(tree: Arc<SledTree>, ending: mpsc::Sender<()>) -> mpsc::Sender<Job> {
    let (sender, receiver) = mpsc::channel::<Job>();
    std::thread::spawn(move || {
        for job in receiver {
            job(&tree);
        }
        // A damaged sled may panic once more while it is dropped.
        drop(catch_unwind(AssertUnwindSafe(move || drop(tree))));
        drop(ending);
    });
    sender
}

/// Waits for an answer. Where a thread of sled's own has panicked there will be none.
fn wait<T>(receiver: &mpsc::Receiver<T>, limit: Duration) -> Result<T, RecvTimeoutError> {
    let since = Instant::now();
    loop {
        let result = receiver.recv_timeout(LOOK_EVERY);
        let goes_on = since.elapsed() < limit && !SLED_PANICKED.load(Ordering::SeqCst);
        if !matches!(result, Err(RecvTimeoutError::Timeout)) || !goes_on {
            return result;
        }
    }
}

/// Waits without keeping a thread of the runtime, of which there are as few as cores: the calls of
/// others go on while sled hangs.
fn aside<T>(wait: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

/// Runs `call` on a thread of its own and gives up after `limit`; the thread is abandoned then.
fn limited<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> Result<T, Damaged> + Send + 'static,
) -> Result<T, Damaged> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(panicked()));
        drop(sender.send(result));
    });
    receiver.recv_timeout(limit).map_err(|_| too_slow())?
}

/// Notes panics of sled's own threads, and keeps the hook that was there.
fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let in_sled = info.location().is_some_and(|place| place.file().contains("sled-0."));
            if in_sled {
                SLED_PANICKED.store(true, Ordering::SeqCst);
            } else {
                previous(info);
            }
        }));
    });
}

fn panicked() -> Damaged {
    Damaged("sled panicked".to_owned())
}

fn too_slow() -> Damaged {
    Damaged("sled did not answer in time".to_owned())
}

fn broken(error: impl std::fmt::Display) -> Damaged {
    Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn lets_others_go_on_while_sled_takes_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let engine = SledEngine::open(&folder.path().join("sled")).unwrap();
        let (others, waits) = mpsc::channel();
        let slow = tokio::spawn(async move {
            // Ends only when the task below has run, on the one thread that there is.
            engine.read(move |_| waits.recv().map_err(|_| panicked()))
        });
        tokio::spawn(async move { others.send(()).unwrap() });
        assert_eq!(slow.await.unwrap().ok(), Some(()));
    }
}
