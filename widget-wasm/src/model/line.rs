//! One hold or gift, from the agent's tap to the ledger's answer. Money never moves here: a line
//! only says what the sidecar has answered, and that it has not answered yet.

use makegood_proto::v1 as pb;

use super::draft::wish;
use super::kept::KeptLine;
use super::millis;

/// What was asked of the sidecar last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Hold.
    Reserve,
    /// Hold and give in one step.
    Give,
    /// Give what is held.
    Commit,
    /// Release.
    Void,
    /// Take back.
    Reverse,
    /// Hold what the limits leave, and ask a second person for the rest.
    Ask,
}

/// Whether the last thing asked was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It was, or nothing was asked.
    Settled,
    /// It is on its way.
    Sent,
    /// No answer came: the sidecar is asked what became of it.
    Unknown {
        /// Since when.
        since: i64,
        /// When it is asked next.
        next: i64,
    },
    /// It was asked for ten seconds and never answered.
    Stuck,
}

/// One hold or gift.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any may hold")]
pub(crate) struct Line {
    /// The id that this panel chose for it.
    pub(crate) spend_id: String,
    /// What was asked for, so that it can be asked for again word by word.
    pub(crate) want: pb::ReserveSpendRequest,
    /// What was asked last.
    pub(crate) op: Op,
    /// The id of that request.
    pub(super) request_id: String,
    /// The reason that went with it, as a number of the API.
    pub(super) why: i32,
    /// The amount that went with it, in minor units: what the button said.
    pub(super) asked_minor: i64,
    /// Whether it was answered.
    pub(crate) phase: Phase,
    /// Whether the next try is the same request again, because the last one was never answered.
    pub(super) reuse: bool,
    /// How often it was sent again for want of a receipt.
    pub(super) resent: u8,
    /// What the sidecar last said. Absent until it knows of it.
    pub(crate) spend: Option<pb::Spend>,
    /// Whether a receipt of the ledger came for what was given.
    pub(crate) proven: bool,
    /// Until when it can be undone, by our clock.
    pub(crate) undo_until: i64,
    /// When the hold ends, by our clock. 0 if nothing is held.
    pub(crate) expires_at: i64,
    /// When the hold is prolonged next.
    pub(super) extend_at: i64,
    /// How the last thing ended, where that has to be said.
    pub(crate) message: String,
    /// Whether the agent was asked if it shall be released.
    pub(crate) armed: bool,
    /// Whether the reasons for taking back are shown.
    pub(crate) asking_back: bool,
    /// Whether the hold was seen alive here, so that its end is worth a word.
    pub(super) seen_held: bool,
    /// Whether the agent has put its end away.
    pub(super) dismissed: bool,
    /// Whether this panel began it, so that it knows every field of the wish.
    pub(super) begun: bool,
    /// The question to a second person that is open, or was last.
    pub(crate) consult: Option<pb::Consult>,
}

impl Line {
    /// A line that this panel begins.
    pub(super) fn begin(op: Op, want: pb::ReserveSpendRequest) -> Line {
        Line {
            spend_id: want.spend_id.clone(),
            want,
            op,
            request_id: String::new(),
            why: 0,
            asked_minor: 0,
            phase: Phase::Sent,
            reuse: false,
            resent: 0,
            spend: None,
            proven: false,
            undo_until: 0,
            expires_at: 0,
            extend_at: i64::MAX,
            message: String::new(),
            armed: false,
            asking_back: false,
            seen_held: false,
            dismissed: false,
            begun: true,
            consult: None,
        }
    }

    /// A line that the sidecar knows of and this panel does not.
    pub(super) fn known(spend: pb::Spend, now: i64, skew: i64) -> Line {
        let amount = spend.amount.clone().unwrap_or_default();
        let mut want = wish(&spend.gesture_code, &spend.reason_code, amount);
        want.spend_id.clone_from(&spend.spend_id);
        want.customer_id.clone_from(&spend.customer_id);
        want.interaction_id.clone_from(&spend.interaction_id);
        let mut line = Line::begin(Op::Reserve, want);
        line.begun = false;
        line.phase = Phase::Settled;
        line.take(spend, now, skew);
        line
    }

    /// A line whose outcome was open when the page went away.
    pub(super) fn recalled(kept: KeptLine, now: i64) -> Line {
        let op = kept.op();
        let mut line = Line::begin(op, kept.want.unwrap_or_default());
        line.request_id = kept.request_id;
        line.why = kept.why;
        line.asked_minor = kept.asked_minor;
        line.phase = Phase::Unknown { since: now, next: now };
        line
    }

