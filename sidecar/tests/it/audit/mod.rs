//! The audit pack: the same bytes twice, complete, balanced, and safe to open.

mod foreign;
mod golden;
mod pack;
mod procedures;
mod report;
mod story;
mod verified;
