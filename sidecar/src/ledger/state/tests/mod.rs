//! Rows that left memory are as good as those that stayed, and a snapshot can be lost at any byte
//! and at any moment.

mod bench;
mod damage;

use std::sync::atomic::{AtomicBool, Ordering};

use makegood_core::ledger::{Fault, Key, OperationId, Outcome, Read as _};

use bench::{Bench, restore};
use makegood_ledger::journal::frame::leaf_hash;
use makegood_ledger::journal::sim::Fault as DiskFault;

#[test]
fn decides_alike_whether_rows_are_in_memory_or_in_a_snapshot() {
    for seed in 0..24 {
        let mut bench = Bench::new(seed);
        for _ in 0..12 {
            let steps = bench.below(40);
            bench.work(steps);
            match bench.below(4) {
                0 => bench.restart(),
                1 => {}
                _ => bench.state.snapshot().unwrap(),
            }
        }
        assert!(bench.is_whole(), "seed {seed}");
        bench.restart();
        assert!(bench.is_whole(), "seed {seed} after a restart");
    }
}

#[test]
fn restores_from_each_snapshot_and_its_tail_what_a_whole_replay_gives() {
    let mut bench = Bench::new(1);
    for count in 1..6 {
        bench.work(60);
        bench.state.snapshot().unwrap();
        bench.work(30);
        let names = makegood_ledger::journal::disk::Disk::names(&bench.snapshot_disk).unwrap();
        assert_eq!(names.len(), count.min(2), "the newest two are kept: {names:?}");
        for kept in 0..=names.len() {
            let disk = bench.snapshot_disk.copy();
            for gone in names.iter().skip(kept) {
                disk.set(gone, None);
            }
            let state = restore(&bench.journal, &disk);
            assert_eq!(state.all_rows().unwrap(), bench.whole);
            assert_eq!(state.entry_count(), bench.journal.next_position());
        }
    }
}

#[test]
fn answers_a_repeat_whose_first_answer_left_memory_and_moves_nothing() {
    let mut bench = Bench::new(3);
    bench.work(200);
    bench.state.snapshot().unwrap();
    bench.restart();
    let asked = std::mem::take(&mut bench.asked);
    let count = bench.state.entry_count();
    for (command, first) in &asked {
        let again = bench.ask(command).unwrap();
        assert!(again.entries.is_empty());
        assert_eq!(again.outcome, Outcome { replayed: true, ..first.outcome.clone() });
    }
    assert_eq!(bench.state.entry_count(), count);
    let (command, _) = &asked[0];
    let mut other = command.clone();
    other.caller.agent = makegood_core::ids::AgentPid::from_bytes([8; 15]);
    assert_eq!(bench.ask(&other), Err(Fault::IdReused { field: "caller" }));
}

#[test]
fn counts_what_left_memory_against_limits() {
    let mut bench = Bench::new(4);
    bench.work(400);
    bench.state.snapshot().unwrap();
    bench.restart();
    let cold = bench.whole.iter().filter(|(key, _)| matches!(key, Key::Counter(_)));
    assert!(cold.count() > 5);
    // Each decision is held against one over all rows.
    bench.work(200);
    assert!(bench.is_whole());
}

#[test]
fn holds_in_memory_what_is_needed_at_any_moment_and_no_more() {
    let mut bench = Bench::new(5);
    let mut in_memory = Vec::new();
    for _ in 0..4 {
        bench.work(150);
        bench.state.snapshot().unwrap();
        in_memory.push(bench.state.rows_in_memory());
        assert_eq!(bench.state.unsettled_entries(), 0);
    }
    let residents = bench.whole.iter().filter(|(_, row)| row.is_resident()).count();
    assert_eq!(in_memory[3], residents);
    assert!(in_memory.iter().all(|count| *count < 30), "{in_memory:?}");
    bench.restart();
    assert_eq!(bench.state.rows_in_memory(), residents);
}

#[test]
fn knows_every_leaf_wherever_it_is_kept() {
    let mut bench = Bench::new(6);
    for _ in 0..3 {
        bench.work(150);
        bench.state.snapshot().unwrap();
    }
    bench.work(10);
    let records = bench.journal.reader();
    for record in records.iter_from(0) {
        let record = record.unwrap();
        assert_eq!(bench.state.leaf(record.position), Some(leaf_hash(&record.payload)));
    }
    assert_eq!(bench.state.leaf(bench.journal.next_position()), None);
}

#[test]
fn loses_nothing_whichever_operation_of_a_snapshot_fails() {
    let mut failed = 0;
    for fault in [DiskFault::Error, DiskFault::PowerCut] {
        for nth in 0.. {
            let mut bench = Bench::new(nth);
            bench.work(40);
            bench.state.snapshot().unwrap();
            bench.work(60);
            bench.snapshot_disk.plan(nth, fault);
            let written = bench.state.snapshot();
            if !bench.snapshot_disk.unplan() {
                break;
            }
            failed += usize::from(written.is_err());
            assert!(fault == DiskFault::PowerCut || bench.is_whole(), "{fault:?} {nth}");
            bench.snapshot_disk.restore_power();
            bench.restart();
            assert!(bench.is_whole(), "{fault:?} {nth} after a restart");
            bench.work(20);
            bench.state.snapshot().unwrap();
            assert!(bench.is_whole());
        }
    }
    assert!(failed > 10, "only {failed} operations failed");
}

#[test]
fn goes_on_while_a_snapshot_is_written() {
    let mut bench = Bench::new(8);
    bench.work(100);
    bench.state.snapshot().unwrap();
    bench.work(100);
    let spend = bench.asked.iter().find_map(|(_, decision)| decision.outcome.spend).unwrap().spend;
    let key = Key::Outcome(OperationId::Spend(spend));
    let first = bench.whole.get(&key).cloned();
    let (state, done) = (&bench.state, &AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..20 {
                state.snapshot().unwrap();
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let seen = state.read(|view| view.get(&key).cloned()).unwrap();
            assert_eq!(seen, first);
        }
    });
    assert!(bench.is_whole());
}
