//! Very much at once: what is loaded together equals what is read one by one.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::batch::{Batch, Positions, positions};
use super::super::engine::Damaged;
use super::super::journals::{Fault, Journals};
use super::super::keys;
use super::super::load::Load;
use super::super::work::Sizes;
use super::*;

/// A version of a record: whose it is, which, and its telephone number.
#[derive(Debug, Clone, Copy)]
struct Version {
    subject: usize,
    id: u8,
    phone: u8,
    is_customer: bool,
    is_long: bool,
}

fn versions() -> impl Strategy<Value = Vec<Version>> {
    let version = (0..4usize, 0..12u8, 0..5u8, any::<bool>(), 0..20u8);
    let version = version.prop_map(|(subject, id, phone, is_customer, long)| Version {
        subject,
        id,
        phone,
        is_customer,
        is_long: long == 0,
    });
    vec(version, 1..60)
}

impl Bench {
    fn write_all(&mut self, subjects: &[Pid], versions: &[Version]) {
        let mut stored = Vec::new();
        for version in versions {
            let subject = subjects[version.subject];
            let kind =
                if version.is_customer { RecordKind::Customer } else { RecordKind::Interaction };
            let id = self.vault.record_id(kind.into(), LIVE, &version.id.to_string());
            let display_name = "x".repeat(if version.is_long { 9_000 } else { 100 });
            let content = pb::Customer { display_name, ..pb::Customer::default() };
            let mut draft = Draft::new(kind, subject, id, i64::from(version.id), &content);
            if version.is_customer {
                draft.find_by(&self.vault, IndexKind::Phone, &version.phone.to_string());
            }
            stored.push(records::encode(&draft.seal(&self.vault, 1, None).unwrap()));
        }
        let range = self.records.append(&stored).unwrap();
        let none = makegood_core::ledger::Overlay::new(&Rows::default()).into_changes();
        self.state.publish(none, &[], range.end);
    }

    fn journals(&self) -> Journals {
        Journals {
            ledger: self.reader("ledger"),
            records: Arc::new(self.reader("records")),
            state: Arc::clone(&self.state),
            stop: Arc::new(AtomicBool::new(false)),
            erased: self.vault.erased(),
        }
    }

    fn subjects(&mut self) -> Vec<Pid> {
        (0..4).map(|_| self.vault.create_subject().unwrap()).collect()
    }
}

fn one_by_one(engine: &dyn Engine, journals: &Journals) {
    let mut batch = Batch::new(engine, &journals.records).unwrap();
    let until = journals.state.record_count();
    let read = journals.each_record(batch.at.records, until, |position, record| {
        batch.add_record(record.unwrap());
        batch.at.records = position + 1;
        batch.commit()?;
        Ok(())
    });
    assert!(read.is_ok());
}

fn load(engine: &dyn Engine, journals: &Journals, on_people: &dyn Fn()) -> Result<(), Fault> {
    let folder = tempfile::tempdir().unwrap();
    let to = Positions { records: journals.state.record_count(), ledger: 0 };
    let load = Load {
        engine,
        journals,
        scratch: &folder.path().join("scratch"),
        records_per_part: 3,
        from: positions(engine).unwrap(),
        to,
        on_progress: &|_| Ok(()),
        on_people,
        steps: Cell::new(0),
    };
    load.run()
}

fn nobody() {}

fn load_all(engine: &dyn Engine, journals: &Journals) {
    assert!(load(engine, journals, &nobody).is_ok());
}

/// An engine whose user is told to stop after some commits.
struct Stopping<'a> {
    memory: &'a Memory,
    stop: &'a AtomicBool,
    commits_left: AtomicUsize,
}

