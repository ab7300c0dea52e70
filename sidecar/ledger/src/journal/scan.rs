//! Reading a segment's frames in order, and telling a torn tail from damage.

use super::disk::Disk;
use super::error::{Damage, JournalError};
use super::frame::{
    self, FRAME_HEADER_BYTES, Frame, FrameFault, LeafHash, MAX_FRAME_BYTES, leaf_hash,
};
use super::head::Head;
use super::segment::{self, Cursor, Segment};

/// How much is read at once; must hold any frame.
const READ_AHEAD_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// A walk over the frames of one segment.
pub(super) struct Walk {
    /// Where the next frame is expected.
    next: Cursor,
    /// The end of the last complete batch, at or before `next`.
    complete: Cursor,
    /// Bytes read ahead; the next frame begins at `used`.
    ahead: Vec<u8>,
    used: usize,
}

/// Where and why a walk found no further frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// The end of the last complete batch.
    pub(super) end: Cursor,
    /// Where the next frame should be: behind `end` where a batch was begun but is not complete.
    pub(super) broken_at: Cursor,
    /// What is there instead.
    pub(super) fault: FrameFault,
}

impl Stop {
    /// Whether nothing was written where the next batch should begin.
    pub(super) fn is_blank(&self) -> bool {
        (self.fault, self.broken_at) == (FrameFault::Blank, self.end)
    }
}

impl Walk {
    /// Begins at `at`, which must be the start of a batch.
    pub(super) fn new(at: Cursor) -> Self {
        Self { next: at, complete: at, ahead: Vec::new(), used: 0 }
    }

    /// The end of the last complete batch.
    pub(super) fn complete(&self) -> Cursor {
        self.complete
    }

    /// Returns the next frame, or why there is none; the walk then stays where it is.
    pub(super) fn step(
        &mut self,
        segment: &Segment,
    ) -> Result<Result<Frame<'_>, Stop>, JournalError> {
        self.read_ahead(segment)?;
        let (next, complete) = (self.next, self.complete);
        let decoded = Frame::decode(self.ahead.get(self.used..).unwrap_or_default());
        let frame = match decoded.and_then(|frame| frame.in_place(next.position, complete.position))
        {
            Ok(frame) => frame,
            Err(fault) => {
                return Ok(Err(Stop { end: complete, broken_at: next, fault }));
            }
        };
        self.used += frame.size();
        self.next.offset += frame.size() as u64;
        self.next.position += 1;
        if frame.last {
            self.complete = self.next;
        }
        Ok(Ok(frame))
    }

    fn read_ahead(&mut self, segment: &Segment) -> Result<(), JournalError> {
        let unused = self.ahead.len() - self.used;
        let end_is_read = self.next.offset + unused as u64 >= segment.end;
        if unused < MAX_FRAME_BYTES && !end_is_read {
            self.ahead = segment.read(self.next.offset, READ_AHEAD_BYTES)?;
            self.used = 0;
        }
        Ok(())
    }
}

/// Reads all of a segment's frames, and returns where they end and the leaf hash of the last one.
/// Everything up to `head` must be intact.
pub(super) fn scan(segment: &Segment, head: &Head) -> Result<(Stop, LeafHash), JournalError> {
    let mut walk = Walk::new(segment.start());
    let mut last_leaf = segment.header.previous_leaf;
    let stop = loop {
        if walk.next.position == head.next_position {
            verify_head(segment, head, &walk, last_leaf)?;
        }
        match walk.step(segment)? {
            Ok(frame) if frame.last && frame.position + 1 >= head.next_position => {
                last_leaf = leaf_hash(frame.payload);
            }
            Ok(_) => {}
            Err(stop) => break stop,
        }
    };
    verify_confirmed(segment, &stop, head)?;
    Ok((stop, last_leaf))
}

/// Verifies that the records reach as far as the head states.
pub(super) fn verify_confirmed(
    segment: &Segment,
    stop: &Stop,
    head: &Head,
) -> Result<(), JournalError> {
    if stop.end.position >= head.next_position {
        return Ok(());
    }
    Err(segment.damaged(stop.broken_at, Damage::Confirmed(stop.fault)))
}

fn verify_head(
    segment: &Segment,
    head: &Head,
    walk: &Walk,
    last_leaf: LeafHash,
) -> Result<(), JournalError> {
    let Head { next_position, offset, .. } = *head;
    let stated = Cursor { position: next_position, offset };
    if walk.complete == stated && last_leaf == head.last_leaf {
        return Ok(());
    }
    Err(segment.damaged(walk.next, Damage::HeadMismatch { next_position, offset }))
}

/// Verifies that the records of `segment` end where the next segment begins.
pub(super) fn verify_end(
    disk: &dyn Disk,
    segment: &Segment,
    stop: &Stop,
    next_base: u64,
) -> Result<(), JournalError> {
    if stop.end.position > next_base {
        return Err(segment.damaged(stop.end, Damage::Overlap { next_base }));
    }
    if stop.end.position < next_base && !stop.is_blank() {
        return Err(segment.damaged(stop.broken_at, Damage::Confirmed(stop.fault)));
    }
    segment::verify_gap(disk, stop.end.position, next_base)
}

/// How many bytes behind the last complete batch a torn one left; zero where nothing was written.
///
/// Refuses where a later batch follows intact: the writer begins a batch only when the one before
/// it is on stable storage, so the broken one was acknowledged and is damaged, not torn.
pub(super) fn torn_bytes(segment: &Segment, stop: &Stop) -> Result<usize, JournalError> {
    let Stop { end, broken_at, fault } = *stop;
    let tail = segment.read(end.offset, usize::MAX)?;
    let torn = tail.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    match (0..torn).find_map(|at| later_batch(&tail, at, end.position)) {
        None => Ok(torn),
        Some(later) => Err(segment.damaged(broken_at, Damage::BeforeLaterBatch { fault, later })),
    }
}

/// The position of the frame at `at`, if it is intact and belongs to a batch after the one that
/// begins at position `first` and offset zero of `tail`.
fn later_batch(tail: &[u8], at: usize, first: u64) -> Option<u64> {
    let bytes = tail.get(at..)?;
    // No more records than fit can lie before this one; that spares nearly all checksums.
    let most_before = (at / FRAME_HEADER_BYTES) as u64;
    let plausible = first..=first.saturating_add(most_before);
    frame::peek_position(bytes).filter(|position| plausible.contains(position))?;
    let frame = Frame::decode(bytes).ok()?;
    (frame.batch_first() > first).then_some(frame.position)
}
