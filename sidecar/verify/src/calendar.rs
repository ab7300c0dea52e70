//! The calendar windows that a decision has to have been made in, by the time zones of its policy.

use makegood_core::ids::Digest;
use makegood_core::ledger::{Entry, LimitTrace, WindowBounds, WindowKey};
use makegood_core::policy::Policy;
use makegood_core::time::Time;
use makegood_ledger::zones;

/// Resolves the windows of each decision, whatever its entries say.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    /// The policy that `windows` is of.
    policy: Option<Digest>,
    /// The windows last resolved; right for every instant in all of them.
    windows: Vec<WindowBounds>,
}

impl Calendar {
    /// The bounds of every calendar limit at an instant.
    pub(crate) fn windows(&mut self, policy: &Policy, at: Time) -> Vec<WindowBounds> {
        let holds = |window: &WindowBounds| window.start <= at && at < window.end;
        if self.policy != Some(policy.digest) || !self.windows.iter().all(holds) {
            self.windows = zones::windows(policy, at);
            self.policy = Some(policy.digest);
        }
        self.windows.clone()
    }
}

/// The first calendar window in which an entry is not what was decided, in words.
pub(crate) fn differing(found: &Entry, expected: &Entry) -> Option<String> {
    let traces = found.trace.iter().zip(&expected.trace);
    let mut same_limits = traces.filter(|(found, expected)| found.limit == expected.limit);
    let bounds = |trace: &LimitTrace| match trace.window {
        WindowKey::Calendar { start, end } => Some((start, end)),
        _ => None,
    };
    same_limits.find_map(|(found, expected)| {
        let ((start, end), (real_start, real_end)) = (bounds(found)?, bounds(expected)?);
        let differs = (start, end) != (real_start, real_end);
        differs.then(|| {
            format!(
                "counts for {} from {start} to {end}, in seconds, where the time zone of its \
                 policy has {real_start} to {real_end}",
                found.limit
            )
        })
    })
}
