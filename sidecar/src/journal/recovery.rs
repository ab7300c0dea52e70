//! Opening a journal: verify all that is confirmed, keep what is complete, cut what is torn.

use std::sync::Arc;

use super::disk::{Access, Disk};
use super::error::JournalError;
use super::frame::LeafHash;
use super::head::Head;
use super::header::Header;
use super::scan::{self, Stop};
use super::segment::{self, Segment};
use super::{Config, Journal, Recovery};

/// The last segment of a journal, as found.
struct Found {
    segment: Segment,
    head: Head,
    stop: Stop,
    last_leaf: LeafHash,
}

/// Opens the journal on `disk`, creating it where there is none. Nothing is written before all
/// is verified.
pub(super) fn recover(
    disk: Arc<dyn Disk>,
    config: Config,
) -> Result<(Journal, Recovery), JournalError> {
    let Some(last) = verify_all(&*disk)? else {
        return create(disk, config);
    };
    let torn = scan::torn_bytes(&last.segment, &last.stop)?;
    tidy(&*disk)?;
    let head = repair(&last, torn)?;
    let Found {
        segment,
        stop: Stop { end, .. },
        last_leaf,
        ..
    } = last;
    let recovery = Recovery {
        entries: end.position,
        cut_bytes: torn as u64,
    };
    let batch = Vec::new();
    let journal = Journal {
        disk,
        config,
        segment,
        end,
        last_leaf,
        head,
        batch,
        poisoned: false,
    };
    Ok((journal, recovery))
}

fn create(disk: Arc<dyn Disk>, config: Config) -> Result<(Journal, Recovery), JournalError> {
    tidy(&*disk)?;
    let last_leaf = LeafHash::default();
    let header = Header {
        base: 0,
        capacity: config.segment_bytes,
        previous_leaf: last_leaf,
    };
    let (segment, head) = Segment::create(&*disk, header)?;
    let (end, batch) = (segment.start(), Vec::new());
    let journal = Journal {
        disk,
        config,
        segment,
        end,
        last_leaf,
        head,
        batch,
        poisoned: false,
    };
    Ok((
        journal,
        Recovery {
            entries: 0,
            cut_bytes: 0,
        },
    ))
}

/// Verifies each segment and the chain between them.
fn verify_all(disk: &dyn Disk) -> Result<Option<Found>, JournalError> {
    let mut last: Option<Found> = None;
    for base in segment::bases(disk)? {
        let segment = Segment::open(disk, base, Access::Write)?;
        match &last {
            Some(before) => {
                scan::verify_end(disk, &before.segment, &before.stop, base)?;
                segment.verify_chain(&before.last_leaf)?;
            }
            None => segment::verify_gap(disk, 0, base)?,
        }
        let head = segment.newest_head()?;
        let (stop, last_leaf) = scan::scan(&segment, &head)?;
        last = Some(Found {
            segment,
            head,
            stop,
            last_leaf,
        });
    }
    Ok(last)
}

/// Removes an unfinished segment, and makes names durable that a crash may have left pending.
fn tidy(disk: &dyn Disk) -> Result<(), JournalError> {
    segment::remove_unfinished(disk)?;
    disk.sync().map_err(|source| JournalError::Io {
        action: "sync",
        path: disk.path(""),
        source,
    })
}

/// Cuts what is torn and confirms the end.
///
/// The newest head and what is kept behind it are written again, although they can be read: after
/// a failed sync the page cache may show bytes that the disk never got.
fn repair(last: &Found, torn: usize) -> Result<Head, JournalError> {
    let Found {
        segment,
        head,
        stop: Stop { end, .. },
        last_leaf,
    } = last;
    let kept_bytes = usize::try_from(end.offset - head.offset).unwrap_or(usize::MAX);
    let kept = segment.read(head.offset, kept_bytes)?;
    segment.write_head(head)?;
    segment.write(&kept, head.offset)?;
    if torn > 0 || segment.end < segment.header.capacity {
        segment.zero_from(end.offset)?;
    }
    segment.sync()?;
    if kept.is_empty() {
        return Ok(head.clone());
    }
    let head = head.following(*end, *last_leaf);
    segment.write_head(&head)?;
    segment.sync()?;
    Ok(head)
}
