//! Reads very much of the journals into the engine at once: a rebuild, or after an import.
//!
//! Records come in the order of time, and so in no order of people. Each journal is read once and
//! split into files beside the engine, by the first bytes of where its records belong; then file by
//! file is sorted and merged into the engine, which thus is filled in the order of its keys. Who
//! people are comes first, so that calls can begin while histories are still on their way. The
//! positions move last: a load that was interrupted begins again, over what it has left.

mod rows;
mod spill;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::batch::Positions;
use super::engine::{Change, Damaged, Engine};
use super::erase;
use super::journals::{Fact, Fault, Journals};
use super::keys::{self, Place};
use super::packed::{COMMIT_BYTES, Packed};
use super::stored;
use crate::vault::Pid;
use rows::{DELETED, Item, Version};
use spill::{Rows, Spill};

/// Files into which histories are split, at most: each is held open, and written through a buffer.
const PARTS_MAX: u64 = 256;

/// How many files of histories there are for one of the others, which are smaller.
const PER_PLACES: usize = 4;
const PER_OTHERS: usize = 8;

/// Records are counted when they are read, when they are placed, and when they are put.
const STEPS: u64 = 3;

/// Progress is told after so many steps.
const TOLD_EVERY: u64 = 3_000;

/// A load and whom it tells.
pub(super) struct Load<'a> {
    pub(super) engine: &'a dyn Engine,
    pub(super) journals: &'a Journals,
    /// A folder of its own; what it has is deleted.
    pub(super) scratch: &'a Path,
    /// About how many records are sorted in memory at once.
    pub(super) records_per_part: u64,
    /// How far it is to read, and from where.
    pub(super) from: Positions,
    pub(super) to: Positions,
    /// Told how far it is; of as many as there are to read.
    pub(super) on_progress: &'a dyn Fn(u64) -> Result<(), Damaged>,
    /// Told once all people can be found, and it is known where each record is.
    pub(super) on_people: &'a dyn Fn(),
    pub(super) steps: Cell<u64>,
}

/// What was read, by where it belongs.
struct Spills {
    places: Spill,
    terms: Spill,
    people: Spill,
    histories: Spill,
    /// Who was erased by an entry that was read.
    erased: BTreeSet<Pid>,
}

