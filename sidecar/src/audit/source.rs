//! The ledger as the export reads it: entry by entry, up to a size that stays as it is.

use std::path::Path;

use makegood_core::ledger::Entry;
use makegood_ledger::checkpoint::{SignedCheckpoint, read_issued};
use makegood_ledger::codec;
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};
use makegood_ledger::journal::reader::Reader;

use super::error::ExportError;
use crate::proofs::ISSUED;

/// A ledger's journal, read up to a size.
pub(super) struct Source {
    reader: Reader,
    size: u64,
    checkpoint: Option<SignedCheckpoint>,
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
    /// Opens a tenant's ledger; without a size it ends at its newest checkpoint, or where it issues
    /// none, where its journal is confirmed to end.
    pub(super) fn open(tenant_folder: &Path, size: Option<u64>) -> Result<Self, ExportError> {
        let reader = Reader::open(&tenant_folder.join("ledger"))?;
        let entry_count = reader.confirmed_position()?;
        if let Some(size) = size.filter(|size| *size > entry_count) {
            return Err(ExportError::Size { size, entry_count });
        }
        let issued = issued(tenant_folder)?;
        let mut issued = issued.into_iter().filter(|issued| issued.head().size <= entry_count);
        let checkpoint = match size {
            Some(size) => issued.find(|issued| issued.head().size == size),
            None => issued.next_back(),
        };
        let checkpoint_size = checkpoint.as_ref().map(|checkpoint| checkpoint.head().size);
        let size = size.or(checkpoint_size).unwrap_or(entry_count);
        Ok(Self { reader, size, checkpoint })
    }

    /// The checkpoint of this size, where there is one.
    pub(super) fn checkpoint(&self) -> Option<&SignedCheckpoint> {
        self.checkpoint.as_ref()
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

/// Every checkpoint that a tenant's ledger has issued, in order; none where it issues none.
fn issued(tenant_folder: &Path) -> Result<Vec<SignedCheckpoint>, ExportError> {
    let path = tenant_folder.join(ISSUED);
    if path.try_exists().map_err(ExportError::file(&path))? {
        Ok(read_issued(&path)?)
    } else {
        Ok(Vec::new())
    }
}
