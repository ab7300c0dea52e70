//! Everyday use: appending, reopening, refusals that change nothing, and the lock.

use std::fs;
use std::process;
use std::sync::Arc;

use proptest::prelude::*;

use super::{SMALL, SimDisk, contents, open, payload, payloads, reopen};
use crate::journal::error::JournalError;
use crate::journal::lock::{DataLock, LockError};
use crate::journal::reader::Reader;
use crate::journal::{Config, Journal};

#[test]
fn keeps_records_over_several_segments_of_a_real_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("tenant").join("ledger");
    let (mut journal, recovery) = Journal::open(&folder, SMALL).unwrap();
    assert_eq!((recovery.entries, recovery.cut_bytes), (0, 0));
    for number in (0..300).step_by(3) {
        let positions = journal.append(&payloads(number..number + 3)).unwrap();
        assert_eq!(positions, number as u64..number as u64 + 3);
    }
    journal.close().unwrap();

    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap());
    let sizes: Vec<u64> = files.map(|file| file.metadata().unwrap().len()).collect();
    assert!(sizes.len() > 3 && sizes.iter().all(|size| *size == SMALL.segment_bytes));

    let (journal, recovery) = Journal::open(&folder, SMALL).unwrap();
    assert_eq!((recovery.entries, recovery.cut_bytes), (300, 0));
    assert_eq!(contents(&journal.reader()).unwrap(), payloads(0..300));
    assert_eq!(contents(&Reader::open(&folder).unwrap()).unwrap(), payloads(0..300));
}

#[test]
fn does_nothing_for_an_empty_batch() {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    assert_eq!(journal.append(&[b"one"]).unwrap(), 0..1);
    assert_eq!(journal.append(&[b""; 0]).unwrap(), 1..1);
    assert_eq!(journal.append(&[b"two"]).unwrap(), 1..2);
}

#[test]
fn stores_empty_and_longest_payloads() {
    let disk = SimDisk::new(0);
    let config = Config { segment_bytes: 256 << 10, margin_bytes: None };
    let (mut journal, _) = Journal::open_on(Arc::new(disk), config).unwrap();
    let longest = vec![7; crate::journal::frame::MAX_PAYLOAD_BYTES];
    journal.append(&[vec![], longest.clone()]).unwrap();
    assert_eq!(contents(&journal.reader()).unwrap(), [vec![], longest]);
}

#[test]
fn refuses_what_does_not_fit_and_goes_on() {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    let long = journal.append(&[vec![], vec![0; (64 << 10) + 1]]).unwrap_err().to_string();
    assert_eq!(long, "payload 1 of the batch has 65537 bytes; keep each at or below 65536");
    let large = journal.append(&[vec![0; 4096]]).unwrap_err().to_string();
    assert_eq!(
        large,
        "the batch has 4120 bytes with its frames; split it into batches of at most 4096"
    );
    assert_eq!(journal.append(&[vec![0; 4096 - 24]]).unwrap(), 0..1);
    assert_eq!(journal.append(&[payload(1)]).unwrap(), 1..2);
}

#[test]
fn refuses_folders_that_hold_something_else() {
    let refusal = |config| Journal::open_on(Arc::new(SimDisk::new(0)), config).unwrap_err();
    assert_eq!(
        refusal(Config { segment_bytes: 512, margin_bytes: None }).to_string(),
        "segment_bytes is 512; set it between 8192 and 4294967296"
    );
    let disk = SimDisk::new(0);
    disk.set("7.seg", Some(&[]));
    assert_eq!(
        open(&disk).unwrap_err().to_string(),
        "sim/7.seg is not named by 20 digits like a segment; move it out of the folder"
    );
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Reader::open(dir.path()), Err(JournalError::NoJournal { .. })));
}

#[test]
fn begins_where_an_unfinished_segment_was_left() {
    let disk = SimDisk::new(0);
    disk.set("00000000000000000000.seg.new", Some(&[1, 2, 3]));
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&payloads(0..2)).unwrap();
    assert_eq!(reopen(&disk), payloads(0..2));
}

#[test]
fn refuses_a_second_lock_and_names_the_holder() {
    let dir = tempfile::tempdir().unwrap();
    let held = DataLock::acquire(dir.path()).unwrap();
    let refused = DataLock::acquire(dir.path()).unwrap_err();
    let LockError::Held { pid, .. } = &refused else { panic!("{refused}") };
    assert_eq!(*pid, process::id().to_string());
    assert!(refused.to_string().ends_with("stop that process or name another folder"));
    drop(held);
    DataLock::acquire(dir.path()).unwrap();
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Vec<u8>>),
    Confirm,
    Close,
    Abandon,
}

fn step() -> impl Strategy<Value = Step> {
    let payload = prop::collection::vec(any::<u8>(), 0..400);
    prop_oneof![
        6 => prop::collection::vec(payload, 0..6).prop_map(Step::Append),
        2 => Just(Step::Confirm),
        1 => Just(Step::Close),
        1 => Just(Step::Abandon),
    ]
}

proptest! {
    #[test]
    fn equals_a_list(steps in prop::collection::vec(step(), 0..40)) {
        let disk = SimDisk::new(0);
        let mut list: Vec<Vec<u8>> = Vec::new();
        let (mut journal, _) = open(&disk).unwrap();
        for step in steps {
            match step {
                Step::Append(payloads) => {
                    let first = list.len() as u64;
                    list.extend_from_slice(&payloads);
                    prop_assert_eq!(journal.append(&payloads).unwrap(), first..list.len() as u64);
                }
                Step::Confirm => journal.confirm().unwrap(),
                Step::Close => {
                    journal.close().unwrap();
                    journal = open(&disk).unwrap().0;
                }
                Step::Abandon => journal = open(&disk).unwrap().0,
            }
            prop_assert_eq!(journal.next_position(), list.len() as u64);
        }
        prop_assert_eq!(contents(&journal.reader()).unwrap(), &list[..]);
        drop(journal);
        prop_assert_eq!(reopen(&disk), list);
    }
}
