//! What one batch of the writer will store, and what it will answer once that is durable.

use makegood_core::ledger::{Entry, EntryBody};
use makegood_proto::records::v1::Envelope;

use super::codec;
use super::writer::{Answer, Reply};
use crate::hub::Topic;
use crate::journal::frame::{LeafHash, leaf_hash};
use crate::records::{self, Leaf};

/// What a batch will write, and what it will answer.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) payloads: Vec<Vec<u8>>,
    pub(super) leaves: Vec<LeafHash>,
    pub(super) entries: Vec<Entry>,
    pub(super) envelopes: Vec<Envelope>,
    pub(super) topics: Vec<Topic>,
    pub(super) replies: Vec<(Reply, Answer)>,
}

impl Batch {
    pub(super) fn add_entry(&mut self, entry: Entry, development: bool) -> Leaf {
        let payload = codec::encode(&entry, development);
        let leaf = Leaf {
            position: entry.position,
            hash: leaf_hash(&payload),
        };
        self.topics.extend(topics_of(&entry));
        self.payloads.push(payload);
        self.leaves.push(leaf.hash);
        self.entries.push(entry);
        leaf
    }

    pub(super) fn add_record(&mut self, envelope: Envelope) {
        if let Ok(subject) = records::subject(&envelope) {
            self.topics.push(Topic::Customer(subject));
        }
        self.envelopes.push(envelope);
    }

    pub(super) fn answer(self) {
        for (reply, answer) in self.replies {
            // Whoever asked may have gone; the work is done all the same.
            drop(reply.send(answer));
        }
    }
}

/// Whom an entry concerns.
fn topics_of(entry: &Entry) -> Vec<Topic> {
    let (agent, customer, interaction) = match &entry.body {
        EntryBody::PolicyActivated { .. } | EntryBody::PoolOpened { .. } => return Vec::new(),
        EntryBody::Refused { .. } => return vec![Topic::Agent(*entry.caller.agent.as_bytes())],
        EntryBody::Reserved { request, .. } => {
            (entry.caller.agent, request.customer, request.interaction)
        }
        EntryBody::Extended { about, .. }
        | EntryBody::Committed { about, .. }
        | EntryBody::Voided { about, .. }
        | EntryBody::Expired { about, .. }
        | EntryBody::Reversed { about, .. } => (about.agent, about.customer, about.interaction),
    };
    vec![
        Topic::Agent(*agent.as_bytes()),
        Topic::Customer(*customer.as_bytes()),
        Topic::Interaction(*interaction.as_bytes()),
    ]
}
