//! Rows leave memory, and come back when the snapshot that they went into is lost.

use std::sync::Arc;

use makegood_core::ledger::Read as _;

use super::restore::{RestoreError, Restored, restore};
use super::{Hot, LedgerState};
use makegood_ledger::snapshot::{Added, Snapshot, SnapshotError};

impl LedgerState {
    /// Writes a snapshot, unless nothing has come since the last one; after it, settled rows leave
    /// memory. Giving and reading go on meanwhile.
    ///
    /// # Errors
    /// When it cannot be written; all rows stay where they were.
    pub fn snapshot(&self) -> Result<(), SnapshotError> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let turn = store.turn.lock();
        let (base, taken, leaves) = {
            let mut hot = self.hot.write();
            if hot.leaves.is_empty() {
                return Ok(());
            }
            let taken = Arc::new(hot.rows.settle());
            hot.settling = Some(Arc::clone(&taken));
            (hot.base.clone(), taken, hot.leaves.clone())
        };
        let written =
            store.snapshots.write(base.as_deref(), &Added { rows: &taken, leaves: &leaves });
        // Once more the only one besides `settling`, so that it can be put back.
        drop(taken);
        let error = match written {
            Ok(snapshot) => {
                let mut hot = self.hot.write();
                hot.base = Some(Arc::new(snapshot));
                hot.leaves.drain(..leaves.len());
                hot.leaves.shrink_to(leaves.len());
                let settled = hot.settling.take();
                drop(hot);
                drop(settled);
                return Ok(());
            }
            Err(error) => error,
        };
        self.put_back();
        drop(turn);
        if let Some(base) = base.filter(|base| base.path() == error.path)
            && let Err(error) = self.recover(&base, &error)
        {
            tracing::error!(%error, "the ledger's rows cannot be restored from its journal");
        }
        Err(error)
    }

    /// Puts rows back that did not come into a snapshot.
    fn put_back(&self) {
        let mut hot = self.hot.write();
        let settling = hot.settling.take().map(Arc::unwrap_or_clone);
        hot.rows.unsettle(settling.unwrap_or_default());
    }

    /// Replaces a snapshot that turned out to be damaged, by the one before it or by a replay.
    pub(super) fn recover(
        &self,
        bad: &Arc<Snapshot>,
        error: &SnapshotError,
    ) -> Result<(), RestoreError> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let _turn = store.turn.lock();
        let is_bad = |hot: &Hot| hot.base.as_ref().is_some_and(|base| Arc::ptr_eq(base, bad));
        if !is_bad(&self.hot.read()) {
            return Ok(());
        }
        store.snapshots.distrust(error);
        loop {
            let end = self.entry_count();
            let mut restored = restore(&store.snapshots, &store.journal, Some(end))?;
            // What has come meanwhile is little, and nobody adds to it while the lock is held.
            let mut hot = self.hot.write();
            let end = hot.rows.head().entry_count;
            if restored.go_on(&store.journal, end)? {
                let Restored { rows, base, leaves } = restored;
                *hot = Hot { rows, settling: None, base, leaves };
                return Ok(());
            }
        }
    }
}
