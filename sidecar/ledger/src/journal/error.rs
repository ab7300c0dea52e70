//! Everything that can go wrong with a journal, worded for the operator who reads it.

use std::io;
use std::path::PathBuf;

use super::frame::FrameFault;

/// Why a journal call failed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused an operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Stored bytes are not what was written. Nothing was changed.
    #[error(
        "{} is damaged at byte {offset}, position {position}: {damage}; nothing was changed; \
         restore this file from a backup",
        path.display()
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where in the file, in bytes.
        offset: u64,
        /// The first position that cannot be read.
        position: u64,
        /// What is wrong there.
        damage: Damage,
    },
    /// A segment between two others, or the first one, is not there.
    #[error(
        "{} is missing: positions {first} to {last} are not in this folder; \
         restore this file from a backup",
        path.display()
    )]
    MissingSegment {
        /// The file that should be there.
        path: PathBuf,
        /// The first missing position.
        first: u64,
        /// The last missing position.
        last: u64,
    },
    /// A file ends in `.seg` but is not named like a segment.
    #[error("{} is not named by 20 digits like a segment; move it out of the folder", path.display())]
    ForeignName {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds no journal.
    #[error("{} holds no journal; name the folder of a journal", path.display())]
    NoJournal {
        /// The folder.
        path: PathBuf,
    },
    /// A payload is longer than a frame may carry; nothing of the batch was written.
    #[error("payload {index} of the batch has {bytes} bytes; keep each at or below {limit}")]
    PayloadTooLarge {
        /// Which payload of the batch, from zero.
        index: u32,
        /// Its length.
        bytes: usize,
        /// The longest that is allowed.
        limit: usize,
    },
    /// A batch does not fit one segment; nothing of it was written.
    #[error(
        "the batch has {bytes} bytes with its frames; split it into batches of at most {limit}"
    )]
    BatchTooLarge {
        /// The batch's length with its frames.
        bytes: u64,
        /// The longest that is allowed.
        limit: u64,
    },
    /// The configured size of a segment is out of range.
    #[error("segment_bytes is {bytes}; set it between {least} and {most}")]
    SegmentBytes {
        /// What was configured.
        bytes: u64,
        /// The least that is allowed.
        least: u64,
        /// The most that is allowed.
        most: u64,
    },
    /// There is no room for another segment. Nothing was written, and it may be tried again.
    #[error("no room for another segment in {}; free some space", path.display())]
    DiskFull {
        /// The journal's folder.
        path: PathBuf,
    },
    /// An earlier write or sync failed, so nothing more is written.
    #[error(
        "{} takes no more writes because an earlier write or sync failed; \
         mend the disk, then restart",
        path.display()
    )]
    Poisoned {
        /// The segment that was being written.
        path: PathBuf,
    },
}

impl JournalError {
    /// Whether the system gave no room for what was to be written. A sync that finds none is
    /// another matter: by then the bytes are lost.
    pub(super) fn is_lack_of_room(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Io { action, source, .. } => {
                *action != "sync" && matches!(source.kind(), StorageFull | QuotaExceeded)
            }
            _ => false,
        }
    }
}

/// What is wrong with stored bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file is too short to hold a segment's header.
    #[error("the file has only {bytes} bytes, too few for a segment's header")]
    TooShort {
        /// The file's size.
        bytes: u64,
    },
    /// The file does not begin like a segment.
    #[error("the file does not begin like a segment")]
    Magic,
    /// The segment's header does not match its checksum.
    #[error("the segment's header does not match its checksum")]
    HeaderChecksum,
    /// The segment was written in a format that this release does not know.
    #[error("the segment has format version {found}, which this release does not read")]
    HeaderVersion {
        /// The version found.
        found: u32,
    },
    /// The header states another base position than the file's name.
    #[error("the header states base position {stated}, unlike the file's name")]
    WrongBase {
        /// The base in the header.
        stated: u64,
    },
    /// Neither head slot matches its checksum.
    #[error("neither head slot matches its checksum")]
    NoHead,
    /// The newest head does not describe the records before it.
    #[error("the head (next position {next_position}, byte {offset}) does not fit the records")]
    HeadMismatch {
        /// The next position that the head states.
        next_position: u64,
        /// The byte offset that the head states.
        offset: u64,
    },
    /// The segment does not continue the one before it.
    #[error("the segment does not continue the record before it (leaf hash differs)")]
    BrokenChain,
    /// The segment holds records that the next segment holds too.
    #[error("the next segment begins at position {next_base}, before this one ends")]
    Overlap {
        /// The next segment's base position.
        next_base: u64,
    },
    /// A record that was confirmed cannot be read.
    #[error("a confirmed record cannot be read: {0}")]
    Confirmed(FrameFault),
    /// A record cannot be read although a later batch was written after it.
    #[error("a record cannot be read ({fault}), yet position {later} follows it intact")]
    BeforeLaterBatch {
        /// Why the record cannot be read.
        fault: FrameFault,
        /// The position of the intact record behind it.
        later: u64,
    },
    /// The file has not the size that its header states.
    #[error("the file has {found} bytes, but its header states {stated}")]
    Size {
        /// The size that the header states.
        stated: u64,
        /// The file's size.
        found: u64,
    },
    /// A head slot does not hold a head that the writer could have left there.
    #[error("head slot {slot} does not hold what a writer leaves there")]
    Slot {
        /// Which, 0 or 1.
        slot: u64,
    },
    /// The newest head lies more than a batch behind the records.
    #[error(
        "the newest head confirms records up to position {next_position} alone, yet more than one \
         batch follows"
    )]
    HeadBehind {
        /// The next position that the head states.
        next_position: u64,
    },
    /// Bytes that hold nothing are not zero.
    #[error("there is something where nothing was written")]
    NotBlank,
    /// What follows the last whole batch is neither a batch nor nothing.
    #[error(
        "what follows the last whole batch cannot be read: {0}; a crash cut it short and no start \
         has mended it since, or it was changed"
    )]
    Tail(FrameFault),
}
