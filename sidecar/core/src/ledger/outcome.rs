//! The answer to a command, the same for its first asking and every repeat.

use crate::ids::SpendId;
use crate::money::Currency;
use crate::time::Time;

use super::{ConsultRow, Entry, EntryBody, Refusal, SpendRow, SpendState};

/// What a command leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is to be written, in order; empty for a repeat.
    pub entries: Vec<Entry>,
    /// What is to be answered once the entries are durable.
    pub outcome: Outcome,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The position of the entry that decided it: of a gift, the commit's.
    pub position: u64,
    /// When it was decided.
    pub at: Time,
    /// The gesture right after the decision; `None` for policies, and for reservations refused.
    pub spend: Option<SpendSnapshot>,
    /// Why not; `None` when it was done.
    pub refusal: Option<Refusal>,
    /// The consult right after the decision, where one was asked, answered or taken back.
    pub consult: Option<Box<ConsultRow>>,
    /// Whether this is the answer of an earlier asking.
    pub replayed: bool,
}

/// A gesture at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpendSnapshot {
    /// The gesture.
    pub spend: SpendId,
    /// The currency of every amount.
    pub currency: Currency,
    /// What was reserved, in minor units.
    pub amount_minor: i64,
    /// What is still held, in minor units.
    pub held_minor: i64,
    /// What was given, in minor units, reversals not deducted.
    pub committed_minor: i64,
    /// What was taken back, in minor units.
    pub reversed_minor: i64,
    /// Where it stands.
    pub state: SpendState,
    /// When the hold ends, or would have ended.
    pub expire_at: Time,
}

impl SpendSnapshot {
    /// The gesture at `now`: a hold whose time has come holds nothing, written or not.
    pub fn of(row: &SpendRow, now: Time) -> Self {
        let state = row.state_at(now);
        let is_open = state == SpendState::Held;
        Self {
            spend: row.about.spend,
            currency: row.currency,
            amount_minor: row.amount_minor,
            held_minor: if is_open { row.held_minor } else { 0 },
            committed_minor: row.committed_minor,
            reversed_minor: row.reversed_minor,
            state,
            expire_at: row.expire_at,
        }
    }
}

/// The first answer that an entry gives, with the gesture and the consult right after it.
pub(crate) fn answer(
    entry: &Entry,
    spend: Option<&SpendRow>,
    consult: Option<&ConsultRow>,
) -> Outcome {
    let refusal = match &entry.body {
        EntryBody::Refused { refusal, .. } => Some(refusal.clone()),
        _ => None,
    };
    Outcome {
        position: entry.position,
        at: entry.at,
        spend: spend.map(|row| SpendSnapshot::of(row, entry.at)),
        refusal,
        consult: consult.cloned().map(Box::new),
        replayed: false,
    }
}
