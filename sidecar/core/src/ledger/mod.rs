//! The ledger: commands in, entries out, and the rows that entries add up to.
//!
//! `decide` looks at rows and a command and answers with entries; `apply` puts an entry's effect
//! into rows and cannot fail. Whoever holds the entries can rebuild the rows.
#![warn(clippy::arithmetic_side_effects)]

mod account;
mod act;
mod act_fault;
mod act_keys;
mod apply;
mod balances;
mod command;
mod consult;
mod decide;
pub mod duties;
mod entry;
mod fault;
mod headroom;
pub mod invariants;
mod keys;
mod outcome;
mod refusal;
mod repeat;
mod row;
mod rows;
mod share;
mod spend;
mod violation;
mod weigh;

pub use account::{Account, Book, Posting, Side};
pub use act::{
    Act, Disposition, ErasureBasis, ExportPurpose, FINDING_AGENTS, FINDING_POSITIONS,
    FindingRaised, KeyKind, PauseReason, Period, Person, PolicyNamed, ReviewState, SampleDrawn,
    SampleMethod,
};
pub use act_fault::{ActFault, ActFaultKind};
pub use apply::apply;
pub use balances::balances_digest;
pub use command::{
    Access, Action, Caller, Command, GestureRequest, Operation, OperationId, ReverseReason,
    VoidReason, WindowBounds,
};
pub use consult::{ConsultRow, ConsultState};
pub use decide::{DUE_AT_ONCE, decide, expire_due};
pub use entry::{Entry, EntryBody, LimitTrace, RULES_VERSION, ScopeKey, SpendAbout, WindowKey};
pub use fault::Fault;
pub use headroom::{Headroom, Preview, Question, Subject, headroom, preview};
pub use keys::{keys, keys_of_entry};
pub use outcome::{Decision, Outcome, SpendSnapshot};
pub use refusal::Refusal;
pub use row::{
    ActRow, ActivePolicyRow, BalanceRow, Charge, CounterKey, CounterRow, FindingRow, HeadRow, Key,
    OutcomeRow, PauseRow, PeriodsRow, PolicyRow, PolicyState, PoolRow, Reopening, ReviewRow, Row,
};
pub use rows::{Base, Changes, Overlay, Read, Rows, Write};
pub use spend::{Charged, Part, SpendRow, SpendState};
pub use weigh::LimitState;
