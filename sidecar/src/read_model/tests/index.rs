//! By what people are found, and no longer found.

use super::super::engine::Damaged;
use super::super::keys::{self, Place};
use super::*;

const OLD: &str = "+15550100";
const NEW: &str = "+15550199";

fn keys_under(bench: &Bench, model: &ReadModel, phone: &str) -> usize {
    let hash = bench.vault.index_hash(IndexKind::Phone.into(), phone);
    let prefix = keys::index_of(IndexKind::Phone.into(), &hash);
    let engine = model.engine.read().clone().unwrap();
    Packed::new(engine.as_ref()).scan_all(&[(prefix, 9)]).unwrap()[0].len()
}

#[test]
fn a_number_that_was_given_up_finds_nobody() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    bench.write_found_by(Some(&model), pid, ("c-1", "Maria"), OLD);
    until("projected", || model.pending.read().len() == 0);
    assert_eq!(keys_under(&bench, &model, OLD), 1);

    bench.write_found_by(Some(&model), pid, ("c-1", "Maria"), NEW);
    assert_eq!(bench.find(&model, OLD), Ok(vec![]));
    assert_eq!(bench.find(&model, NEW), Ok(vec![pid]));
    until("projected", || model.pending.read().len() == 0);
    assert_eq!(bench.find(&model, OLD), Ok(vec![]));
    assert_eq!(bench.find(&model, NEW), Ok(vec![pid]));
    assert_eq!(keys_under(&bench, &model, OLD), 0);
    projector.stop();
}

#[test]
fn a_number_that_the_engine_still_has_finds_nobody() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    bench.write_found_by(None, pid, ("c-1", "Maria"), OLD);
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    freeze(projector);
    bench.write_found_by(Some(&model), pid, ("c-1", "Maria"), NEW);
    assert_eq!(keys_under(&bench, &model, OLD), 1);
    assert_eq!(bench.find(&model, OLD), Ok(vec![]));
    assert_eq!(bench.find(&model, NEW), Ok(vec![pid]));
}

#[test]
fn versions_that_are_projected_together_leave_the_last_ones_number() {
    let mut bench = Bench::new();
    let first = bench.vault.create_subject().unwrap();
    let second = bench.vault.create_subject().unwrap();
    bench.write_found_by(None, first, ("c-1", "Maria"), OLD);
    bench.write_found_by(None, second, ("c-2", "Aiko"), OLD);
    bench.write_found_by(None, first, ("c-1", "Maria"), NEW);
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    assert_eq!(bench.find(&model, OLD), Ok(vec![second]));
    assert_eq!(bench.find(&model, NEW), Ok(vec![first]));
    assert_eq!(keys_under(&bench, &model, OLD), 1);
    projector.stop();
}

/// An engine into which a record's move is projected right behind the first read.
struct Moving {
    memory: Memory,
    model: Arc<ReadModel>,
    moved: Envelope,
    old: Envelope,
}

impl Engine for Moving {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        self.memory.get(key)
    }

    fn floor(&self, key: &[u8]) -> Result<Option<Pair>, Damaged> {
        let pair = self.memory.floor(key)?;
        put_items(&self.memory, [(keys::record(&self.old), None)]);
        put_items(&self.memory, stored(&self.moved));
        self.model.pending.write().forget_before(u64::MAX, 0);
        Ok(pair)
    }

    fn commit(&self, changes: Vec<Change>) -> Result<(), Damaged> {
        self.memory.commit(changes)
    }

    fn sync(&self) -> Result<(), Damaged> {
        Ok(())
    }
}

/// A record as the engine has it.
fn stored(it: &Envelope) -> [Change; 2] {
    let place = Place { key: keys::record(it), position: 0 };
    [
        (keys::record(it), Some(records::encode(it))),
        (keys::place(&it.record_id), Some(place.encode())),
    ]
}

#[test]
fn a_move_that_is_projected_during_a_read_is_seen() {
    let mut bench = Bench::new();
    let first = bench.vault.create_subject().unwrap();
    let second = bench.vault.create_subject().unwrap();
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    projector.stop();
    let old = bench.write_found_by(None, first, ("c-1", "Maria"), OLD);
    let moved = bench.write_found_by(None, second, ("c-1", "Maria"), OLD);
    let memory = founded();
    put_items(&memory, stored(&old));
    model.accept(vec![(1, moved.clone())]);
    *model.engine.write() =
        Some(Arc::new(Moving { memory, model: Arc::clone(&model), moved, old }));
    assert_eq!(bench.names(&model, &first), Vec::<String>::new());
    assert_eq!(bench.names(&model, &second), ["Maria"]);
    // The engine and the model own each other.
    model.engine.write().take();
}
