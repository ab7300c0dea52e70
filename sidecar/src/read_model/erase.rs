//! Forgetting people: what the engine has of somebody who was erased is deleted, and the terms by
//! which they were found.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Damaged, Engine};
use super::keys::{self, Place};
use super::packed::Packed;
use super::stored;
use crate::vault::Pid;
use makegood_ledger::journal::reader::Reader;

/// The deletion of everything that the engine has of these subjects.
pub(super) fn everything_of(
    engine: &dyn Engine,
    journal: &Reader,
    subjects: &BTreeSet<Pid>,
) -> Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, Damaged> {
    let packed = Packed::new(engine);
    let mut gone = BTreeMap::new();
    let mut places = BTreeMap::new();
    for subject in subjects {
        let all = packed.scan_all(&[(keys::all_of(subject), usize::MAX)])?;
        for (key, value) in all.into_iter().flatten() {
            if !keys::is_gesture(&key) {
                let envelope = stored::envelope(journal, &value)?;
                gone.extend(keys::indexes(&envelope).map(|term| (term, None)));
                places.insert(keys::place(&envelope.record_id), key.clone());
            }
            gone.insert(key, None);
        }
    }
    let names: Vec<_> = places.keys().cloned().collect();
    let found = packed.get_all(&names)?;
    for ((place, key), found) in places.into_iter().zip(found) {
        let now = found.map(|found| Place::decode(&place[1..], &found)).transpose()?;
        // Somebody else may have the record by now.
        if now.is_some_and(|now| now.key == key) {
            gone.insert(place, None);
        }
    }
    Ok(gone)
}
