//! What entries say about gestures and consults, gathered in one pass: some hundred bytes a gesture.

use std::collections::BTreeMap;

use crate::ids::{
    AgentPid, CasePid, CustomerPid, GestureCode, InteractionPid, ReasonCode, RequestId, SpendId,
};
use crate::ledger::{ConsultState, Entry, EntryBody, LimitTrace, ScopeKey, SpendAbout, WindowKey};
use crate::money::Currency;
use crate::policy::Counts;

/// Where a gesture stands after the last entry that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiftState {
    /// It is held.
    Held,
    /// It was given, and stands.
    Given,
    /// It was released before it was given.
    Released,
    /// It was given, and all of it taken back.
    TakenBack,
}

/// A gesture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    /// The gesture.
    pub spend: SpendId,
    /// The entry that stands for it: that which gave it; until then, that which holds it.
    pub position: u64,
    /// When it was reserved, in nanoseconds since the Unix epoch.
    pub at: i64,
    /// Whose it is, as an index of [`Facts::agents`].
    pub agent: u32,
    /// For whom, as an index of [`Facts::customers`].
    pub customer: u32,
    /// During which interaction.
    pub interaction: InteractionPid,
    /// In which case.
    pub case: Option<CasePid>,
    /// Why and what, as an index of [`Facts::kinds`].
    pub kind: u32,
    /// The currency of the amounts.
    pub currency: Currency,
    /// How much was given and stands; until then, how much is held. In minor units.
    pub amount: i64,
    /// How much was recorded as given, in minor units: what was taken back is not deducted.
    pub recorded: i64,
    /// Where it stands.
    pub state: GiftState,
    /// When and at which position it was released or taken back.
    pub ended: Option<(i64, u64)>,
    /// The smallest cap on one interaction that it was held against, in minor units.
    pub interaction_cap: Option<i64>,
    /// How much of a cap that it met untouched it takes, in thousandths; the most of all its limits.
    pub near_permille: i64,
    /// Whether a second person gave their authority.
    pub is_approved: bool,
}

/// How a consult ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsultEnd {
    /// It has not.
    Open,
    /// This much was approved in all, in minor units.
    Approved(i64),
    /// The second person said no.
    Declined,
    /// In another way.
    Other,
}

/// A consult.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consult {
    /// The gesture, as an index of [`Facts::gifts`].
    pub gift: u32,
    /// When it was asked, in nanoseconds since the Unix epoch.
    pub asked_at: i64,
    /// What was wished in all, in minor units.
    pub asked: i64,
    /// The entries of the question and of its end.
    pub positions: (u64, Option<u64>),
    /// Who answered, as an index of [`Facts::agents`].
    pub answered_by: Option<u32>,
    /// When it ended.
    pub ended_at: i64,
    /// From the question to the end, in nanoseconds.
    pub waited_ns: i64,
    /// How it ended.
    pub end: ConsultEnd,
}

/// An entry that counts for an earlier day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackDating {
    /// The entry.
    pub position: u64,
    /// When it was written, in nanoseconds since the Unix epoch.
    pub at: i64,
    /// Who wrote it, as an index of [`Facts::agents`].
    pub agent: u32,
    /// How far back it counts, in nanoseconds.
    pub back_ns: i64,
    /// Whether it counts for a period that had been closed.
    pub is_post_close: bool,
}

/// What entries say.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Everybody who gave or answered, in the order of their first entry.
    pub agents: Vec<AgentPid>,
    /// Everybody to whom something was given, in the order of their first entry.
    pub customers: Vec<CustomerPid>,
    /// Pairs of reason and gesture, in the order of their first entry.
    pub kinds: Vec<(ReasonCode, GestureCode)>,
    /// The gestures in the order of their first entry.
    pub gifts: Vec<Gift>,
    /// The consults in the order of their questions.
    pub consults: Vec<Consult>,
    /// The entries that count for an earlier day.
    pub back_dated: Vec<BackDating>,
    agent_index: BTreeMap<AgentPid, u32>,
    customer_index: BTreeMap<CustomerPid, u32>,
    kind_index: BTreeMap<(ReasonCode, GestureCode), u32>,
    gift_index: BTreeMap<SpendId, u32>,
    consult_index: BTreeMap<RequestId, u32>,
}

