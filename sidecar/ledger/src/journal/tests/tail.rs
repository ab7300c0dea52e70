//! What lies behind the newest head: kept when complete, cut when torn, refused when a later batch
//! proves that it was acknowledged.

use super::{
    FRAMES, SMALL, SimDisk, flipped, frames_size, open, outcome, payload, payloads, reopen, small,
};
use crate::journal::Recovery;
use crate::journal::error::Damage;
use crate::journal::frame::{self, FrameFault};
use crate::journal::segment::name;

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
        bytes[..FRAMES].copy_from_slice(&before[..FRAMES]);
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
        let damaged = flipped(&disk, 0, bit);
        let (_, recovery) = open(&damaged).unwrap();
        assert_eq!(recovery.entries, 5, "bit {bit}");
        assert!(recovery.cut_bytes > 0 && recovery.cut_bytes <= size as u64);
        assert_eq!(reopen(&damaged), payloads(0..5));
        assert!(damaged.bytes(&name(0))[start..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn refuses_a_broken_batch_when_a_later_one_is_intact() {
    let disk = two_batches_behind_the_head();
    let start = FRAMES + frames_size(0..2);
    for bit in start * 8..(start + frames_size(2..5)) * 8 {
        let (position, damage) = outcome(&flipped(&disk, 0, bit), 0).expect_err("passes");
        assert!((2..5).contains(&position), "{position}");
        assert!(matches!(damage, Damage::BeforeLaterBatch { later: 5, .. }), "{damage}");
    }
}

#[test]
fn cuts_a_torn_batch_whichever_of_its_frames_are_intact() {
    let (disk, end) = small();
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&payloads(10..13)).unwrap();
    let ends = [0, 1, 2, 3].map(|count| end + frames_size(10..10 + count));
    for lost in 1..7_usize {
        let torn = disk.copy();
        for frame in (0..3).filter(|frame| lost & (1 << frame) != 0) {
            torn.edit(&name(0), |bytes| {
                bytes[ends[frame]..ends[frame + 1]].fill(0);
            });
        }
        assert_eq!(outcome(&torn, 0), Ok(payloads(0..10)), "lost {lost:#b}");
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
            let found = outcome(&truncated, 0);
            let past_end = Damage::Confirmed(FrameFault::PastEnd);
            assert!(matches!(found, Err((8 | 9, damage)) if damage == past_end), "size {size}");
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
    let same_size = [vec![b'x'; payload(10).len()]];
    journal.append(&same_size).unwrap();
    assert_eq!(reopen(&disk), [&payloads(0..10)[..], &same_size].concat());
}

#[test]
fn never_reads_the_rest_of_a_torn_batch_even_if_it_was_left() {
    let (disk, end) = small();
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&payloads(10..13)).unwrap();
    // Another batch took the place of the first frame, of just its size.
    let same_size = [vec![b'x'; payload(10).len()]];
    let mut batch = Vec::new();
    frame::encode_batch(&mut batch, 10, &same_size).unwrap();
    disk.edit(&name(0), |bytes| {
        bytes[end..end + batch.len()].copy_from_slice(&batch);
    });
    assert_eq!(reopen(&disk), [&payloads(0..10)[..], &same_size].concat());
}
