//! The calendar windows of entries, against the time-zone data at hand.

use std::collections::BTreeSet;

use makegood_core::ids::{Digest, LimitId};
use makegood_core::ledger::{Entry, WindowBounds, WindowKey};
use makegood_core::policy::{Policy, Window};
use makegood_core::time::Time;
use makegood_ledger::zones;

/// Resolves the windows of each entry, and notes where an entry has others.
#[derive(Debug, Default)]
pub struct Calendar {
    /// The policy that `windows` is of.
    policy: Option<Digest>,
    /// The windows last resolved; right for every instant in all of them.
    windows: Vec<WindowBounds>,
    differing: BTreeSet<(LimitId, Time)>,
}

impl Calendar {
    /// The bounds of every calendar limit at the time of an entry: as it states them, or else by
    /// the time-zone data at hand.
    pub fn windows(&mut self, policy: &Policy, entry: &Entry) -> Vec<WindowBounds> {
        let is_calendar = |window: &Window| matches!(window, Window::Calendar { .. });
        if !policy.limits.iter().any(|limit| is_calendar(&limit.window)) {
            return Vec::new();
        }
        self.resolve(policy, entry.at);
        let mut windows = self.windows.clone();
        for trace in &entry.trace {
            let WindowKey::Calendar { start, end } = trace.window else { continue };
            if entry.at < start || end <= entry.at {
                // What is released later goes back into the window that it was taken from.
                continue;
            }
            let stated = WindowBounds { limit: trace.limit.clone(), start, end };
            match windows.iter_mut().find(|window| window.limit == trace.limit) {
                Some(window) if *window == stated => {}
                Some(window) => {
                    self.differing.insert((trace.limit.clone(), start));
                    *window = stated;
                }
                None => windows.push(stated),
            }
        }
        windows
    }

    /// The limits and starts of windows that entries have and the time-zone data do not.
    pub fn differing(&self) -> &BTreeSet<(LimitId, Time)> {
        &self.differing
    }

    fn resolve(&mut self, policy: &Policy, at: Time) {
        let holds = |window: &WindowBounds| window.start <= at && at < window.end;
        if self.policy == Some(policy.digest) && self.windows.iter().all(holds) {
            return;
        }
        self.windows = zones::windows(policy, at);
        self.policy = Some(policy.digest);
    }
}