impl Load<'_> {
    /// Loads; returns early, with no position noted, when it is to stop.
    pub(super) fn run(&self) -> Result<(), Fault> {
        empty(self.scratch).map_err(Fault::input)?;
        fs::create_dir_all(self.scratch).map_err(Fault::input)?;
        let loaded = self.spills().map_err(Fault::input).and_then(|spills| self.load(spills));
        empty(self.scratch).map_err(Fault::input)?;
        loaded
    }

    fn load(&self, mut spills: Spills) -> Result<(), Fault> {
        self.read(&mut spills)?;
        for index in 0..spills.places.part_count() {
            if let Some(rows) = self.rows_of(&mut spills.places, index)? {
                self.put_places(rows, &mut spills)?;
            }
        }
        self.put_all(&mut spills.terms, 0)?;
        self.put_all(&mut spills.people, 1)?;
        if !self.journals.stopping() {
            (self.on_people)();
        }
        self.put_all(&mut spills.histories, 1)?;
        let records = &self.journals.records;
        self.merge(erase::everything_of(self.engine, records, &spills.erased)?.into_iter())?;
        if !self.journals.stopping() {
            self.engine.commit(vec![self.to.to_change()])?;
        }
        Ok(())
    }

    fn spills(&self) -> io::Result<Spills> {
        let count = (self.to.records - self.from.records) + (self.to.ledger - self.from.ledger);
        let parts = count.div_ceil(self.records_per_part).clamp(1, PARTS_MAX);
        let parts = usize::try_from(parts).unwrap_or(1);
        let create = |name, count| Spill::create(self.scratch, name, count);
        Ok(Spills {
            places: create("places", parts.div_ceil(PER_PLACES))?,
            terms: create("terms", parts.div_ceil(PER_OTHERS))?,
            people: create("people", parts.div_ceil(PER_OTHERS))?,
            histories: create("histories", parts)?,
            erased: BTreeSet::new(),
        })
    }

    fn read(&self, spills: &mut Spills) -> Result<(), Fault> {
        let (from, to) = (self.from, self.to);
        self.journals.each_record(from.records, to.records, |_, record| {
            self.step()?;
            let Some(record) = record else { return Ok(()) };
            Version::add_to(&mut spills.places, &record).map_err(Fault::input)?;
            let key = keys::record(&record.envelope);
            let item = Item { key: &key, position: record.position, payload: &record.payload };
            item.add_to(spills.of_record(record.envelope.kind)).map_err(Fault::input)
        })?;
        self.journals.each_entry(from.ledger, to.ledger, |_, fact| {
            self.step()?;
            match fact {
                None => Ok(()),
                Some(Fact::Erased(pid)) => {
                    spills.erased.insert(pid);
                    Ok(())
                }
                Some(Fact::Gesture(gesture)) => {
                    let item = Item { key: &gesture.key(), position: 0, payload: &[] };
                    item.add_to(&mut spills.histories).map_err(Fault::input)
                }
            }
        })
    }

    /// The rows of a part, unless there are none, or it is time to stop.
    fn rows_of(&self, spill: &mut Spill, index: usize) -> Result<Option<Rows>, Fault> {
        if self.journals.stopping() {
            return Ok(None);
        }
        let rows = spill.take(index).map_err(Fault::input)?;
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }

    /// Puts where each record is, and finds what of its versions before is to go.
    fn put_places(&self, mut rows: Rows, spills: &mut Spills) -> Result<(), Fault> {
        rows.sort_by_key(|row| Version::read(row).map(|it| (it.id, it.position)));
        let versions: Vec<_> = rows.iter().filter_map(Version::read).collect();
        let records: Vec<_> = versions.chunk_by(|one, other| one.id == other.id).collect();
        let places: Vec<_> = records.iter().map(|it| keys::place(it[0].id)).collect();
        let known = Packed::new(self.engine).get_all(&places)?;
        let mut changes: Vec<Change> = Vec::with_capacity(places.len());
        let mut gone = BTreeMap::new();
        for ((versions, place), known) in records.into_iter().zip(places).zip(known) {
            self.step()?;
            let Some((newest, older)) = versions.split_last() else { continue };
            spills.supersede(newest, older).map_err(Fault::input)?;
            if let Some(known) = known {
                let known = Place::decode(newest.id, &known)?;
                gone.extend(self.outdated(newest, &known)?.map(|key| (key, None)));
            }
            let Version { key, position, .. } = *newest;
            changes.push((place, Some(Place { key: key.to_vec(), position }.encode())));
        }
        // What a place leads to goes before the place: a load that is interrupted in between finds
        // no more than what is left of it.
        self.merge(gone.into_iter())?;
        self.merge(changes.into_iter())
    }

    /// What the engine has of a version that it had before, and not of the newest.
    fn outdated(
        &self,
        newest: &Version<'_>,
        known: &Place,
    ) -> Result<impl Iterator<Item = Vec<u8>> + use<>, Damaged> {
        let mut keys = BTreeSet::new();
        // What is from later was left by a load that was interrupted, and was read again.
        if known.position < self.from.records {
            let is_of_a_person = keys::is_of_a_person(&known.key);
            let value =
                if is_of_a_person { Packed::new(self.engine).get(&known.key)? } else { None };
            if let Some(value) = value {
                keys.extend(keys::indexes(&stored::envelope(&self.journals.records, &value)?));
            }
            keys.insert(known.key.clone());
            keys.remove(newest.key);
            for term in newest.terms() {
                keys.remove(term);
            }
        }
        Ok(keys.into_iter())
    }

    /// Puts the items of a spill, each of which counts as so many steps.
    fn put_all(&self, spill: &mut Spill, steps: usize) -> Result<(), Fault> {
        for index in 0..spill.part_count() {
            let Some(mut rows) = self.rows_of(spill, index)? else { continue };
            rows.sort_by_key(|row| Item::read(row).map(|it| (it.key, it.position)));
            let items: Vec<_> = rows.iter().filter_map(Item::read).collect();
            let versions = items.chunk_by(|one, other| one.key == other.key);
            let changes = versions.filter_map(<[Item<'_>]>::last).map(|newest| {
                let is_put = newest.position != DELETED;
                let value = is_put.then(|| stored::value(newest.position, newest.payload));
                (newest.key.to_vec(), value)
            });
            self.merge(changes)?;
            self.steps_done(rows.len() * steps)?;
        }
        Ok(())
    }

    /// Merges into the engine, with everything on stable storage when it returns.
    fn merge(&self, changes: impl Iterator<Item = Change>) -> Result<(), Fault> {
        Packed::new(self.engine).merge(changes, COMMIT_BYTES, |some| self.engine.commit(some))?;
        Ok(self.engine.sync()?)
    }

    fn step(&self) -> Result<(), Damaged> {
        self.steps_done(1)
    }

    fn steps_done(&self, count: usize) -> Result<(), Damaged> {
        let before = self.steps.get();
        let steps = before + count as u64;
        self.steps.set(steps);
        if steps / TOLD_EVERY != before / TOLD_EVERY {
            (self.on_progress)(steps / STEPS)?;
        }
        Ok(())
    }
}

impl Spills {
    /// Notes by what the newest version is found, and that what older ones have alone is to go.
    fn supersede(&mut self, newest: &Version<'_>, older: &[Version<'_>]) -> io::Result<()> {
        let mut terms: BTreeSet<_> = older.iter().flat_map(Version::terms).collect();
        let mut keys: BTreeSet<_> = older.iter().map(|version| version.key).collect();
        keys.remove(newest.key);
        for key in keys {
            let item = Item { key, position: DELETED, payload: &[] };
            item.add_to(self.of_key(key))?;
        }
        for key in newest.terms() {
            terms.remove(key);
            Item { key, position: 0, payload: &[] }.add_to_terms(&mut self.terms)?;
        }
        for key in terms {
            Item { key, position: DELETED, payload: &[] }.add_to_terms(&mut self.terms)?;
        }
        Ok(())
    }

    fn of_record(&mut self, kind: i32) -> &mut Spill {
        if keys::is_about_a_person(kind) { &mut self.people } else { &mut self.histories }
    }

    fn of_key(&mut self, key: &[u8]) -> &mut Spill {
        if keys::is_of_a_person(key) { &mut self.people } else { &mut self.histories }
    }
}

/// Deletes what an interrupted load has left.
pub(super) fn empty(scratch: &Path) -> io::Result<()> {
    match fs::remove_dir_all(scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