    /// Takes what the sidecar says of it; a state that is past is never gone back to.
    pub(super) fn take(&mut self, spend: pb::Spend, now: i64, skew: i64) {
        let rank = |spend: &pb::Spend| match spend.state() {
            pb::SpendState::Unspecified => 0,
            pb::SpendState::Refused | pb::SpendState::Reserved => 1,
            pb::SpendState::PartlyCommitted => 2,
            pb::SpendState::Committed | pb::SpendState::Voided | pb::SpendState::Expired => 3,
            pb::SpendState::PartlyReversed => 4,
            pb::SpendState::Reversed => 5,
        };
        if self.spend.as_ref().is_some_and(|known| rank(known) > rank(&spend)) {
            return;
        }
        let local = |time: &Option<prost_types::Timestamp>| {
            time.as_ref().map_or(0, |time| millis(time) - skew)
        };
        let expires_at = local(&spend.expire_time);
        if expires_at > self.expires_at {
            // Half of what is left is well before the end, however long a policy holds.
            self.extend_at = now + (expires_at - now).max(0) / 2;
        }
        self.expires_at = expires_at;
        self.undo_until = local(&spend.undo_expire_time);
        self.spend = Some(spend);
        self.seen_held |= self.is_held();
    }

    /// What the sidecar last said of its state.
    pub(crate) fn state(&self) -> pb::SpendState {
        self.spend.as_ref().map_or(pb::SpendState::Unspecified, pb::Spend::state)
    }

    /// Whether something is held.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.state(), pb::SpendState::Reserved | pb::SpendState::PartlyCommitted)
    }

    /// Whether something was given and not all of it taken back.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.state(), pb::SpendState::Committed | pb::SpendState::PartlyReversed)
    }

    /// Whether the hold ended by time, and the agent has yet to hear of it.
    pub(crate) fn has_lapsed(&self) -> bool {
        self.state() == pb::SpendState::Expired && self.seen_held && !self.dismissed
    }

    /// Whether the outcome of what was asked last is open.
    pub(crate) fn is_pending(&self) -> bool {
        self.phase != Phase::Settled
    }

    /// Whether it can be undone as a mistake.
    pub(crate) fn can_undo(&self, now: i64) -> bool {
        self.is_given() && self.proven && now < self.undo_until && !self.dismissed
    }

    /// Whether the tray shows it.
    pub(crate) fn in_tray(&self, now: i64) -> bool {
        self.is_pending()
            || self.is_held()
            || self.has_lapsed()
            || self.can_undo(now)
            || self.asking_back
            || (!self.message.is_empty() && !self.dismissed)
    }

    /// What is held, in minor units.
    pub(crate) fn held_minor(&self) -> i64 {
        self.spend.as_ref().map_or(0, |spend| spend.held_minor)
    }

    /// What was given and not taken back, in minor units.
    pub(crate) fn given_minor(&self) -> i64 {
        self.spend.as_ref().map_or(0, |spend| spend.committed_minor - spend.reversed_minor)
    }

    /// What it takes of the headroom, in minor units.
    pub(super) fn outstanding_minor(&self) -> i64 {
        self.held_minor() + self.given_minor()
    }

    /// The amount that the line is about, in minor units.
    pub(crate) fn amount_minor(&self) -> i64 {
        if self.is_held() {
            return self.held_minor();
        }
        self.want.amount.as_ref().map_or(0, |amount| amount.amount_minor)
    }

    /// Where the question to a second person stands.
    pub(crate) fn consult_state(&self) -> pb::ConsultState {
        self.consult.as_ref().map_or(pb::ConsultState::Unspecified, pb::Consult::state)
    }

    /// Its currency.
    pub(crate) fn currency(&self) -> &str {
        self.want.amount.as_ref().map_or("", |amount| &amount.currency_code)
    }

    /// The reference to read out. Empty until something was given.
    pub(crate) fn reference(&self) -> &str {
        self.spend.as_ref().map_or("", |spend| &spend.reference)
    }

    /// Whether the sidecar says that what was asked last has happened.
    pub(super) fn has_happened(&self) -> bool {
        use pb::SpendState::{Committed, PartlyCommitted, PartlyReversed, Reversed, Voided};
        match self.op {
            Op::Reserve => self.spend.is_some(),
            // Where all of it was within the limits, nobody was asked.
            Op::Ask => self.spend.as_ref().is_some_and(|spend| {
                spend.consult_id.is_empty() || spend.consult_id == self.request_id
            }),
            Op::Give | Op::Commit => {
                matches!(self.state(), Committed | PartlyCommitted | PartlyReversed | Reversed)
            }
            Op::Void => self.state() == Voided,
            Op::Reverse => matches!(self.state(), PartlyReversed | Reversed),
        }
    }
}
