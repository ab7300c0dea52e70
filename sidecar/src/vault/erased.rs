//! Who was erased: pseudonyms that stand for nobody any more.

use std::collections::HashSet;

use parking_lot::RwLock;

use super::{ByRandomBytes, Pid};

/// The pseudonyms of those who were erased; shared by all who must forget them.
#[derive(Debug, Default)]
pub struct Erased(RwLock<HashSet<Pid, ByRandomBytes>>);

impl Erased {
    /// Whether this is the pseudonym of somebody who was erased.
    pub fn contains(&self, pid: &[u8]) -> bool {
        let erased = self.0.read();
        !erased.is_empty() && Pid::try_from(pid).is_ok_and(|pid| erased.contains(&pid))
    }

    /// How many were erased.
    pub fn count(&self) -> usize {
        self.0.read().len()
    }

    /// Adds somebody; whether that was new.
    pub(super) fn add(&self, pid: &Pid) -> bool {
        self.0.write().insert(*pid)
    }
}

impl FromIterator<Pid> for Erased {
    fn from_iter<I: IntoIterator<Item = Pid>>(pids: I) -> Self {
        Self(RwLock::new(pids.into_iter().collect()))
    }
}
