//! What becomes of a gesture that is held: prolonged, given, released, raised, taken back,
//! corrected.

use makegood_core::ids::{ReasonCode, SpendId};
use makegood_core::ledger::{Access, Caller, ReverseReason};
use makegood_core::policy::{Counts, Limit, Window};
use makegood_core::time::{NS_PER_DAY, Time};

use super::{Expected, Gift, Oracle, consults, seen};

impl Oracle {
    /// Another agent's gestures are nobody's business, except a supervisor's where that may be.
    pub(super) fn find(
        &self,
        caller: &Caller,
        spend: SpendId,
        any: bool,
    ) -> Result<Gift, Expected> {
        let gift = self.gifts.get(&spend).ok_or(Expected::Fault("SPEND_NOT_FOUND"))?;
        if gift.asking.caller.agent == caller.agent || (any && caller.access == Access::Supervisor)
        {
            Ok(gift.clone())
        } else {
            Err(Expected::Fault("NOT_YOUR_SPEND"))
        }
    }

    pub(super) fn give_at_once(&mut self, now: Time, spend: SpendId) -> Expected {
        let gift = self.gifts[&spend].clone();
        let amount = gift.held;
        // Giving is an entry of its own, right after that of holding.
        let gifts = vec![(now.saturating_add_ns(1), amount)];
        let given = Gift { held: 0, given: amount, gifts, over: Some("committed"), ..gift };
        self.put(now, spend, given)
    }

    pub(super) fn extend(
        &mut self,
        now: Time,
        caller: &Caller,
        spend: SpendId,
    ) -> Result<Expected, Expected> {
        let gift = self.find(caller, spend, false)?;
        check_open(&gift, now)?;
        let ends_at = now.saturating_add_ns(self.policy.hold_ns).max(gift.ends_at);
        Ok(self.put(now, spend, Gift { ends_at, ..gift }))
    }

    pub(super) fn commit(
        &mut self,
        now: Time,
        caller: &Caller,
        spend: SpendId,
        (amount, is_final): (i64, bool),
    ) -> Result<Expected, Expected> {
        let mut gift = self.find(caller, spend, false)?;
        check_open(&gift, now)?;
        if amount > gift.held {
            return Err(Expected::Refused("AMOUNT_ABOVE_HOLD"));
        }
        gift.given += amount;
        gift.gifts.push((now, amount));
        gift.held -= amount;
        if is_final {
            gift.remove(gift.held);
            gift.held = 0;
        }
        if gift.held == 0 {
            gift.over = Some("committed");
            consults::settle(&mut self.consults, gift.consult);
        }
        Ok(self.put(now, spend, gift))
    }

    pub(super) fn void(
        &mut self,
        now: Time,
        caller: &Caller,
        spend: SpendId,
    ) -> Result<Expected, Expected> {
        let mut gift = self.find(caller, spend, true)?;
        check_open(&gift, now)?;
        consults::settle(&mut self.consults, gift.consult);
        gift.remove(gift.held);
        Ok(self.put(now, spend, Gift { held: 0, over: Some("voided"), ..gift }))
    }

    pub(super) fn reverse(
        &mut self,
        now: Time,
        caller: &Caller,
        spend: SpendId,
        (amount, reason, effective_at): (i64, ReverseReason, Option<Time>),
    ) -> Result<Expected, Expected> {
        let is_slip = reason == ReverseReason::MisEntry;
        let mut gift = self.find(caller, spend, !is_slip)?;
        if effective_at.is_some_and(|at| at > now) {
            return Err(Expected::Fault("EFFECTIVE_IN_FUTURE"));
        }
        if amount > gift.given - gift.taken_back {
            return Err(Expected::Refused("AMOUNT_ABOVE_GIVEN"));
        }
        let latest = gift.gifts.last().map_or(gift.at, |(at, _)| *at);
        let mut left = amount;
        while left > 0
            && let Some((at, minor)) = gift.gifts.pop()
        {
            // Every gift that is touched must be as young as a slip.
            if is_slip && now >= at.saturating_add_ns(self.policy.undo_ns) {
                return Err(Expected::Refused("UNDO_WINDOW_CLOSED"));
            }
            if minor > left {
                gift.gifts.push((at, minor - left));
            }
            left -= minor.min(left);
        }
        self.check_effective(now, effective_at, latest)?;
        gift.taken_back += amount;
        gift.remove(amount);
        Ok(self.put(now, spend, gift))
    }

