//! What proves the house's ledger to outsiders, and what keeps a restored backup from passing for
//! the present.

use std::sync::Arc;

use makegood_core::ids::{AgentPid, SpendId};
use makegood_core::ledger::{Access, OperationId, Read as _};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::reader::Reader;

use super::{House, HouseError, OpenError, Visitor};
use crate::config::{Config, Mode};
use crate::proofs::{Behind, Book, Ledger, Proofs, Settings, default_origin, entry_of_spend};

impl House {
    /// Starts to prove the ledger, once; a second call does nothing. Where the ledger lacks what was
    /// published of it, writes are refused from now on; the log says why, and so does the answer.
    ///
    /// # Errors
    /// When keys or files cannot be used.
    pub fn keep_proofs(&self, config: &Config) -> Result<Option<Behind>, OpenError> {
        let mut proofs = self.proofs.lock();
        if proofs.is_some() {
            return Ok(None);
        }
        let settings = Settings {
            folder: self.folder.clone(),
            origin: config.origin.clone().unwrap_or_else(|| default_origin(&config.tenant)),
            anchor: config.anchor.clone(),
            accept_rollback: config.accept_rollback.clone(),
            is_guarded: config.mode == Mode::Production,
            witnesses: config.witnesses.clone(),
        };
        let journal = Reader::open(&self.folder.join("ledger"))?;
        let ledger = Ledger { state: Arc::clone(&self.shared.state), journal };
        let guard = self.shared.writer.rollback_guard();
        let is_guarded = settings.is_guarded;
        let on_behind = move |behind: &Behind| {
            tracing::error!(%behind, "the ledger was rolled back");
            if is_guarded {
                guard.refuse();
            }
        };
        let (started, behind) = Proofs::start(&settings, ledger, on_behind)?;
        if let Some(behind) = &behind {
            tracing::error!(%behind, "the ledger was rolled back");
            self.shared.writer.rollback_guard().refuse();
        }
        *proofs = Some(started);
        Ok(behind)
    }

    /// What is published of the ledger; none before [`House::keep_proofs`].
    pub fn book(&self) -> Option<Arc<Book>> {
        self.proofs.lock().as_ref().map(|proofs| Arc::clone(proofs.book()))
    }

    /// The stored bytes of an acknowledged entry.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn stored_entry(&self, position: u64) -> Result<Option<Vec<u8>>, JournalError> {
        if position >= self.shared.state.entry_count() {
            return Ok(None);
        }
        Ok(self.ledger().get(position)?.map(|record| record.payload))
    }

    /// The position of the entry by which a spend was last given from; where nothing was given, of
    /// the one that decided its reservation. Agents find their own spends alone.
    ///
    /// It reads as many entries as lie between the two: not for the runtime's own threads.
    ///
    /// # Errors
    /// [`HouseError::SpendNotFound`], or when the rows or entries cannot be read.
    pub fn position_of(&self, visitor: &Visitor, spend: SpendId) -> Result<u64, HouseError> {
        let may_see = |agent: AgentPid| {
            visitor.access != Access::Agent || agent.as_bytes() == &visitor.agent.pid
        };
        let (first, given_at) = self.shared.state.read(|rows| {
            let asked = rows.outcome(OperationId::Spend(spend)).filter(|row| may_see(row.agent));
            let first = asked.map(|row| row.outcome.position);
            (first, rows.spend(spend).and_then(|row| row.committed_at))
        })?;
        // Before any entry is read, so that nobody has the sidecar search for what is not theirs.
        let first = first.ok_or(HouseError::SpendNotFound)?;
        if given_at.is_none() {
            return Ok(first);
        }
        let given = entry_of_spend(self.ledger(), spend, first, given_at).map_err(|error| {
            tracing::error!(%error, "the entry of a gift cannot be read");
            HouseError::Stored
        })?;
        Ok(given.unwrap_or(first))
    }
}
