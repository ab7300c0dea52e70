//! Limits by brute force: for each question, all gestures are added up that count.

use makegood_core::ids::{CasePid, CustomerPid, InteractionPid, LimitId, PoolId, ReasonCode};
use makegood_core::ledger::Caller;
use makegood_core::money::Currency;
use makegood_core::policy::{Counts, Dimension, Limit, Window};
use makegood_core::time::{NS_PER_DAY, Time};

use super::{Expected, Gift, Grant, Layer, Oracle};

/// Who would give, to whom, why.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) caller: Caller,
    pub(crate) customer: CustomerPid,
    pub(crate) interaction: InteractionPid,
    pub(crate) case: Option<CasePid>,
    pub(crate) reason: ReasonCode,
    pub(crate) currency: Currency,
}

impl Oracle {
    /// Whether every limit that applies, and the pool, have room for so much more.
    pub(super) fn check_room(
        &self,
        now: Time,
        asking: &Asking,
        amount: i64,
    ) -> Result<(), Expected> {
        let available = self.available(now, asking);
        match available {
            None => Err(Expected::Refused("NO_AUTHORITY")),
            Some((money, times)) if amount > money || times < 1 => {
                Err(Expected::Refused("LIMIT_EXCEEDED"))
            }
            Some(_) => Ok(()),
        }
    }

    /// What limits of amounts leave, and limits of times; `None` without any authority.
    pub(super) fn available(&self, now: Time, asking: &Asking) -> Option<(i64, i64)> {
        let applying = |counts: Counts| {
            self.policy.limits.iter().filter(move |limit| {
                limit.counts == counts && applies(limit, &asking.caller, &asking.reason)
            })
        };
        let left = |limit: &Limit| {
            let (used, granted) = self.used(limit, asking, now);
            (cap(limit, asking.currency) + granted - used).max(0)
        };
        let money = applying(Counts::Amounts).map(left).min()?;
        let times = applying(Counts::Times).map(left).min().unwrap_or(i64::MAX);
        let pool = self.pool_left(&self.pool_of(&asking.caller), asking.currency);
        Some((money.min(pool), times))
    }

    /// The limits of amounts and times that look at somebody.
    pub(super) fn limits_of(&self, asking: &Asking) -> impl Iterator<Item = &Limit> {
        self.policy.limits.iter().filter(|limit| {
            limit.counts != Counts::Grants && applies(limit, &asking.caller, &asking.reason)
        })
    }

    /// Held and given in the limit's window around `now`, and the granted part of it.
    pub(super) fn used(&self, limit: &Limit, asking: &Asking, now: Time) -> (i64, i64) {
        let counting = self.gifts.values().filter(|gift| {
            applies(limit, &gift.asking.caller, &gift.reason)
                && same_scope(self, limit, gift, asking)
                && (limit.counts == Counts::Times || gift.asking.currency == asking.currency)
        });
        counting.fold((0, 0), |(used, granted), gift| {
            let (more, more_granted) = used_by(gift, limit, asking, now);
            (used + more, granted + more_granted)
        })
    }

    /// Whether a gesture may have another reason: limits that look at reasons and have not counted
    /// it so far need room for all of it. Answers with those.
    pub(super) fn weigh_reason(
        &self,
        now: Time,
        gift: &Gift,
        reason: &ReasonCode,
    ) -> Result<Vec<LimitId>, Expected> {
        let asking = Asking { reason: reason.clone(), ..gift.asking.clone() };
        if !self.limits_of(&asking).any(|limit| limit.counts == Counts::Amounts) {
            return Err(Expected::Refused("NO_AUTHORITY"));
        }
        let is_new = |limit: &&Limit| {
            let was_counted = applies(limit, &gift.asking.caller, &gift.reason)
                && (!limit.scope.contains(&Dimension::Reason) || gift.reason == *reason);
            (limit.reasons.is_some() || limit.scope.contains(&Dimension::Reason)) && !was_counted
        };
        let mut charged = Vec::new();
        for limit in self.limits_of(&asking).filter(is_new) {
            let (used, granted) = self.used(limit, &asking, now);
            let left = (cap(limit, asking.currency) + granted - used).max(0);
            if counted(limit, gift.total()) > left {
                return Err(Expected::Refused("LIMIT_EXCEEDED"));
            }
            charged.push(limit.id.clone());
        }
        Ok(charged)
    }

    /// What an approver may still grant of this reason and currency; `None` without authority.
    pub(super) fn may_grant(&self, now: Time, approver: &Caller, gift: &Gift) -> Option<i64> {
        let grants = self.policy.limits.iter().filter(|limit| {
            limit.counts == Counts::Grants && applies(limit, approver, &gift.reason)
        });
        let left = |limit: &Limit| {
            let by_them = |grant: &Grant| {
                grant.by == approver.agent && is_granted_in_window(limit, grant.at, now)
            };
            let granted = self.gifts.values().filter(|other| {
                other.asking.currency == gift.asking.currency
                    && other.granted.as_ref().is_some_and(by_them)
            });
            let used: i64 = granted.map(Gift::granted_part).sum();
            (cap(limit, gift.asking.currency) - used).max(0)
        };
        grants.map(left).min()
    }

