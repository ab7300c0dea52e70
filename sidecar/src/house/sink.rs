//! Takes imported rows into the house: names people by pseudonyms, seals and writes.

use std::collections::HashMap;

use makegood_proto::records::v1::{self as pb, IndexKind, RecordKind};
use prost::Message as _;

use super::{House, HouseError};
use crate::import::rows::{Content, Put, PutError, Ref, Reject, Row, Sink, SinkError};
use crate::journal::frame::MAX_PAYLOAD_BYTES;
use crate::ledger::writer::{BATCH_BYTES, Work, record_bytes};
use crate::records::{self, Draft};
use crate::vault::Pid;

/// Rows that are written as one batch. More no longer gain.
const ROWS_PER_BATCH: usize = 1_000;

/// People whose pseudonym stays at hand during an import.
const KNOWN_PEOPLE: usize = 200_000;

/// Writes rows through the house's writer, many at a time.
pub struct HouseSink<'a> {
    house: &'a House,
    waiting: Vec<Draft>,
    waiting_bytes: usize,
    /// What waits, by record: its subject and the hash of its content.
    waiting_hashes: HashMap<[u8; 16], (Pid, [u8; 16])>,
    people: HashMap<(RecordKind, Ref), Pid>,
}

impl<'a> HouseSink<'a> {
    /// A sink into a house whose read model is ready.
    pub fn new(house: &'a House) -> Self {
        Self {
            house,
            waiting: Vec::new(),
            waiting_bytes: 0,
            waiting_hashes: HashMap::new(),
            people: HashMap::new(),
        }
    }

    /// The pseudonym of a person; one who has no record of their own gets a bare one.
    fn person(&mut self, kind: RecordKind, who: &Ref) -> Result<Pid, PutError> {
        let key = (kind, who.clone());
        if let Some(pid) = self.people.get(&key) {
            return Ok(*pid);
        }
        let pid = if let Some((pid, _)) = self.stored(kind, &who.source, &who.id)? {
            pid
        } else {
            let pid = self.create_subject()?;
            let draft = self.bare(kind, pid, who);
            self.write(draft)?;
            pid
        };
        if self.people.len() >= KNOWN_PEOPLE {
            self.people.clear();
        }
        self.people.insert(key, pid);
        Ok(pid)
    }

    fn bare(&self, kind: RecordKind, pid: Pid, who: &Ref) -> Draft {
        let origin = Some(pb::Origin { source: who.source.clone(), source_id: who.id.clone() });
        let display_name = who.id.clone();
        let content = match kind {
            RecordKind::Agent => {
                pb::Agent { origin, display_name, ..pb::Agent::default() }.encode_to_vec()
            }
            _ => pb::Customer { origin, display_name, ..pb::Customer::default() }.encode_to_vec(),
        };
        let vault = self.house.shared.vault.read();
        let record_id = vault.record_id(kind.into(), &who.source, &who.id);
        let index_terms = Vec::new();
        let mut draft =
            Draft { kind, subject: pid, record_id, sort_time_ns: 0, index_terms, content };
        let index = if kind == RecordKind::Agent { IndexKind::Agent } else { IndexKind::External };
        draft.find_by(&vault, index, &who.id);
        draft
    }

    /// Whose a record is and the hash of what it says, if it is there.
    fn stored(
        &self,
        kind: RecordKind,
        source: &str,
        id: &str,
    ) -> Result<Option<(Pid, [u8; 16])>, PutError> {
        let record_id = self.house.shared.vault.read().record_id(kind.into(), source, id);
        if let Some(waiting) = self.waiting_hashes.get(&record_id) {
            return Ok(Some(*waiting));
        }
        let found = self.house.shared.read_model.record(&record_id).map_err(failed)?;
        let Some(envelope) = found else {
            return Ok(None);
        };
        let subject = records::subject(&envelope).map_err(failed)?;
        let hash = envelope.content_hash.as_slice().try_into().unwrap_or_default();
        Ok(Some((subject, hash)))
    }

    fn create_subject(&self) -> Result<Pid, PutError> {
        Ok(self.house.shared.vault.write().create_subject().map_err(failed)?)
    }

    fn content_hash(&self, draft: &Draft) -> Result<[u8; 16], PutError> {
        let vault = self.house.shared.vault.read();
        let hash = vault.content_hash(&draft.subject, &draft.content);
        Ok(hash.map_err(failed)?)
    }

    fn write(&mut self, draft: Draft) -> Result<(), PutError> {
        let bytes = record_bytes(&draft);
        if self.waiting_bytes + bytes > BATCH_BYTES {
            self.flush()?;
        }
        self.waiting_bytes += bytes;
        let hash = self.content_hash(&draft)?;
        self.waiting_hashes.insert(draft.record_id, (draft.subject, hash));
        self.waiting.push(draft);
        if self.waiting.len() >= ROWS_PER_BATCH {
            self.flush()?;
        }
        Ok(())
    }

    /// The pseudonyms of those whom the row names.
    fn people_of(&mut self, row: &Row) -> Result<(Option<Pid>, Option<Pid>), PutError> {
        let mut find =
            |kind, who: &Option<Ref>| who.as_ref().map(|who| self.person(kind, who)).transpose();
        Ok((find(RecordKind::Customer, &row.customer)?, find(RecordKind::Agent, &row.agent)?))
    }

    /// Under whose key the row is sealed.
    fn subject(
        &self,
        row: &Row,
        kind: RecordKind,
        people: (Option<Pid>, Option<Pid>),
    ) -> Result<Pid, PutError> {
        if matches!(kind, RecordKind::Customer | RecordKind::Agent) {
            return match self.stored(kind, &row.source, &row.source_id)? {
                Some((pid, _)) => Ok(pid),
                None => self.create_subject(),
            };
        }
        people.0.or(people.1).ok_or_else(|| {
            PutError::Rejected(Reject {
                field: row.kind().name().to_owned(),
                reason: "names neither a customer nor an agent; map at least one".to_owned(),
            })
        })
    }

