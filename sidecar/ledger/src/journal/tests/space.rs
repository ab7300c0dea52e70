//! A disk that runs full: nothing breaks by it, and what was filled ahead of need is used.

use super::{SMALL, SimDisk, contents, open, payloads, reopen};
use crate::journal::error::JournalError;
use crate::journal::{Config, Journal, Room};
use std::sync::Arc;

/// Appends batches until the disk is full; answers with how many records there are then.
fn fill(journal: &mut Journal) -> usize {
    loop {
        let first = usize::try_from(journal.next_position()).unwrap();
        match journal.append(&payloads(first..first + 3)) {
            Ok(_) => {}
            Err(JournalError::DiskFull { .. }) => return first,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn refuses_a_batch_whole_on_a_full_disk_and_goes_on_once_there_is_room() {
    // From no room at all to one byte less than a segment takes.
    let segment_bytes = usize::try_from(SMALL.segment_bytes).unwrap();
    for left in [0, 1, 4_096, segment_bytes - 1] {
        let disk = SimDisk::new(left as u64);
        let (mut journal, _) = open(&disk).unwrap();
        disk.leave(left);
        let kept = fill(&mut journal);
        assert_eq!(fill(&mut journal), kept, "it stays as it is");
        assert_eq!(contents(&journal.reader()).unwrap(), payloads(0..kept));
        assert_eq!(disk.names_of_unfinished(), Vec::<String>::new());
        disk.leave(segment_bytes);
        journal.append(&payloads(kept..kept + 3)).unwrap();
        disk.restore_power();
        assert_eq!(reopen(&disk), payloads(0..kept + 3));
    }
}

#[test]
fn fills_the_next_segment_ahead_and_uses_it_on_a_full_disk() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk).unwrap();
    let mut batches = 0;
    while disk.names_of_unfinished().is_empty() {
        journal.append(&payloads(batches * 3..batches * 3 + 3)).unwrap();
        journal.prepare().unwrap();
        batches += 1;
    }
    disk.leave(0);
    let kept = fill(&mut journal);
    assert!(kept > batches * 3 + 30, "only {kept} records found room");
    journal.prepare().unwrap_err();
    journal.confirm().unwrap();
    disk.restore_power();
    assert_eq!(reopen(&disk), payloads(0..kept));
}

#[test]
fn a_start_removes_what_was_filled_ahead() {
    let disk = SimDisk::new(2);
    let (mut journal, _) = open(&disk).unwrap();
    while disk.names_of_unfinished().is_empty() {
        let first = usize::try_from(journal.next_position()).unwrap();
        journal.append(&payloads(first..first + 3)).unwrap();
        journal.prepare().unwrap();
    }
    let count = usize::try_from(journal.next_position()).unwrap();
    drop(journal);
    assert_eq!(reopen(&disk), payloads(0..count));
    assert_eq!(disk.names_of_unfinished(), Vec::<String>::new());
}

#[test]
fn keeps_the_greater_of_64_mib_and_a_hundredth_free() {
    let room = |capacity: usize, margin_bytes| {
        let disk = SimDisk::new(3);
        let config = Config { margin_bytes, ..SMALL };
        let (journal, _) = Journal::open_on(Arc::new(disk.clone()), config).unwrap();
        disk.leave(capacity - 8_192);
        journal.room().unwrap()
    };
    let least = Room { available_bytes: (1 << 30) - 8_192, margin_bytes: 64 << 20 };
    assert_eq!(room(1 << 30, None), least);
    assert_eq!(room(100 << 30, None).margin_bytes, 1 << 30);
    assert_eq!(room(1 << 30, Some(5)).margin_bytes, 5);
}
