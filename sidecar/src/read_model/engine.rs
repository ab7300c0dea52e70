//! The port behind the read model, and the engine in memory.
//!
//! An engine keeps ordered bytes. It may lose or damage them: the journals are the truth.

use std::collections::BTreeMap;
use std::ops::Bound;

use parking_lot::RwLock;

/// An engine cannot be used any more; the read model is rebuilt.
#[derive(Debug, thiserror::Error)]
#[error("the read model cannot be used: {0}")]
pub struct Damaged(pub String);

/// A key and its new value; no value deletes the key.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Ordered keys and values. Values stay below 8 KiB, unless a single one cannot.
pub trait Engine: Send + Sync {
    /// The value of `key`.
    ///
    /// # Errors
    /// When the engine is damaged; so for every method.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged>;

    /// The last pair whose key is not above `key`.
    ///
    /// # Errors
    /// When the engine is damaged.
    fn floor(&self, key: &[u8]) -> Result<Option<Pair>, Damaged>;

    /// Applies all changes or none.
    ///
    /// # Errors
    /// When the engine is damaged.
    fn commit(&self, changes: Vec<Change>) -> Result<(), Damaged>;

    /// Puts everything committed on stable storage.
    ///
    /// # Errors
    /// When the engine is damaged.
    fn sync(&self) -> Result<(), Damaged>;
}

/// An engine in memory.
#[derive(Debug, Default)]
pub struct Memory {
    pairs: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Engine for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        Ok(self.pairs.read().get(key).cloned())
    }

    fn floor(&self, key: &[u8]) -> Result<Option<Pair>, Damaged> {
        let pairs = self.pairs.read();
        let up_to = (Bound::Unbounded, Bound::Included(key));
        let last = pairs.range::<[u8], _>(up_to).next_back();
        Ok(last.map(|(key, value)| (key.clone(), value.clone())))
    }

    fn commit(&self, changes: Vec<Change>) -> Result<(), Damaged> {
        let mut pairs = self.pairs.write();
        for (key, value) in changes {
            match value {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Damaged> {
        Ok(())
    }
}
