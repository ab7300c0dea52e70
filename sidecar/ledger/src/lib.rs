//! The ledger's files, for whoever writes, serves or verifies them: journals, the stored form of
//! entries, snapshots of its rows, the texts of policies. No network, no runtime.

pub mod codec;
pub mod journal;
pub mod nearest;
pub mod policy_file;
pub mod snapshot;
pub mod zones;
