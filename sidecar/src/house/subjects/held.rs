//! What is held about a person, read from the journals alone: in a house that is open, and without
//! one.

use std::collections::BTreeMap;

use makegood_core::ledger::{Act, EntryBody, ErasureBasis, Person};
use makegood_core::time::Time;
use makegood_proto::records::v1::{Envelope, IndexKind, RecordKind};
use makegood_proto::v1::exported_record::Content;
use makegood_proto::v1::{self, export_subject_response::Part};
use parking_lot::RwLock;
use prost::Message;

use super::super::view::{customer_id, timestamp};
use crate::records::{self, RecordError};
use crate::vault::{Pid, Vault};
use makegood_ledger::codec::{self, DecodeError, codes};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};
use makegood_ledger::journal::reader::Reader;

/// Why what is held cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record cannot be opened.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An entry cannot be read.
    #[error(transparent)]
    Entry(#[from] DecodeError),
    /// The entry that is to say who was erased does not.
    #[error("entry {position} is no erasure; the key file is of another ledger")]
    NoErasure {
        /// The entry.
        position: u64,
    },
}

/// The journals and the keys, as far as they are to be read.
pub struct Held<'a> {
    /// The keys; locked for one record at a time.
    pub vault: &'a RwLock<Vault>,
    /// The records' journal.
    pub records: &'a Reader,
    /// The ledger's journal.
    pub ledger: &'a Reader,
    /// How many records are to be read.
    pub record_count: u64,
    /// How many entries are to be read.
    pub entry_count: u64,
}

/// An erasure, as its entry has it.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Who.
    pub person: Person,
    /// Why.
    pub basis: ErasureBasis,
    /// When.
    pub at: Time,
    /// The entry's leaf.
    pub leaf: LeafHash,
}

/// The newest version of each record, by its id, with its place in the journal.
type Newest = BTreeMap<Vec<u8>, (u64, Envelope)>;

impl Held<'_> {
    /// Hands out everything that is held about a person, part by part, until `take` says no.
    ///
    /// # Errors
    /// When a journal or a record cannot be read.
    pub fn export(
        &self,
        pid: &Pid,
        take: &mut dyn FnMut(v1::ExportSubjectResponse) -> bool,
    ) -> Result<(), ExportError> {
        let mut part = |part| take(v1::ExportSubjectResponse { part: Some(part) });
        let erased = self.vault.read().erased();
        let erasure = erased
            .position(pid)
            .map(|position| erasure(self.ledger, position).map(|erasure| (position, erasure)));
        let erasure = erasure.transpose()?;
        let records = if erasure.is_some() { Vec::new() } else { self.records_of(pid)? };
        if !part(Part::Subject(subject(pid, erasure.as_ref(), &records))) {
            return Ok(());
        }
        for envelope in &records {
            let Some(content) = self.content(envelope)? else { continue };
            let record_time = Some(timestamp(envelope.record_time_ns));
            let record = v1::ExportedRecord { record_time, content: Some(content) };
            if !part(Part::Record(record)) {
                return Ok(());
            }
        }
        self.entries_of(pid, &mut part)
    }

    /// The pseudonyms of those who are found by a keyed hash.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn find(&self, kind: IndexKind, hash: &[u8; 16]) -> Result<Vec<Pid>, ExportError> {
        let is_named = |it: &Envelope| {
            it.index_terms.iter().any(|term| term.kind() == kind && term.hash == hash)
        };
        let newest = self.newest(is_named)?;
        let named = newest.values().filter(|(_, envelope)| is_named(envelope));
        let mut found = Vec::new();
        for (_, envelope) in named {
            found.push(records::subject(envelope)?);
        }
        found.sort_unstable();
        found.dedup();
        let vault = self.vault.read();
        found.retain(|pid| vault.knows(pid));
        Ok(found)
    }

    /// The newest version of each record of a subject: by kind, and then in the order of time.
    fn records_of(&self, pid: &Pid) -> Result<Vec<Envelope>, ExportError> {
        let is_own = |it: &Envelope| it.subject_pid == pid;
        let mut own = Vec::new();
        for (_, envelope) in self.newest(is_own)?.into_values() {
            if is_own(&envelope) && self.counts(&envelope)? {
                own.push(envelope);
            }
        }
        own.sort_by_key(|it| (it.kind, it.sort_time_ns));
        Ok(own)
    }

    /// The newest version of every record of which some version is wanted.
    fn newest(&self, is_wanted: impl Fn(&Envelope) -> bool) -> Result<Newest, ExportError> {
        let mut newest = Newest::new();
        for record in self.records.iter_from(0) {
            let record = record?;
            if record.position >= self.record_count {
                break;
            }
            let envelope = records::decode(&record.payload)?;
            if is_wanted(&envelope) || newest.contains_key(&envelope.record_id) {
                newest.insert(envelope.record_id.clone(), (record.position, envelope));
            }
        }
        Ok(newest)
    }

    /// A record that belongs to a ledger entry counts only if the ledger has that entry.
    fn counts(&self, envelope: &Envelope) -> Result<bool, ExportError> {
        if envelope.ledger_leaf_hash.is_empty() {
            return Ok(true);
        }
        let entry = self.ledger.get(envelope.ledger_position.cast_unsigned())?;
        Ok(entry.is_some_and(|entry| leaf_hash(&entry.payload) == *envelope.ledger_leaf_hash))
    }

    fn content(&self, envelope: &Envelope) -> Result<Option<Content>, ExportError> {
        let vault = self.vault.read();
        Ok(Some(match envelope.kind() {
            RecordKind::Customer => Content::Customer(open(&vault, envelope)?),
            RecordKind::Agent => Content::Agent(open(&vault, envelope)?),
            RecordKind::Interaction => Content::Interaction(open(&vault, envelope)?),
            RecordKind::Score => Content::Score(open(&vault, envelope)?),
            RecordKind::Preference => Content::Preference(open(&vault, envelope)?),
            RecordKind::Promise => Content::Promise(open(&vault, envelope)?),
            RecordKind::Action => Content::Action(open(&vault, envelope)?),
            RecordKind::Purchase => Content::Purchase(open(&vault, envelope)?),
            RecordKind::GestureNote => Content::GestureNote(open(&vault, envelope)?),
            // These are about nobody.
            RecordKind::Unspecified | RecordKind::RootCause => return Ok(None),
        }))
    }

    /// The entries that have a pseudonym anywhere: it is random, so its bytes are nothing else.
    fn entries_of(&self, pid: &Pid, part: &mut dyn FnMut(Part) -> bool) -> Result<(), ExportError> {
        for record in self.ledger.iter_from(0) {
            let record = record?;
            if record.position >= self.entry_count {
                break;
            }
            if !record.payload.windows(pid.len()).any(|bytes| bytes == pid) {
                continue;
            }
            let listed = v1::ListedEntry {
                position: record.position.cast_signed(),
                leaf_hash: leaf_hash(&record.payload).to_vec(),
                entry: Some(codec::message(&record.payload)?),
            };
            if !part(Part::Entry(listed)) {
                break;
            }
        }
        Ok(())
    }
}