    fn find_by(&self, draft: &mut Draft, row: &Row) {
        let vault = self.house.shared.vault.read();
        match &row.content {
            Content::Customer(it) => {
                draft.find_by(&vault, IndexKind::External, &row.source_id);
                it.phones.iter().for_each(|text| draft.find_by(&vault, IndexKind::Phone, text));
                it.emails.iter().for_each(|text| draft.find_by(&vault, IndexKind::Email, text));
                let accounts = it.account_numbers.iter();
                accounts.for_each(|text| draft.find_by(&vault, IndexKind::Account, text));
            }
            Content::Agent(_) => draft.find_by(&vault, IndexKind::Agent, &row.source_id),
            _ => {}
        }
    }

    /// The row's content with the pseudonyms that belong into it.
    fn content(&self, row: Row, customer: Option<Pid>, agent: Option<Pid>) -> Vec<u8> {
        let bytes = |pid: Option<Pid>| pid.map(|pid| pid.to_vec()).unwrap_or_default();
        match row.content {
            Content::Customer(it) => it.encode_to_vec(),
            Content::Agent(it) => it.encode_to_vec(),
            Content::Interaction(it) => {
                let vault = self.house.shared.vault.read();
                let name = |id: &str| format!("{}\u{0}{id}", row.source);
                let case =
                    (!it.case_id.is_empty()).then(|| vault.thing_pid("case", &name(&it.case_id)));
                let it = pb::Interaction {
                    customer_pid: bytes(customer),
                    agent_pid: bytes(agent),
                    case_pid: bytes(case),
                    interaction_pid: vault.thing_pid("interaction", &name(&row.source_id)).to_vec(),
                    ..it
                };
                it.encode_to_vec()
            }
            Content::Score(it) => it.encode_to_vec(),
            Content::Preference(it) => it.encode_to_vec(),
            Content::Promise(it) => pb::Promise { owner_pid: bytes(agent), ..it }.encode_to_vec(),
            Content::Action(it) => {
                pb::AdvocacyAction { agent_pid: bytes(agent), ..it }.encode_to_vec()
            }
            Content::Purchase(it) => it.encode_to_vec(),
        }
    }
}

impl Sink for HouseSink<'_> {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        let kind = record_kind(&row.content);
        let (customer, agent) = self.people_of(&row)?;
        let subject = self.subject(&row, kind, (customer, agent))?;
        let stored = self.stored(kind, &row.source, &row.source_id)?;
        let vault = self.house.shared.vault.read();
        let record_id = vault.record_id(kind.into(), &row.source, &row.source_id);
        drop(vault);
        let index_terms = Vec::new();
        let content = Vec::new();
        let mut draft = Draft {
            kind,
            subject,
            record_id,
            sort_time_ns: row.sort_time_ns,
            index_terms,
            content,
        };
        self.find_by(&mut draft, &row);
        let field = row.kind().name();
        draft.content = self.content(row, customer, agent);
        check_size(&draft, field)?;
        let hash = self.content_hash(&draft)?;
        let put = match stored {
            Some(before) if before == (subject, hash) => return Ok(Put::Same),
            Some(_) => Put::Changed,
            None => Put::New,
        };
        self.write(draft)?;
        Ok(put)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let work = Work { records, ..Work::default() };
        self.house.shared.writer.submit_blocking(work).map_err(failed)?;
        self.waiting_hashes.clear();
        Ok(())
    }
}

impl House {
    /// Waits until history can be read; `report` is told now and then how far it is.
    ///
    /// # Errors
    /// [`HouseError::Rebuilding`] when it is not there after ten minutes without progress.
    pub fn wait_for_history(
        &self,
        mut report: impl FnMut(crate::read_model::Progress),
    ) -> Result<(), HouseError> {
        use crate::read_model::{Progress, Rebuilding};
        const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(20);
        const PATIENCE: u32 = 10 * 60 * 50;
        let mut last = None;
        let mut without_progress = 0;
        while without_progress < PATIENCE {
            let progress = self.progress();
            if progress == Progress::Ready {
                return Ok(());
            }
            without_progress = if last == Some(progress) { without_progress + 1 } else { 0 };
            last = Some(progress);
            report(progress);
            std::thread::sleep(LOOK_EVERY);
        }
        Err(HouseError::Rebuilding(Rebuilding))
    }
}

/// A row that the journal cannot take is at fault alone.
fn check_size(draft: &Draft, field: &str) -> Result<(), Reject> {
    let bytes = record_bytes(draft);
    if bytes <= MAX_PAYLOAD_BYTES {
        return Ok(());
    }
    Err(Reject {
        field: field.to_owned(),
        reason: format!("takes {bytes} bytes of at most {MAX_PAYLOAD_BYTES}; shorten its texts"),
    })
}

fn record_kind(content: &Content) -> RecordKind {
    match content {
        Content::Customer(_) => RecordKind::Customer,
        Content::Agent(_) => RecordKind::Agent,
        Content::Interaction(_) => RecordKind::Interaction,
        Content::Score(_) => RecordKind::Score,
        Content::Preference(_) => RecordKind::Preference,
        Content::Promise(_) => RecordKind::Promise,
        Content::Action(_) => RecordKind::Action,
        Content::Purchase(_) => RecordKind::Purchase,
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SinkError {
    SinkError { message: error.to_string(), cause: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests;
