//! What proves the ledger to outsiders: its Merkle tree as tiles on disk, signed checkpoints, and
//! proofs from both. All of it runs behind the writer and can be made again from the journal.
//!
//! - `keys`: the folder of signing keys, and their rotation.
//! - `book`: what is published, for everybody to read.
//! - `checkpointer`: the thread that grows the tree and signs it.
//! - `mending`: making the tree again from the journal, where that is the one that was signed.
//! - `anchor`: whether a ledger is older than what was published of it.
//! - `courier`: shows checkpoints to witnesses.
//! - `of_spend`: which entry a spend's receipt is about.
//! - `start`: putting all of it to work for an open house.
//! - `pages`: the tiles over HTTP.

mod anchor;
mod book;
mod checkpointer;
mod courier;
mod keys;
mod mending;
mod of_spend;
mod pages;
mod start;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use anchor::Behind;
pub(crate) use anchor::replace;
pub use book::{Book, ProveError};
pub use courier::{WitnessAddress, WitnessAddressError};
pub use keys::{KeyFileError, KeyFolder};
pub use of_spend::{OfSpendError, entry_of_spend};
pub use pages::router;
pub use start::{Ledger, Proofs, StartError};

/// The name of the tree's folder in a tenant's folder.
pub const TREE: &str = "tree";
/// The name of the file of issued checkpoints in a tenant's folder.
pub const ISSUED: &str = "checkpoints";
/// The name of the file of cosigned checkpoints in a tenant's folder.
pub const COSIGNED: &str = "cosigned";
/// The name of the folder of signing keys in a tenant's folder.
pub const SIGNING: &str = "signing";

/// How a ledger is to be proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The tenant's folder.
    pub folder: PathBuf,
    /// The ledger's name, for ever; also the name of its keys.
    pub origin: String,
    /// A file apart from the data that holds the newest checkpoint.
    pub anchor: Option<PathBuf>,
    /// The checkpoint whose loss was accepted: `size:hash`, with at least eight digits of the hash.
    pub accept_rollback: Option<String>,
    /// Whether a ledger that is behind its checkpoints takes no writes; in development it is only
    /// said.
    pub is_guarded: bool,
    /// Who cosigns.
    pub witnesses: Vec<WitnessAddress>,
}

/// The origin of a ledger that was not given one.
pub fn default_origin(tenant: &str) -> String {
    format!("makegood.invalid/{tenant}/ledger")
}
