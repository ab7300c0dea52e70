//! What the writer takes, what it refuses, and what becomes of it when something breaks.

mod faults;
mod full_disk;
mod stage;

use std::collections::VecDeque;

use makegood_core::ids::Digest;
use makegood_core::ledger::Rows;
use makegood_core::policy::Policy;
use makegood_proto::records::v1::{IndexKind, RecordKind};
use tempfile::TempDir;

use super::*;
use crate::read_model::{Projector, Sources};
use crate::records::{self, Leaf};
use makegood_ledger::journal::Config;
use makegood_ledger::journal::frame::MAX_PAYLOAD_BYTES;

/// A writer's parts in a folder of their own.
struct Bench {
    parts: Parts,
    subject: Pid,
    // The model is read as long as its projector lives, from the folder.
    _projector: Projector,
    _folder: TempDir,
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Result<Time, ClockJumped> {
        Ok(Time::from_nanos(1_800_000_000_000_000_000))
    }
}

struct Broken;

impl Clock for Broken {
    fn now(&self) -> Result<Time, ClockJumped> {
        panic!("a broken clock")
    }
}

impl Bench {
    fn new(clock: impl Clock + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path(), &[7; 32]).unwrap();
        let subject = vault.create_subject().unwrap();
        let open = |name: &str| {
            let path = folder.path().join(name);
            Journal::open(&path, Config::default()).unwrap().0
        };
        let (ledger, records) = (open("ledger"), open("records"));
        let state = Arc::new(LedgerState::new(Rows::default(), Vec::new(), 0));
        let sources = Sources {
            ledger: ledger.reader(),
            records: records.reader(),
            engine: folder.path().join("read-model"),
            erased: vault.erased(),
            on_ready: Box::new(|| {}),
        };
        let projector = Projector::start(sources, Arc::clone(&state));
        let parts = Parts {
            ledger,
            records,
            state,
            vault: Arc::new(RwLock::new(vault)),
            policy: Arc::new(Policy::standard(Digest::from_bytes([0; 32]))),
            read_model: projector.model(),
            hub: Arc::new(Hub::default()),
            clock: Arc::new(clock),
            development: true,
        };
        Self { parts, subject, _projector: projector, _folder: folder }
    }

    /// Work of so many records with so many bytes of content each.
    fn work(&self, count: u8, content_bytes: usize) -> Work {
        let draft = |index| Draft {
            kind: RecordKind::Preference,
            subject: self.subject,
            record_id: [index; 16],
            sort_time_ns: i64::MAX,
            index_terms: Vec::new(),
            content: vec![b'x'; content_bytes],
        };
        Work { records: (0..count).map(draft).collect(), ..Work::default() }
    }
}

#[test]
fn refuses_what_the_journal_cannot_take_and_goes_on() {
    let bench = Bench::new(Noon);
    let (record, work) = (MAX_PAYLOAD_BYTES, BATCH_BYTES);
    let cases = [
        (bench.work(1, record), Some(record)),
        (bench.work(1, record - 256), None),
        (bench.work(200, 60_000), Some(work)),
        (bench.work(100, 60_000), None),
    ];
    let state = Arc::clone(&bench.parts.state);
    let (writer, thread) = Writer::start(bench.parts).unwrap();
    for (work, refused_at) in cases {
        let limit = match writer.submit_blocking(work) {
            Err(WriteError::TooLarge { limit, .. }) => Some(limit),
            answer => answer.map(|_| None).unwrap(),
        };
        assert_eq!(limit, refused_at);
    }
    assert!(!writer.is_poisoned());
    assert_eq!(state.record_count(), 101);
    drop(writer);
    thread.join().unwrap();
}

#[test]
fn leaves_for_the_next_batch_what_does_not_fit() {
    let bench = Bench::new(Noon);
    let (mut jobs, mut answers) = (VecDeque::new(), Vec::new());
    for _ in 0..3 {
        let (reply, answer) = oneshot::channel();
        let work = bench.work(100, 50_000);
        jobs.push_back(Job { work, reply });
        answers.push(answer);
    }
    let mut writer = WriterLoop { parts: bench.parts, flags: Arc::default(), runtime: None };
    for left in [2, 1, 0] {
        writer.process(&mut jobs);
        assert_eq!(jobs.len(), left);
    }
    for answer in answers {
        answer.blocking_recv().unwrap().unwrap();
    }
}

#[test]
fn knows_the_size_of_a_record_before_it_is_sealed() {
    let bench = Bench::new(Noon);
    let vault = bench.parts.vault.read();
    let leaf = Leaf { position: u64::MAX, hash: [1; 32] };
    for (content_bytes, terms) in [(0, 0), (100, 9), (60_000, 300)] {
        let mut draft = bench.work(1, content_bytes).records.remove(0);
        for _ in 0..terms {
            draft.find_by(&vault, IndexKind::Phone, "+15550100");
        }
        let envelope = draft.seal(&vault, i64::MIN, Some(leaf)).unwrap();
        let stored = records::encode(&envelope).len();
        assert!((stored..stored + 256 + 2 * terms).contains(&record_bytes(&draft)));
    }
}

#[test]
fn is_poisoned_by_a_panic() {
    let bench = Bench::new(Broken);
    let works = [bench.work(1, 1), bench.work(1, 1)];
    let (writer, thread) = Writer::start(bench.parts).unwrap();
    for work in works {
        let answer = writer.submit_blocking(work);
        assert!(matches!(answer, Err(WriteError::Poisoned)), "{answer:?}");
    }
    assert!(writer.is_poisoned());
    drop(writer);
    assert!(matches!(thread.join(), Err(WriteError::Poisoned)));
}
