//! The ledger as the export reads it: entry by entry, up to a size that stays as it is.

use std::path::Path;

use makegood_core::ledger::Entry;
use makegood_ledger::codec;
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};
use makegood_ledger::journal::reader::Reader;

use super::error::ExportError;

/// A ledger's journal, read up to a size.
pub(super) struct Source {
    reader: Reader,
    size: u64,
}

/// An entry with its stored bytes.
pub(super) struct Stored {
    /// Its position.
    pub(super) position: u64,
    /// The bytes that its leaf is the hash of.
    pub(super) bytes: Vec<u8>,
    /// The hash of its leaf in the tree.
    pub(super) leaf: LeafHash,
    /// What the bytes say.
    pub(super) entry: Entry,
}

impl Source {
    /// Opens a tenant's ledger; without a size it ends where its journal is confirmed to end.
    pub(super) fn open(tenant_folder: &Path, size: Option<u64>) -> Result<Self, ExportError> {
        let reader = Reader::open(&tenant_folder.join("ledger"))?;
        let entry_count = reader.confirmed_position()?;
        match size {
            Some(size) if size > entry_count => Err(ExportError::Size { size, entry_count }),
            _ => Ok(Self { reader, size: size.unwrap_or(entry_count) }),
        }
    }

    /// How many entries the export looks at.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The entries of these positions, the end exclusive.
    pub(super) fn between(
        &self,
        first: u64,
        end: u64,
    ) -> impl Iterator<Item = Result<Stored, ExportError>> {
        let count = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX);
        self.reader.iter_from(first).take(count).map(|record| {
            let record = record?;
            let position = record.position;
            let entry = codec::decode(&record.payload)
                .map_err(|source| ExportError::Entry { position, source })?;
            let leaf = leaf_hash(&record.payload);
            Ok(Stored { position, bytes: record.payload, leaf, entry })
        })
    }
}
