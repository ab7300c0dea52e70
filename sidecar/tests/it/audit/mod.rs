//! The audit pack: the same bytes twice, complete, balanced, and safe to open.

mod pack;
mod procedures;
mod story;
