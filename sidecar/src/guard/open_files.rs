//! The open files that the system allows: each connection takes one, and the journals must never be
//! without.

use std::num::NonZeroU32;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Semaphore;

/// Files for journals, read model, listeners and logs.
const OWN_FILES: u64 = 256;

/// How many connections there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Connections that may be open at once.
    pub connections: usize,
    /// Connections that were asked for and are not to be had.
    pub missing: u64,
}

impl Room {
    /// What to do about connections that are missing; `None` where there are none.
    pub fn advice(&self) -> Option<String> {
        (self.missing > 0).then(|| {
            format!(
                "open files suffice for {} connections, not for {} more; \
                 raise the limit (ulimit -n, LimitNOFILE), or lower max_connections",
                self.connections, self.missing
            )
        })
    }
}

/// The room that there would be for so many connections; `None` is as many as can be.
pub fn room(connections: Option<NonZeroU32>) -> Room {
    room_within(getrlimit(Resource::Nofile).maximum, connections)
}

/// Raises this process's limit as far as it needs and may, and says what room there is then.
pub(super) fn make_room(connections: Option<NonZeroU32>) -> Room {
    let limit = getrlimit(Resource::Nofile);
    let wanted = connections.map(|count| u64::from(count.get()) + OWN_FILES);
    let reachable = least(limit.maximum, wanted);
    let is_enough = limit.current.is_none() || least(limit.current, reachable) == reachable;
    let raised = Rlimit { current: reachable, maximum: limit.maximum };
    if is_enough || setrlimit(Resource::Nofile, raised).is_err() {
        return room_within(limit.current, connections);
    }
    room_within(reachable, connections)
}

/// The lesser of two bounds, where `None` is none.
fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

fn room_within(files: Option<u64>, connections: Option<NonZeroU32>) -> Room {
    let wanted = connections.map(|count| u64::from(count.get()));
    // One at least, or the sidecar could not even say what is wrong.
    let available = files.map(|files| files.saturating_sub(OWN_FILES).max(1));
    let count = least(wanted, available);
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    Room {
        connections: count.min(Semaphore::MAX_PERMITS),
        missing: match (wanted, available) {
            (Some(wanted), Some(available)) => wanted.saturating_sub(available),
            _ => 0,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_files_aside_and_says_what_is_missing() {
        const MOST: usize = Semaphore::MAX_PERMITS;
        for (files, wanted, connections, missing) in [
            (None, 0, MOST, 0),
            (None, 10_000, 10_000, 0),
            (Some(20_000), 10_000, 10_000, 0),
            (Some(10_256), 10_000, 10_000, 0),
            (Some(1_024), 10_000, 768, 9_232),
            (Some(1_024), 0, 768, 0),
            (Some(100), 10, 1, 9),
        ] {
            let room = room_within(files, NonZeroU32::new(wanted));
            assert_eq!(room, Room { connections, missing }, "{files:?} {wanted}");
            assert_eq!(room.advice().is_some(), missing > 0);
        }
    }

    #[test]
    fn takes_as_many_files_as_it_needs_and_may() {
        let before = getrlimit(Resource::Nofile);
        let room = make_room(NonZeroU32::new(16));
        assert_eq!(room, Room { connections: 16, missing: 0 });
        let after = getrlimit(Resource::Nofile);
        assert_eq!(before.maximum, after.maximum);
        assert!(after.current >= before.current, "{before:?} {after:?}");
    }
}
