//! Taking in millions of records: none of them waits in memory, and all are read together after.

use std::sync::Arc;

use super::{Progress, ReadModel};

/// While it lives, records that are written do not wait in memory and nothing is read from the
/// journals; dropping it lets everything be read, in bulk.
#[must_use = "dropping it ends the bulk"]
pub struct Bulk {
    model: Arc<ReadModel>,
}

/// Who writes in bulk, and how far the engine has to read before it has everything again.
#[derive(Debug, Default)]
pub(super) struct Writing {
    writers: usize,
    /// How many records the engine has read.
    pub(super) read: u64,
    /// How many it has to have read; beyond that each record waits until it is read.
    pub(super) wanted: u64,
}

impl Writing {
    /// Whether somebody writes in bulk.
    pub(super) fn is_bulk(&self) -> bool {
        self.writers > 0
    }
}

impl ReadModel {
    /// Lets a writer of millions of records go ahead without any of them waiting in memory.
    ///
    /// Until the last [`Bulk`] is dropped, what is read is what could be read when the first one
    /// began: whoever writes has to know by itself what it wrote. Then [`ReadModel::progress`] says
    /// that the model is being rebuilt, until everything written can be read. A process that dies
    /// in between leaves that to the next one.
    pub fn begin_bulk(self: &Arc<Self>) -> Bulk {
        self.writing.lock().writers += 1;
        Bulk { model: Arc::clone(self) }
    }
}

impl Drop for Bulk {
    fn drop(&mut self) {
        let mut writing = self.model.writing.lock();
        writing.writers -= 1;
        if !writing.is_bulk() {
            let total = self.model.ledger.record_count();
            writing.wanted = total;
            if writing.read < total {
                let done = writing.read;
                *self.model.progress.write() = Progress::Rebuilding { done, total };
            }
            drop(writing);
            self.model.wake();
        }
    }
}
