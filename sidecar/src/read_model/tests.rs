//! One suite for every engine, and what the read model holds to.

mod bulk;
mod erasure;
mod index;
mod packed;
mod rebuild;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use makegood_core::ledger::Rows;
use makegood_proto::records::v1::{self as pb, Envelope, IndexKind, RecordKind};

use super::engine::{Change, Engine, Memory, Pair};
use super::packed::{COMMIT_BYTES, Packed};
use super::sled_engine::SledEngine;
use super::{Progress, Projector, ReadModel, Rebuilding, Sources};
use crate::ledger::state::LedgerState;
use crate::records::{self, Draft, LIVE};
use crate::vault::{Pid, Vault};
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::journal::{Config, Journal};

fn engine_holds_to_its_port(engine: &dyn Engine) {
    let put = |key: &[u8], value: &[u8]| (key.to_vec(), Some(value.to_vec()));
    let floor = |key: &[u8]| engine.floor(key).unwrap().map(|(key, _)| key);
    assert_eq!(floor(b"z"), None);
    engine
        .commit(vec![put(b"a1", b"x"), put(b"b1", b"y"), put(b"b2", b"z"), put(b"c", b"")])
        .unwrap();
    assert_eq!(engine.get(b"b2").unwrap().as_deref(), Some(b"z".as_slice()));
    assert_eq!(engine.get(b"c").unwrap().as_deref(), Some(b"".as_slice()));
    assert_eq!(engine.get(b"b").unwrap(), None);
    assert_eq!(floor(b"a"), None);
    assert_eq!(floor(b"a1").as_deref(), Some(b"a1".as_slice()));
    assert_eq!(floor(b"b").as_deref(), Some(b"a1".as_slice()));
    assert_eq!(floor(b"b1z").as_deref(), Some(b"b1".as_slice()));
    assert_eq!(floor(b"z").as_deref(), Some(b"c".as_slice()));
    engine.commit(vec![(b"b1".to_vec(), None), put(b"b2", b"new")]).unwrap();
    assert_eq!(engine.floor(b"b9").unwrap(), Some((b"b2".to_vec(), b"new".to_vec())));
    assert_eq!(floor(b"b1").as_deref(), Some(b"a1".as_slice()));
    let many = (0..2_000u32).map(|it| put(&it.to_be_bytes(), &[7; 3_000])).collect();
    engine.commit(many).unwrap();
    assert_eq!(floor(&[0, 0, 5, 9]).as_deref(), Some([0, 0, 5, 9].as_slice()));
    engine.sync().unwrap();
}

#[test]
fn every_engine_holds_to_the_port() {
    engine_holds_to_its_port(&Memory::default());
    let folder = tempfile::tempdir().unwrap();
    engine_holds_to_its_port(&SledEngine::open(folder.path()).unwrap());
}

/// Puts and deletes items of the packed map in an engine.
fn put_items(engine: &dyn Engine, items: impl IntoIterator<Item = Change>) {
    let items: BTreeMap<_, _> = items.into_iter().collect();
    Packed::new(engine)
        .merge(items.into_iter(), COMMIT_BYTES, |changes| engine.commit(changes))
        .unwrap();
}

/// Everything that an engine has, but for its positions.
fn items(engine: &dyn Engine) -> Vec<Pair> {
    Packed::new(engine).scan_all(&[(Vec::new(), usize::MAX)]).unwrap().remove(0)
}

/// An engine in memory without any items.
fn founded() -> Memory {
    let memory = Memory::default();
    memory.commit(vec![Packed::founding()]).unwrap();
    memory
}

