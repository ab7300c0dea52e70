//! What the journal promises, on real files and on a simulated disk.

mod basics;
mod crashes;
mod damage;
mod format;
mod reading;

use std::sync::Arc;

use super::error::JournalError;
use super::reader::Reader;
use super::sim::SimDisk;
use super::{Config, Journal, Recovery};

const SMALL: Config = Config {
    segment_bytes: 8 << 10,
};

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

fn payloads(numbers: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    numbers.map(payload).collect()
}
