//! Where entries come from: the segments of a journal, the bundles of a tree, or a pack.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use makegood_ledger::journal::whole::{End, Whole};
use makegood_ledger::tiles::{Row, TileError, TileFolder, TilePath, WIDTH};
use makegood_ledger::tree::{Hash, leaf_hash};

use crate::problem::{Failure, Problem, Unreadable, unreadable};

/// How many entries go from the reading thread to the replaying one at once.
const HANDED_AT_ONCE: usize = 512;

/// How many such handfuls may wait.
pub(crate) const WAITING: usize = 4;

/// Some entries as they were found.
#[derive(Debug, Default)]
pub(crate) struct Handful {
    /// Their stored bytes, one after the other.
    bytes: Vec<u8>,
    found: Vec<Found>,
}

/// One entry as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The file that it lies in.
    pub(crate) file: Arc<Path>,
    /// Where in the file, in bytes.
    pub(crate) byte: u64,
    /// Its position by its place.
    pub(crate) position: u64,
    /// The leaf hash of its bytes.
    pub(crate) leaf: Hash,
    /// Where its stored bytes end among those of the handful.
    end: usize,
}

impl Handful {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.found.clear();
    }

    /// Each with its stored bytes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Found, &[u8])> {
        let starts = [0].into_iter().chain(self.found.iter().map(|found| found.end));
        let bytes = |start, end| self.bytes.get(start..end).unwrap_or_default();
        starts.zip(&self.found).map(move |(start, found)| (found, bytes(start, found.end)))
    }
}

/// Reads entries in order and hands them on, as many at once as pays.
pub(crate) struct Handing {
    to: SyncSender<Handful>,
    /// Handfuls that are done with, for the room that they have.
    back: Receiver<Handful>,
    waiting: Handful,
}

impl Handing {
    pub(crate) fn new(to: SyncSender<Handful>, back: Receiver<Handful>) -> Self {
        Self { to, back, waiting: Handful::default() }
    }

    /// Every entry of the journal in a folder.
    pub(crate) fn journal(mut self, journal: &Whole) -> Result<(), Failure> {
        let mut end = End::default();
        let mut buffer = Vec::new();
        for number in 0..journal.segment_count() {
            let file: Arc<Path> = journal.path(number).into();
            end = journal.segment(number, end, &mut buffer, |stored| {
                let place = (&file, stored.offset);
                self.hand(place, stored.position, stored.leaf, stored.payload);
            })?;
        }
        self.flush();
        Ok(())
    }

    /// Every entry of the bundles of a tree of `size` entries.
    pub(crate) fn bundles(mut self, folder: &TileFolder, size: u64) -> Result<(), Failure> {
        for index in 0..size.div_ceil(WIDTH) {
            let Some(tile) = TilePath::in_tree(Row::Entries, index, size) else { break };
            let first = index * WIDTH;
            let entries = folder.entries(tile).map_err(|error| of_tile(error, first))?;
            let file: Arc<Path> = folder.path(tile).into();
            let mut byte = 0;
            for (position, bytes) in (first..).zip(entries) {
                let length = bytes.len() as u64;
                self.hand((&file, byte), position, leaf_hash(&bytes), &bytes);
                byte += 2 + length;
            }
        }
        self.flush();
        Ok(())
    }

    /// Every entry of a pack's file: four bytes with a length, big-endian, and the entry.
    pub(crate) fn pack(mut self, path: &Path, first: u64) -> Result<(), Failure> {
        let file: Arc<Path> = path.into();
        let content = fs::read(path).map_err(|error| unreadable("read", path, &error))?;
        let mut rest = content.as_slice();
        let mut position = first;
        while !rest.is_empty() {
            let byte = (content.len() - rest.len()) as u64;
            let Some(bytes) = length_prefixed(&mut rest) else {
                let problem = Problem::of(path, "ends within an entry");
                self.flush();
                return Err(problem.at_byte(byte).at_position(position).into());
            };
            self.hand((&file, byte), position, leaf_hash(bytes), bytes);
            position += 1;
        }
        self.flush();
        Ok(())
    }

    fn hand(&mut self, place: (&Arc<Path>, u64), position: u64, leaf: Hash, bytes: &[u8]) {
        let (file, byte) = (Arc::clone(place.0), place.1);
        self.waiting.bytes.extend(bytes);
        let end = self.waiting.bytes.len();
        self.waiting.found.push(Found { file, byte, position, leaf, end });
        if self.waiting.len() == HANDED_AT_ONCE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut next = self.back.try_recv().unwrap_or_default();
        next.clear();
        // Nobody listens any more where the other thread has met a file that it cannot read.
        drop(self.to.send(std::mem::replace(&mut self.waiting, next)));
    }
}

/// What went wrong with a bundle, which begins with the entry of position `first`.
fn of_tile(error: TileError, first: u64) -> Failure {
    match error {
        TileError::Form { path, width, what } => {
            let what = format!("does not hold {width} {what}");
            Problem::of(&path, what).at_position(first).into()
        }
        TileError::Io { action: "read", path, source }
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            Problem::of(&path, "is missing").at_position(first).into()
        }
        other => Unreadable(other.to_string()).into(),
    }
}

pub(crate) fn length_prefixed<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (bytes, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(bytes)
}
