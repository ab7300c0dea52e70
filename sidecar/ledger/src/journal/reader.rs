//! Reading a journal, also beside its writer.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec;

use super::disk::{Access, Disk, Folder};
use super::error::JournalError;
use super::frame::{Record, leaf_hash};
use super::scan::{self, Stop, Walk};
use super::segment::{self, Cursor, Segment};

/// At least so many records lie between two marks; finding a record reads on from the mark before.
const RECORDS_PER_MARK: u64 = 64;

/// A read-only view of a journal.
///
/// It sees every complete batch, which beside a live writer may include one that is being synced at
/// this moment; [`Reader::confirmed_position`] tells how far the journal is surely durable. It
/// never judges a torn tail, which is the business of [`super::Journal::open`]: it ends before it.
#[derive(Debug)]
pub struct Reader {
    disk: Arc<dyn Disk>,
    known: Mutex<Known>,
}

/// What earlier reading has learnt; all of it stays true, since a journal only grows.
#[derive(Debug, Default)]
struct Known {
    /// The base positions of the segments, ascending.
    bases: Vec<u64>,
    /// Byte offsets where batches begin, by segment base and position.
    marks: BTreeMap<(u64, u64), u64>,
    /// The base of a segment behind whose end only zeros were found. The writer only appends, so
    /// that zeros where a frame should be are from then on the end.
    blank_tail: Option<u64>,
}

impl Reader {
    /// Opens the journal in folder `dir`.
    ///
    /// # Errors
    /// [`JournalError::NoJournal`] where `dir` has no segment; or when it cannot be read.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        let reader = Self::open_on(Arc::new(Folder::existing(dir)));
        reader.refresh()?;
        if reader.known().bases.is_empty() {
            return Err(JournalError::NoJournal { path: dir.to_path_buf() });
        }
        Ok(reader)
    }

    /// As [`Reader::open`], on any disk, without looking at it yet.
    pub fn open_on(disk: Arc<dyn Disk>) -> Self {
        Self { disk, known: Mutex::default() }
    }

    /// The records from `position` on, in order, up to the end of the journal as it is when the
    /// iterator gets there. After an error the iterator ends.
    pub fn iter_from(&self, position: u64) -> Records<'_> {
        let batch = Vec::new().into_iter();
        Records { reader: self, from: position, place: None, batch, doubt: None, ended: false }
    }

    /// The record at `position`, or `None` where the journal is not that long.
    ///
    /// # Errors
    /// When the record, or one shortly before it, is damaged or cannot be read.
    pub fn get(&self, position: u64) -> Result<Option<Record>, JournalError> {
        self.iter_from(position).next().transpose()
    }

    /// The position up to which the writer has confirmed the journal, exclusive. The last batch may
    /// be acknowledged and not confirmed yet.
    ///
    /// # Errors
    /// When the last segment cannot be read.
    pub fn confirmed_position(&self) -> Result<u64, JournalError> {
        self.refresh()?;
        let (segment, _) = self.locate(u64::MAX)?;
        Ok(segment.newest_head()?.next_position)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh(&self) -> Result<(), JournalError> {
        let bases = segment::bases(&*self.disk)?;
        if let Some(first) = bases.first() {
            segment::verify_gap(&*self.disk, 0, *first)?;
        }
        self.known().bases = bases;
        Ok(())
    }

    /// Opens the segment that holds `position`, with a walk from the nearest known place before it.
    fn locate(&self, position: u64) -> Result<(Segment, Walk), JournalError> {
        if self.known().bases.is_empty() {
            self.refresh()?;
        }
        let (base, mark) = {
            let known = self.known();
            let base = known.bases.iter().rfind(|base| **base <= position).copied().unwrap_or(0);
            let mark = known.marks.range((base, 0)..=(base, position)).next_back();
            (base, mark.map(|(&(_, position), &offset)| Cursor { position, offset }))
        };
        let segment = Segment::open(&*self.disk, base, Access::Read)?;
        let walk = Walk::new(mark.unwrap_or(segment.start()));
        Ok((segment, walk))
    }

    fn mark(&self, base: u64, at: Cursor) {
        let mut known = self.known();
        let before = known.marks.range((base, 0)..=(base, at.position)).next_back();
        let before = before.map_or(base, |(&(_, position), _)| position);
        if at.position - before >= RECORDS_PER_MARK {
            known.marks.insert((base, at.position), at.offset);
        }
    }

    /// Finds out why `walk` stopped: returns the segment that goes on, or `None` at the end of the
    /// journal. An error may be mistaken if the writer was at work between the reads.
    fn after(&self, segment: &Segment, stop: &Stop) -> Result<Option<Segment>, JournalError> {
        self.refresh()?;
        let base = segment.header.base;
        let next_base = self.known().bases.iter().find(|next| **next > base).copied();
        let Some(next_base) = next_base else {
            scan::verify_confirmed(segment, stop, &segment.newest_head()?)?;
            let is_known = self.known().blank_tail == Some(base) && stop.is_blank();
            if !is_known && scan::torn_bytes(segment, stop)? == 0 {
                self.known().blank_tail = Some(base);
            }
            return Ok(None);
        };
        scan::verify_end(&*self.disk, segment, stop, next_base)?;
        let next = Segment::open(&*self.disk, next_base, Access::Read)?;
        let last = self.get(next_base - 1)?;
        next.verify_chain(&last.map_or([0; 32], |record| leaf_hash(&record.payload)))?;
        Ok(Some(next))
    }
}

/// The iterator of [`Reader::iter_from`].
pub struct Records<'r> {
    reader: &'r Reader,
    from: u64,
    /// The segment being read and how far; `None` before the first read.
    place: Option<(Segment, Walk)>,
    /// The batch being handed out.
    batch: vec::IntoIter<Record>,
    /// The position at which something looked wrong.
    doubt: Option<u64>,
    ended: bool,
}

impl Records<'_> {
    fn next_batch(&mut self) -> Result<Option<Vec<Record>>, JournalError> {
        let place = match self.place.take() {
            Some(place) => place,
            None => self.reader.locate(self.from)?,
        };
        let (segment, walk) = self.place.insert(place);
        loop {
            let stop = match read_batch(segment, walk)? {
                Ok(batch) => {
                    self.reader.mark(segment.header.base, walk.complete());
                    return Ok(Some(batch));
                }
                Err(stop) => stop,
            };
            match self.reader.after(segment, &stop) {
                Ok(None) => return Ok(None),
                Ok(Some(next)) => {
                    *walk = Walk::new(next.start());
                    *segment = next;
                }
                // What looks like damage may be a batch that the writer finished after it was
                // read here; so the bytes are read once more. By now that batch is whole.
                Err(_) if self.doubt != Some(stop.broken_at.position) => {
                    self.doubt = Some(stop.broken_at.position);
                    *walk = Walk::new(stop.end);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let from = self.from;
            if let Some(record) = self.batch.find(|record| record.position >= from) {
                return Some(Ok(record));
            }
            match self.next_batch() {
                Ok(Some(batch)) => self.batch = batch.into_iter(),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Reads one whole batch, or says why there is none.
fn read_batch(
    segment: &Segment,
    walk: &mut Walk,
) -> Result<Result<Vec<Record>, Stop>, JournalError> {
    let mut batch = Vec::new();
    loop {
        let frame = match walk.step(segment)? {
            Ok(frame) => frame,
            Err(stop) => return Ok(Err(stop)),
        };
        batch.push(Record { position: frame.position, payload: frame.payload.to_vec() });
        if frame.last {
            return Ok(Ok(batch));
        }
    }
}
