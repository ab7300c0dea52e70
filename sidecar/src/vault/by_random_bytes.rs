//! A hasher for keys that are random bytes already: their first eight are the hash.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds the hasher. For pseudonyms and keyed hashes alone: what others can choose would collide.
pub(crate) type ByRandomBytes = BuildHasherDefault<RandomBytesHasher>;

/// Takes the first eight bytes that it is given.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RandomBytesHasher(u64);

impl Hasher for RandomBytesHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    /// The length of an array says nothing.
    fn write_usize(&mut self, _length: usize) {}
}
