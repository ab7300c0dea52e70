//! Consults: more than the limits leave, by the authority of a second person.

use std::collections::BTreeMap;

use makegood_core::ids::{AgentPid, RequestId, SpendId};
use makegood_core::ledger::{Caller, GestureRequest};
use makegood_core::time::Time;

use super::limits::{cap, counted};
use super::settling::check_open;
use super::{Expected, Gift, Grant, Oracle, seen};

/// A consult as the rules see it.
#[derive(Debug, Clone)]
pub(crate) struct Consult {
    pub(crate) spend: SpendId,
    pub(crate) asked: i64,
    /// Who was asked, the last one last.
    pub(crate) to: Vec<AgentPid>,
    pub(crate) answer_at: Time,
    pub(crate) state: &'static str,
}

/// A consult about a hold that ended is over.
pub(super) fn settle(consults: &mut BTreeMap<RequestId, Consult>, of: Option<RequestId>) {
    if let Some(consult) = of.and_then(|id| consults.get_mut(&id))
        && consult.state == "open"
    {
        consult.state = "settled";
    }
}

impl Oracle {
    pub(super) fn is_open(&self, consult: Option<RequestId>) -> bool {
        let consult = consult.and_then(|id| self.consults.get(&id));
        consult.is_some_and(|consult| consult.state == "open")
    }

    /// Consults whose time to answer is over.
    pub(crate) fn overdue(&self, now: Time) -> Vec<RequestId> {
        let is_overdue = |consult: &Consult| consult.state == "open" && consult.answer_at <= now;
        let overdue = self.consults.iter().filter(|(_, consult)| is_overdue(consult));
        overdue.map(|(id, _)| *id).collect()
    }

    /// The question goes on to the next person, or ends.
    pub(crate) fn pass(&mut self, now: Time, consult: RequestId, to: Option<AgentPid>) {
        let answer_at = now.saturating_add_ns(self.policy.answer_ns);
        let lives_until = answer_at.saturating_add_ns(self.policy.hold_ns);
        let Some(row) = self.consults.get_mut(&consult) else { return };
        let Some(to) = to else {
            row.state = "timed_out";
            return;
        };
        row.to.push(to);
        row.answer_at = answer_at;
        if let Some(gift) = self.gifts.get_mut(&row.spend) {
            gift.ends_at = gift.ends_at.max(lives_until);
        }
    }

    pub(super) fn ask(
        &mut self,
        now: Time,
        caller: &Caller,
        (id, request, to): (RequestId, &GestureRequest, Option<AgentPid>),
    ) -> Result<Expected, Expected> {
        let wish = request.amount.amount_minor;
        if to == Some(caller.agent) {
            return Err(Expected::Fault("OWN_APPROVAL"));
        }
        let gift = match self.gifts.get(&request.spend).cloned() {
            Some(gift) => self.check_again(now, caller, request, gift)?,
            None if self.was_used(request.spend) => {
                return Err(Expected::Fault("ID_REUSED"));
            }
            None => {
                let asking = self.asking(caller, request)?;
                self.check_goes_on()?;
                let (money, times) =
                    self.available(now, &asking).ok_or(Expected::Refused("NO_AUTHORITY"))?;
                if wish <= money && times > 0 {
                    return Ok(self.make(now, request, asking, (wish, Some(id))));
                }
                if wish > self.pool_left(&self.pool_of(caller), request.amount.currency) {
                    return Err(Expected::Refused("LIMIT_EXCEEDED"));
                }
                to.ok_or(Expected::Refused("NOBODY_TO_ASK"))?;
                let held = if times > 0 { money } else { 0 };
                self.make(now, request, asking, (held, Some(id)));
                self.gifts[&request.spend].clone()
            }
        };
        let to = to.ok_or(Expected::Refused("NOBODY_TO_ASK"))?;
        let answer_at = now.saturating_add_ns(self.policy.answer_ns);
        let lives_until = answer_at.saturating_add_ns(self.policy.hold_ns);
        let consult =
            Consult { spend: request.spend, asked: wish, to: vec![to], answer_at, state: "open" };
        self.consults.insert(id, consult);
        let ends_at = gift.ends_at.max(lives_until);
        Ok(self.put(now, request.spend, Gift { ends_at, consult: Some(id), ..gift }))
    }

