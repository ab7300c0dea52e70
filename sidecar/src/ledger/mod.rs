//! The ledger's shell: stored entries, the one writer, and what readers see of it.

mod batch;
pub mod erasure;
pub mod line;
pub mod policies;
pub mod snapshotter;
pub mod state;
pub mod writer;
