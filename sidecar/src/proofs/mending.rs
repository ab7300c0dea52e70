//! Making the tree's files again from the journal, once the journal has been found to be the one
//! that was signed: until then nothing is written over them.

use std::path::Path;

use makegood_ledger::journal::error::JournalError;
use makegood_ledger::proof::TreeHead;
use makegood_ledger::tiles::{Edge, TileError, TileFolder};
use makegood_ledger::tree::{Hash, Peaks, leaf_hash};

use super::anchor::Behind;
use super::start::Ledger;

/// Entries that are gone over at once.
pub(super) const STEP_ENTRIES: u64 = 16_384;

/// A walk over the journal: first it only hashes, up to what was signed, then it writes.
pub(super) enum Mending {
    /// On the way to the head that was signed.
    Checking { issued: TreeHead, peaks: Peaks, tiles: TileFolder },
    /// The journal leads there; damaged files are written anew.
    Writing(Edge),
}

/// How far a walk has come.
pub(super) enum Step {
    GoesOn,
    /// Up to the end, with so many files made again.
    Done {
        files: u64,
    },
    /// The journal is not the one that was signed; nothing was written.
    Foreign,
}

impl Mending {
    pub(super) fn begin(tiles: TileFolder, issued: TreeHead) -> Self {
        Self::Checking { issued, peaks: Peaks::default(), tiles }
    }

    /// Goes a step on towards the tree of `end` entries.
    pub(super) fn step(&mut self, ledger: &Ledger, end: u64) -> Result<Step, WalkError> {
        match self {
            Self::Checking { issued, peaks, tiles } => {
                let until = issued.size.min(peaks.size() + STEP_ENTRIES);
                hash_up_to(ledger, peaks, until)?;
                if peaks.size() < issued.size {
                    return Ok(Step::GoesOn);
                }
                if peaks.root() != issued.root {
                    return Ok(Step::Foreign);
                }
                *self = Self::Writing(Edge::new(tiles.clone()));
                Ok(Step::GoesOn)
            }
            Self::Writing(edge) => {
                walk(ledger, edge, end.min(edge.size() + STEP_ENTRIES))?;
                let is_done = edge.size() >= end;
                Ok(if is_done { Step::Done { files: edge.mended() } } else { Step::GoesOn })
            }
        }
    }
}

/// The loss of a ledger whose journal does not lead to what was signed.
pub(super) fn foreign(folder: &Path, issued: TreeHead) -> Behind {
    let (journal, log) = (folder.join("ledger"), folder.join(super::ISSUED));
    let reason = format!(
        "the journal in {} is not the one that the checkpoint over {} entries in {} was signed for",
        journal.display(),
        issued.size,
        log.display()
    );
    Behind::new(reason, issued)
}

/// The edge of the tree of a head that was signed, whose files are made again from the journal;
/// `None`, with nothing written, where the journal does not lead to it.
pub(super) fn made_again(
    ledger: &Ledger,
    tiles: &TileFolder,
    issued: TreeHead,
) -> Result<Option<Edge>, WalkError> {
    if root_of(ledger, issued.size)? != issued.root {
        return Ok(None);
    }
    let mut edge = Edge::new(tiles.clone());
    walk(ledger, &mut edge, issued.size)?;
    edge.write_partials()?;
    Ok(Some(edge))
}

/// The root over the first `size` entries of the journal.
pub(super) fn root_of(ledger: &Ledger, size: u64) -> Result<Hash, WalkError> {
    let mut peaks = Peaks::default();
    hash_up_to(ledger, &mut peaks, size)?;
    Ok(peaks.root())
}

fn hash_up_to(ledger: &Ledger, peaks: &mut Peaks, until: u64) -> Result<(), WalkError> {
    let size = peaks.size();
    let missing = usize::try_from(until.saturating_sub(size)).unwrap_or(usize::MAX);
    for record in ledger.journal.iter_from(size).take(missing) {
        peaks.push(leaf_hash(&record?.payload));
    }
    if peaks.size() < until {
        return Err(WalkError::Short { size: peaks.size(), until });
    }
    Ok(())
}

/// Adds the entries of the journal to the edge, up to the tree of `until` entries.
pub(super) fn walk(ledger: &Ledger, edge: &mut Edge, until: u64) -> Result<(), WalkError> {
    if edge.size() >= until {
        return Ok(());
    }
    for record in ledger.journal.iter_from(edge.size()) {
        edge.push(&record?.payload)?;
        if edge.size() >= until {
            return Ok(());
        }
    }
    Err(WalkError::Short { size: edge.size(), until })
}

/// Why the tree does not grow.
#[derive(Debug, thiserror::Error)]
pub(super) enum WalkError {
    #[error(transparent)]
    Tiles(#[from] TileError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the journal has {size} entries, and {until} were acknowledged")]
    Short { size: u64, until: u64 },
}