    pub(super) fn increment(
        &mut self,
        now: Time,
        caller: &Caller,
        spend: SpendId,
        amount: i64,
    ) -> Result<Expected, Expected> {
        let mut gift = self.find(caller, spend, false)?;
        check_open(&gift, now)?;
        if self.is_open(gift.consult) {
            return Err(Expected::Refused("CONSULT_OPEN"));
        }
        self.check_goes_on()?;
        self.check_windows(&gift, now)?;
        let room = self.available(now, &gift.asking_now());
        let is_counted = gift.total() > 0;
        if room.is_none_or(|(money, times)| amount > money || (!is_counted && times < 1)) {
            return Err(Expected::Refused("LIMIT_EXCEEDED"));
        }
        gift.add(now, amount, false);
        // What comes on top without a grant leaves what was granted as it is.
        if let Some(grant) = &mut gift.granted {
            grant.own += amount;
            let limits = self.policy.limits.iter();
            for limit in limits.filter(|limit| limit.counts != Counts::Times) {
                grant.passed.entry(limit.id.clone()).and_modify(|above| *above += amount);
            }
        }
        Ok(self.put(now, spend, gift))
    }

    pub(super) fn correct(
        &mut self,
        now: Time,
        caller: &Caller,
        spend: SpendId,
        (reason, effective_at): (&ReasonCode, Option<Time>),
    ) -> Result<Expected, Expected> {
        let mut gift = self.find(caller, spend, true)?;
        if effective_at.is_some_and(|at| at > now) {
            return Err(Expected::Fault("EFFECTIVE_IN_FUTURE"));
        }
        if !self.policy.reasons.iter().any(|known| known.code == *reason) {
            return Err(Expected::Fault("UNKNOWN_REASON"));
        }
        if gift.given == gift.taken_back {
            return Err(Expected::Fault("NOTHING_GIVEN"));
        }
        if self.is_open(gift.consult) {
            return Err(Expected::Refused("CONSULT_OPEN"));
        }
        let latest = gift.gifts.last().map_or(gift.at, |(at, _)| *at);
        self.check_effective(now, effective_at, latest)?;
        if *reason != gift.reason {
            for limit in self.weigh_reason(now, &gift, reason)? {
                gift.since.insert(limit, now);
            }
            gift.reason = reason.clone();
        }
        Ok(self.put(now, spend, gift))
    }

    /// Nothing counts for a day before it was given, nor for one too long ago.
    fn check_effective(
        &self,
        now: Time,
        effective_at: Option<Time>,
        given_at: Time,
    ) -> Result<(), Expected> {
        let earliest = now.saturating_sub_ns(self.policy.backdate_ns).max(given_at);
        match effective_at {
            Some(at) if at < earliest => Err(Expected::Refused("TOO_LONG_AGO")),
            _ => Ok(()),
        }
    }

    /// A hold is raised only while its calendar windows are those of the present; one that moves
    /// counts what comes on top by its own time.
    pub(super) fn check_windows(&self, gift: &Gift, now: Time) -> Result<(), Expected> {
        let day = |at: Time| at.as_nanos().div_euclid(NS_PER_DAY);
        let is_calendar = |limit: &Limit| matches!(limit.window, Window::Calendar { .. });
        let mut own = self.limits_of(&gift.asking);
        if own.any(is_calendar) && day(gift.at) != day(now) {
            return Err(Expected::Refused("WINDOW_ENDED"));
        }
        Ok(())
    }

    pub(super) fn put(&mut self, now: Time, spend: SpendId, gift: Gift) -> Expected {
        let seen = seen(&gift, now);
        self.gifts.insert(spend, gift);
        seen
    }
}

pub(super) fn check_open(gift: &Gift, now: Time) -> Result<(), Expected> {
    match gift.state(now) {
        "held" => Ok(()),
        "expired" => Err(Expected::Refused("HOLD_EXPIRED")),
        _ => Err(Expected::Refused("HOLD_RESOLVED")),
    }
}
