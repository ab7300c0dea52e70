//! What the projector has read, on its way into the engine: all of a commit or nothing.

use std::collections::HashMap;

use makegood_proto::records::v1::Envelope;

use super::engine::{Change, Damaged, Engine};
use super::{decode, keys};

/// Changes that go into one commit of the engine.
const CHANGES_PER_COMMIT: usize = 2_000;

/// How far the engine has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Positions {
    pub(super) records: u64,
    pub(super) ledger: u64,
}

/// Where a record stands, and the keys under which its subject is found.
struct Stored {
    key: Vec<u8>,
    index_keys: Vec<Vec<u8>>,
}

impl Stored {
    fn new(envelope: &Envelope) -> Self {
        let terms = envelope.index_terms.iter();
        Self {
            key: keys::record(envelope),
            index_keys: terms.map(|term| keys::index(term, &envelope.subject_pid)).collect(),
        }
    }
}

/// Changes on their way into the engine.
pub(super) struct Batch<'a> {
    engine: &'a dyn Engine,
    changes: Vec<Change>,
    /// The records of this batch, by their places: the engine does not know them yet.
    stored: HashMap<Vec<u8>, Stored>,
    /// How far the journals were read, and how far of that the engine knows.
    pub(super) at: Positions,
    committed: Positions,
}

impl<'a> Batch<'a> {
    pub(super) fn new(engine: &'a dyn Engine) -> Result<Self, Damaged> {
        let at = positions(engine)?;
        Ok(Self { engine, changes: Vec::new(), stored: HashMap::new(), at, committed: at })
    }

    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.push((key, Some(value)));
    }

    pub(super) fn add_record(
        &mut self,
        envelope: &Envelope,
        payload: &[u8],
    ) -> Result<(), Damaged> {
        let place = keys::place(&envelope.record_id);
        let new = Stored::new(envelope);
        // What the new version has as well is put again below: the last change of a key counts.
        if let Some(old) = self.before(&place)? {
            let given_up = old.index_keys.into_iter().chain([old.key]);
            self.changes.extend(given_up.map(|key| (key, None)));
        }
        for key in &new.index_keys {
            self.put(key.clone(), Vec::new());
        }
        self.put(place.clone(), new.key.clone());
        self.put(new.key.clone(), payload.to_vec());
        self.stored.insert(place, new);
        Ok(())
    }

    /// The version of a record before this one.
    fn before(&mut self, place: &[u8]) -> Result<Option<Stored>, Damaged> {
        if let Some(stored) = self.stored.remove(place) {
            return Ok(Some(stored));
        }
        let Some(key) = self.engine.get(place)? else {
            return Ok(None);
        };
        let bytes = self.engine.get(&key)?;
        let bytes = bytes.ok_or_else(|| Damaged("a record is not at its place".to_owned()))?;
        Ok(Some(Stored::new(&decode(&bytes)?)))
    }

    pub(super) fn commit_when_full(&mut self) -> Result<bool, Damaged> {
        let is_full = self.changes.len() >= CHANGES_PER_COMMIT;
        if is_full {
            self.commit()?;
        }
        Ok(is_full)
    }

    pub(super) fn commit(&mut self) -> Result<(), Damaged> {
        if self.at == self.committed {
            return Ok(());
        }
        let mut changes = std::mem::take(&mut self.changes);
        let value = [self.at.records.to_be_bytes(), self.at.ledger.to_be_bytes()].concat();
        changes.push((keys::POSITIONS.to_vec(), Some(value)));
        self.engine.commit(changes)?;
        self.stored.clear();
        self.committed = self.at;
        Ok(())
    }
}

/// How far an engine has read.
pub(super) fn positions(engine: &dyn Engine) -> Result<Positions, Damaged> {
    let Some(value) = engine.get(keys::POSITIONS)? else {
        return Ok(Positions::default());
    };
    let (Some(records), Some(ledger)) = (value.first_chunk(), value.last_chunk()) else {
        return Err(Damaged("its positions are damaged".to_owned()));
    };
    Ok(Positions { records: u64::from_be_bytes(*records), ledger: u64::from_be_bytes(*ledger) })
}
