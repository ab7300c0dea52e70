//! Changed bytes and missing files: found and named, or harmless; never silently different.

use std::ops::Range;
use std::sync::Arc;

use super::{FRAMES, SMALL, SimDisk, flipped, open, outcome, payload, payloads, small};
use crate::journal::error::{Damage, JournalError};
use crate::journal::recovery::recover;
use crate::journal::segment::{self, name};

const HEADER: Range<usize> = 0..64;
const SLOTS: [Range<usize>; 2] = [512..572, 1024..1084];

/// A closed journal of at least three segments, and their base positions.
fn long() -> (SimDisk, Vec<u64>) {
    long_with(payload)
}

fn long_with(payload: impl Fn(usize) -> Vec<u8>) -> (SimDisk, Vec<u64>) {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    for number in 0..150 {
        journal.append(&[payload(number)]).unwrap();
    }
    journal.close().unwrap();
    let bases = segment::bases(&disk).unwrap();
    assert!(bases.len() >= 3);
    (disk, bases)
}

#[test]
fn finds_every_flipped_bit_of_a_header_and_of_confirmed_frames() {
    let (disk, end) = small();
    for byte in HEADER.chain(FRAMES..end) {
        for bit in byte * 8..byte * 8 + 8 {
            let found = outcome(&flipped(&disk, 0, bit), 0);
            let (_, damage) = found.expect_err(&format!("bit {bit} passes"));
            assert_eq!(matches!(damage, Damage::Confirmed(_)), byte >= FRAMES, "{damage}");
        }
    }
}

#[test]
fn stands_every_flipped_bit_of_one_head_and_of_unused_bytes() {
    let (disk, end) = small();
    let [first, second] = SLOTS;
    for byte in first.chain(second).chain([64, 511, 600, 1100, 4095]).chain(end..end + 64) {
        for bit in byte * 8..byte * 8 + 8 {
            let found = outcome(&flipped(&disk, 0, bit), 0);
            assert_eq!(found, Ok(payloads(0..10)), "bit {bit}");
        }
    }
}

#[test]
fn finds_behind_the_start_what_the_start_has_left() {
    let (disk, bases) = long();
    for bit in (0..disk.bytes(&name(bases[0])).len() * 8).step_by(13) {
        let changed = flipped(&disk, bases[0], bit);
        let (_, _, sealed) = recover(Arc::new(changed.copy()), SMALL, 2).unwrap();
        assert!(!sealed.is_empty());
        let (left, at_start) = (sealed.verify(|| true), open(&changed));
        let said = |error: JournalError| error.to_string();
        assert_eq!(left.map_err(said), at_start.map(|_| ()).map_err(said), "bit {bit}");
    }
}

#[test]
fn names_the_position_of_damage_in_a_sealed_segment() {
    let (disk, bases) = long();
    let [.., sealed, _] = bases[..] else { panic!("too few segments") };
    let all = payloads(0..150);
    for bit in (0..disk.bytes(&name(sealed)).len() * 8).step_by(13) {
        match outcome(&flipped(&disk, sealed, bit), sealed) {
            Ok(contents) => assert_eq!(contents, all, "bit {bit}"),
            Err((position, _)) => assert!((sealed..*bases.last().unwrap()).contains(&position)),
        }
    }
}

/// Changes a journal of several segments and returns what the start says.
fn refusal(change: impl FnOnce(&SimDisk, &[u64])) -> String {
    let (disk, bases) = long();
    change(&disk, &bases);
    let before = disk.copy();
    let message = open(&disk).unwrap_err().to_string();
    for base in segment::bases(&disk).unwrap() {
        assert_eq!(before.bytes(&name(base)), disk.bytes(&name(base)), "a refusal writes nothing");
    }
    message
}

