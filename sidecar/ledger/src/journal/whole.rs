//! Every byte of a journal, for whoever audits it.
//!
//! A start repairs what a crash left and passes over what does not matter to it. Here each byte has
//! to be what the writer leaves there: headers, both head slots, frames, and zeros everywhere else.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::{Damage, JournalError};
use super::frame::{FRAME_HEADER_BYTES, Frame, FrameFault, LeafHash, leaf_hash};
use super::head::{self, HEAD_BYTES, Head, SECTOR_BYTES};
use super::header::{HEADER_BYTES, Header};
use super::segment::{self, Cursor, FRAMES_START, SLOTS_START};

/// How often the last segment is read anew where it looks wrong: a writer may be at work on it.
const READINGS: usize = 5;

/// The bytes of a checksum behind a header or a head.
const CHECKSUM_BYTES: usize = 4;

static ZEROS: [u8; 4096] = [0; 4096];

/// A journal whose files are read whole, one after the other.
#[derive(Debug)]
pub struct Whole {
    dir: PathBuf,
    bases: Vec<u64>,
}

/// A record of a verified segment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verified {
    /// Where its bytes lie in the segment.
    payload: Range<usize>,
    leaf: LeafHash,
}

/// A record as it lies in its segment.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Its number.
    pub position: u64,
    /// Where its frame begins in its segment, in bytes.
    pub offset: u64,
    /// Its bytes.
    pub payload: &'a [u8],
    /// Their leaf hash.
    pub leaf: LeafHash,
}

/// Where a segment's records end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    /// The position that follows.
    pub next_position: u64,
    /// The leaf hash of the record before it; zeros where there is none.
    pub last_leaf: LeafHash,
}

/// The bytes of one segment.
#[derive(Debug, Clone, Copy)]
pub struct SegmentBytes<'a> {
    /// Its file, for messages.
    pub path: &'a Path,
    /// The position of its first record, by the file's name.
    pub base: u64,
    /// The position at which the next segment begins; `None` for the last one.
    pub next_base: Option<u64>,
    /// The file's content.
    pub bytes: &'a [u8],
}

impl Whole {
    /// Lists the segments of the journal in folder `dir`.
    ///
    /// # Errors
    /// When the folder cannot be read, holds no segment or a foreign one, or lacks the first one.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        let disk = super::disk::Folder::existing(dir);
        let bases = segment::bases(&disk)?;
        let first = bases.first().ok_or_else(|| JournalError::NoJournal { path: dir.into() })?;
        segment::verify_gap(&disk, 0, *first)?;
        Ok(Self { dir: dir.to_owned(), bases })
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.bases.len()
    }

    /// The position up to which the writer has confirmed the journal, exclusive, as its last segment
    /// states; nothing where that cannot be told.
    pub fn confirmed_position(&self) -> Option<u64> {
        let reader = super::reader::Reader::open(&self.dir).ok()?;
        reader.confirmed_position().ok()
    }

    /// The file of a segment, by its number from zero.
    pub fn path(&self, number: usize) -> PathBuf {
        let base = self.bases.get(number).copied().unwrap_or_default();
        self.dir.join(segment::name(base))
    }

    /// Verifies a segment, which `before` leads up to, and hands out its records in order. Records
    /// are handed out only once all of the segment has been found right. `buffer` takes the file's
    /// content; one for all segments saves making room for each.
    ///
    /// # Errors
    /// The first byte that is not as it should be, or that the file cannot be read.
    pub fn segment(
        &self,
        number: usize,
        before: End,
        buffer: &mut Vec<u8>,
        each: impl FnMut(Stored<'_>),
    ) -> Result<End, JournalError> {
        let path = self.path(number);
        let base = self.bases.get(number).copied().unwrap_or_default();
        let next_base = self.bases.get(number + 1).copied();
        if before.next_position != base {
            let (first, last) = (before.next_position, base.saturating_sub(1));
            let path = self.dir.join(segment::name(first));
            return Err(JournalError::MissingSegment { path, first, last });
        }
        let mut readings = if next_base.is_some() { 1 } else { READINGS };
        loop {
            read(&path, buffer)?;
            let segment = SegmentBytes { path: &path, base, next_base, bytes: buffer };
            readings -= 1;
            match segment.records(before.last_leaf) {
                Err(_) if readings > 0 => {}
                Err(error) => return Err(error),
                Ok(records) => return Ok(segment.hand_out(&records, before, each)),
            }
        }
    }
}

