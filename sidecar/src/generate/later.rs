//! Rows whose time has not come yet: what is said and done after a contact began.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::import::rows::Row;

/// Waiting rows, the earliest first; of one time in the order in which they came.
#[derive(Default)]
pub(super) struct Later {
    waiting: BinaryHeap<Reverse<Waiting>>,
    added: u64,
}

struct Waiting {
    order: (i64, u64),
    row: Row,
}

impl Later {
    pub(super) fn add(&mut self, row: Row) {
        self.added += 1;
        self.waiting.push(Reverse(Waiting { order: (row.sort_time_ns, self.added), row }));
    }

    /// The earliest row, if its time is no later than this.
    pub(super) fn take_until(&mut self, time_ns: i64) -> Option<Row> {
        let Reverse(first) = self.waiting.peek()?;
        if first.order.0 > time_ns {
            return None;
        }
        self.waiting.pop().map(|Reverse(first)| first.row)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order)
    }
}