impl Facts {
    /// The facts of entries, in their order.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut facts = Self::default();
        entries.into_iter().for_each(|entry| facts.see(entry));
        facts
    }

    /// Takes in the next entry. Gestures whose first entry was not seen are left out.
    pub fn see(&mut self, entry: &Entry) {
        let at = entry.at.as_nanos();
        self.see_dating(entry);
        match &entry.body {
            EntryBody::Reserved { request, .. } => {
                self.see_reserved(entry, request.spend, &about_request(entry, request));
            }
            EntryBody::Committed { about, amount_minor, .. } => {
                self.change(about, |gift| gift.give(*amount_minor, entry.position));
            }
            EntryBody::Voided { about, .. } | EntryBody::Expired { about, .. } => {
                self.change(about, |gift| gift.release(at, entry.position));
            }
            EntryBody::Reversed { about, amount_minor, .. } => {
                self.change(about, |gift| gift.take_back(*amount_minor, at, entry.position));
            }
            EntryBody::Increased { about, amount_minor, .. } => {
                self.change(about, |gift| gift.raise(*amount_minor));
            }
            EntryBody::Corrected { about, reason, gesture, .. } => {
                let kind = self.kind(reason, gesture);
                self.change(about, |gift| gift.kind = kind);
            }
            EntryBody::ConsultAsked { consult, about, asked_minor, .. } => {
                self.see_asked(entry, *consult, about, *asked_minor);
            }
            EntryBody::ConsultApproved { consult, about, approved_minor, waited_ns, .. } => {
                self.change(about, |gift| gift.is_approved = true);
                let end = ConsultEnd::Approved(*approved_minor);
                self.see_answer(entry, *consult, *waited_ns, end);
            }
            EntryBody::ConsultClosed { consult, end, waited_ns, .. } => {
                let end = match end {
                    ConsultState::Declined => ConsultEnd::Declined,
                    _ => ConsultEnd::Other,
                };
                self.see_answer(entry, *consult, *waited_ns, end);
            }
            EntryBody::ConsultPassed { .. }
            | EntryBody::PolicyActivated { .. }
            | EntryBody::PoolOpened { .. }
            | EntryBody::Refused { .. }
            | EntryBody::Extended { .. }
            | EntryBody::Act { .. } => {}
        }
    }

    /// An employee by index.
    pub(crate) fn agent(&self, index: u32) -> Option<AgentPid> {
        self.agents.get(index as usize).copied()
    }

    /// The gestures that were given and stand, in order.
    pub(crate) fn given(&self) -> impl Iterator<Item = &Gift> {
        self.gifts.iter().filter(|gift| gift.state == GiftState::Given)
    }

    /// The gestures that were given and stand, by agent, each in order of time.
    pub(crate) fn given_by_agent(&self) -> Vec<Vec<&Gift>> {
        let mut by_agent = vec![Vec::new(); self.agents.len()];
        for gift in self.given() {
            by_agent[gift.agent as usize].push(gift);
        }
        by_agent
    }

    fn see_dating(&mut self, entry: &Entry) {
        let back_ns = entry.effective_at.map_or(0, |effective| entry.at.since_ns(effective));
        if back_ns > 0 || entry.is_post_close {
            let dating = BackDating {
                position: entry.position,
                at: entry.at.as_nanos(),
                agent: self.agent_of(entry.caller.agent),
                back_ns,
                is_post_close: entry.is_post_close,
            };
            self.back_dated.push(dating);
        }
    }

    fn see_reserved(&mut self, entry: &Entry, spend: SpendId, asked: &Asked<'_>) {
        let index = u32::try_from(self.gifts.len()).unwrap_or(u32::MAX);
        let gift = Gift {
            spend,
            position: entry.position,
            at: entry.at.as_nanos(),
            agent: self.agent_of(asked.agent),
            customer: self.customer_of(asked.customer),
            interaction: asked.interaction,
            case: asked.case,
            kind: self.kind(asked.reason, asked.gesture),
            currency: asked.currency,
            amount: asked.amount,
            recorded: 0,
            state: GiftState::Held,
            ended: None,
            interaction_cap: entry.trace.iter().filter_map(interaction_cap).min(),
            near_permille: entry.trace.iter().map(near_permille).max().unwrap_or(0),
            is_approved: false,
        };
        self.gifts.push(gift);
        self.gift_index.insert(spend, index);
    }

    fn see_asked(&mut self, entry: &Entry, consult: RequestId, about: &SpendAbout, asked: i64) {
        let Some(gift) = self.gift_index.get(&about.spend).copied() else { return };
        let index = u32::try_from(self.consults.len()).unwrap_or(u32::MAX);
        self.consults.push(Consult {
            gift,
            asked_at: entry.at.as_nanos(),
            asked,
            positions: (entry.position, None),
            answered_by: None,
            ended_at: entry.at.as_nanos(),
            waited_ns: 0,
            end: ConsultEnd::Open,
        });
        self.consult_index.insert(consult, index);
    }

    fn see_answer(&mut self, entry: &Entry, consult: RequestId, waited_ns: i64, end: ConsultEnd) {
        let by = self.agent_of(entry.caller.agent);
        let Some(index) = self.consult_index.get(&consult) else { return };
        if let Some(consult) = self.consults.get_mut(*index as usize) {
            consult.answered_by = (end != ConsultEnd::Other).then_some(by);
            consult.positions.1 = Some(entry.position);
            consult.ended_at = entry.at.as_nanos();
            consult.waited_ns = waited_ns;
            consult.end = end;
        }
    }

    fn change(&mut self, about: &SpendAbout, change: impl FnOnce(&mut Gift)) {
        let index = self.gift_index.get(&about.spend);
        if let Some(gift) = index.and_then(|index| self.gifts.get_mut(*index as usize)) {
            change(gift);
        }
    }

    fn agent_of(&mut self, pid: AgentPid) -> u32 {
        index_of(&mut self.agent_index, &mut self.agents, pid)
    }

    fn customer_of(&mut self, pid: CustomerPid) -> u32 {
        index_of(&mut self.customer_index, &mut self.customers, pid)
    }

    fn kind(&mut self, reason: &ReasonCode, gesture: &GestureCode) -> u32 {
        let kind = (reason.clone(), gesture.clone());
        index_of(&mut self.kind_index, &mut self.kinds, kind)
    }
}

