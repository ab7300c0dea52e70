//! A second opinion: recomputes every limit of the crowded policy from the entries alone, by brute
//! force, sharing no code with the ledger.

use std::collections::BTreeMap;

use makegood_core::ids::{AgentPid, CasePid, CustomerPid, InteractionPid, SpendId};
use makegood_core::ledger::{Entry, EntryBody};
use makegood_core::money::Currency;
use makegood_core::policy::Policy;
use makegood_core::time::{NS_PER_DAY, Time};

struct Gift {
    agent: AgentPid,
    customer: CustomerPid,
    interaction: InteractionPid,
    case: Option<CasePid>,
    is_goodwill: bool,
    at: Time,
    used_minor: i64,
}

pub(crate) struct Oracle {
    caps: BTreeMap<String, i64>,
    gifts: BTreeMap<SpendId, Gift>,
}

impl Oracle {
    pub(crate) fn new(policy: &Policy) -> Self {
        let caps =
            policy.limits.iter().map(|limit| (limit.id.to_string(), limit.caps[&Currency::USD]));
        let pool = policy.pools[0].caps.as_ref().unwrap()[&Currency::USD];
        Self { caps: caps.chain([("pool".to_owned(), pool)]).collect(), gifts: BTreeMap::new() }
    }

    /// Follows an entry; panics where a reservation passes a cap.
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
                };
                let is_new = self.gifts.insert(request.spend, gift).is_none();
                assert!(is_new, "a gesture is reserved once");
                self.check(request.spend, entry.at);
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
            | EntryBody::Extended { .. } => {}
            _ => {}
        }
    }

    fn release(&mut self, spend: SpendId, amount_minor: i64) {
        let gift = self.gifts.get_mut(&spend).unwrap();
        gift.used_minor -= amount_minor;
        assert!(gift.used_minor >= 0, "no more is released than was held");
    }

    fn check(&self, spend: SpendId, now: Time) {
        let new = &self.gifts[&spend];
        let two_days = |gift: &Gift| now.since_ns(gift.at) < 2 * NS_PER_DAY;
        let day = |at: Time| at.as_nanos().div_euclid(NS_PER_DAY);
        let today = |gift: &Gift| day(gift.at) == day(now);
        let same_pair = |gift: &Gift| gift.agent == new.agent && gift.customer == new.customer;
        let same_case =
            |gift: &Gift| gift.case == new.case && (new.case.is_some() || two_days(gift));
        self.within("case", |gift| same_pair(gift) && same_case(gift));
        self.within("today", |gift| gift.agent == new.agent && today(gift));
        self.within("customer", |gift| gift.customer == new.customer && two_days(gift));
        self.within("call", |gift| gift.interaction == new.interaction);
        if new.is_goodwill {
            self.within("kind", |gift| gift.is_goodwill && today(gift));
        }
        self.within("pool", |_| true);
    }

    fn within(&self, limit: &str, counts: impl Fn(&Gift) -> bool) {
        let counted = self.gifts.values().filter(|gift| counts(gift));
        let used: i64 = counted.map(|gift| gift.used_minor).sum();
        assert!(used <= self.caps[limit], "{limit}: {used} minor units");
    }
}
