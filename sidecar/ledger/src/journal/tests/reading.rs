//! Reading: from any position, beside a writer, and up to but never across a torn batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{SMALL, SimDisk, contents, open, payload, payloads};
use crate::journal::reader::Reader;
use crate::journal::segment::name;
use crate::journal::{Config, Journal};

const RECORDS: usize = 600;

/// A journal of several segments, in batches of one to four records.
fn filled() -> (SimDisk, Journal) {
    let disk = SimDisk::new(0);
    let config = Config { segment_bytes: 16 << 10, margin_bytes: None };
    let (mut journal, _) = Journal::open_on(Arc::new(disk.clone()), config).unwrap();
    let mut number = 0;
    while number < RECORDS {
        let next = (number + 1 + number % 4).min(RECORDS);
        journal.append(&payloads(number..next)).unwrap();
        number = next;
    }
    (disk, journal)
}

#[test]
fn reads_from_any_position_to_the_end() {
    let (_, journal) = filled();
    let reader = journal.reader();
    let all = payloads(0..RECORDS);
    // The second round starts from the places that the first one has noted.
    for from in (0..=RECORDS).chain((0..=RECORDS).rev()) {
        let read = reader.iter_from(from as u64).map(Result::unwrap);
        let (positions, read): (Vec<_>, Vec<_>) =
            read.map(|record| (record.position, record.payload)).unzip();
        assert!(positions.into_iter().eq(from as u64..RECORDS as u64));
        assert_eq!(read, all[from..]);
    }
}

#[test]
fn finds_one_record_and_none_behind_the_end() {
    let (_, journal) = filled();
    let reader = journal.reader();
    for number in [0, 1, 63, 64, 65, 300, RECORDS - 1, 7] {
        let record = reader.get(number as u64).unwrap().unwrap();
        assert_eq!((record.position, record.payload), (number as u64, payload(number)));
    }
    assert_eq!(reader.get(RECORDS as u64).unwrap(), None);
    assert_eq!(reader.get(u64::MAX).unwrap(), None);
}

#[test]
fn sees_what_is_appended_later() {
    let (_, mut journal) = filled();
    let reader = journal.reader();
    assert_eq!(contents(&reader).unwrap().len(), RECORDS);
    for number in RECORDS..RECORDS + 100 {
        journal.append(&[payload(number)]).unwrap();
        let mut new = reader.iter_from(number as u64);
        assert_eq!(new.next().unwrap().unwrap().payload, payload(number));
        assert!(new.next().is_none());
    }
}

#[test]
fn tells_how_far_the_writer_has_confirmed() {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    let reader = journal.reader();
    assert_eq!(reader.confirmed_position().unwrap(), 0);
    journal.append(&payloads(0..3)).unwrap();
    journal.append(&payloads(3..5)).unwrap();
    assert_eq!(reader.confirmed_position().unwrap(), 3);
    journal.confirm().unwrap();
    assert_eq!(reader.confirmed_position().unwrap(), 5);
}

#[test]
fn ends_before_a_torn_batch_and_leaves_it_alone() {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&payloads(0..3)).unwrap();
    journal.append(&payloads(3..6)).unwrap();
    let end = disk.bytes(&name(0)).iter().rposition(|byte| *byte != 0).unwrap();
    for torn_at in [end, end - 40, end - 120] {
        disk.edit(&name(0), |bytes| bytes[torn_at] ^= 1);
        let before = disk.bytes(&name(0));
        let reader = Reader::open_on(Arc::new(disk.clone()));
        assert_eq!(contents(&reader).unwrap(), payloads(0..3));
        assert_eq!(disk.bytes(&name(0)), before);
    }
}

#[test]
fn reads_steadily_beside_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), SMALL).unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| read_until(&is_done, &Reader::open(dir.path()).unwrap()));
        let mut number = 0;
        while number < RECORDS {
            let next = (number + 1 + number % 7).min(RECORDS);
            journal.append(&payloads(number..next)).unwrap();
            if number % 5 == 0 {
                journal.confirm().unwrap();
            }
            number = next;
        }
        is_done.store(true, Ordering::Release);
        reading.join().unwrap();
    });
    assert_eq!(contents(&journal.reader()).unwrap(), payloads(0..RECORDS));
}

/// Follows the end in small steps, and each time reads all from the start, too.
fn read_until(is_done: &AtomicBool, reader: &Reader) {
    let mut next = 0;
    while !is_done.load(Ordering::Acquire) {
        for record in reader.iter_from(next as u64) {
            assert_eq!(record.unwrap().payload, payload(next));
            next += 1;
        }
        let all = contents(reader).unwrap();
        assert!(all.len() >= next);
        assert_eq!(all, payloads(0..all.len()));
    }
}
