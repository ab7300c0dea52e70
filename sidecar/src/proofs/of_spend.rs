//! Which of a spend's entries its receipt is about.

use makegood_core::ids::SpendId;
use makegood_core::ledger::EntryBody;
use makegood_core::time::Time;
use makegood_ledger::codec::{self, DecodeError};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::reader::Reader;

/// Why a spend's entry was not found.
#[derive(Debug, thiserror::Error)]
pub enum OfSpendError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry cannot be read.
    #[error("cannot read entry {position}: {source}")]
    Entry {
        /// Its position.
        position: u64,
        /// Why.
        source: DecodeError,
    },
}

/// The position of the entry by which a spend was last given from; where nothing was given, of the
/// first one about it: its reservation, or the refusal of one. Looks at the entries from position
/// `from` on, up to the one of `given_at` where that is known, else to the end.
///
/// # Errors
/// When the journal cannot be read.
pub fn entry_of_spend(
    journal: &Reader,
    spend: SpendId,
    from: u64,
    given_at: Option<Time>,
) -> Result<Option<u64>, OfSpendError> {
    let mut found = None;
    for record in journal.iter_from(from) {
        let record = record?;
        let position = record.position;
        let entry = codec::decode(&record.payload)
            .map_err(|source| OfSpendError::Entry { position, source })?;
        if entry.body.spend() != Some(spend) {
            continue;
        }
        let is_gift = matches!(entry.body, EntryBody::Committed { .. });
        if is_gift || found.is_none() {
            found = Some(position);
        }
        if is_gift && given_at == Some(entry.at) {
            break;
        }
    }
    Ok(found)
}
