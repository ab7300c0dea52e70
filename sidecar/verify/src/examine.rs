//! Takes entries one after the other: into the tree, against the bundles, through the replay.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use makegood_core::ledger::invariants::check_entry;
use makegood_ledger::codec;
use makegood_ledger::tree::MemoryTree;

use crate::problem::{Failure, Problem, Unreadable};
use crate::replay::{Fault, Replay};
use crate::source::{Found, Handful, Handing, WAITING};
use crate::tiles::Tiles;

/// What was found out about the entries themselves.
pub(crate) struct Examined {
    pub(crate) tree: MemoryTree,
    pub(crate) tiles: Option<Tiles>,
    pub(crate) replay: Option<Replay>,
    /// Why reading ended before the end; nothing where it did not.
    pub(crate) broken: Option<Problem>,
    /// The first entry that is wrong, though it could be read.
    pub(crate) wrong: Option<Problem>,
}

/// What is done with entries as they come.
struct Examination<'a> {
    tree: MemoryTree,
    tiles: Option<Tiles>,
    replay: Option<Replay>,
    /// Where the last two entries lie.
    places: [Option<Place>; 2],
    wrong: Option<Problem>,
    on_entries: &'a dyn Fn(u64),
}

type Place = (u64, Arc<Path>, u64);

/// Reads entries on a thread of their own, and examines them on this one. `on_entries` is told how
/// many more were done.
pub(crate) fn examine(
    read: impl FnOnce(Handing) -> Result<(), Failure> + Send,
    replay: Option<Replay>,
    tiles: Option<Tiles>,
    on_entries: &dyn Fn(u64),
) -> Result<Examined, Unreadable> {
    let tree = MemoryTree::default();
    let places = [None, None];
    let mut examination = Examination { tree, tiles, replay, places, wrong: None, on_entries };
    let (sender, receiver) = sync_channel(WAITING);
    let (done, back) = sync_channel(WAITING);
    let was_read = thread::scope(|scope| {
        let reading = scope.spawn(move || read(Handing::new(sender, back)));
        let taken = receiver.iter().try_for_each(|handful| {
            examination.take(&handful)?;
            // Where the reader has enough of them, or has ended, it is not used again.
            drop(done.try_send(handful));
            Ok(())
        });
        // The reader's sends fail from here on, so that it comes to its end.
        drop(receiver);
        let stopped = || Unreadable("the reading of entries stopped".to_owned());
        let was_read = reading.join().map_err(|_| stopped());
        taken.and(was_read)
    })?;
    let broken = match was_read {
        Ok(()) => None,
        Err(Failure::Bad(problem)) => Some(problem),
        Err(Failure::Unreadable(error)) => return Err(error),
    };
    if broken.is_none() {
        examination.finish();
    }
    let Examination { tree, tiles, replay, wrong, .. } = examination;
    Ok(Examined { tree, tiles, replay, broken, wrong })
}

/// What can be told of an entry without those before it.
fn alone(position: u64, bytes: &[u8]) -> Result<(), Fault> {
    let wrong = |what: String| Fault::Entry { position, what };
    let entry = codec::decode(bytes).map_err(|error| wrong(error.to_string()))?;
    if entry.position != position {
        return Err(wrong(format!("says that it is the entry of position {}", entry.position)));
    }
    check_entry(&entry).map_err(|violation| wrong(violation.to_string()))
}

impl Examination<'_> {
    fn take(&mut self, handful: &Handful) -> Result<(), Unreadable> {
        for (found, bytes) in handful.iter() {
            self.tree.push(found.leaf);
            if let Some(tiles) = &mut self.tiles {
                tiles.take(bytes)?;
            }
            if self.wrong.is_none() {
                self.replay(found, bytes);
            }
        }
        (self.on_entries)(handful.len() as u64);
        Ok(())
    }

    fn replay(&mut self, found: &Found, bytes: &[u8]) {
        let Found { file, byte, position, .. } = found;
        self.places.swap(0, 1);
        self.places[1] = Some((*position, Arc::clone(file), *byte));
        let taken = match &mut self.replay {
            Some(replay) => replay.take(*position, bytes),
            None => alone(*position, bytes),
        };
        self.wrong = taken.err().map(|fault| self.problem(fault));
    }

    fn finish(&mut self) {
        if self.wrong.is_some() {
            return;
        }
        let finished = self.replay.as_mut().map_or(Ok(()), Replay::finish);
        self.wrong = finished.err().map(|fault| self.problem(fault));
    }

    /// Where a fault is: at its entry, or in the file that the entry depends on.
    fn problem(&self, fault: Fault) -> Problem {
        let place = |position: u64| {
            let mut known = self.places.iter().flatten();
            let exact = known.clone().find(|place| place.0 == position);
            exact.or(known.next_back())
        };
        match fault {
            Fault::Entry { position, what } => match place(position) {
                None => Problem::of(Path::new("entries"), what).at_position(position),
                Some((_, file, byte)) => {
                    Problem::of(file, what).at_byte(*byte).at_position(position)
                }
            },
            Fault::Elsewhere { position, failure } => match failure {
                Failure::Bad(problem) => problem.at_position(position),
                Failure::Unreadable(error) => {
                    Problem::of(Path::new("policies"), error.to_string()).at_position(position)
                }
            },
        }
    }
}
