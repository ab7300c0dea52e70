//! A gesture's row and its life: held, then committed, voided or expired; later reversed.

use std::sync::Arc;

use crate::ids::{AgentPid, Digest, RequestId, RoleCode};
use crate::money::Currency;
use crate::mutants::{Mutant, is_on};
use crate::policy::Counts;
use crate::time::Time;

use super::share::Granted;
use super::{ConsultState, CounterKey, Entry, EntryBody, LimitTrace, SpendAbout};

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
    /// The agent's role when it was reserved; with it the limits that apply to the gesture.
    pub role: RoleCode,
    /// For how many days the agent had been there when it was reserved.
    pub tenure_days: u32,
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
    /// When it was reserved: the instant by which windows count what was held then, for ever.
    pub reserved_at: Time,
    /// When it first held anything: the instant by which windows count it as one gesture.
    pub counted_at: Time,
    /// What stands of each raise by the agent, in order of time; windows count each by its own.
    ///
    /// What is released or taken back goes from the top: what a second person granted, then the
    /// raises, the latest first, then what was reserved.
    pub raises: Vec<Part>,
    /// What stands of what a second person granted.
    pub grant: Option<Part>,
    /// What stands of each commit, in order of time; the latest is taken back first.
    pub commits: Vec<Part>,
    /// When it was last given from, whether that stands or not.
    pub committed_at: Option<Time>,
    /// When the hold ends, or would have ended.
    pub expire_at: Time,
    /// The counts that it is charged to, with the caps it was approved under; shared by the copies
    /// of the row, for it seldom changes.
    pub charged: Arc<Vec<Charged>>,
    /// The policy that it was reserved by.
    pub policy: Digest,
    /// The consult that is open, or was last.
    pub consult: Option<RequestId>,
    /// The second persons who gave their authority.
    pub approvers: Vec<AgentPid>,
    /// Everybody else who took part: was asked, answered, released, took back or corrected; each
    /// once, in order of their first part.
    pub parties: Vec<AgentPid>,
}

/// An amount that came at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// When.
    pub at: Time,
    /// What still stands of it, in minor units; above zero.
    pub amount_minor: i64,
}

