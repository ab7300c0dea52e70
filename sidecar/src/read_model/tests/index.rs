//! By what people are found, and no longer found.

use super::super::keys;
use super::*;

const OLD: &str = "+15550100";
const NEW: &str = "+15550199";

fn keys_under(bench: &Bench, model: &ReadModel, phone: &str) -> usize {
    let hash = bench.vault.index_hash(IndexKind::Phone.into(), phone);
    let prefix = keys::index_of(IndexKind::Phone.into(), &hash);
    let engine = model.engine.read().clone().unwrap();
    engine.scan(&prefix, 9).unwrap().len()
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