/// What the entry at a position says of an erasure.
///
/// # Errors
/// [`ExportError::NoErasure`] where it says something else, or that it cannot be read.
pub fn erasure(ledger: &Reader, position: u64) -> Result<Erasure, ExportError> {
    let record = ledger.get(position)?.ok_or(ExportError::NoErasure { position })?;
    let entry = codec::decode(&record.payload)?;
    match entry.body {
        EntryBody::Act { act: Act::EraseSubject { subject, basis, .. }, .. } => {
            let leaf = leaf_hash(&record.payload);
            Ok(Erasure { person: subject, basis, at: entry.at, leaf })
        }
        _ => Err(ExportError::NoErasure { position }),
    }
}

fn subject(
    pid: &Pid,
    erasure: Option<&(u64, Erasure)>,
    records: &[Envelope],
) -> v1::ExportedSubject {
    let has = |kind: RecordKind| records.iter().any(|it| it.kind() == kind);
    let kind = match erasure.map(|(_, erasure)| erasure.person) {
        Some(Person::Agent(_)) => v1::SubjectKind::Agent,
        Some(Person::Customer(_)) => v1::SubjectKind::Customer,
        None if has(RecordKind::Agent) => v1::SubjectKind::Agent,
        None if has(RecordKind::Customer) => v1::SubjectKind::Customer,
        None => v1::SubjectKind::Unspecified,
    };
    let erasure = erasure.map(|(position, erasure)| v1::Erasure {
        ledger_position: position.cast_signed(),
        erase_time: Some(timestamp(erasure.at.as_nanos())),
        basis: codes::erasure_basis(erasure.basis).into(),
    });
    let subject_id = customer_id(pid);
    v1::ExportedSubject { subject_id, kind: kind.into(), erasure, receipt: None }
}

fn open<M: Message + Default>(vault: &Vault, envelope: &Envelope) -> Result<M, RecordError> {
    records::open::<M>(vault, envelope)
}
