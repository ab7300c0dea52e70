//! A small story for the writer over a simulated disk.

use std::collections::BTreeSet;
use std::sync::Arc;

use makegood_core::ids::{CustomerPid, Digest, InteractionPid, RequestId, SpendId};
use makegood_core::ledger::invariants::{
    check_entry, check_replay, check_rows, check_sequence, replay,
};
use makegood_core::ledger::{Entry, GestureRequest, Operation, Rows};
use makegood_core::money::{Currency, Money};
use makegood_proto::records::v1::{Envelope, RecordKind};

use super::super::sim::{Backstage, LEDGER, RECORDS, submit};
use super::super::*;
use crate::records;
use makegood_ledger::codec;
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::frame::leaf_hash;
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::journal::sim::SimDisk;

/// When a story begins.
const BEGIN_NS: i64 = 1_800_000_000_000_000_000;

/// Small, so that a story fills several.
pub(super) const SEGMENT_BYTES: u64 = 16 << 10;

/// A writer's surroundings, and the one person everything is about.
pub(super) struct Stage(Backstage);

/// One thing that is asked; made into [`Work`] as often as it is asked again.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) action: Option<Action>,
    /// The id of a record that belongs to it.
    pub(super) record: Option<[u8; 16]>,
}

impl Stage {
    pub(super) fn new(margin_bytes: u64) -> Self {
        let stage = Self(Backstage::new(policy(), SEGMENT_BYTES, margin_bytes));
        stage.set_clock(0);
        stage
    }

    /// Sets the clock to so many seconds behind the story's begin.
    pub(super) fn set_clock(&self, seconds: usize) {
        let ns = i64::try_from(seconds).unwrap() * 1_000_000_000;
        self.0.set_now(Time::from_nanos(BEGIN_NS + ns));
    }

    /// A start: opens both journals and replays the ledger.
    pub(super) fn start(&self, disk: &SimDisk) -> Result<WriterLoop, JournalError> {
        self.0.start(disk).map(|writer| writer.0)
    }

    fn work(&self, asked: &Asked) -> Work {
        let draft = |record_id| Draft {
            kind: RecordKind::Preference,
            subject: self.0.subject,
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
        submit(writer, asked.iter().map(|asked| self.work(asked)))
    }

    /// A gesture for the one customer.
    pub(super) fn gesture(&self, spend: SpendId, amount_minor: i64) -> Box<GestureRequest> {
        Box::new(GestureRequest {
            spend,
            customer: CustomerPid::from_bytes(self.0.subject),
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
