//! The sidecar from outside: over real connections, as a process, and by its files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by panicking"
)]

mod audit;
mod call;
mod cli;
mod consult;
mod crash;
mod desk;
mod disk;
mod erasure;
mod errors;
mod flips;
mod generate;
mod golden;
mod governance;
mod guard;
mod http;
mod idempotency;
mod import;
mod life;
mod limits;
mod power;
mod privacy;
mod proofs;
mod recovery;
mod review;
mod snapshot;
mod support;
