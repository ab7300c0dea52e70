//! What one batch of the writer will store, and what it will answer once that is durable.

use makegood_core::ledger::{Act, Changes, Entry, EntryBody, Person, Row};
use makegood_proto::records::v1::Envelope;
use prost::Message as _;
use tokio::runtime::Handle;

use super::writer::{Answer, Reply, WriteError};
use crate::hub::Topic;
use crate::records::{self, Draft, Leaf};
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};

/// The most bytes of one batch, and of one work: half a segment of the journal, so that what is
/// added around a payload never makes a batch too large for it.
pub const BATCH_BYTES: usize = 8 << 20;

/// What sealing and the envelope add to what a draft holds, at most.
const ENVELOPE_BYTES: usize = 256;

/// How many bytes a record will take in the journal, at most.
pub fn record_bytes(draft: &Draft) -> usize {
    const TERM_HEADER_BYTES: usize = 4;
    let terms = draft.index_terms.iter();
    let terms: usize = terms.map(|term| term.encoded_len() + TERM_HEADER_BYTES).sum();
    draft.content.len() + terms + ENVELOPE_BYTES
}

/// What a batch will write, and what it will answer.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) payloads: Vec<Vec<u8>>,
    pub(super) leaves: Vec<LeafHash>,
    pub(super) entries: Vec<Entry>,
    pub(super) envelopes: Vec<Envelope>,
    pub(super) topics: Vec<Topic>,
    pub(super) replies: Vec<(Reply, Answer)>,
    bytes: usize,
}

impl Batch {
    /// Whether work of so many bytes may still join. What no batch could take may: it is refused
    /// when its turn comes.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        bytes > BATCH_BYTES || self.bytes + bytes <= BATCH_BYTES
    }

    /// Whether another policy is in force after it.
    pub(super) fn changes_policy(&self) -> bool {
        let changes = |entry: &Entry| matches!(entry.body, EntryBody::PolicyActivated { .. });
        self.entries.iter().any(changes)
    }

    pub(super) fn add_entry(&mut self, entry: Entry, payload: Vec<u8>) -> Leaf {
        let leaf = Leaf { position: entry.position, hash: leaf_hash(&payload) };
        self.topics.extend(topics_of(&entry));
        self.bytes += payload.len();
        self.payloads.push(payload);
        self.leaves.push(leaf.hash);
        self.entries.push(entry);
        leaf
    }

    /// Adds a sealed record; `entry` is the ledger entry that it belongs to.
    pub(super) fn add_record(&mut self, envelope: Envelope, entry: Option<Leaf>) {
        let mut envelope = envelope;
        if let Some(leaf) = entry {
            envelope.ledger_position = leaf.position.cast_signed();
            envelope.ledger_leaf_hash = leaf.hash.to_vec();
        }
        if let Ok(subject) = records::subject(&envelope) {
            self.topics.push(Topic::Customer(subject));
        }
        self.bytes += envelope.encoded_len();
        self.envelopes.push(envelope);
    }

    /// Tells those who are or were asked in a consult that it has changed.
    pub(super) fn add_queues(&mut self, changes: &Changes) {
        if !self.entries.iter().any(|entry| is_of_consult(&entry.body)) {
            return;
        }
        for (_, row) in changes.iter() {
            if let Row::Consult(consult) = row {
                let asked = consult.passed.iter().chain([&consult.to]);
                self.topics.extend(asked.map(|agent| Topic::Queue(*agent.as_bytes())));
            }
        }
    }

    /// Answers everything with this error instead.
    pub(super) fn answer_all(self, error: &WriteError) {
        for (reply, _) in self.replies {
            drop(reply.send(Err(error.clone())));
        }
    }

    /// Answers everybody: many of them on the runtime, where there is one, because to wake a task
    /// from a thread outside costs more than the answer.
    pub(super) fn answer(self, runtime: Option<&Handle>) {
        let count = self.replies.len();
        let answer_each = move || {
            for (reply, answer) in self.replies {
                // Whoever asked may have gone; the work is done all the same.
                drop(reply.send(answer));
            }
        };
        match runtime {
            Some(runtime) if count > 1 => drop(runtime.spawn(async move { answer_each() })),
            _ => answer_each(),
        }
    }
}

fn is_of_consult(body: &EntryBody) -> bool {
    matches!(
        body,
        EntryBody::ConsultAsked { .. }
            | EntryBody::ConsultPassed { .. }
            | EntryBody::ConsultApproved { .. }
            | EntryBody::ConsultClosed { .. }
    )
}

/// Whom an entry concerns.
fn topics_of(entry: &Entry) -> Vec<Topic> {
    let (agent, customer, interaction) = match &entry.body {
        EntryBody::Act { act: Act::EraseSubject { subject, .. }, .. } => {
            return match subject {
                Person::Customer(pid) => vec![Topic::Customer(*pid.as_bytes())],
                Person::Agent(pid) => vec![Topic::Agent(*pid.as_bytes())],
            };
        }
        EntryBody::Refused { .. } => return vec![Topic::Agent(*entry.caller.agent.as_bytes())],
        EntryBody::Reserved { request, .. } => {
            (entry.caller.agent, request.customer, request.interaction)
        }
        body => match body.about() {
            Some(about) => (about.agent, about.customer, about.interaction),
            None => return Vec::new(),
        },
    };
    vec![
        Topic::Agent(*agent.as_bytes()),
        Topic::Customer(*customer.as_bytes()),
        Topic::Interaction(*interaction.as_bytes()),
    ]
}
