//! The older segments of a long journal, which are verified behind the start: nothing is written to
//! them any more, and to read gigabytes before anybody is served would take too long.

use std::sync::Arc;

use super::disk::{Access, Disk};
use super::error::JournalError;
use super::scan;
use super::segment::{self, Segment};

/// Segments that a start left to be verified.
pub struct Sealed {
    disk: Arc<dyn Disk>,
    /// Where they begin, and after them where the first verified segment does.
    bases: Vec<u64>,
}

impl Sealed {
    pub(super) fn new(disk: Arc<dyn Disk>, bases: Vec<u64>) -> Self {
        Self { disk, bases }
    }

    /// Whether there is nothing left to verify.
    pub fn is_empty(&self) -> bool {
        self.bases.len() < 2
    }

    /// Verifies one segment after the other, as a start would have; `goes_on` is asked after each.
    ///
    /// # Errors
    /// The first damage, with file, byte and position; or that a segment cannot be read.
    pub fn verify(&self, mut goes_on: impl FnMut() -> bool) -> Result<(), JournalError> {
        if let Some(first) = self.bases.first() {
            segment::verify_gap(&*self.disk, 0, *first)?;
        }
        for (base, next_base) in self.bases.iter().zip(self.bases.iter().skip(1)) {
            self.verify_one(*base, *next_base)?;
            if !goes_on() {
                break;
            }
        }
        Ok(())
    }

    fn verify_one(&self, base: u64, next_base: u64) -> Result<(), JournalError> {
        let disk = &*self.disk;
        let segment = Segment::open(disk, base, Access::Read)?;
        let (stop, last_leaf) = scan::scan(&segment, &segment.newest_head()?)?;
        scan::verify_end(disk, &segment, &stop, next_base)?;
        Segment::open(disk, next_base, Access::Read)?.verify_chain(&last_leaf)
    }
}