    /// A hold that is asked about anew is the caller's, open, and of the same gesture.
    fn check_again(
        &self,
        now: Time,
        caller: &Caller,
        request: &GestureRequest,
        gift: Gift,
    ) -> Result<Gift, Expected> {
        if gift.asking.caller.agent != caller.agent {
            return Err(Expected::Fault("NOT_YOUR_SPEND"));
        }
        let is_same = gift.asking.customer == request.customer
            && gift.asking.interaction == request.interaction
            && gift.asking.case == request.case
            && gift.asking.currency == request.amount.currency
            && gift.asking.reason == request.reason
            && gift.gesture == request.gesture;
        if !is_same {
            return Err(Expected::Fault("ID_REUSED"));
        }
        check_open(&gift, now)?;
        if self.is_open(gift.consult) {
            return Err(Expected::Refused("CONSULT_OPEN"));
        }
        if gift.granted.is_some() {
            return Err(Expected::Refused("CONSULT_OVER"));
        }
        if request.amount.amount_minor <= gift.amount {
            return Err(Expected::Fault("NOT_ABOVE_HOLD"));
        }
        self.check_goes_on()?;
        self.check_windows(&gift, now)?;
        let more = request.amount.amount_minor - gift.amount;
        if more > self.pool_left(&gift.pool, gift.asking.currency) {
            return Err(Expected::Refused("LIMIT_EXCEEDED"));
        }
        Ok(gift)
    }

    pub(super) fn answer(
        &mut self,
        now: Time,
        caller: &Caller,
        (id, spend, approved): (RequestId, SpendId, i64),
    ) -> Result<Expected, Expected> {
        let consult = self.consult(id, spend)?;
        if self.gifts[&spend].asking.caller.agent == caller.agent {
            return Err(Expected::Fault("OWN_APPROVAL"));
        }
        if !consult.to.contains(&caller.agent) {
            return Err(Expected::Fault("NOT_ASKED"));
        }
        let mut gift = self.gifts[&spend].clone();
        if consult.state != "open" {
            return Err(Expected::Refused("CONSULT_OVER"));
        }
        check_open(&gift, now)?;
        if approved == 0 {
            self.end(id, "declined");
            return Ok(seen(&gift, now));
        }
        if approved <= gift.amount {
            return Err(Expected::Fault("NOT_ABOVE_HOLD"));
        }
        if approved > consult.asked {
            return Err(Expected::Refused("AMOUNT_ABOVE_ASKED"));
        }
        self.check_goes_on()?;
        self.check_windows(&gift, now)?;
        let added = approved - gift.amount;
        match self.may_grant(now, caller, &gift) {
            None => return Err(Expected::Refused("NO_AUTHORITY")),
            Some(left) if added > left => return Err(Expected::Refused("LIMIT_EXCEEDED")),
            Some(_) => {}
        }
        if added > self.pool_left(&gift.pool, gift.asking.currency) {
            return Err(Expected::Refused("LIMIT_EXCEEDED"));
        }
        self.end(id, "approved");
        let grant = self.grant(now, caller.agent, &gift, added);
        let ends_at = gift.ends_at.max(now.saturating_add_ns(self.policy.hold_ns));
        gift.add(now, added, true);
        Ok(self.put(now, spend, Gift { granted: Some(grant), ends_at, ..gift }))
    }

    /// What a limit has no room for was granted; the rest of it is the agent's own.
    fn grant(&self, now: Time, by: AgentPid, gift: &Gift, added: i64) -> Grant {
        let own = gift.total();
        let mut passed = BTreeMap::new();
        let asking = gift.asking_now();
        for limit in self.limits_of(&asking) {
            let (used, granted) = self.used(limit, &asking, now);
            let after = counted(limit, own + added);
            let more = after - counted(limit, own);
            let room = cap(limit, gift.asking.currency) + granted - used;
            let above = (more - room).clamp(0, more);
            if above > 0 {
                passed.insert(limit.id.clone(), after - above);
            }
        }
        Grant { own, passed, by, at: now }
    }

    pub(super) fn withdraw(
        &mut self,
        now: Time,
        caller: &Caller,
        id: RequestId,
        spend: SpendId,
    ) -> Result<Expected, Expected> {
        let gift = self.find(caller, spend, false)?;
        let consult = self.consult(id, spend)?;
        if consult.state != "open" {
            return Err(Expected::Refused("CONSULT_OVER"));
        }
        check_open(&gift, now)?;
        self.end(id, "withdrawn");
        Ok(seen(&gift, now))
    }

    fn consult(&self, id: RequestId, spend: SpendId) -> Result<Consult, Expected> {
        let consult = self.consults.get(&id).filter(|consult| consult.spend == spend);
        consult.cloned().ok_or(Expected::Fault("CONSULT_NOT_FOUND"))
    }

    fn end(&mut self, id: RequestId, state: &'static str) {
        if let Some(consult) = self.consults.get_mut(&id) {
            consult.state = state;
        }
    }
}
