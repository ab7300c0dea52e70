//! Turns: who changes one thing does so alone, who uses it may share.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tokio::sync::RwLock;

/// Names that share a turn wait for each other now and then, and for nothing longer than a write.
const TURN_COUNT: usize = 256;

/// A lock for each name, from a fixed number of them.
pub(super) struct Turns(Vec<RwLock<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURN_COUNT).map(|_| RwLock::new(())).collect())
    }
}

impl Turns {
    /// The turn of a name.
    pub(super) fn of(&self, name: &str) -> &RwLock<()> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % TURN_COUNT as u64).unwrap_or(0);
        &self.0[index]
    }
}
