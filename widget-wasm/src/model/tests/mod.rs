//! Every flow and every state of the panel, as sequences of events.

mod calls;
mod consults;
mod keys;
mod limits;
mod notes;
mod outages;
mod queue;
mod spends;
