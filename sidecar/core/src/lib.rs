//! The functional core of Makegood: pure, deterministic, no I/O.
//!
//! Time, ids, the caller and the bounds of calendar windows arrive inside each command, so that the
//! same entries always lead to the same state, on a server and in a browser alike.

pub mod findings;
pub mod ids;
pub mod ledger;
pub mod money;
pub mod mutants;
pub mod policy;
pub mod preference;
pub mod promise;
pub mod score;
pub mod time;
