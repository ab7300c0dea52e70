//! What a gesture has in each of its counts: held, given, and granted by a second person.

use std::iter;

use super::{Charge, Charged, CounterKey, LimitTrace, Part, SpendRow, WindowKey};
use crate::money::Currency;
use crate::mutants::{Mutant, is_on};
use crate::policy::Counts;
use crate::time::Time;

/// What a gesture has in one of its counts: in minor units, or in gestures where those are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) held: i64,
    pub(crate) given: i64,
    /// The part of both that a second person granted above the cap.
    pub(crate) granted: i64,
}

impl Share {
    pub(crate) fn used(self) -> i64 {
        self.held.saturating_add(self.given)
    }

    /// By how much it has grown since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            held: self.held.saturating_sub(before.held),
            given: self.given.saturating_sub(before.given),
            granted: self.granted.saturating_sub(before.granted),
        }
    }
}

impl SpendRow {
    /// What one of its counts has of it.
    pub(crate) fn share(&self, charged: &Charged) -> Share {
        let (held_minor, given_minor) = (self.held_minor, self.given_minor());
        let above = |total| self.granted(charged, total);
        match charged.counts {
            Counts::Amounts => {
                Share { held: held_minor, given: given_minor, granted: above(self.total_minor()) }
            }
            Counts::Times => {
                let given = Counts::Times.share_of(given_minor);
                let held = Counts::Times.share_of(self.total_minor()).saturating_sub(given);
                Share { held, given, granted: above(held.saturating_add(given)) }
            }
            Counts::Grants => {
                let granted = above(self.total_minor());
                // What is held is the top of it, and goes first.
                let held = granted.min(held_minor);
                let given = granted.saturating_sub(held);
                Share { held, given, granted: 0 }
            }
        }
    }
}

impl SpendRow {
    /// What one of its counts has of it, by the time that each part was authorised at.
    pub(crate) fn charges<'a>(
        &'a self,
        charged: &'a Charged,
    ) -> impl Iterator<Item = Charge> + use<'a> {
        let whole = self.share(charged);
        let from = |at: Time| at.max(charged.at);
        let (parts, single) = match charged.counts {
            Counts::Amounts => (Some(self.parts()), None),
            Counts::Times => (None, Some(self.charge(from(self.counted_at), whole))),
            Counts::Grants => (None, Some(self.charge(charged.at, whole))),
        };
        // What was granted is the top of it, and what is given comes from below.
        let own = whole.used().saturating_sub(whole.granted);
        let mut below = 0_i64;
        let of_part = move |Part { at, amount_minor }: Part| {
            let inside = |to: i64| to.saturating_sub(below).clamp(0, amount_minor);
            let given = inside(whole.given);
            let held = amount_minor.saturating_sub(given);
            let granted = amount_minor.saturating_sub(inside(own));
            below = below.saturating_add(amount_minor);
            self.charge(from(at), Share { held, given, granted })
        };
        parts.into_iter().flatten().map(of_part).chain(single)
    }

    /// What one of its counts has of it in the window at `now`.
    pub(crate) fn share_in(&self, charged: &Charged, now: Time) -> Share {
        let window = charged.counter.window;
        if !matches!(window, WindowKey::Rolling { .. }) {
            return self.share(charged);
        }
        let counting = self.charges(charged).filter(|charge| window.counts(charge.at, now));
        counting.fold(Share::default(), |sum, charge| Share {
            held: sum.held.saturating_add(charge.held_minor),
            given: sum.given.saturating_add(charge.given_minor),
            granted: sum.granted.saturating_add(charge.granted_minor),
        })
    }

    /// What stands of each authorisation, from the bottom to the top.
    fn parts(&self) -> impl Iterator<Item = Part> {
        let above = self.raises.iter().copied().chain(self.grant);
        let sum = above.clone().fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor));
        let amount_minor = self.total_minor().saturating_sub(sum).max(0);
        iter::once(Part { at: self.reserved_at, amount_minor }).chain(above)
    }

    fn charge(&self, at: Time, share: Share) -> Charge {
        let Share { held: held_minor, given: given_minor, granted: granted_minor } = share;
        Charge { spend: self.about.spend, at, held_minor, given_minor, granted_minor }
    }

    /// The part of so much in one of its counts that a second person granted.
    fn granted(&self, charged: &Charged, total: i64) -> i64 {
        let total = if is_on(Mutant::GrantReleasedLast) { self.amount_minor } else { total };
        charged.granted_above_minor.map_or(0, |above| total.saturating_sub(above).max(0))
    }
}

/// What a second person granted above the cap of one count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) counter: CounterKey,
    pub(crate) granted_minor: i64,
}

impl Charged {
    pub(super) fn of(trace: &LimitTrace, currency: Currency, at: Time) -> Self {
        Self {
            counter: trace.counter(currency),
            at,
            cap_minor: trace.cap_minor,
            counts: trace.counts,
            granted_above_minor: None,
        }
    }

    /// Notes what a second person granted of a gesture of so much in all.
    pub(super) fn grant(&mut self, granted_minor: i64, total_minor: i64) {
        if granted_minor > 0 {
            let share = self.counts.share_of(total_minor);
            self.granted_above_minor = Some(share.saturating_sub(granted_minor));
        }
    }

    /// What comes on top without a grant leaves what was granted as it is.
    pub(super) fn keep_granted(&mut self, added_minor: i64) {
        if self.counts != Counts::Times {
            self.granted_above_minor =
                self.granted_above_minor.map(|above| above.saturating_add(added_minor));
        }
    }
}

impl Counts {
    /// What an amount is in this count: itself, or one gesture where those are counted.
    pub(crate) fn share_of(self, amount_minor: i64) -> i64 {
        match self {
            Self::Amounts | Self::Grants => amount_minor,
            Self::Times if is_on(Mutant::TimesUncounted) => 0,
            Self::Times => i64::from(amount_minor > 0),
        }
    }
}