/// Changes the fields at the start of a sector and makes their checksum match again, as only a
/// wrong writer would.
fn forge(sector: &mut [u8], fields: usize, change: impl FnOnce(&mut [u8])) {
    change(&mut sector[..fields]);
    let checksum = crc32c::crc32c(&sector[..fields]);
    sector[fields..fields + 4].copy_from_slice(&checksum.to_le_bytes());
}

type Change = fn(&mut Vec<u8>);

const HEADER_FIELDS: usize = 60;
const HEAD_FIELDS: usize = 56;

#[test]
fn names_what_is_wrong_with_a_segment() {
    let edited = |change: Change| {
        let message = refusal(|disk, bases| disk.edit(&name(bases[1]), change));
        message.split_once(": ").unwrap().1.to_owned()
    };
    let cases: [(Change, &str); 9] = [
        (|file| file.truncate(20), "the file has only 20 bytes, too few for a segment's header"),
        (|file| file[0] = b'm', "the file does not begin like a segment"),
        (|file| file[12] ^= 1, "the segment's header does not match its checksum"),
        (
            |file| forge(file, HEADER_FIELDS, |header| header[8] = 2),
            "the segment has format version 2, which this release does not read",
        ),
        (
            |file| forge(file, HEADER_FIELDS, |header| header[12] = 52),
            "the header states base position 52, unlike the file's name",
        ),
        (
            |file| forge(file, HEADER_FIELDS, |header| header[40] ^= 1),
            "the segment does not continue the record before it (leaf hash differs)",
        ),
        (|file| file[512..1536].fill(0), "neither head slot matches its checksum"),
        (
            |file| {
                forge(&mut file[512..], HEAD_FIELDS, |head| head[8] = 50);
                file[1024..1536].fill(0);
            },
            "the head (next position 50, ",
        ),
        (
            |file| {
                forge(&mut file[512..], HEAD_FIELDS, |head| head[30] ^= 1);
                forge(&mut file[1024..], HEAD_FIELDS, |head| head[30] ^= 1);
            },
            "the head (next position 103, byte ",
        ),
    ];
    for (change, expected) in cases {
        let message = edited(change);
        assert!(message.starts_with(expected), "{message}");
        assert!(message.ends_with("; nothing was changed; restore this file from a backup"));
    }
}

#[test]
fn names_missing_and_misplaced_segments() {
    let first = refusal(|disk, bases| disk.set(&name(bases[0]), None));
    assert_eq!(
        first,
        "sim/00000000000000000000.seg is missing: positions 0 to 50 are not in this folder; \
         restore this file from a backup"
    );
    let middle = refusal(|disk, bases| disk.set(&name(bases[1]), None));
    assert!(middle.contains("51.seg is missing: positions 51 to 102 are"), "{middle}");

    let swapped = refusal(|disk, bases| {
        let [second, third] = [1, 2].map(|nth| disk.bytes(&name(bases[nth])));
        disk.set(&name(bases[1]), Some(&third));
        disk.set(&name(bases[2]), Some(&second));
    });
    assert!(swapped.contains("51.seg is damaged at byte 0, position 51: "), "{swapped}");
    assert!(swapped.contains("states base position 103, unlike the file's name"), "{swapped}");

    let overlapping = refusal(|disk, bases| {
        let mut last = disk.bytes(&name(bases[2]));
        forge(&mut last, HEADER_FIELDS, |header| header[12] = 102);
        disk.set(&name(bases[2]), None);
        disk.set(&name(102), Some(&last));
    });
    let expected = "the next segment begins at position 102, before this one ends";
    assert!(overlapping.contains(expected), "{overlapping}");
}

#[test]
fn refuses_a_segment_of_another_journal_with_the_same_positions() {
    let (other, _) = long_with(|number| payload(number).to_ascii_uppercase());
    let message = refusal(|disk, bases| {
        disk.set(&name(bases[1]), Some(&other.bytes(&name(bases[1]))));
    });
    assert!(message.contains("position 51: the segment does not continue the record before it"));
}
