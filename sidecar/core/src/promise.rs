//! Promises: what an agent gives a customer, with a due time and one owner.

use crate::time::Time;

/// The times of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// When it was made.
    pub made_at: Time,
    /// By when it is to be kept (inclusive).
    pub due_at: Time,
    /// By when the customer is to hear of it next, where that was promised too.
    pub next_update_at: Option<Time>,
    /// How it ended; `None` while it is open.
    pub ending: Option<Ending>,
}

/// How a promise ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was fulfilled.
    Kept {
        /// When.
        at: Time,
    },
    /// It will not be fulfilled.
    Broken {
        /// When that was known.
        at: Time,
    },
    /// Another promise took its place.
    Moved {
        /// When.
        at: Time,
        /// Who asked for it.
        by: MovedBy,
    },
    /// The customer no longer wants it.
    Cancelled {
        /// When.
        at: Time,
    },
}

/// Who asked for another due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedBy {
    /// The customer: nothing was broken.
    Customer,
    /// The house: the promise counts as broken.
    House,
}

/// Where a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PromiseState {
    /// Not due yet.
    Open,
    /// Due and not fulfilled.
    Late,
    /// Fulfilled in time.
    Kept,
    /// Fulfilled after it was due, given up, or moved by the house.
    Broken,
    /// Moved by the customer.
    Moved,
    /// No longer wanted.
    Cancelled,
}

impl Promise {
    /// Where it stands at `now`.
    pub fn state_at(&self, now: Time) -> PromiseState {
        match self.ending {
            None if now <= self.due_at => PromiseState::Open,
            None => PromiseState::Late,
            Some(Ending::Kept { at }) if at <= self.due_at => PromiseState::Kept,
            Some(
                Ending::Kept { .. }
                | Ending::Broken { .. }
                | Ending::Moved { by: MovedBy::House, .. },
            ) => PromiseState::Broken,
            Some(Ending::Moved { .. }) => PromiseState::Moved,
            Some(Ending::Cancelled { .. }) => PromiseState::Cancelled,
        }
    }

    /// How late it is, or was when it was fulfilled, in nanoseconds; zero in time, and where it
    /// ended without being fulfilled.
    pub fn lateness_ns(&self, now: Time) -> i64 {
        let until = match self.ending {
            None => now,
            Some(Ending::Kept { at }) => at,
            Some(Ending::Broken { .. } | Ending::Moved { .. } | Ending::Cancelled { .. }) => {
                return 0;
            }
        };
        until.since_ns(self.due_at).max(0)
    }

    /// The next instant at which the customer is owed something; `None` once it has ended.
    pub fn next_due_at(&self) -> Option<Time> {
        if self.ending.is_some() {
            return None;
        }
        let update_at = self.next_update_at.unwrap_or(self.due_at);
        Some(self.due_at.min(update_at))
    }
}

/// The one thing we owe: of the open promises the one due first, of several the one made first.
pub fn most_urgent<T>(items: &[T], promise: impl Fn(&T) -> Promise) -> Option<&T> {
    let open = items.iter().filter_map(|item| {
        let promise = promise(item);
        promise.next_due_at().map(|due_at| ((due_at, promise.made_at), item))
    });
    open.min_by_key(|(urgency, _)| *urgency).map(|(_, item)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn time(nanos: i64) -> Time {
        Time::from_nanos(nanos)
    }

    fn promise(due_at: i64, ending: Option<Ending>) -> Promise {
        Promise { made_at: time(1), due_at: time(due_at), next_update_at: None, ending }
    }

    #[test]
    fn stands_where_its_times_say() {
        let moved = |by| Ending::Moved { at: time(5), by };
        for (ending, now, state, lateness_ns) in [
            (None, 10, PromiseState::Open, 0),
            (None, 11, PromiseState::Late, 1),
            (Some(Ending::Kept { at: time(10) }), 99, PromiseState::Kept, 0),
            (Some(Ending::Kept { at: time(12) }), 99, PromiseState::Broken, 2),
            (Some(Ending::Broken { at: time(5) }), 99, PromiseState::Broken, 0),
            (Some(moved(MovedBy::House)), 99, PromiseState::Broken, 0),
            (Some(moved(MovedBy::Customer)), 99, PromiseState::Moved, 0),
            (Some(Ending::Cancelled { at: time(5) }), 99, PromiseState::Cancelled, 0),
        ] {
            let promise = promise(10, ending);
            assert_eq!(promise.state_at(time(now)), state, "{ending:?} at {now}");
            assert_eq!(promise.lateness_ns(time(now)), lateness_ns, "{ending:?}");
        }
    }

    #[test]
    fn finds_the_one_thing_we_owe() {
        let kept = promise(1, Some(Ending::Kept { at: time(1) }));
        let later = promise(30, None);
        let update_first = Promise { next_update_at: Some(time(20)), ..promise(40, None) };
        let items = [kept, later, update_first];
        assert_eq!(most_urgent(&items, |item| *item), Some(&update_first));
        assert_eq!(most_urgent(&[kept], |item| *item), None);
    }
}