    /// The pool that an employee draws on.
    pub(super) fn pool_of(&self, caller: &Caller) -> PoolId {
        let own =
            self.policy.pools.iter().find(|pool| pool.team.is_some() && pool.team == caller.team);
        let rest = self.policy.pools.iter().find(|pool| pool.team.is_none());
        own.or(rest).expect("the policy has a pool for everyone").id.clone()
    }

    /// What a pool has left; very much where it has no cap.
    pub(super) fn pool_left(&self, pool: &PoolId, currency: Currency) -> i64 {
        let named = self.policy.pools.iter().find(|named| named.id == *pool);
        let Some(caps) = named.and_then(|pool| pool.caps.as_ref()) else {
            return i64::MAX;
        };
        let moved = self.moved.get(&(pool.clone(), currency)).copied().unwrap_or(0);
        let drawn = self
            .gifts
            .values()
            .filter(|gift| gift.pool == *pool && gift.asking.currency == currency)
            .map(Gift::total)
            .sum::<i64>();
        (caps.get(&currency).copied().unwrap_or(0) + moved - drawn).max(0)
    }
}

/// What an amount is to a limit: itself, or one gesture.
pub(super) fn counted(limit: &Limit, amount: i64) -> i64 {
    if limit.counts == Counts::Times { i64::from(amount > 0) } else { amount }
}

pub(super) fn cap(limit: &Limit, currency: Currency) -> i64 {
    match limit.cap_times {
        Some(times) if limit.counts == Counts::Times => times.into(),
        _ => limit.caps[&currency],
    }
}

/// Whether a limit looks at employees like this one, and at this reason.
fn applies(limit: &Limit, caller: &Caller, reason: &ReasonCode) -> bool {
    limit.roles.as_ref().is_none_or(|roles| roles.contains(&caller.role))
        && caller.tenure_days >= limit.min_tenure_days
        && limit.below_tenure_days.is_none_or(|below| caller.tenure_days < below)
        && limit.reasons.as_ref().is_none_or(|reasons| reasons.contains(reason))
}

fn same_scope(oracle: &Oracle, limit: &Limit, gift: &Gift, asking: &Asking) -> bool {
    let other = &gift.asking;
    limit.scope.iter().all(|dimension| match dimension {
        Dimension::Tenant => true,
        Dimension::Pool => gift.pool == oracle.pool_of(&asking.caller),
        Dimension::Agent => other.caller.agent == asking.caller.agent,
        Dimension::Customer => other.customer == asking.customer,
        Dimension::Case => other.case == asking.case,
        Dimension::Interaction => other.interaction == asking.interaction,
        Dimension::Reason => gift.reason == asking.reason,
    })
}

/// Whether what was authorised of a gesture at `at` counts in the window around `now`.
fn same_window(limit: &Limit, (gift, at): (&Gift, Time), asking: &Asking, now: Time) -> bool {
    let other = &gift.asking;
    match &limit.window {
        Window::Interaction => other.interaction == asking.interaction,
        Window::Case { otherwise_ns } => match asking.case {
            Some(case) => other.case == Some(case),
            None => other.case.is_none() && is_within(at, *otherwise_ns, now),
        },
        Window::Calendar { .. } => day_of(at) == day_of(now),
        Window::Rolling { duration_ns } => is_within(at, *duration_ns, now),
        Window::Lifetime => true,
    }
}

/// A grant is charged to its approver when it is made.
fn is_granted_in_window(limit: &Limit, at: Time, now: Time) -> bool {
    match &limit.window {
        Window::Calendar { .. } => day_of(at) == day_of(now),
        Window::Rolling { duration_ns } => is_within(at, *duration_ns, now),
        _ => true,
    }
}

fn is_within(at: Time, duration_ns: i64, now: Time) -> bool {
    at.as_nanos() + duration_ns > now.as_nanos()
}

/// The only calendar here is the day of UTC.
fn day_of(at: Time) -> i64 {
    at.as_nanos().div_euclid(NS_PER_DAY)
}

/// What one gesture holds and gave in the limit's window around `now`, and the granted part of it.
fn used_by(gift: &Gift, limit: &Limit, asking: &Asking, now: Time) -> (i64, i64) {
    let since = gift.since.get(&limit.id).copied().unwrap_or(Time::MIN);
    let is_in = |at: Time| same_window(limit, (gift, at.max(since)), asking, now);
    let above = gift.granted_above(&limit.id, counted(limit, gift.total()));
    if limit.counts == Counts::Times {
        let counted = if is_in(gift.first_at) { counted(limit, gift.total()) } else { 0 };
        return (counted, above.min(counted));
    }
    // All that passes a cap is of the layer that was granted.
    let of_layer = |layer: &Layer| (layer.minor, if layer.is_granted { above } else { 0 });
    let layers = gift.layers.iter().filter(|layer| is_in(layer.at)).map(of_layer);
    layers.fold((0, 0), |(used, granted), (minor, passes)| (used + minor, granted + passes))
}
