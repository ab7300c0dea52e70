//! Entries by which people were erased. They are what is left of an erasure: whoever has anything of
//! a person looks for them.

use makegood_core::ledger::{Act, EntryBody, Person};
use makegood_ledger::codec::{self, DecodeError};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::reader::Reader;

use crate::vault::Pid;

/// Why entries cannot be looked through.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry cannot be read.
    #[error(transparent)]
    Entry(#[from] DecodeError),
}

/// Whom an entry erases.
pub fn erased_by(body: &EntryBody) -> Option<Pid> {
    match body {
        EntryBody::Act { act: Act::EraseSubject { subject, .. }, .. } => Some(pid_of(subject)),
        _ => None,
    }
}

/// The bytes of a person's pseudonym.
pub fn pid_of(person: &Person) -> Pid {
    match person {
        Person::Customer(pid) => *pid.as_bytes(),
        Person::Agent(pid) => *pid.as_bytes(),
    }
}

/// Who was erased by the entries from a position on, and by which.
///
/// # Errors
/// When the journal cannot be read.
pub fn erasures(ledger: &Reader, from: u64) -> Result<Vec<(Pid, u64)>, ScanError> {
    let mut erased = Vec::new();
    for record in ledger.iter_from(from) {
        let record = record?;
        let entry = codec::decode(&record.payload)?;
        erased.extend(erased_by(&entry.body).map(|pid| (pid, record.position)));
    }
    Ok(erased)
}
