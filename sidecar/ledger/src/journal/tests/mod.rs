//! What the journal promises, on real files and on a simulated disk.

mod basics;
mod crashes;
mod damage;
mod format;
mod reading;
mod space;
mod tail;

use std::ops::Range;
use std::sync::Arc;

use super::error::{Damage, JournalError};
use super::reader::Reader;
use super::segment::name;
use super::sim::SimDisk;
use super::{Config, Journal, Recovery};

const SMALL: Config = Config { segment_bytes: 8 << 10, margin_bytes: None };

/// Where the frames of a segment begin.
const FRAMES: usize = 4096;

fn open(disk: &SimDisk) -> Result<(Journal, Recovery), JournalError> {
    Journal::open_on(Arc::new(disk.clone()), SMALL)
}

/// Opens a journal that is sound, and returns what it holds.
fn reopen(disk: &SimDisk) -> Vec<Vec<u8>> {
    let (journal, recovery) = open(disk).unwrap();
    let contents = contents(&journal.reader()).unwrap();
    assert_eq!(recovery.entries, contents.len() as u64);
    assert_eq!(journal.next_position(), recovery.entries);
    contents
}

fn contents(reader: &Reader) -> Result<Vec<Vec<u8>>, JournalError> {
    let mut contents = Vec::new();
    for record in reader.iter_from(0) {
        let record = record?;
        assert_eq!(record.position, contents.len() as u64);
        contents.push(record.payload);
    }
    Ok(contents)
}

/// A payload that tells its number, of a length that varies with it.
fn payload(number: usize) -> Vec<u8> {
    let mut payload = format!("record {number} ").into_bytes();
    payload.extend((0..number * 37 % 90).map(|byte| u8::try_from(byte).unwrap()));
    payload
}

fn payloads(numbers: Range<usize>) -> Vec<Vec<u8>> {
    numbers.map(payload).collect()
}

/// A closed journal of one segment with ten records, and where its frames end.
fn small() -> (SimDisk, usize) {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    for number in (0..10).step_by(2) {
        journal.append(&payloads(number..number + 2)).unwrap();
    }
    journal.close().unwrap();
    (disk, FRAMES + frames_size(0..10))
}

/// The bytes that the frames of these payloads take.
fn frames_size(numbers: Range<usize>) -> usize {
    payloads(numbers).iter().map(|payload| 24 + payload.len()).sum()
}

/// A copy of `disk` with one bit changed in the segment that begins at `base`.
fn flipped(disk: &SimDisk, base: u64, bit: usize) -> SimDisk {
    let copy = disk.copy();
    copy.edit(&name(base), |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
    copy
}

/// Opens a journal that is damaged in the segment that begins at `base`: its contents, or the
/// position and kind of the damage. Reading it
/// without opening must find the same contents or some damage, too.
fn outcome(disk: &SimDisk, base: u64) -> Result<Vec<Vec<u8>>, (u64, Damage)> {
    let reader = Reader::open_on(Arc::new(disk.copy()));
    let read = contents(&reader);
    match open(disk) {
        Ok((journal, _)) => {
            let contents = contents(&journal.reader()).unwrap();
            assert_eq!(read.unwrap(), contents);
            Ok(contents)
        }
        Err(JournalError::Damaged { path, position, damage, .. }) => {
            assert!(path.ends_with(name(base)), "{} is named, not {base}", path.display());
            Err((position, damage))
        }
        Err(error) => panic!("{error}"),
    }
}
