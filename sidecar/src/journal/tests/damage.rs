//! Changed bytes and missing files: found and named, or harmless; never silently different.

use std::ops::Range;
use std::sync::Arc;

use super::{SMALL, SimDisk, contents, open, payload, payloads, reopen};
use crate::journal::Recovery;
use crate::journal::error::{Damage, JournalError};
use crate::journal::frame::{self, FrameFault};
use crate::journal::reader::Reader;
use crate::journal::segment::{self, name};

const HEADER: Range<usize> = 0..64;
const SLOTS: [Range<usize>; 2] = [512..572, 1024..1084];
const FRAMES: usize = 4096;

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

fn frames_size(numbers: Range<usize>) -> usize {
    payloads(numbers)
        .iter()
        .map(|payload| 24 + payload.len())
        .sum()
}

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

fn flipped(disk: &SimDisk, name: &str, bit: usize) -> SimDisk {
    let copy = disk.copy();
    copy.edit(name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
    copy
}

/// Opens a damaged journal: its contents, or the position and kind of the damage. Reading it
/// without opening must find the same contents or some damage, too.
fn outcome(disk: &SimDisk, name: &str) -> Result<Vec<Vec<u8>>, (u64, Damage)> {
    let reader = Reader::open_on(Arc::new(disk.copy()));
    let read = contents(&reader);
    match open(disk) {
        Ok((journal, _)) => {
            let contents = contents(&journal.reader()).unwrap();
            assert_eq!(read.unwrap(), contents);
            Ok(contents)
        }
        Err(JournalError::Damaged {
            path,
            position,
            damage,
            ..
        }) => {
            assert!(
                path.ends_with(name),
                "{} is named, not {name}",
                path.display()
            );
            Err((position, damage))
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn finds_every_flipped_bit_of_a_header_and_of_confirmed_frames() {
    let (disk, end) = small();
    for byte in HEADER.chain(FRAMES..end) {
        for bit in byte * 8..byte * 8 + 8 {
            let found = outcome(&flipped(&disk, &name(0), bit), &name(0));
            let (_, damage) = found.expect_err(&format!("bit {bit} passes"));
            assert_eq!(
                matches!(damage, Damage::Confirmed(_)),
                byte >= FRAMES,
                "{damage}"
            );
        }
    }
}

#[test]
fn stands_every_flipped_bit_of_one_head_and_of_unused_bytes() {
    let (disk, end) = small();
    let [first, second] = SLOTS;
    for byte in first
        .chain(second)
        .chain([64, 511, 600, 1100, 4095])
        .chain(end..end + 64)
    {
        for bit in byte * 8..byte * 8 + 8 {
            let found = outcome(&flipped(&disk, &name(0), bit), &name(0));
            assert_eq!(found, Ok(payloads(0..10)), "bit {bit}");
        }
    }
}

#[test]
fn names_the_position_of_damage_in_a_sealed_segment() {
    let (disk, bases) = long();
    let [.., sealed, _] = bases[..] else {
        panic!("too few segments")
    };
    let all = payloads(0..150);
    for bit in (0..SMALL.segment_bytes as usize * 8).step_by(13) {
        match outcome(&flipped(&disk, &name(sealed), bit), &name(sealed)) {
            Ok(contents) => assert_eq!(contents, all, "bit {bit}"),
            Err((position, _)) => assert!((sealed..*bases.last().unwrap()).contains(&position)),
        }
    }
}

/// A journal whose last two batches lie behind the newest head: the power went while the newer one
/// was synced, and the head that goes with it did not reach the disk.
fn two_batches_behind_the_head() -> SimDisk {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&payloads(0..2)).unwrap();
    journal.append(&payloads(2..5)).unwrap();
    let before = disk.bytes(&name(0));
    journal.append(&payloads(5..8)).unwrap();
    disk.edit(&name(0), |bytes| {
        bytes[..FRAMES].copy_from_slice(&before[..FRAMES])
    });
    disk
}

#[test]
fn cuts_the_last_batch_whole_when_any_bit_of_it_is_wrong() {
    let disk = two_batches_behind_the_head();
    assert_eq!(reopen(&disk.copy()), payloads(0..8));
    let start = FRAMES + frames_size(0..5);
    let size = frames_size(5..8);
    for bit in start * 8..(start + size) * 8 {
        let damaged = flipped(&disk, &name(0), bit);
        let (_, recovery) = open(&damaged).unwrap();
        assert_eq!(recovery.entries, 5, "bit {bit}");
        assert!(recovery.cut_bytes > 0 && recovery.cut_bytes <= size as u64);
        assert_eq!(reopen(&damaged), payloads(0..5));
        assert!(
            damaged.bytes(&name(0))[start..]
                .iter()
                .all(|byte| *byte == 0)
        );
    }
}

#[test]
fn refuses_a_broken_batch_when_a_later_one_is_intact() {
    let disk = two_batches_behind_the_head();
    let start = FRAMES + frames_size(0..2);
    for bit in start * 8..(start + frames_size(2..5)) * 8 {
        let (position, damage) =
            outcome(&flipped(&disk, &name(0), bit), &name(0)).expect_err("passes");
        assert!((2..5).contains(&position), "{position}");
        assert!(
            matches!(damage, Damage::BeforeLaterBatch { later: 5, .. }),
            "{damage}"
        );
    }
}

#[test]
fn cuts_a_torn_batch_whichever_of_its_frames_are_intact() {
    let (disk, end) = small();
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&payloads(10..13)).unwrap();
    let sizes = [
        frames_size(10..11),
        frames_size(11..12),
        frames_size(12..13),
    ];
    for lost in 1..7_usize {
        let torn = disk.copy();
        torn.edit(&name(0), |bytes| {
            let mut at = end;
            for (frame, size) in sizes.iter().enumerate() {
                if lost & (1 << frame) != 0 {
                    bytes[at..at + size].fill(0);
                }
                at += size;
            }
        });
        assert_eq!(
            outcome(&torn, &name(0)),
            Ok(payloads(0..10)),
            "lost {lost:#b}"
        );
    }
}

#[test]
fn cuts_a_torn_record_that_carries_frames_of_earlier_records() {
    let (disk, end) = small();
    let (mut journal, _) = open(&disk).unwrap();
    let mut imitation = Vec::new();
    frame::encode_batch(&mut imitation, 8, &payloads(8..10)).unwrap();
    journal.append(&[imitation.clone()]).unwrap();
    let whole = [payloads(0..10), vec![imitation]].concat();
    assert_eq!(reopen(&disk.copy()), whole);
    disk.edit(&name(0), |bytes| bytes[end] ^= 1);
    assert_eq!(reopen(&disk), payloads(0..10));
}

#[test]
fn judges_each_truncation_by_the_head() {
    let (disk, confirmed) = small();
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&[payload(10)]).unwrap();
    let end = confirmed + frames_size(10..11);
    for size in FRAMES + frames_size(0..8)..=end {
        let truncated = disk.copy();
        truncated.edit(&name(0), |bytes| bytes.truncate(size));
        if size < confirmed {
            let found = outcome(&truncated, &name(0));
            let past_end = Damage::Confirmed(FrameFault::PastEnd);
            assert!(
                matches!(found, Err((8 | 9, damage)) if damage == past_end),
                "size {size}"
            );
            continue;
        }
        let kept = if size == end { 11 } else { 10 };
        assert_eq!(reopen(&truncated), payloads(0..kept), "size {size}");
        assert_eq!(truncated.bytes(&name(0)).len() as u64, SMALL.segment_bytes);
        let (mut journal, _) = open(&truncated).unwrap();
        journal.append(&payloads(kept..12)).unwrap();
        assert_eq!(reopen(&truncated), payloads(0..12));
    }
}

#[test]
fn never_reads_stale_bytes_after_a_cut() {
    // The torn batch leaves two intact frames; what is written next ends just where they began.
    let (disk, end) = small();
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&payloads(10..13)).unwrap();
    disk.edit(&name(0), |bytes| bytes[end + 30] ^= 1);
    let (mut journal, Recovery { cut_bytes, .. }) = open(&disk).unwrap();
    assert_eq!(cut_bytes, frames_size(10..13) as u64);
    let same_size = vec![b'x'; payload(10).len()];
    journal.append(&[same_size.clone()]).unwrap();
    assert_eq!(reopen(&disk), [payloads(0..10), vec![same_size]].concat());
}