/// A records' journal with its keys, and a read model over it.
struct Bench {
    folder: tempfile::TempDir,
    vault: Vault,
    records: Journal,
    state: Arc<LedgerState>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path(), &[7; 32]).unwrap();
        let open =
            |name: &str| Journal::open(&folder.path().join(name), Config::default()).unwrap().0;
        let records = open("records");
        // The projector reads the ledger too.
        open("ledger").close().unwrap();
        let state = Arc::new(LedgerState::new(Rows::default(), Vec::new(), 0));
        Self { folder, vault, records, state }
    }

    fn engine(&self) -> std::path::PathBuf {
        self.folder.path().join("engine")
    }

    fn start(&self) -> Projector {
        self.start_and_tell(|| {})
    }

    fn reader(&self, journal: &str) -> Reader {
        Reader::open(&self.folder.path().join(journal)).unwrap()
    }

    fn start_and_tell(&self, on_ready: impl Fn() + Send + Sync + 'static) -> Projector {
        Projector::start(self.sources(on_ready), Arc::clone(&self.state))
    }

    fn sources(&self, on_ready: impl Fn() + Send + Sync + 'static) -> Sources {
        Sources {
            ledger: self.reader("ledger"),
            records: self.reader("records"),
            engine: self.engine(),
            erased: self.vault.erased(),
            on_ready: Box::new(on_ready),
        }
    }

    /// Writes a version of a customer's record as the writer would.
    fn write(&mut self, model: Option<&ReadModel>, pid: Pid, id: &str, name: &str) {
        self.write_found_by(model, pid, (id, name), "+15550100");
    }

    fn write_found_by(
        &mut self,
        model: Option<&ReadModel>,
        pid: Pid,
        (id, name): (&str, &str),
        phone: &str,
    ) -> Envelope {
        let kind = RecordKind::Customer;
        let record_id = self.vault.record_id(kind.into(), LIVE, id);
        let content = pb::Customer { display_name: name.to_owned(), ..pb::Customer::default() };
        let mut draft = Draft::new(kind, pid, record_id, 5, &content);
        draft.find_by(&self.vault, IndexKind::Phone, phone);
        let envelope = draft.seal(&self.vault, 1, None).unwrap();
        let range = self.records.append(&[records::encode(&envelope)]).unwrap();
        let none = makegood_core::ledger::Overlay::new(&Rows::default()).into_changes();
        self.state.publish(none, &[], range.end);
        if let Some(model) = model {
            model.accept(vec![(range.start, envelope.clone())]);
        }
        envelope
    }

    fn find(&self, model: &ReadModel, phone: &str) -> Result<Vec<Pid>, Rebuilding> {
        let hash = self.vault.index_hash(IndexKind::Phone.into(), phone);
        model.find(IndexKind::Phone, &hash, 5)
    }

    fn names(&self, model: &ReadModel, pid: &Pid) -> Vec<String> {
        let found = model.records_of(pid, &[(RecordKind::Customer, 9)]).unwrap();
        let open = |it| records::open::<pb::Customer>(&self.vault, it).unwrap().display_name;
        found[0].iter().map(open).collect()
    }
}

/// Ends the projector and leaves the engine as it is: what is written now waits.
fn freeze(projector: Projector) {
    let model = projector.model();
    let engine = model.engine.read().clone();
    projector.stop();
    *model.engine.write() = engine;
}

/// Waits for a condition that other threads bring about, and fails if they do not.
fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn reads_what_was_written_before_and_after_it_is_projected() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    for name in ["Maria", "Maria Okafor"] {
        bench.write(Some(&model), pid, "c-1", name);
        assert_eq!(bench.names(&model, &pid), [name]);
        until("projected", || model.pending.read().len() == 0);
        assert_eq!(bench.names(&model, &pid), [name]);
    }
    assert_eq!(bench.find(&model, "+15550100"), Ok(vec![pid]));
    projector.stop();
}

#[test]
fn a_record_that_moves_to_another_subject_leaves_the_first() {
    let mut bench = Bench::new();
    let first = bench.vault.create_subject().unwrap();
    let second = bench.vault.create_subject().unwrap();
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    bench.write(Some(&model), first, "c-1", "Maria");
    bench.write(Some(&model), second, "c-1", "Maria");
    assert_eq!(bench.names(&model, &first), Vec::<String>::new());
    until("projected", || model.pending.read().len() == 0);
    assert_eq!(bench.names(&model, &first), Vec::<String>::new());
    assert_eq!(bench.names(&model, &second), ["Maria"]);
    projector.stop();
}

#[test]
fn a_record_without_its_ledger_entry_does_not_count() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    let content = pb::GestureNote { note: "late twice".to_owned(), ..pb::GestureNote::default() };
    let draft = Draft::new(RecordKind::GestureNote, pid, [9; 16], 5, &content);
    let leaf = records::Leaf { position: 0, hash: [1; 32] };
    let envelope = draft.seal(&bench.vault, 1, Some(leaf)).unwrap();
    let range = bench.records.append(&[records::encode(&envelope)]).unwrap();
    let none = || makegood_core::ledger::Overlay::new(&Rows::default()).into_changes();
    bench.state.publish(none(), &[], range.end);
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    let found = || model.records_of(&pid, &[(RecordKind::GestureNote, 9)]).unwrap().remove(0).len();
    assert_eq!(found(), 0);
    freeze(projector);

    // The very entry, while the record still waits.
    bench.state.publish(none(), &[[1; 32]], range.end);
    model.accept(vec![(range.start, envelope)]);
    assert_eq!(found(), 1);
}
