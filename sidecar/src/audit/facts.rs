//! What the rules of the findings go by: the entries up to the end of some days.

use std::path::Path;

use makegood_core::findings::Facts;
use makegood_ledger::codec;
use makegood_ledger::journal::reader::Reader;

use super::{ExportError, Period};

/// The facts of a ledger up to the end of some days, and the positions of those days.
#[derive(Debug, Default)]
pub struct FactsOfDays {
    /// What the entries say, from the first of the ledger on: a habit is older than a week.
    pub facts: Facts,
    /// The first position of the days.
    pub first: u64,
    /// The position after the last of them.
    pub end: u64,
}

impl FactsOfDays {
    /// Reads a tenant's ledger.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(tenant_folder: &Path, period: Period) -> Result<Self, ExportError> {
        let reader = Reader::open(&tenant_folder.join("ledger"))?;
        let mut read = Self::default();
        for record in reader.iter_from(0) {
            let record = record?;
            let position = record.position;
            let entry = codec::decode(&record.payload)
                .map_err(|source| ExportError::Entry { position, source })?;
            if period.is_before(entry.at) {
                read.first = position + 1;
            } else if !period.contains(entry.at) {
                break;
            }
            read.end = position + 1;
            read.facts.see(&entry);
        }
        Ok(read)
    }
}
