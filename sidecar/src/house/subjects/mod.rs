//! Subjects: the people of whom the house knows. It tells what it holds about them, and erases them.
//!
//! Erasing is an entry of the ledger first, then the destruction of the person's key, then the
//! forgetting of what was kept ready. Whatever a crash has left undone is done at the next start,
//! because the entry is there.

pub mod held;

use std::sync::Arc;
use std::time::Duration;

use makegood_core::ids::{AgentPid, CustomerPid, RequestId};
use makegood_core::ledger::{Act, Action, Caller, ErasureBasis, Person};
use makegood_proto::records::v1::{IndexKind, RecordKind};
use makegood_proto::v1;
use parking_lot::RwLock;

use super::calls::to_its_end;
use super::customers::identify;
use super::view::{customer_id, timestamp};
use super::{House, HouseError, OpenError};
use crate::hub::Topic;
use crate::ledger::erasure::{ScanError, erasures, pid_of};
use crate::ledger::writer::Work;
use crate::read_model::Progress;
use crate::vault::{Erased, Pid, Vault, VaultError};
use held::{ExportError, Held};
use makegood_ledger::journal::Journal;
use makegood_ledger::journal::reader::Reader;

/// How long an erasure waits for the read model to have deleted what it had; it does so by itself.
const DELETED_WITHIN: Duration = Duration::from_secs(2);

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Why the erasures of the ledger cannot be carried out at a start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErasureError {
    /// The ledger cannot be looked through.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// A key cannot be destroyed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl House {
    /// Who is meant; somebody who was erased is known by the pseudonym alone.
    ///
    /// # Errors
    /// [`HouseError::SubjectNotFound`] or [`HouseError::SubjectAmbiguous`]; a malformed telephone
    /// number; that history is away.
    pub fn subject(&self, who: &v1::subject_ref::By) -> Result<Person, HouseError> {
        use v1::subject_ref::By;
        match who {
            By::SubjectId(text) => {
                let pid = text.parse::<CustomerPid>().map_err(|_| HouseError::SubjectNotFound)?;
                self.person(*pid.as_bytes())
            }
            By::Customer(lookup) => {
                let found = identify(&self.shared, Some(lookup))?;
                only(&found.pids).map(|pid| Person::Customer(CustomerPid::from_bytes(pid)))
            }
            By::AgentId(host_id) => {
                let hash = self.shared.vault.read().index_hash(IndexKind::Agent.into(), host_id);
                let found = self.shared.read_model.find(IndexKind::Agent, &hash, 2)?;
                only(&found).map(|pid| Person::Agent(AgentPid::from_bytes(pid)))
            }
        }
    }

    /// Whose pseudonym it is.
    fn person(&self, pid: Pid) -> Result<Person, HouseError> {
        if let Some(position) = self.shared.erased.position(&pid) {
            let erasure = held::erasure(self.ledger(), position).map_err(|error| stored(&error))?;
            return Ok(erasure.person);
        }
        if !self.shared.vault.read().knows(&pid) {
            return Err(HouseError::SubjectNotFound);
        }
        let wanted = [(RecordKind::Agent, 1)];
        let is_agent = !self.shared.read_model.records_of(&pid, &wanted)?[0].is_empty();
        Ok(if is_agent {
            Person::Agent(AgentPid::from_bytes(pid))
        } else {
            Person::Customer(CustomerPid::from_bytes(pid))
        })
    }

    /// Hands out everything that is held about a person, part by part, until `take` says no. Reads
    /// both journals from their beginning, so it is for a thread that may wait.
    ///
    /// # Errors
    /// When a journal or a record cannot be read.
    pub fn export_subject(
        &self,
        person: &Person,
        take: &mut dyn FnMut(v1::ExportSubjectResponse) -> bool,
    ) -> Result<(), HouseError> {
        let records = Reader::open(&self.folder().join("records"));
        let records = records.map_err(|error| stored(&error.into()))?;
        let held = Held {
            vault: &self.shared.vault,
            records: &records,
            ledger: self.ledger(),
            record_count: self.shared.state.record_count(),
            entry_count: self.shared.state.entry_count(),
        };
        held.export(&pid_of(person), take).map_err(|error| stored(&error))
    }

    /// Erases a person: enters it, destroys their key, and forgets them. Once this returns, their
    /// key is in no file. Somebody who was erased before stays so, and gets the first answer. `asked`
    /// is the request by which another person asked for it, where the ledger wants two.
    ///
    /// # Errors
    /// That it cannot be entered, or that the key cannot be destroyed now: then the person is
    /// forgotten, and asking again, or the next start, destroys the key.
    pub async fn erase_subject(
        self: &Arc<Self>,
        caller: Caller,
        request: Option<RequestId>,
        (subject, basis, asked): (Person, ErasureBasis, Option<RequestId>),
    ) -> Result<v1::EraseSubjectResponse, HouseError> {
        let house = Arc::clone(self);
        to_its_end(async move {
            let pid = pid_of(&subject);
            let name = customer_id(&pid);
            let _turn = house.turns.of(&name).write().await;
            let before = house.shared.erased.position(&pid);
            let position = if let Some(position) = before {
                position
            } else {
                let act = Act::EraseSubject { subject, basis, asked };
                let ask = Some((caller, Action::Act { request, act }));
                let done = house.shared.writer.submit(Work { ask, ..Work::default() }).await?;
                done.outcome.ok_or(HouseError::Stored)?.position
            };
            house.carry_out_erasure(pid, position).await?;
            tracing::info!(position, "a person was erased");
            let entered =
                held::erasure(house.ledger(), position).map_err(|error| stored(&error))?;
            let receipt = v1::Receipt {
                ledger_position: position.cast_signed(),
                leaf_hash: entered.leaf.to_vec(),
                record_time: Some(timestamp(entered.at.as_nanos())),
            };
            Ok(v1::EraseSubjectResponse {
                subject_id: name,
                receipt: Some(receipt),
                replayed: before.is_some(),
            })
        })
        .await
    }

    /// What follows the entry, which the writer has told the keys and the read model of.
    async fn carry_out_erasure(&self, pid: Pid, position: u64) -> Result<(), HouseError> {
        // An entry that was there before this one's request was known is found by nobody else.
        self.shared.vault.read().forget([(pid, position)]);
        self.shared.read_model.forget(&pid);
        self.directory.forget(&pid);
        self.interactions.forget(&pid);
        self.stories.remove(&pid);
        self.shared.hub.publish([Topic::Customer(pid), Topic::Agent(pid)]);
        let vault = Arc::clone(&self.shared.vault);
        let destroyed = tokio::task::spawn_blocking(move || Vault::destroy_forgotten(&vault)).await;
        // It fails only if it panicked, which was logged.
        destroyed.map_err(|_| HouseError::Stored)??;
        self.wait_until_deleted(position).await;
        Ok(())
    }

    /// Puts the policy that the house was opened with in force where none ever was, because every
    /// entry names the policy that it was written under.
    ///
    /// # Errors
    /// As [`House::activate_policy`].
    pub fn found_ledger(&self) -> Result<(), OpenError> {
        if self.shared.state.entry_count() == 0 { self.activate_policy() } else { Ok(()) }
    }

    /// Enters something that the sidecar itself has done; the position of the entry. For a thread
    /// that may wait.
    ///
    /// # Errors
    /// That it cannot be entered.
    pub fn act(&self, caller: Caller, action: Action) -> Result<u64, HouseError> {
        let work = Work { ask: Some((caller, action)), ..Work::default() };
        let done = self.shared.writer.submit_blocking(work)?;
        Ok(done.outcome.ok_or(HouseError::Stored)?.position)
    }

    async fn wait_until_deleted(&self, position: u64) {
        let read_model = &self.shared.read_model;
        let deleted = async {
            while read_model.progress() == Progress::Ready && !read_model.has_read(position) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(DELETED_WITHIN, deleted).await.is_err() {
            tracing::warn!("the read model has yet to delete what it has of an erased person");
        }
    }
}

/// Carries out what the ledger says of erasures since the keys were last written: after a crash, or
/// with an older key file from a backup.
pub(super) fn carry_out_again(
    vault: &RwLock<Vault>,
    ledger: &Journal,
) -> Result<Arc<Erased>, ErasureError> {
    let entry_count = ledger.next_position();
    let noted = vault.read().ledger_read();
    // A note from beyond the end is of another ledger than this one.
    let from = if noted > entry_count { 0 } else { noted };
    let found = erasures(&ledger.reader(), from)?;
    let erased = vault.read().erased();
    let before = erased.count();
    vault.read().forget(found);
    let count = erased.count() - before;
    if count > 0 {
        tracing::warn!(count, "people whom the ledger says to be erased had keys; destroying them");
    }
    Vault::destroy_forgotten(vault)?;
    note_ledger(vault, entry_count)?;
    Ok(erased)
}

/// Notes how far the ledger was read for erasures, where that is due.
pub(super) fn note_ledger(vault: &RwLock<Vault>, entry_count: u64) -> Result<(), VaultError> {
    vault.read().note_ledger(entry_count)?;
    vault.write().sync()
}

/// The one who was found.
fn only(found: &[Pid]) -> Result<Pid, HouseError> {
    match found {
        [] => Err(HouseError::SubjectNotFound),
        [pid] => Ok(*pid),
        _ => Err(HouseError::SubjectAmbiguous),
    }
}

fn stored(error: &ExportError) -> HouseError {
    tracing::error!(%error, "what is held about a person cannot be read");
    HouseError::Stored
}
