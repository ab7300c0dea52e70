//! The ledger's files, for whoever writes, serves or verifies them: journals, the stored form of
//! entries, snapshots of its rows, the texts of policies; its Merkle tree, tiles, checkpoints and
//! proofs. No network, no runtime.

pub mod checkpoint;
pub mod codec;
pub mod journal;
pub mod nearest;
pub mod policy_file;
pub mod proof;
pub mod snapshot;
pub mod tiles;
pub mod tree;
pub mod witness;
pub mod zones;
