//! The writer over a simulated disk: everything real but the disk, the clock and the thread.
#![expect(clippy::unwrap_used, reason = "a simulation that is broken must stop")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use makegood_core::ledger::Rows;
use makegood_core::ledger::invariants::replay;
use makegood_ledger::codec;
use makegood_ledger::journal::Config;
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};
use makegood_ledger::journal::sim::SimDisk;
use tempfile::TempDir;

use super::{
    Answer, Clock, ClockJumped, Flags, Hub, Job, Journal, LedgerState, Parts, Pid, Policy,
    ReadModel, RwLock, Time, Vault, Work, WriterLoop, oneshot,
};
use crate::read_model::{Projector, Sources};

pub(super) const LEDGER: &str = "ledger-";
pub(super) const RECORDS: &str = "records-";

/// What outlives a writer: keys, clock, policy, and a read model that nobody fills.
pub struct Backstage {
    /// The keys; one person is known, whom [`Backstage::subject`] names.
    pub vault: Arc<RwLock<Vault>>,
    /// The person.
    pub subject: Pid,
    policy: Arc<Policy>,
    read_model: Arc<ReadModel>,
    now_ns: Arc<AtomicI64>,
    config: Config,
    _folder: TempDir,
}

struct SetClock(Arc<AtomicI64>);

impl Clock for SetClock {
    fn now(&self) -> Result<Time, ClockJumped> {
        Ok(Time::from_nanos(self.0.load(Ordering::Relaxed)))
    }
}

impl Backstage {
    /// A house under a policy that has yet to be put in force, with journals in segments of so
    /// many bytes, and so many bytes of the disk kept free.
    pub fn new(policy: Policy, segment_bytes: u64, margin_bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::open(folder.path(), &[7; 32]).unwrap();
        let subject = vault.create_subject().unwrap();
        vault.sync().unwrap();
        let small = Config { segment_bytes: 8 << 10, margin_bytes: None };
        let open = |name: &str| Journal::open(&folder.path().join(name), small).unwrap().0;
        let sources = Sources {
            ledger: open("ledger").reader(),
            records: open("records").reader(),
            engine: folder.path().join("read-model"),
            erased: vault.erased(),
            on_ready: Box::new(|| {}),
        };
        let state = Arc::new(LedgerState::new(Rows::default(), Vec::new(), 0));
        let projector = Projector::start(sources, state);
        let read_model = projector.model();
        projector.stop();
        Self {
            vault: Arc::new(RwLock::new(vault)),
            subject,
            policy: Arc::new(policy),
            read_model,
            now_ns: Arc::new(AtomicI64::new(0)),
            config: Config { segment_bytes, margin_bytes: Some(margin_bytes) },
            _folder: folder,
        }
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Time) {
        self.now_ns.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// A start: opens both journals and replays the ledger.
    ///
    /// # Errors
    /// When a journal is damaged, or the disk fails.
    pub fn start(&self, disk: &SimDisk) -> Result<SimWriter, JournalError> {
        let open = |folder| Journal::open_on(Arc::new(disk.folder(folder)), self.config);
        let ((ledger, _), (records, _)) = (open(LEDGER)?, open(RECORDS)?);
        let (mut entries, mut leaves) = (Vec::new(), Vec::new());
        for record in ledger.reader().iter_from(0) {
            let payload = record?.payload;
            leaves.push(leaf_hash(&payload));
            entries.push(codec::decode(&payload).unwrap());
        }
        let state = LedgerState::new(replay(&entries), leaves, records.next_position());
        let parts = Parts {
            ledger,
            records,
            state: Arc::new(state),
            vault: Arc::clone(&self.vault),
            policy: Arc::clone(&self.policy),
            read_model: Arc::clone(&self.read_model),
            hub: Arc::new(Hub::default()),
            clock: Arc::new(SetClock(Arc::clone(&self.now_ns))),
            development: true,
        };
        let flags = Arc::new(Flags::default());
        flags.ends_holds.store(true, Ordering::Release);
        Ok(SimWriter(WriterLoop { parts, flags, runtime: None }))
    }
}

/// A writer whose batches are made by hand.
pub struct SimWriter(pub(super) WriterLoop);

impl SimWriter {
    /// Lets the writer do all this as one batch.
    pub fn submit(&mut self, work: Vec<Work>) -> Vec<Answer> {
        submit(&mut self.0, work)
    }

    /// As the idle writer does: the last batch is confirmed by a sync of its own.
    pub fn confirm(&mut self) {
        self.0.confirm();
    }

    /// Whether it has given up.
    pub fn is_poisoned(&self) -> bool {
        self.0.flags.is_poisoned()
    }

    /// Whether exactly these rows are served.
    pub fn serves(&self, rows: &Rows) -> bool {
        self.0.parts.state.all_rows().is_ok_and(|served| served == *rows)
    }

    /// The leaf hash of an entry, as receipts have it.
    pub fn leaf(&self, position: u64) -> Option<LeafHash> {
        self.0.parts.state.leaf(position)
    }

    /// How many entries are acknowledged.
    pub fn entry_count(&self) -> u64 {
        self.0.parts.ledger.next_position()
    }

    /// What the ledger's journal holds from a position on.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn payloads(&self, from: u64) -> Result<Vec<Vec<u8>>, JournalError> {
        self.0.parts.ledger.reader().iter_from(from).map(|it| it.map(|it| it.payload)).collect()
    }
}

/// Lets a writer do all this as one batch.
pub(super) fn submit(writer: &mut WriterLoop, work: impl IntoIterator<Item = Work>) -> Vec<Answer> {
    let (mut jobs, mut answers) = (VecDeque::new(), Vec::new());
    for work in work {
        let (reply, answer) = oneshot::channel();
        jobs.push_back(Job { work, reply });
        answers.push(answer);
    }
    writer.process(&mut jobs);
    answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect()
}
