//! A disk that is nearly full refuses new work in time, settles what is held, and recovers.

use std::sync::Arc;

use makegood_core::ledger::{Operation, VoidReason};

use super::super::{Policies, WriteError, Writer, lanes};
use super::stage::{Asked, SEGMENT_BYTES, Stage, Stored, activation, ask, id, request, spend};
use super::{Answer, WriterLoop};
use makegood_ledger::journal::sim::SimDisk;

const MARGIN_BYTES: usize = 64 << 10;

fn is_full(answer: &Answer) -> bool {
    matches!(answer, Err(WriteError::DiskFull))
}

/// A writer that holds so many gestures, on a disk that has so many bytes left then.
fn holding(stage: &Stage, disk: &SimDisk, holds: usize, left: usize) -> WriterLoop {
    let mut writer = stage.start(disk).unwrap();
    stage.submit(&mut writer, &[activation()]).remove(0).unwrap();
    for number in 0..holds {
        let hold = ask(Operation::Reserve(stage.gesture(spend(number), 100)));
        stage.submit(&mut writer, &[hold]).remove(0).unwrap();
    }
    disk.leave(left);
    writer
}

fn commit(number: usize) -> Asked {
    let (request, spend) = (request(number), spend(number));
    ask(Operation::Commit { request, spend, amount_minor: 100, is_final: true })
}

fn void(number: usize) -> Asked {
    let (request, spend) = (request(number), spend(number));
    ask(Operation::Void { request, spend, reason: VoidReason::CustomerDeclined })
}

#[test]
fn refuses_new_work_below_the_margin_and_settles_what_is_held() {
    let (stage, disk) = (Stage::new(MARGIN_BYTES as u64), SimDisk::new(1));
    let mut writer = holding(&stage, &disk, 4, MARGIN_BYTES - 1);
    let before = Stored::read(&disk);
    let new_work = [
        ask(Operation::Give(stage.gesture(spend(90), 100))),
        ask(Operation::Reserve(stage.gesture(spend(91), 100))),
        // A refusal is an entry, too.
        ask(Operation::Give(stage.gesture(spend(92), 900_000))),
        Asked { action: None, record: Some(id(6, 1)) },
    ];
    assert!(stage.submit(&mut writer, &new_work).iter().all(is_full));
    assert_eq!(Stored::read(&disk), before, "nothing of it was written");
    let asked_before = ask(Operation::Reserve(stage.gesture(spend(0), 100)));
    let repeated = stage.submit(&mut writer, &[asked_before]).remove(0).unwrap();
    assert!(repeated.outcome.unwrap().replayed, "a repeat is answered as ever");
    let extend = ask(Operation::Extend { request: request(80), spend: spend(2) });
    let settled = stage.submit(&mut writer, &[commit(0), void(1), extend, new_work[0].clone()]);
    assert_eq!(settled.iter().map(is_full).collect::<Vec<_>>(), [false, false, false, true]);
    // Holds that nobody settles end by themselves.
    stage.set_clock(100_000);
    stage.submit(&mut writer, &[]);
    assert_eq!(Stored::read(&disk).ledger.len(), before.ledger.len() + 5);
    assert!(!writer.flags.is_poisoned());
}

#[test]
fn takes_new_work_again_once_there_is_room_without_a_restart() {
    let (stage, disk) = (Stage::new(MARGIN_BYTES as u64), SimDisk::new(2));
    let mut writer = holding(&stage, &disk, 1, MARGIN_BYTES - 1);
    let gift = || ask(Operation::Give(stage.gesture(spend(90), 100)));
    assert!(is_full(&stage.submit(&mut writer, &[gift()])[0]));
    // Just above the margin, the next file that anybody writes would have it refused again.
    disk.leave(MARGIN_BYTES + 1);
    assert!(is_full(&stage.submit(&mut writer, &[gift()])[0]));
    disk.leave(MARGIN_BYTES + MARGIN_BYTES / 8);
    stage.submit(&mut writer, &[gift()]).remove(0).unwrap();
    assert_eq!(Stored::read(&disk).verify(), *writer.parts.state.rows());
}

#[test]
fn settles_on_a_full_disk_as_long_as_the_segments_have_room() {
    const HOLDS: usize = 100;
    const ENTRY_BYTES_MAX: usize = 500;
    let (stage, disk) = (Stage::new(0), SimDisk::new(3));
    let mut writer = holding(&stage, &disk, HOLDS, 0);
    let mut settled = 0;
    while settled < HOLDS && !is_full(&stage.submit(&mut writer, &[commit(settled)])[0]) {
        settled += 1;
    }
    let half_a_segment = usize::try_from(SEGMENT_BYTES).unwrap() / 2;
    assert!((half_a_segment / ENTRY_BYTES_MAX..HOLDS).contains(&settled), "{settled}");
    assert!(!writer.flags.is_poisoned());
    assert_eq!(Stored::read(&disk).verify(), *writer.parts.state.rows());
    disk.leave(1 << 20);
    for number in settled..HOLDS {
        stage.submit(&mut writer, &[commit(number)]).remove(0).unwrap();
    }
    let mut again = stage.start(&disk).unwrap();
    let repeated = stage.submit(&mut again, &[commit(0)]).remove(0).unwrap();
    assert!(repeated.outcome.unwrap().replayed);
}

#[test]
fn says_that_the_disk_is_full_and_when_it_is_not_any_more() {
    let (stage, disk) = (Stage::new(MARGIN_BYTES as u64), SimDisk::new(4));
    let writer = holding(&stage, &disk, 0, MARGIN_BYTES - 1);
    let flags = Arc::clone(&writer.flags);
    let policies = Arc::new(Policies::new(Arc::clone(&writer.parts.policy)));
    let handle = Writer { entrance: Arc::new(lanes::lanes().0), flags, policies };
    assert!(writer.lacks_room());
    assert!(matches!(handle.check_disk(), Err(WriteError::DiskFull)));
    disk.leave(2 * MARGIN_BYTES);
    assert!(!writer.lacks_room());
    handle.check_disk().unwrap();
}
