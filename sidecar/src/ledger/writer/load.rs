//! The rows that a batch needs: those that have left memory are loaded before anything is decided.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use makegood_core::ledger::{Action, Base as _, Command, DUE_AT_ONCE, Read as _, keys};
use makegood_core::policy::Policy;
use makegood_core::time::Time;

use super::run::WriterLoop;
use super::{Job, system};
use crate::ledger::state::View;
use makegood_ledger::zones;

impl WriterLoop {
    /// Asks for every row that holds which come due and the jobs will need.
    pub(super) fn touch(&self, rows: &View<'_>, jobs: &VecDeque<Job>, now: Time) {
        if rows.is_whole() {
            return;
        }
        let policy: &Policy = self.policies();
        let windows = zones::windows(policy, rows.head().next_at(now));
        let touch = |caller, action| {
            let command = Command { at: now, caller, windows: windows.clone(), action };
            rows.touch(&keys(rows, policy, &command));
        };
        if self.flags.ends_holds.load(Ordering::Acquire) {
            for spend in rows.due(now).take(DUE_AT_ONCE) {
                touch(system(), Action::Expire { spend });
            }
        }
        for (caller, action) in jobs.iter().filter_map(|job| job.work.ask.clone()) {
            touch(caller, action);
        }
    }
}
