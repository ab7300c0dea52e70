//! A second opinion: recomputes every limit of the crowded policy from the entries alone, by brute
//! force, sharing no code with the ledger.

use std::collections::BTreeMap;

use makegood_core::ids::{AgentPid, CasePid, CustomerPid, InteractionPid, SpendId};
use makegood_core::ledger::{Entry, EntryBody};
use makegood_core::money::Currency;
use makegood_core::policy::{Counts, Policy};
use makegood_core::time::{NS_PER_DAY, Time};

/// The limits on an agent's own gestures.
const OWN: [&str; 7] = ["case", "today", "customer", "call", "kind", "often", "pool-all"];
/// The limits on what a lead grants.
const GRANTS: [&str; 2] = ["grants", "grants_today"];

#[derive(Clone)]
struct Gift {
    agent: AgentPid,
    customer: CustomerPid,
    interaction: InteractionPid,
    case: Option<CasePid>,
    is_goodwill: bool,
    at: Time,
    used_minor: i64,
    /// Who approved more, above which amount.
    approved: Option<(AgentPid, i64)>,
    /// Above which amount (or which number of gestures) it was granted, by limit.
    granted_above: BTreeMap<&'static str, i64>,
}

impl Gift {
    fn counted(&self, limit: &str) -> i64 {
        match limit {
            "often" => i64::from(self.used_minor > 0),
            "grants" | "grants_today" => {
                self.approved.map_or(0, |(_, above)| (self.used_minor - above).max(0))
            }
            _ => self.used_minor,
        }
    }

    fn granted(&self, limit: &str) -> i64 {
        self.granted_above.get(limit).map_or(0, |above| (self.counted(limit) - above).max(0))
    }
}

pub(crate) struct Oracle {
    caps: BTreeMap<String, i64>,
    gifts: BTreeMap<SpendId, Gift>,
}

impl Oracle {
    pub(crate) fn new(policy: &Policy) -> Self {
        let caps = policy.limits.iter().map(|limit| {
            let cap = match limit.counts {
                Counts::Times => limit.cap_times.unwrap().into(),
                Counts::Amounts | Counts::Grants => limit.caps[&Currency::USD],
            };
            (limit.id.to_string(), cap)
        });
        let pool = policy.pools[0].caps.as_ref().unwrap()[&Currency::USD];
        let caps = caps.chain([("pool-all".to_owned(), pool)]).collect();
        Self { caps, gifts: BTreeMap::new() }
    }

    /// Follows an entry; panics where a limit is passed, or where the entry says something else.
    pub(crate) fn observe(&mut self, entry: &Entry) {
        match &entry.body {
            EntryBody::Reserved { request, .. } => {
                let gift = Gift {
                    agent: entry.caller.agent,
                    customer: request.customer,
                    interaction: request.interaction,
                    case: request.case,
                    is_goodwill: request.reason.as_str() == "goodwill",
                    at: entry.at,
                    used_minor: request.amount.amount_minor,
                    approved: None,
                    granted_above: BTreeMap::new(),
                };
                let is_new = self.gifts.insert(request.spend, gift).is_none();
                assert!(is_new, "a gesture is reserved once");
                self.check(request.spend, entry, &OWN);
            }
            EntryBody::Increased { about, amount_minor, .. } => {
                let gift = self.gifts.get_mut(&about.spend).unwrap();
                gift.used_minor += amount_minor;
                // The agent's own room, and no part of the grant.
                gift.approved = gift.approved.map(|(by, above)| (by, above + amount_minor));
                let amounts = gift.granted_above.iter_mut().filter(|(limit, _)| **limit != "often");
                amounts.for_each(|(_, above)| *above += amount_minor);
                self.check(about.spend, entry, &OWN);
            }
            EntryBody::ConsultApproved { about, added_minor, .. } => {
                self.approve(about.spend, *added_minor, entry);
            }
            EntryBody::Committed { about, released_minor, .. }
            | EntryBody::Voided { about, released_minor, .. }
            | EntryBody::Expired { about, released_minor } => {
                self.release(about.spend, *released_minor);
            }
            EntryBody::Reversed { about, amount_minor, .. } => {
                self.release(about.spend, *amount_minor);
            }
            EntryBody::PolicyActivated { .. }
            | EntryBody::PoolOpened { .. }
            | EntryBody::Refused { .. }
            | EntryBody::Extended { .. }
            | EntryBody::Corrected { .. }
            | EntryBody::ConsultAsked { .. }
            | EntryBody::ConsultPassed { .. }
            | EntryBody::ConsultClosed { .. }
            | EntryBody::Act { .. } => {}
        }
    }

