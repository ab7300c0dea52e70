//! Verifies a ledger without trusting whoever wrote it: no network, and nothing but files.
//!
//! - `source` reads entries: from a journal, from a tree's bundles, from an audit pack.
//! - `replay` decides every entry again and adds it to the rows.
//! - `tiles` and `checkpoints` hold the tree's files and what was signed against the entries.
//! - `folder` and `pack` do all of it for a folder, `receipt` for one entry.

mod calendar;
pub mod checkpoints;
mod command;
mod duties;
mod examine;
pub mod folder;
mod pack;
pub mod policies;
pub mod problem;
mod range_proof;
pub mod receipt;
pub mod replay;
pub mod report;
pub mod rows;
mod silence;
mod source;
mod tables;
pub mod tiles;
