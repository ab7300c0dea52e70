//! Consecutive lines of one id that make one record between them.

use super::block::{Block, Keep};
use super::input::{Place, Record};
use super::lines::Mark;
use super::take::Placed;

/// After how many records without one of its id a group is over: its lines are "consecutive" in a
/// wide sense, so that lines of other kinds may stand between them.
const LONGEST_GAP: u64 = 65_536;

/// A place before a record, and how many records are before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) mark: Mark,
    pub(super) rows: u64,
}

/// The group that each block is in.
pub(super) struct Groups {
    by_block: Vec<Option<Group>>,
}

struct Group {
    id: String,
    /// From where on its records have to be read again to know all of this.
    from: Spot,
    /// How many records were before its latest.
    latest_rows: u64,
    /// The row that the group will make, where that is not known before its end.
    waiting: Option<Placed>,
    /// What its records say together, where each adds to it.
    merged: Option<Record>,
}

/// A row that a record has made.
pub(super) struct Made {
    /// The index of its block.
    pub(super) block: usize,
    pub(super) placed: Placed,
    /// What the group's records say together, this one included.
    pub(super) merged: Option<Record>,
}

impl Groups {
    /// No block is in a group yet.
    pub(super) fn new(blocks: usize) -> Self {
        Self { by_block: (0..blocks).map(|_| None).collect() }
    }

    /// What the records of a group say together, for the next of them, if the block merges them.
    pub(super) fn merged(&self, index: usize, block: &Block, place: &Place<'_>) -> Option<Record> {
        if block.keep != Keep::Merged {
            return None;
        }
        let group = self.by_block[index].as_ref();
        let group = group.filter(|it| block.id.fill(place).is_some_and(|id| id == it.id));
        Some(place.over(group.and_then(|it| it.merged.as_ref())))
    }

    /// Takes the next row of a block; the row that is to be put now.
    pub(super) fn take(&mut self, made: Made, keep: Keep, at: Spot) -> Option<Placed> {
        let Made { block, placed, merged } = made;
        if keep == Keep::All {
            return Some(placed);
        }
        let id = placed.row.source_id.clone();
        let before = self.by_block[block].take();
        let (ended, same) = match before {
            Some(group) if group.id == id => (None, Some(group)),
            other => (other, None),
        };
        let is_first = same.is_none();
        let from = same.filter(|_| keep == Keep::Merged).map_or(at, |it| it.from);
        let ended = ended.and_then(|it| it.waiting);
        let (due, waiting) = match keep {
            Keep::First => (is_first.then_some(placed), None),
            _ => (ended, Some(placed)),
        };
        self.by_block[block] = Some(Group { id, from, latest_rows: at.rows, waiting, merged });
        due
    }

    /// Ends the groups that have had no record for long; the rows that are to be put now.
    pub(super) fn end_old(&mut self, rows: u64) -> Vec<Placed> {
        let is_old = |group: &Group| rows.saturating_sub(group.latest_rows) > LONGEST_GAP;
        let old = self.by_block.iter_mut().filter_map(|group| group.take_if(|it| is_old(it)));
        old.filter_map(|it| it.waiting).collect()
    }

    /// Ends all groups; the rows that are to be put now.
    pub(super) fn end(&mut self) -> Vec<Placed> {
        let all = self.by_block.iter_mut().filter_map(Option::take);
        all.filter_map(|it| it.waiting).collect()
    }

    /// From where on records have to be read again to be in the same groups.
    pub(super) fn oldest(&self) -> Option<Spot> {
        self.by_block.iter().flatten().map(|it| it.from).min_by_key(|it| it.mark.offset)
    }
}
