//! The ledger's entries, read from its journal.

use makegood_proto::records::v1::{self as pb, RecordKind};
use makegood_proto::v1;

use super::House;
use crate::ledger::line::Line;
use crate::ledger::state::LedgerState;
use crate::records;
use crate::vault::Pid;
use makegood_ledger::codec::{self, DecodeError};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};

/// Entries that one listing looks at before it answers with what it has found.
const LOOKED_AT: u64 = 5_000;

/// Why entries cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry cannot be read.
    #[error(transparent)]
    Entry(#[from] DecodeError),
}

impl House {
    /// The ledger as of the last acknowledged batch, to hold against its journal.
    pub fn ledger_state(&self) -> &LedgerState {
        &self.shared.state
    }

    /// The newest `limit` entries in words, oldest first, with their leaves.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn newest_lines(&self, limit: usize) -> Result<Vec<(Line, LeafHash)>, ListError> {
        let end = self.shared.state.entry_count();
        let start = end.saturating_sub(limit as u64);
        let mut lines = Vec::new();
        for record in self.ledger().iter_from(start).take(limit) {
            let record = record?;
            if record.position < end {
                let entry = codec::decode(&record.payload)?;
                lines.push((Line::of(&entry), leaf_hash(&record.payload)));
            }
        }
        Ok(lines)
    }

    /// One acknowledged entry in words, with its leaf; none where the ledger is not that long.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn line(&self, position: u64) -> Result<Option<(Line, LeafHash)>, ListError> {
        let Some(stored) = self.stored_entry(position)? else { return Ok(None) };
        Ok(Some((Line::of(&codec::decode(&stored)?), leaf_hash(&stored))))
    }

    /// The name of an employee; empty if it is not known.
    pub fn agent_name(&self, pid: &Pid) -> String {
        self.directory.name(&self.shared, pid)
    }

    /// The name of a customer; empty if it is not known.
    pub fn customer_name(&self, pid: &Pid) -> String {
        let found = self.shared.read_model.records_of(pid, &[(RecordKind::Customer, 1)]);
        let envelope = found.ok().and_then(|found| found.into_iter().flatten().next());
        let vault = self.shared.vault.read();
        let record = envelope.and_then(|it| records::open::<pb::Customer>(&vault, &it).ok());
        record.map(|record| record.display_name).unwrap_or_default()
    }

    /// At most `limit` entries from `start` on, of one agent or of all, and where to go on.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn entries(
        &self,
        start: u64,
        limit: usize,
        of_agent: Option<Pid>,
    ) -> Result<(Vec<v1::ListedEntry>, Option<u64>), ListError> {
        let end = self.shared.state.entry_count();
        let mut listed = Vec::new();
        if start >= end {
            return Ok((listed, None));
        }
        for record in self.ledger().iter_from(start) {
            let record = record?;
            let position = record.position;
            // What is not published yet may not be durable yet.
            if position >= end {
                break;
            }
            if listed.len() >= limit || position >= start.saturating_add(LOOKED_AT) {
                return Ok((listed, Some(position)));
            }
            let entry = codec::message(&record.payload)?;
            if of_agent.is_some_and(|pid| entry.agent_pid != pid) {
                continue;
            }
            listed.push(v1::ListedEntry {
                position: position.cast_signed(),
                leaf_hash: leaf_hash(&record.payload).to_vec(),
                entry: Some(entry),
            });
        }
        Ok((listed, None))
    }
}
