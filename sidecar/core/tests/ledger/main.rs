//! The ledger's behaviour through its public face: scripts, windows and laws.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod activation;
mod acts;
mod consults;
mod frequency;
mod grant_laws;
mod keys;
mod laws;
mod oracle;
mod own_time;
mod raises;
mod rebooking;
mod script;
mod steps;
mod story;
mod support;
mod violations;
mod windows;