/// Changes a journal of several segments and returns what the start says.
fn refusal(change: impl FnOnce(&SimDisk, &[u64])) -> String {
    let (disk, bases) = long();
    change(&disk, &bases);
    let before = disk.copy();
    let message = open(&disk).unwrap_err().to_string();
    for base in segment::bases(&disk).unwrap() {
        assert_eq!(
            before.bytes(&name(base)),
            disk.bytes(&name(base)),
            "a refusal writes nothing"
        );
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

const HEADER_FIELDS: usize = 60;
const HEAD_FIELDS: usize = 56;

#[test]
fn names_what_is_wrong_with_a_segment() {
    let edited = |change: fn(&mut Vec<u8>)| {
        let message = refusal(|disk, bases| disk.edit(&name(bases[1]), change));
        message.split_once(": ").unwrap().1.to_owned()
    };
    let cases: [(fn(&mut Vec<u8>), &str); 9] = [
        (
            |file| file.truncate(20),
            "the file has only 20 bytes, too few for a segment's header",
        ),
        (
            |file| file[0] = b'm',
            "the file does not begin like a segment",
        ),
        (
            |file| file[12] ^= 1,
            "the segment's header does not match its checksum",
        ),
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
        (
            |file| file[512..1536].fill(0),
            "neither head slot matches its checksum",
        ),
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
    assert!(
        middle.contains("51.seg is missing: positions 51 to 102 are"),
        "{middle}"
    );

    let swapped = refusal(|disk, bases| {
        let [second, third] = [1, 2].map(|nth| disk.bytes(&name(bases[nth])));
        disk.set(&name(bases[1]), Some(&third));
        disk.set(&name(bases[2]), Some(&second));
    });
    assert!(
        swapped.contains("51.seg is damaged at byte 0, position 51: "),
        "{swapped}"
    );
    assert!(
        swapped.contains("states base position 103, unlike the file's name"),
        "{swapped}"
    );

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
