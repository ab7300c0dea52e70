//! Every flow and every state of the panel, as sequences of events.

mod calls;
mod keys;
mod notes;
mod outages;
mod spends;