impl Engine for Stopping<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        self.memory.get(key)
    }

    fn floor(&self, key: &[u8]) -> Result<Option<Pair>, Damaged> {
        self.memory.floor(key)
    }

    /// Once it is to stop, nothing reaches the engine any more, as after a crash.
    fn commit(&self, changes: Vec<Change>) -> Result<(), Damaged> {
        let left = self.commits_left.load(Ordering::SeqCst);
        if left == 0 {
            self.stop.store(true, Ordering::SeqCst);
            return Err(Damaged("stopped".to_owned()));
        }
        self.commits_left.store(left - 1, Ordering::SeqCst);
        self.memory.commit(changes)
    }

    fn sync(&self) -> Result<(), Damaged> {
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_loaded_together_equals_what_is_read_one_by_one(
        before in versions(),
        after in versions(),
    ) {
        let mut bench = Bench::new();
        let subjects = bench.subjects();
        let (one, other) = (founded(), founded());
        for versions in [before, after] {
            bench.write_all(&subjects, &versions);
            one_by_one(&one, &bench.journals());
            load_all(&other, &bench.journals());
            prop_assert_eq!(items(&one), items(&other));
            prop_assert_eq!(positions(&one).unwrap(), positions(&other).unwrap());
        }
    }

    #[test]
    fn a_load_that_is_interrupted_anywhere_is_made_good_by_the_next(
        before in versions(),
        after in versions(),
        commits in vec(0..12usize, 1..4),
        last in versions(),
    ) {
        let mut bench = Bench::new();
        let subjects = bench.subjects();
        let (one, other) = (founded(), founded());
        bench.write_all(&subjects, &before);
        one_by_one(&one, &bench.journals());
        load_all(&other, &bench.journals());
        bench.write_all(&subjects, &after);
        for commits in commits {
            let journals = bench.journals();
            let commits_left = AtomicUsize::new(commits);
            let stopping = Stopping { memory: &other, stop: &journals.stop, commits_left };
            drop(load(&stopping, &journals, &nobody));
        }
        bench.write_all(&subjects, &last);
        one_by_one(&one, &bench.journals());
        load_all(&other, &bench.journals());
        prop_assert_eq!(items(&one), items(&other));
    }
}

#[test]
fn people_are_found_before_their_histories() {
    let mut bench = Bench::new();
    let subjects = bench.subjects();
    let version =
        |id, is_customer| Version { subject: 0, id, phone: 1, is_customer, is_long: false };
    bench.write_all(&subjects, &[version(1, false), version(2, true)]);
    let engine = founded();
    let told = Cell::new(0);
    let seen = || {
        let packed = Packed::new(&engine);
        let count = |prefix: Vec<u8>| packed.scan_all(&[(prefix, 9)]).unwrap()[0].len();
        assert_eq!(count(keys::records_of(&subjects[0], RecordKind::Customer.into())), 1);
        assert_eq!(count(keys::records_of(&subjects[0], RecordKind::Interaction.into())), 0);
        assert_eq!(count(b"i".to_vec()), 1);
        assert_eq!(count(b"p".to_vec()), 2);
        told.set(told.get() + 1);
    };
    assert!(load(&engine, &bench.journals(), &seen).is_ok());
    assert_eq!(told.get(), 1);
    assert_eq!(items(&engine).len(), 5);
}

#[test]
fn what_is_written_in_bulk_waits_nowhere_and_is_read_after() {
    let mut bench = Bench::new();
    let first = bench.vault.create_subject().unwrap();
    bench.write(None, first, "c-0", "Maria");
    let sizes = Sizes { load_from: 10, records_per_part: 4 };
    let projector = Projector::start_with(bench.sources(|| {}), Arc::clone(&bench.state), sizes);
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    let bulk = model.begin_bulk();
    let pid = bench.vault.create_subject().unwrap();
    for index in 0..50 {
        let written = format!("c-{index}");
        bench.write(Some(&model), pid, &written, "Aiko");
        assert_eq!(model.pending.read().len(), 0);
    }
    // As it was.
    assert_eq!(bench.names(&model, &first), ["Maria"]);
    assert_eq!(bench.names(&model, &pid), Vec::<String>::new());
    drop(bulk);
    assert!(matches!(model.progress(), Progress::Rebuilding { total: 51, .. }));
    until("ready again", || model.progress() == Progress::Ready);
    assert_eq!(bench.names(&model, &first), Vec::<String>::new());
    assert_eq!(bench.names(&model, &pid).len(), 9);
    assert!(!bench.engine().with_extension("loading").try_exists().unwrap());
    projector.stop();
}
