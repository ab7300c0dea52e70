//! The ledger's entries, read from its journal.

use makegood_proto::v1;

use super::House;
use crate::journal::error::JournalError;
use crate::journal::reader::Reader;
use crate::ledger::codec::{self, DecodeError};
use crate::vault::Pid;

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
        let reader = Reader::open(&self.folder().join("ledger"))?;
        for record in reader.iter_from(start) {
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
                leaf_hash: self.shared.state.leaf(position).unwrap_or_default().to_vec(),
                entry: Some(entry),
            });
        }
        Ok((listed, None))
    }
}
