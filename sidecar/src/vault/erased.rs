//! Who was erased: pseudonyms that stand for nobody any more.

use std::collections::HashMap;

use parking_lot::RwLock;

use super::{ByRandomBytes, Pid};

/// The pseudonyms of those who were erased, with the position of the entry that says so; shared by
/// all who must forget them.
#[derive(Debug, Default)]
pub struct Erased(RwLock<HashMap<Pid, u64, ByRandomBytes>>);

impl Erased {
    /// Whether this is the pseudonym of somebody who was erased.
    pub fn contains(&self, pid: &[u8]) -> bool {
        let erased = self.0.read();
        !erased.is_empty() && Pid::try_from(pid).is_ok_and(|pid| erased.contains_key(&pid))
    }

    /// The position of the entry by which somebody was erased.
    pub fn position(&self, pid: &Pid) -> Option<u64> {
        self.0.read().get(pid).copied()
    }

    /// How many were erased.
    pub fn count(&self) -> usize {
        self.0.read().len()
    }

    /// Adds somebody, with the position of the entry; whether that was new.
    pub(super) fn add(&self, pid: &Pid, position: u64) -> bool {
        let mut erased = self.0.write();
        let is_new = !erased.contains_key(pid);
        erased.entry(*pid).or_insert(position);
        is_new
    }
}

impl FromIterator<(Pid, u64)> for Erased {
    fn from_iter<I: IntoIterator<Item = (Pid, u64)>>(erased: I) -> Self {
        Self(RwLock::new(erased.into_iter().collect()))
    }
}
