//! The tree and its entries as files that anybody can copy and check (C2SP tlog-tiles).
//!
//! A tile is 256 hashes of one level of the tree in a row; tiles of every eighth level are kept, and
//! bundles of 256 entries with their stored bytes. The last of each row is partial, and named by its
//! width. A full tile is never written again, and a tile comes to be by a rename.
//!
//! - `path`: how tiles are named.
//! - `folder`: reading and writing them.
//! - `grow`: the right edge of a growing tree ([`Edge`]).
//! - `hashes`: the hashes of any subtree, from tiles ([`TileHashes`]).

mod folder;
mod grow;
mod hashes;
mod path;
#[cfg(test)]
mod tests;

pub use folder::{TileError, TileFolder};
pub use grow::Edge;
pub use hashes::TileHashes;
pub use path::{Row, TilePath};

/// How many hashes or entries a full tile holds.
pub const WIDTH: u64 = 256;
/// The bytes of a hash.
pub(crate) const HASH_BYTES: usize = 32;