impl Gift {
    fn give(&mut self, amount_minor: i64, position: u64) {
        let before = if self.state == GiftState::Given { self.amount } else { 0 };
        self.amount = before.saturating_add(amount_minor);
        self.recorded = self.recorded.saturating_add(amount_minor);
        self.state = GiftState::Given;
        self.position = position;
    }

    /// Releases what is held; what was given of it before stands.
    fn release(&mut self, at: i64, position: u64) {
        if self.state == GiftState::Held {
            self.state = GiftState::Released;
            self.ended = Some((at, position));
        }
    }

    fn take_back(&mut self, amount_minor: i64, at: i64, position: u64) {
        self.ended = Some((at, position));
        if amount_minor >= self.amount {
            self.state = GiftState::TakenBack;
        } else {
            self.amount = self.amount.saturating_sub(amount_minor);
        }
    }

    fn raise(&mut self, amount_minor: i64) {
        if self.state == GiftState::Held {
            self.amount = self.amount.saturating_add(amount_minor);
        }
    }
}

/// What was asked for, without what is no fact.
struct Asked<'a> {
    agent: AgentPid,
    customer: CustomerPid,
    interaction: InteractionPid,
    case: Option<CasePid>,
    reason: &'a ReasonCode,
    gesture: &'a GestureCode,
    currency: Currency,
    amount: i64,
}

fn about_request<'a>(entry: &Entry, request: &'a crate::ledger::GestureRequest) -> Asked<'a> {
    Asked {
        agent: entry.caller.agent,
        customer: request.customer,
        interaction: request.interaction,
        case: request.case,
        reason: &request.reason,
        gesture: &request.gesture,
        currency: request.amount.currency,
        amount: request.amount.amount_minor,
    }
}

fn index_of<T: Ord + Clone>(index: &mut BTreeMap<T, u32>, all: &mut Vec<T>, one: T) -> u32 {
    let next = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let found = *index.entry(one.clone()).or_insert(next);
    if found == next {
        all.push(one);
    }
    found
}

fn interaction_cap(trace: &LimitTrace) -> Option<i64> {
    let is_one = matches!(trace.window, WindowKey::Interaction(_));
    (is_one && trace.counts == Counts::Amounts).then_some(trace.cap_minor)
}

/// How much of a cap that was untouched before is used after; pools and the house's own caps are
/// nobody's to stay below.
fn near_permille(trace: &LimitTrace) -> i64 {
    let ScopeKey { agent, customer, .. } = &trace.scope;
    let is_personal = agent.is_some() || customer.is_some();
    let is_met_untouched = trace.before_minor == 0 && trace.amount_minor > 0;
    if trace.counts != Counts::Amounts || !is_personal || !is_met_untouched {
        return 0;
    }
    let after = i128::from(trace.after_minor).saturating_mul(1_000);
    let part = after.checked_div(i128::from(trace.cap_minor)).unwrap_or(0);
    i64::try_from(part).unwrap_or(i64::MAX)
}