impl SegmentBytes<'_> {
    /// Verifies every byte, and returns the leaf hash of each record.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] with the first byte that is not as it should be.
    pub fn verify(&self, last_leaf: LeafHash) -> Result<Vec<LeafHash>, JournalError> {
        let records = self.records(last_leaf)?;
        Ok(records.into_iter().map(|record| record.leaf).collect())
    }

    fn records(&self, last_leaf: LeafHash) -> Result<Vec<Verified>, JournalError> {
        let header = self.header()?;
        if header.previous_leaf != last_leaf {
            return Err(self.damaged(self.start(), Damage::BrokenChain));
        }
        let heads = self.heads()?;
        let mut records = Vec::new();
        let mut walk = self.walk();
        walk.heads_met = self.heads_at(&heads, walk.next, last_leaf)?;
        let fault = loop {
            let frame = match self.frame(&walk) {
                Err(fault) => break fault,
                Ok(frame) => frame,
            };
            let leaf = leaf_hash(frame.payload);
            let start = index(walk.next.offset) + FRAME_HEADER_BYTES;
            records.push(Verified { payload: start..start + frame.payload.len(), leaf });
            walk.go_on(&frame);
            if frame.last {
                walk.heads_met += self.heads_at(&heads, walk.next, leaf)?;
                let [_, newest] = &heads;
                walk.batches_behind_head += u64::from(walk.next.position > newest.next_position);
            }
        };
        self.check_end(&heads, &walk, fault)?;
        Ok(records)
    }

    fn header(&self) -> Result<Header, JournalError> {
        let start = Cursor { position: self.base, offset: 0 };
        let found = self.bytes.len() as u64;
        let Some(sector) = self.bytes.get(..SECTOR_BYTES).filter(|_| found >= FRAMES_START) else {
            return Err(self.damaged(start, Damage::TooShort { bytes: found }));
        };
        let header = Header::decode(sector, self.base).map_err(|it| self.damaged(start, it))?;
        if header.capacity != found {
            let damage = Damage::Size { stated: header.capacity, found };
            let at = Cursor { offset: found.min(header.capacity), ..start };
            return Err(self.damaged(at, damage));
        }
        self.check_blank(HEADER_BYTES + CHECKSUM_BYTES, SECTOR_BYTES, self.base)?;
        Ok(header)
    }

    /// Both heads, the newer one last.
    fn heads(&self) -> Result<[Head; 2], JournalError> {
        let slots_start = index(SLOTS_START);
        let wrong = |slot: usize| {
            let offset = (slots_start + slot * SECTOR_BYTES) as u64;
            let at = Cursor { position: self.base, offset };
            self.damaged(at, Damage::Slot { slot: slot as u64 })
        };
        let slot = |slot: usize| {
            let start = slots_start + slot * SECTOR_BYTES;
            let bytes = self.bytes.get(start..start + SECTOR_BYTES).unwrap_or_default();
            let head = head::Head::decode(bytes).filter(|head| head.slot() == slot as u64);
            let head = head.ok_or_else(|| wrong(slot))?;
            let blank = start + HEAD_BYTES + CHECKSUM_BYTES;
            self.check_blank(blank, start + SECTOR_BYTES, self.base)?;
            Ok(head)
        };
        let (even, odd) = (slot(0)?, slot(1)?);
        self.check_blank(slots_start + 2 * SECTOR_BYTES, index(FRAMES_START), self.base)?;
        let heads = if even.generation < odd.generation { [even, odd] } else { [odd, even] };
        let [older, newer] = &heads;
        let follows = newer.generation == older.generation + 1
            && (older.next_position, older.offset) <= (newer.next_position, newer.offset);
        if follows {
            return Ok(heads);
        }
        Err(wrong(usize::from(older.slot() == 1)))
    }

    fn frame(&self, walk: &Walk) -> Result<Frame<'_>, FrameFault> {
        let rest = self.bytes.get(index(walk.next.offset)..).unwrap_or_default();
        let is_end = rest.len() < FRAME_HEADER_BYTES && rest.iter().all(|byte| *byte == 0);
        if is_end {
            return Err(FrameFault::Blank);
        }
        Frame::decode(rest)?.in_place(walk.next.position, walk.batch_first)
    }

    /// How many of the heads confirm exactly what comes before `end`, the end of a batch; what they
    /// say of it has to be right.
    fn heads_at(
        &self,
        heads: &[Head; 2],
        end: Cursor,
        last_leaf: LeafHash,
    ) -> Result<usize, JournalError> {
        let mut met = 0;
        for Head { next_position, offset, last_leaf: stated, .. } in heads {
            let (next_position, offset) = (*next_position, *offset);
            if next_position != end.position {
                continue;
            }
            if (offset, *stated) != (end.offset, last_leaf) {
                return Err(self.damaged(end, Damage::HeadMismatch { next_position, offset }));
            }
            met += 1;
        }
        Ok(met)
    }

    /// Verifies that records end where the heads and the next segment say, with nothing behind.
    fn check_end(
        &self,
        heads: &[Head; 2],
        walk: &Walk,
        fault: FrameFault,
    ) -> Result<(), JournalError> {
        let Walk { next, batch_first, batches_behind_head, heads_met } = *walk;
        let [_, newest] = heads;
        let Head { next_position, offset, .. } = *newest;
        if next_position > batch_first {
            return Err(self.damaged(next, Damage::Confirmed(fault)));
        }
        if fault != FrameFault::Blank || next.position != batch_first {
            return Err(self.damaged(next, Damage::Tail(fault)));
        }
        self.check_blank(index(next.offset), self.bytes.len(), next.position)?;
        if heads_met != heads.len() {
            return Err(self.damaged(next, Damage::HeadMismatch { next_position, offset }));
        }
        let most_behind = u64::from(self.next_base.is_none());
        if batches_behind_head > most_behind {
            return Err(self.damaged(next, Damage::HeadBehind { next_position }));
        }
        match self.next_base {
            Some(next_base) if next_base < next.position => {
                Err(self.damaged(next, Damage::Overlap { next_base }))
            }
            _ => Ok(()),
        }
    }

    fn check_blank(&self, start: usize, end: usize, position: u64) -> Result<(), JournalError> {
        let bytes = self.bytes.get(start..end).unwrap_or_default();
        let blank = |chunk: &&[u8]| **chunk == ZEROS[..chunk.len()];
        let blank_chunks = bytes.chunks(ZEROS.len()).take_while(blank).count();
        let from = blank_chunks * ZEROS.len();
        let rest = bytes.get(from..).unwrap_or_default();
        match rest.iter().position(|byte| *byte != 0) {
            None => Ok(()),
            Some(at) => {
                let offset = (start + from + at) as u64;
                Err(self.damaged(Cursor { position, offset }, Damage::NotBlank))
            }
        }
    }

    /// Hands out the records of a verified segment.
    fn hand_out(&self, records: &[Verified], before: End, mut each: impl FnMut(Stored<'_>)) -> End {
        for (position, Verified { payload, leaf }) in (self.base..).zip(records) {
            let offset = (payload.start - FRAME_HEADER_BYTES) as u64;
            let payload = self.bytes.get(payload.clone()).unwrap_or_default();
            each(Stored { position, offset, payload, leaf: *leaf });
        }
        let last_leaf = records.last().map_or(before.last_leaf, |record| record.leaf);
        End { next_position: self.base + records.len() as u64, last_leaf }
    }

    fn walk(&self) -> Walk {
        Walk { next: self.start(), batch_first: self.base, batches_behind_head: 0, heads_met: 0 }
    }

    fn start(&self) -> Cursor {
        Cursor { position: self.base, offset: FRAMES_START }
    }

    fn damaged(&self, at: Cursor, damage: Damage) -> JournalError {
        let Cursor { position, offset } = at;
        JournalError::Damaged { path: self.path.to_owned(), offset, position, damage }
    }
}

/// How far a segment has been read.
struct Walk {
    next: Cursor,
    /// The first position of the batch that `next` belongs to.
    batch_first: u64,
    /// How many whole batches lie behind what the newest head confirms.
    batches_behind_head: u64,
    /// How many heads confirm exactly what has been read up to the end of a batch.
    heads_met: usize,
}

impl Walk {
    fn go_on(&mut self, frame: &Frame<'_>) {
        self.next.offset += frame.size() as u64;
        self.next.position += 1;
        if frame.last {
            self.batch_first = self.next.position;
        }
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn read(path: &Path, buffer: &mut Vec<u8>) -> Result<(), JournalError> {
    let failed =
        |source: io::Error| JournalError::Io { action: "read", path: path.to_owned(), source };
    buffer.clear();
    let mut file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    buffer.reserve(index(bytes));
    file.read_to_end(buffer).map_err(failed)?;
    Ok(())
}
