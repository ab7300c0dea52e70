//! A gesture's row and its life: held, then committed, voided or expired; later reversed.

use std::sync::Arc;

use crate::ids::{AgentPid, Digest, RequestId};
use crate::money::Currency;
use crate::mutants::{Mutant, is_on};
use crate::policy::Counts;
use crate::time::Time;

use super::share::Granted;
use super::{CounterKey, Entry, EntryBody, LimitTrace, SpendAbout};

/// Where a gesture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpendState {
    /// Something is held; part of it may have been given.
    Held,
    /// It was given, and nothing is held any more.
    Committed,
    /// It was released; part of it may have been given before.
    Voided,
    /// Its time came; part of it may have been given before.
    Expired,
    /// Nothing is held any more, and all that was given was taken back.
    Reversed,
}

impl SpendState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Held, Self::Committed, Self::Voided, Self::Expired, Self::Reversed];

    /// The name used in messages and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Voided => "voided",
            Self::Expired => "expired",
            Self::Reversed => "reversed",
        }
    }

    /// The state with this name; `None` for any other text.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A gesture as the entries so far add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendRow {
    /// Whose, for whom, why, what.
    pub about: SpendAbout,
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
    /// When it was reserved: the instant by which windows count it, for ever.
    pub reserved_at: Time,
    /// When the hold ends, or would have ended.
    pub expire_at: Time,
    /// When it was last given from; the undo time runs from here.
    pub committed_at: Option<Time>,
    /// The counts that it is charged to, with the caps it was approved under; shared by the copies
    /// of the row, for it seldom changes.
    pub charged: Arc<Vec<Charged>>,
    /// The policy that it was reserved by.
    pub policy: Digest,
    /// The consult that is open, or was last.
    pub consult: Option<RequestId>,
    /// The second persons who gave their authority.
    pub approvers: Vec<AgentPid>,
}

/// A count that a gesture is charged to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    /// The count.
    pub counter: CounterKey,
    /// The cap when it was approved, in minor units.
    pub cap_minor: i64,
    /// What it counts.
    pub counts: Counts,
    /// The part of the gesture above this amount was granted by a second person: above the cap for
    /// the agent's own limits, and against the approver's authority for theirs. In minor units
    /// (gestures, where those are counted); `None` where nothing was granted.
    pub granted_above_minor: Option<i64>,
}

impl SpendRow {
    /// What stands as given, in minor units: reversals deducted.
    pub fn given_minor(&self) -> i64 {
        self.committed_minor.saturating_sub(self.reversed_minor)
    }

    /// What is held and stands as given, in minor units.
    pub fn total_minor(&self) -> i64 {
        self.held_minor.saturating_add(self.given_minor())
    }

    /// Where it stands at `now`: a hold ends on time even when that is not written yet.
    pub fn state_at(&self, now: Time) -> SpendState {
        let is_over = now >= self.expire_at && !is_on(Mutant::ExpiredHoldGiven);
        if self.state == SpendState::Held && is_over { SpendState::Expired } else { self.state }
    }

    /// The row that a `Reserved` entry makes; `None` for any other entry.
    pub(crate) fn reserved(entry: &Entry) -> Option<Self> {
        let EntryBody::Reserved { request, kind, pool, expire_at, is_give: _, consult } =
            &entry.body
        else {
            return None;
        };
        let currency = request.amount.currency;
        let charged = |trace: &LimitTrace| Charged::of(trace, currency);
        // A pool's cap is counted in the pool's own row.
        let limits = entry.trace.iter().filter(|trace| !trace.is_pool());
        Some(Self {
            about: SpendAbout::of(request, entry.caller.agent, *kind, pool.clone()),
            currency,
            amount_minor: request.amount.amount_minor,
            held_minor: request.amount.amount_minor,
            committed_minor: 0,
            reversed_minor: 0,
            state: SpendState::Held,
            reserved_at: entry.at,
            expire_at: *expire_at,
            committed_at: None,
            charged: Arc::new(limits.map(charged).collect()),
            policy: entry.policy,
            consult: *consult,
            approvers: Vec::new(),
        })
    }

