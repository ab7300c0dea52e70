//! The stored ledger, read as a reviewer's own program would: from its journal alone.

use std::collections::BTreeMap;
use std::path::Path;

use makegood_core::ids::InteractionPid;
use makegood_core::ledger::invariants::{
    check_entry, check_replay, check_rows, check_sequence, replay,
};
use makegood_core::ledger::{Entry, EntryBody, Rows};
use makegood_ledger::codec;
use makegood_ledger::journal::frame::{LeafHash, leaf_hash};
use makegood_ledger::journal::reader::Reader;

/// Every entry with its leaf.
pub(crate) struct StoredLedger {
    pub(crate) entries: Vec<Entry>,
    pub(crate) leaves: Vec<LeafHash>,
}

impl StoredLedger {
    /// Reads the ledger of a tenant's folder.
    pub(crate) fn read(tenant_folder: &Path) -> Self {
        let reader = Reader::open(&tenant_folder.join("ledger")).unwrap();
        let (mut entries, mut leaves) = (Vec::new(), Vec::new());
        for record in reader.iter_from(0) {
            let record = record.unwrap();
            entries.push(codec::decode(&record.payload).unwrap());
            leaves.push(leaf_hash(&record.payload));
        }
        Self { entries, leaves }
    }

    /// Checks everything that must hold of any ledger, and answers with what it adds up to.
    pub(crate) fn verify(&self) -> Rows {
        check_sequence(&self.entries).unwrap();
        self.entries.iter().for_each(|entry| check_entry(entry).unwrap());
        let rows = replay(&self.entries);
        check_rows(&rows).unwrap();
        check_replay(&self.entries, &rows).unwrap();
        rows
    }

    /// The ids of the spends that were reserved, as text, in order.
    pub(crate) fn reserved(&self) -> Vec<String> {
        let spends = self.entries.iter().filter_map(|entry| match &entry.body {
            EntryBody::Reserved { request, .. } => Some(request.spend.to_string()),
            _ => None,
        });
        spends.collect()
    }

    /// What was given on each interaction, in minor units, reversals not deducted.
    pub(crate) fn given_by_interaction(&self) -> BTreeMap<InteractionPid, i64> {
        let mut given = BTreeMap::new();
        for entry in &self.entries {
            if let EntryBody::Committed { about, amount_minor, .. } = &entry.body {
                *given.entry(about.interaction).or_default() += amount_minor;
            }
        }
        given
    }
}
