//! What the projector has read, on its way into the engine: all of a commit or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Change, Damaged, Engine};
use super::erase;
use super::journals::{Fact, Stored};
use super::keys::{self, Place};
use super::packed::Packed;
use super::stored;
use crate::vault::Pid;
use makegood_ledger::journal::reader::Reader;

/// Records that go into one commit of the engine. Each may rewrite a chunk or three, and who reads
/// the engine waits meanwhile.
const RECORDS_PER_COMMIT: usize = 500;

/// Gestures that go into one commit; many share a chunk.
const GESTURES_PER_COMMIT: usize = 2_000;

/// How far the engine has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Positions {
    pub(super) records: u64,
    pub(super) ledger: u64,
}

impl Positions {
    /// The change that notes them in the engine.
    pub(super) fn to_change(self) -> Change {
        let value = [self.records.to_be_bytes(), self.ledger.to_be_bytes()].concat();
        (keys::POSITIONS.to_vec(), Some(value))
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

/// Changes on their way into the engine.
pub(super) struct Batch<'a> {
    engine: &'a dyn Engine,
    journal: &'a Reader,
    /// The newest version of each record, by the key of its place.
    records: BTreeMap<Vec<u8>, Stored>,
    gestures: Vec<Vec<u8>>,
    /// Who was erased by an entry that was read.
    erased: BTreeSet<Pid>,
    /// How far the journals were read, and how far of that the engine knows.
    pub(super) at: Positions,
    committed: Positions,
}

impl<'a> Batch<'a> {
    pub(super) fn new(engine: &'a dyn Engine, journal: &'a Reader) -> Result<Self, Damaged> {
        let at = positions(engine)?;
        let (records, gestures, erased) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Ok(Self { engine, journal, records, gestures, erased, at, committed: at })
    }

    pub(super) fn add_record(&mut self, record: Stored) {
        self.records.insert(keys::place(&record.envelope.record_id), record);
    }

    /// Adds what an entry changes, if it changes anything.
    pub(super) fn add_fact(&mut self, fact: Option<Fact>) {
        match fact {
            Some(Fact::Gesture(gesture)) => self.gestures.push(gesture.key()),
            Some(Fact::Erased(pid)) => {
                self.erased.insert(pid);
            }
            None => {}
        }
    }

    pub(super) fn commit_when_full(&mut self) -> Result<bool, Damaged> {
        let is_full =
            self.records.len() >= RECORDS_PER_COMMIT || self.gestures.len() >= GESTURES_PER_COMMIT;
        if is_full {
            self.commit()?;
        }
        Ok(is_full)
    }

    pub(super) fn commit(&mut self) -> Result<(), Damaged> {
        if self.at == self.committed {
            return Ok(());
        }
        let erased = std::mem::take(&mut self.erased);
        let mut items = erase::everything_of(self.engine, self.journal, &erased)?;
        items.extend(self.superseded()?);
        for (place, Stored { position, envelope, payload }) in std::mem::take(&mut self.records) {
            let key = keys::record(&envelope);
            items.extend(keys::indexes(&envelope).map(|key| (key, Some(Vec::new()))));
            items.insert(key.clone(), Some(stored::value(position, &payload)));
            items.insert(place, Some(Place { key, position }.encode()));
        }
        let gestures = std::mem::take(&mut self.gestures);
        items.extend(gestures.into_iter().map(|key| (key, Some(Vec::new()))));
        // One commit, so that no reader sees a place without its record.
        let mut changes = vec![self.at.to_change()];
        Packed::new(self.engine).merge(items.into_iter(), usize::MAX, |all| {
            changes.extend(all);
            Ok::<_, Damaged>(())
        })?;
        self.engine.commit(changes)?;
        self.committed = self.at;
        Ok(())
    }

    /// Everything that the engine has of the versions before, to be deleted. What the new versions
    /// have as well is put again.
    fn superseded(&self) -> Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, Damaged> {
        let packed = Packed::new(self.engine);
        let places: Vec<_> = self.records.keys().cloned().collect();
        let mut before = Vec::new();
        for (place, found) in places.iter().zip(packed.get_all(&places)?) {
            if let Some(found) = found {
                before.push(Place::decode(&place[1..], &found)?.key);
            }
        }
        before.sort_unstable();
        let mut items = BTreeMap::new();
        for (key, value) in before.iter().zip(packed.get_all(&before)?) {
            let value = value.ok_or_else(|| Damaged("a record is not at its place".to_owned()))?;
            let envelope = stored::envelope(self.journal, &value)?;
            items.extend(keys::indexes(&envelope).map(|key| (key, None)));
            items.insert(key.clone(), None);
        }
        Ok(items)
    }
}