    /// Moves the row on by a later entry of the same gesture; `by` is the entry's caller.
    ///
    /// What second persons granted follows by [`SpendRow::grant`].
    pub(crate) fn advance(&mut self, at: Time, by: AgentPid, body: &EntryBody) {
        match body {
            EntryBody::Committed { amount_minor, released_minor, .. } => {
                self.committed_minor = self.committed_minor.saturating_add(*amount_minor);
                self.committed_at = Some(at);
                self.release(amount_minor.saturating_add(*released_minor), SpendState::Committed);
            }
            EntryBody::Voided { released_minor, .. } => {
                self.release(*released_minor, SpendState::Voided);
            }
            EntryBody::Expired { released_minor, .. } => {
                self.release(*released_minor, SpendState::Expired);
            }
            EntryBody::Reversed { amount_minor, .. } => {
                self.reversed_minor = self.reversed_minor.saturating_add(*amount_minor);
            }
            EntryBody::Increased { amount_minor, .. } => {
                self.raise(*amount_minor);
                Arc::make_mut(&mut self.charged).iter_mut().for_each(|charged| charged.keep_granted(*amount_minor));
            }
            EntryBody::Corrected { reason, gesture, kind, .. } => {
                self.about.reason.clone_from(reason);
                self.about.gesture.clone_from(gesture);
                self.about.kind = *kind;
            }
            EntryBody::ConsultApproved { added_minor, .. } => {
                self.raise(*added_minor);
                self.approvers.push(by);
            }
            EntryBody::ConsultAsked { consult, .. } => self.consult = Some(*consult),
            EntryBody::PolicyActivated { .. }
            | EntryBody::PoolOpened { .. }
            | EntryBody::Reserved { .. }
            | EntryBody::Refused { .. }
            | EntryBody::Extended { .. }
            | EntryBody::ConsultPassed { .. }
            | EntryBody::ConsultClosed { .. }
            | EntryBody::Act { .. } => {}
        }
        self.prolong(body);
        let is_all_taken_back = self.committed_minor > 0 && self.given_minor() == 0;
        if self.held_minor == 0 && is_all_taken_back {
            self.state = SpendState::Reversed;
        }
        assert!(
            self.held_minor >= 0 && self.given_minor() >= 0,
            "a gesture holds and stands at zero or more"
        );
    }

    /// What a second person's approval granted: the top of the gesture, by each of the agent's
    /// limits that it passes, and by each limit of the second person's own authority.
    pub(crate) fn grant(&mut self, granted: &[Granted], of_approver: &[LimitTrace]) {
        let total_minor = self.total_minor();
        let all = Arc::make_mut(&mut self.charged);
        for charged in all.iter_mut() {
            let granted = granted.iter().find(|granted| granted.counter == charged.counter);
            charged.grant(granted.map_or(0, |granted| granted.granted_minor), total_minor);
        }
        for trace in of_approver {
            let above_minor = total_minor.saturating_sub(trace.amount_minor);
            all.push(Charged {
                granted_above_minor: Some(above_minor),
                ..Charged::of(trace, self.currency)
            });
        }
    }

    fn raise(&mut self, by_minor: i64) {
        self.amount_minor = self.amount_minor.saturating_add(by_minor);
        self.held_minor = self.held_minor.saturating_add(by_minor);
    }

    fn prolong(&mut self, body: &EntryBody) {
        match body {
            EntryBody::Extended { expire_at, .. }
            | EntryBody::ConsultAsked { expire_at, .. }
            | EntryBody::ConsultPassed { expire_at, .. }
            | EntryBody::ConsultApproved { expire_at, .. } => self.expire_at = *expire_at,
            _ => {}
        }
    }

    fn release(&mut self, amount_minor: i64, then: SpendState) {
        self.held_minor = self.held_minor.saturating_sub(amount_minor);
        if self.held_minor == 0 {
            self.state = then;
        }
    }
}