/// A count that a gesture is charged to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    /// The count.
    pub counter: CounterKey,
    /// Since when it is charged: as long as the gesture, but for the limits of a second person and
    /// of a corrected reason. What came before counts by this time.
    pub at: Time,
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

    /// What stands of the commits that taking back so much would touch, the latest first.
    pub(crate) fn taken_back(&self, amount_minor: i64) -> impl Iterator<Item = Part> {
        let mut left = amount_minor;
        self.commits.iter().rev().map_while(move |commit| {
            let taken = commit.amount_minor.min(left);
            left = left.saturating_sub(taken);
            (taken > 0).then_some(Part { amount_minor: taken, ..*commit })
        })
    }

    /// When it was last given from, of what stands; `None` where nothing does.
    pub fn given_at(&self) -> Option<Time> {
        self.commits.last().map(|commit| commit.at)
    }

    /// When it was first given from, of what stands: to take back all of it as a mistake, the undo
    /// time runs from here. `None` where nothing stands.
    pub fn first_given_at(&self) -> Option<Time> {
        self.commits.first().map(|commit| commit.at)
    }

    /// The count as it is charged to it.
    pub(crate) fn charged_to(&self, counter: &CounterKey) -> Option<&Charged> {
        self.charged.iter().find(|charged| charged.counter == *counter)
    }

    /// Whether somebody took part in it: gave it, was asked about it, answered, released it, took
    /// it back or corrected it.
    pub fn took_part(&self, agent: AgentPid) -> bool {
        self.about.agent == agent
            || self.parties.contains(&agent)
            || self.approvers.contains(&agent)
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
        let charged = |trace: &LimitTrace| Charged::of(trace, currency, entry.at);
        // A pool's cap is counted in the pool's own row.
        let limits = entry.trace.iter().filter(|trace| !trace.is_pool());
        Some(Self {
            about: SpendAbout::of(request, entry.caller.agent, *kind, pool.clone()),
            role: entry.caller.role.clone(),
            tenure_days: entry.caller.tenure_days,
            currency,
            amount_minor: request.amount.amount_minor,
            held_minor: request.amount.amount_minor,
            committed_minor: 0,
            reversed_minor: 0,
            state: SpendState::Held,
            reserved_at: entry.at,
            counted_at: entry.at,
            raises: Vec::new(),
            grant: None,
            commits: Vec::new(),
            committed_at: None,
            expire_at: *expire_at,
            charged: Arc::new(limits.map(charged).collect()),
            policy: entry.policy,
            consult: *consult,
            approvers: Vec::new(),
            parties: Vec::new(),
        })
    }

    /// Moves the row on by a later entry of the same gesture; `by` is the entry's caller.
    ///
    /// What second persons granted follows by [`SpendRow::grant`], and the limits of another reason
    /// by [`SpendRow::recharge`].
    pub(crate) fn advance(&mut self, at: Time, by: AgentPid, body: &EntryBody) {
        match body {
            EntryBody::Committed { amount_minor, released_minor, .. } => {
                self.committed_minor = self.committed_minor.saturating_add(*amount_minor);
                self.committed_at = Some(at);
                self.commits.push(Part { at, amount_minor: *amount_minor });
                self.held_minor = self.held_minor.saturating_sub(*amount_minor);
                self.release(*released_minor, SpendState::Committed);
            }
            EntryBody::Voided { released_minor, .. } => {
                self.release(*released_minor, SpendState::Voided);
            }
            EntryBody::Expired { released_minor, .. } => {
                self.release(*released_minor, SpendState::Expired);
            }
            EntryBody::Reversed { amount_minor, .. } => {
                self.reversed_minor = self.reversed_minor.saturating_add(*amount_minor);
                take_last(&mut self.commits, *amount_minor);
                self.lower(*amount_minor);
            }
            EntryBody::Increased { amount_minor, .. } => {
                self.raise(at, *amount_minor);
                self.raises.push(Part { at, amount_minor: *amount_minor });
                let all = Arc::make_mut(&mut self.charged).iter_mut();
                all.for_each(|charged| charged.keep_granted(*amount_minor));
            }
            EntryBody::Corrected { reason, gesture, kind, .. } => {
                self.about.reason.clone_from(reason);
                self.about.gesture.clone_from(gesture);
                self.about.kind = *kind;
            }
            EntryBody::ConsultApproved { added_minor, .. } => {
                self.raise(at, *added_minor);
                self.grant = Some(Part { at, amount_minor: *added_minor });
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
        self.meet(by, body);
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
    pub(crate) fn grant(&mut self, at: Time, granted: &[Granted], of_approver: &[LimitTrace]) {
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
                ..Charged::of(trace, self.currency, at)
            });
        }
    }

    /// Another reason: the trace of the correction names every count that the gesture is charged to
    /// from then on, and those that it leaves with an amount below zero.
    pub(crate) fn recharge(&mut self, at: Time, trace: &[LimitTrace]) {
        let currency = self.currency;
        let stays = |charged: &Charged| {
            let is_of = |trace: &LimitTrace| trace.counter(currency) == charged.counter;
            trace.iter().any(|trace| trace.amount_minor >= 0 && is_of(trace))
        };
        let all = Arc::make_mut(&mut self.charged);
        all.retain(stays);
        let added = trace.iter().filter(|trace| trace.amount_minor > 0 && !trace.is_pool());
        all.extend(added.map(|trace| Charged::of(trace, currency, at)));
    }

    fn raise(&mut self, at: Time, by_minor: i64) {
        if self.total_minor() == 0 {
            self.counted_at = at;
        }
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

    /// Notes who took part; the agent and the sidecar are none of them.
    fn meet(&mut self, by: AgentPid, body: &EntryBody) {
        let party = match body {
            EntryBody::Voided { .. }
            | EntryBody::Reversed { .. }
            | EntryBody::Corrected { .. }
            | EntryBody::ConsultApproved { .. }
            | EntryBody::ConsultClosed { end: ConsultState::Declined, .. } => by,
            EntryBody::ConsultAsked { to, .. } | EntryBody::ConsultPassed { to, .. } => *to,
            _ => return,
        };
        if party != self.about.agent && !self.parties.contains(&party) {
            self.parties.push(party);
        }
    }

    fn release(&mut self, amount_minor: i64, then: SpendState) {
        self.held_minor = self.held_minor.saturating_sub(amount_minor);
        self.lower(amount_minor);
        if self.held_minor == 0 {
            self.state = then;
        }
    }

    /// So much less of what was authorised stands: the top goes first, and what was reserved last.
    fn lower(&mut self, by_minor: i64) {
        let of_grant = self.grant.map_or(0, |grant| grant.amount_minor.min(by_minor));
        self.grant = self.grant.and_then(|grant| grant.less(of_grant));
        take_last(&mut self.raises, by_minor.saturating_sub(of_grant));
    }
}

impl Part {
    /// The part without so much; `None` where nothing is left.
    fn less(self, minor: i64) -> Option<Self> {
        let amount_minor = self.amount_minor.saturating_sub(minor);
        (amount_minor > 0).then_some(Self { amount_minor, ..self })
    }
}

/// Takes an amount out of parts, as far as they go: the last one first.
fn take_last(parts: &mut Vec<Part>, mut minor: i64) {
    while minor > 0
        && let Some(last) = parts.pop()
    {
        parts.extend(last.less(minor));
        minor = minor.saturating_sub(last.amount_minor);
    }
}
