//! A house to test in: its folder, its people, its server in this process or as the real binary,
//! and clients that speak to it as agents do.

mod call;
mod client;
mod identity;
mod ledger;
mod mount;
mod people;
mod place;
mod poll;
mod process;
mod refusal;
mod rules;
mod served;
mod wire;

pub(crate) use call::{Call, id, usd};
pub(crate) use client::{Client, connect};
pub(crate) use identity::{has, serve_with_tls};
pub(crate) use ledger::StoredLedger;
pub(crate) use mount::Mount;
pub(crate) use place::{Place, write_secret};
pub(crate) use poll::until;
pub(crate) use process::{Makegood, makegood, run, said};
pub(crate) use refusal::{Expected, assert_refused};
pub(crate) use rules::Rules;
pub(crate) use served::Served;
pub(crate) use wire::{Answer, Ask};
