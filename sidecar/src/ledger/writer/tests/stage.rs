//! The writer over a simulated disk: everything real but the disk, the clock and the thread.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use makegood_core::ids::{CustomerPid, Digest, InteractionPid, RequestId, SpendId};
use makegood_core::ledger::invariants::{
    check_entry, check_replay, check_rows, check_sequence, replay,
};
use makegood_core::ledger::{Entry, GestureRequest, Operation, Rows};
use makegood_core::money::{Currency, Money};
use makegood_proto::records::v1::{Envelope, RecordKind};
use tempfile::TempDir;

use super::super::*;
use crate::read_model::{Projector, Sources};
use crate::records;
use makegood_ledger::codec;
use makegood_ledger::journal::Config;
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::frame::leaf_hash;
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::journal::sim::SimDisk;

/// When a story begins.
const BEGIN_NS: i64 = 1_800_000_000_000_000_000;

/// Small, so that a story fills several.
pub(super) const SEGMENT_BYTES: u64 = 16 << 10;

const LEDGER: &str = "ledger-";
const RECORDS: &str = "records-";

/// What outlives a writer: keys, clock, policy, and a read model that nobody fills.
pub(super) struct Stage {
    vault: Arc<RwLock<Vault>>,
    subject: Pid,
    read_model: Arc<ReadModel>,
    now_ns: Arc<AtomicI64>,
    margin_bytes: u64,
    _folder: TempDir,
}

struct SetClock(Arc<AtomicI64>);

impl Clock for SetClock {
    fn now(&self) -> Result<Time, ClockJumped> {
        Ok(Time::from_nanos(self.0.load(Ordering::Relaxed)))
    }
}

/// One thing that is asked; made into [`Work`] as often as it is asked again.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) action: Option<Action>,
    /// The id of a record that belongs to it.
    pub(super) record: Option<[u8; 16]>,
}

impl Stage {
    pub(super) fn new(margin_bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::open(folder.path(), &[7; 32]).unwrap();
        let subject = vault.create_subject().unwrap();
        vault.sync().unwrap();
        let config = Config { segment_bytes: 8 << 10, margin_bytes: None };
        let open = |name: &str| Journal::open(&folder.path().join(name), config).unwrap().0;
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
            read_model,
            now_ns: Arc::new(AtomicI64::new(BEGIN_NS)),
            margin_bytes,
            _folder: folder,
        }
    }

    /// Sets the clock to so many seconds behind the story's begin.
    pub(super) fn set_clock(&self, seconds: usize) {
        let ns = i64::try_from(seconds).unwrap() * 1_000_000_000;
        self.now_ns.store(BEGIN_NS + ns, Ordering::Relaxed);
    }

    /// A start: opens both journals and replays the ledger.
    pub(super) fn start(&self, disk: &SimDisk) -> Result<WriterLoop, JournalError> {
        let margin_bytes = Some(self.margin_bytes);
        let config = Config { segment_bytes: SEGMENT_BYTES, margin_bytes };
        let open = |folder| Journal::open_on(Arc::new(disk.folder(folder)), config);
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
            policy: Arc::new(policy()),
            read_model: Arc::clone(&self.read_model),
            hub: Arc::new(Hub::default()),
            clock: Arc::new(SetClock(Arc::clone(&self.now_ns))),
            development: true,
        };
        let flags = Arc::new(Flags::default());
        flags.ends_holds.store(true, Ordering::Release);
        Ok(WriterLoop { parts, flags, runtime: None })
    }

    fn work(&self, asked: &Asked) -> Work {
        let draft = |record_id| Draft {
            kind: RecordKind::Preference,
            subject: self.subject,
            record_id,
            sort_time_ns: BEGIN_NS,
            index_terms: Vec::new(),
            content: vec![b'x'; 200],
        };
        let ask = asked.action.clone().map(|action| (caller(&action), action));
        let records = asked.record.into_iter().map(draft).collect();
        Work { ask, records, topics: Vec::new() }
    }

    /// Lets the writer do all this as one batch.
    pub(super) fn submit(&self, writer: &mut WriterLoop, asked: &[Asked]) -> Vec<Answer> {
        let (mut jobs, mut answers) = (VecDeque::new(), Vec::new());
        for asked in asked {
            let (reply, answer) = oneshot::channel();
            jobs.push_back(Job { work: self.work(asked), reply });
            answers.push(answer);
        }
        writer.process(&mut jobs);
        answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect()
    }

    /// A gesture for the one customer.
    pub(super) fn gesture(&self, spend: SpendId, amount_minor: i64) -> Box<GestureRequest> {
        Box::new(GestureRequest {
            spend,
            customer: CustomerPid::from_bytes(self.subject),
            interaction: InteractionPid::from_bytes([3; 15]),
            case: None,
            amount: Money { amount_minor, currency: Currency::USD },
            reason: "late".parse().unwrap(),
            gesture: "refund".parse().unwrap(),
            note: None,
            decided_ms: 0,
            suggestion: None,
        })
    }
}

fn policy() -> Policy {
    Policy::standard(Digest::from_bytes([5; 32]))
}

/// What puts the policy in force.
pub(super) fn activation() -> Asked {
    let action = Action::ActivatePolicy { digest: policy().digest };
    Asked { action: Some(action), record: None }
}

fn caller(action: &Action) -> Caller {
    if matches!(action, Action::ActivatePolicy { .. }) {
        return system();
    }
    let agent = AgentPid::from_bytes([4; 15]);
    let role = "agent".parse().unwrap();
    Caller { agent, access: Access::Agent, role, team: None, tenure_days: 400 }
}

/// An id that tells its number.
pub(super) fn id(kind: u8, number: usize) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

pub(super) fn spend(number: usize) -> SpendId {
    SpendId::from_bytes(id(1, number))
}

pub(super) fn request(number: usize) -> RequestId {
    RequestId::from_bytes(id(2, number))
}

pub(super) fn ask(operation: Operation) -> Asked {
    Asked { action: Some(Action::Spend(operation)), record: None }
}

/// What is stored: the ledger's payloads in order, and the ids of the records that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) ledger: Vec<Vec<u8>>,
    pub(super) records: BTreeSet<Vec<u8>>,
}

impl Stored {
    pub(super) fn read(disk: &SimDisk) -> Self {
        let ledger = payloads(disk, LEDGER);
        let leaves: BTreeSet<_> = ledger.iter().map(|it| leaf_hash(it).to_vec()).collect();
        let counts = |envelope: &Envelope| {
            let leaf = &envelope.ledger_leaf_hash;
            leaf.is_empty() || leaves.contains(leaf)
        };
        let records = payloads(disk, RECORDS).into_iter().map(|it| records::decode(&it).unwrap());
        let records = records.filter(counts).map(|it| it.record_id).collect();
        Self { ledger, records }
    }

    /// Checks everything that must hold of any ledger, and answers with what it adds up to.
    pub(super) fn verify(&self) -> Rows {
        let entries = self.ledger.iter().map(|it| codec::decode(it).unwrap());
        let entries: Vec<Entry> = entries.collect();
        check_sequence(&entries).unwrap();
        for entry in &entries {
            check_entry(entry).unwrap();
        }
        let rows = replay(&entries);
        check_rows(&rows).unwrap();
        check_replay(&entries, &rows).unwrap();
        rows
    }
}

fn payloads(disk: &SimDisk, folder: &'static str) -> Vec<Vec<u8>> {
    let reader = Reader::open_on(Arc::new(disk.folder(folder)));
    reader.iter_from(0).map(|it| it.unwrap().payload).collect()
}