    fn approve(&mut self, spend: SpendId, added_minor: i64, entry: &Entry) {
        let before = self.gifts[&spend].clone();
        let room = OWN.map(|limit| {
            let (used, granted) = self.sums(limit, spend, entry.at);
            self.caps[limit] + granted - used
        });
        let gift = self.gifts.get_mut(&spend).unwrap();
        gift.used_minor += added_minor;
        assert!(gift.approved.is_none(), "a gesture is approved once");
        assert_ne!(gift.agent, entry.caller.agent, "nobody approves their own");
        gift.approved = Some((entry.caller.agent, before.used_minor));
        for (limit, room) in OWN.into_iter().zip(room) {
            let added = gift.counted(limit) - before.counted(limit);
            let granted = (added - room).max(0);
            assert!(limit != "pool-all" || granted == 0, "a pool is never overdrawn");
            let is_granted = granted > 0 && Self::applies(limit, &before);
            let above = is_granted.then(|| (limit, gift.counted(limit) - granted));
            gift.granted_above.extend(above);
        }
        self.check(spend, entry, &OWN);
        self.check(spend, entry, &GRANTS);
    }

    fn release(&mut self, spend: SpendId, amount_minor: i64) {
        let gift = self.gifts.get_mut(&spend).unwrap();
        gift.used_minor -= amount_minor;
        assert!(gift.used_minor >= 0, "no more is released than was held");
    }

    fn check(&self, spend: SpendId, entry: &Entry, limits: &[&str]) {
        for limit in limits.iter().filter(|limit| Self::applies(limit, &self.gifts[&spend])) {
            let (used, granted) = self.sums(limit, spend, entry.at);
            assert!(used <= self.caps[*limit] + granted, "{limit}: {used} and {granted} granted");
            let trace = entry.trace.iter().find(|trace| trace.limit.as_str() == *limit).unwrap();
            assert_eq!((trace.after_minor, trace.granted_minor), (used, granted), "{limit}");
        }
    }

    fn applies(limit: &str, gift: &Gift) -> bool {
        limit != "kind" || gift.is_goodwill
    }

    /// What is counted together with a gesture, and what of it was granted.
    fn sums(&self, limit: &str, spend: SpendId, now: Time) -> (i64, i64) {
        let new = &self.gifts[&spend];
        let counted = self.gifts.values().filter(|gift| counts_together(limit, new, gift, now));
        counted.fold((0, 0), |(used, granted), gift| {
            (used + gift.counted(limit), granted + gift.granted(limit))
        })
    }
}

fn counts_together(limit: &str, new: &Gift, gift: &Gift, now: Time) -> bool {
    let two_days = now.since_ns(gift.at) < 2 * NS_PER_DAY;
    let day = |at: Time| at.as_nanos().div_euclid(NS_PER_DAY);
    let today = day(gift.at) == day(now);
    let same_approver = gift.approved.map(|(by, _)| by) == new.approved.map(|(by, _)| by);
    match limit {
        "case" => {
            let same_pair = gift.agent == new.agent && gift.customer == new.customer;
            same_pair && gift.case == new.case && (new.case.is_some() || two_days)
        }
        "today" => gift.agent == new.agent && today,
        "customer" | "often" => gift.customer == new.customer && two_days,
        "call" => gift.interaction == new.interaction,
        "kind" => gift.is_goodwill && today,
        "grants" => same_approver && two_days,
        "grants_today" => same_approver && today,
        _ => true,
    }
}
