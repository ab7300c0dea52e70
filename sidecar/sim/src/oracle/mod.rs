//! What must happen, worked out anew: an oracle written from the rules, which shares no code with
//! the ledger's core but the words in which questions are put.
//!
//! It knows every gesture and adds up, for each question, all gestures that count; it keeps no
//! sums, so it cannot keep a wrong one.

mod consults;
mod limits;
mod settling;

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ids::{AgentPid, GestureCode, LimitId, PoolId, ReasonCode, RequestId, SpendId};
use makegood_core::ledger::{Access, Caller, GestureRequest, Operation, OperationId, PauseReason};
use makegood_core::money::{Currency, MAX_AMOUNT_MINOR};
use makegood_core::policy::Policy;
use makegood_core::time::Time;

pub(crate) use consults::Consult;
pub(crate) use limits::Asking;

/// A gesture as the rules see it.
#[derive(Debug, Clone)]
pub(crate) struct Gift {
    pub(crate) asking: Asking,
    pub(crate) gesture: GestureCode,
    pub(crate) pool: PoolId,
    pub(crate) amount: i64,
    pub(crate) held: i64,
    pub(crate) given: i64,
    pub(crate) taken_back: i64,
    pub(crate) at: Time,
    /// What stands of each authorisation, the top last: the top goes first.
    pub(crate) layers: Vec<Layer>,
    /// When it first had anything.
    pub(crate) first_at: Time,
    /// The reason as it was corrected.
    pub(crate) reason: ReasonCode,
    /// Since when limits count it, where that is by a correction.
    pub(crate) since: BTreeMap<LimitId, Time>,
    pub(crate) ends_at: Time,
    /// What stands of each gift of it, the latest last: the latest is taken back first.
    pub(crate) gifts: Vec<(Time, i64)>,
    /// How a hold that is over ended.
    pub(crate) over: Option<&'static str>,
    /// What a second person granted.
    pub(crate) granted: Option<Grant>,
    pub(crate) consult: Option<RequestId>,
}

/// What was authorised at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer {
    pub(crate) at: Time,
    pub(crate) minor: i64,
    /// Whether a second person granted it: then it stays on top.
    pub(crate) is_granted: bool,
}

impl Gift {
    /// So much more, authorised now.
    pub(crate) fn add(&mut self, at: Time, minor: i64, is_granted: bool) {
        if self.total() == 0 {
            self.first_at = at;
        }
        let below = self.layers.iter().take_while(|layer| !layer.is_granted).count();
        self.layers.insert(below, Layer { at, minor, is_granted });
        self.held += minor;
        self.amount += minor;
    }

    /// So much less, from the top.
    pub(crate) fn remove(&mut self, mut minor: i64) {
        for layer in self.layers.iter_mut().rev() {
            let gone = layer.minor.min(minor);
            layer.minor -= gone;
            minor -= gone;
        }
        self.layers.retain(|layer| layer.minor > 0);
    }

    /// The question that it would be today: for the reason that it has now.
    pub(crate) fn asking_now(&self) -> Asking {
        Asking { reason: self.reason.clone(), ..self.asking.clone() }
    }

    /// Held and standing as given.
    pub(crate) fn total(&self) -> i64 {
        self.held + self.given - self.taken_back
    }

    /// The part that is charged to a second person.
    pub(crate) fn granted_part(&self) -> i64 {
        self.granted.as_ref().map_or(0, |grant| (self.total() - grant.own).max(0))
    }

    /// The part of what a limit counts that was granted above its cap.
    pub(crate) fn granted_above(&self, limit: &LimitId, counted: i64) -> i64 {
        let passed = self.granted.as_ref().and_then(|grant| grant.passed.get(limit));
        passed.map_or(0, |above| (counted - above).max(0))
    }

    /// Where it stands, in the ledger's words.
    pub(crate) fn state(&self, now: Time) -> &'static str {
        match self.over {
            None if now >= self.ends_at => "expired",
            None => "held",
            Some(_) if self.given > 0 && self.given == self.taken_back => "reversed",
            Some(end) => end,
        }
    }
}

/// More than the agent's own limits left, given by a second person.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// What the gesture had before; all above it is charged to the second person.
    pub(crate) own: i64,
    /// For each of the agent's limits that it passes: all above this was granted.
    pub(crate) passed: BTreeMap<LimitId, i64>,
    pub(crate) by: AgentPid,
    pub(crate) at: Time,
}

/// The answer to a question, as far as anybody can see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It leaves no trace, for this reason.
    Fault(&'static str),
    /// It is refused by an entry, for this reason.
    Refused(&'static str),
    /// It is done, and the gesture has: held, given, taken back, state.
    Done(Option<(i64, i64, i64, &'static str)>),
}

/// What an id was used for, and what came of it.
#[derive(Debug, Clone)]
struct Answered {
    who: AgentPid,
    operation: Operation,
    expected: Expected,
}

/// All that is known.
#[derive(Debug, Clone)]
pub(crate) struct Oracle {
    pub(crate) policy: Policy,
    pub(crate) gifts: BTreeMap<SpendId, Gift>,
    pub(crate) consults: BTreeMap<RequestId, Consult>,
    pub(crate) paused: Option<PauseReason>,
    /// The ids of acts that were done: no operation has one of them.
    pub(crate) acts: BTreeSet<RequestId>,
    /// What was moved into capped pools besides the policy's caps.
    pub(crate) moved: BTreeMap<(PoolId, Currency), i64>,
    answered: BTreeMap<OperationId, Answered>,
}

impl Oracle {
    /// A house in which nothing has happened.
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            gifts: BTreeMap::new(),
            consults: BTreeMap::new(),
            paused: None,
            acts: BTreeSet::new(),
            moved: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    /// Holds whose time has come end; consults about them, too.
    pub(crate) fn expire(&mut self, now: Time) {
        for gift in self.gifts.values_mut() {
            if gift.over.is_none() && now >= gift.ends_at {
                gift.remove(gift.held);
                gift.held = 0;
                gift.over = Some("expired");
                consults::settle(&mut self.consults, gift.consult);
            }
        }
    }

    /// What an operation decided at `now` must lead to, which it then has.
    pub(crate) fn operate(
        &mut self,
        now: Time,
        caller: &Caller,
        operation: &Operation,
    ) -> Expected {
        if !matches!(caller.access, Access::Agent | Access::Supervisor) {
            return Expected::Fault("NOT_AUTHORIZED");
        }
        match operation.amount_minor() {
            Some(amount) if amount <= 0 => return Expected::Fault("AMOUNT_NOT_POSITIVE"),
            Some(amount) if amount > MAX_AMOUNT_MINOR => return Expected::Fault("AMOUNT_OVERFLOW"),
            _ => {}
        }
        if let Some(first) = self.answered.get(&operation.id()) {
            let is_same = first.who == caller.agent && is_same(&first.operation, operation);
            return if is_same { first.expected.clone() } else { Expected::Fault("ID_REUSED") };
        }
        if let OperationId::Request(id) = operation.id()
            && self.acts.contains(&id)
        {
            return Expected::Fault("ID_REUSED");
        }
        let expected = self.rule(now, caller, operation).unwrap_or_else(|no| no);
        if !matches!(expected, Expected::Fault(_)) {
            self.remember(caller, operation, &expected);
        }
        expected
    }

    fn remember(&mut self, caller: &Caller, operation: &Operation, expected: &Expected) {
        let answered = Answered {
            who: caller.agent,
            operation: operation.clone(),
            expected: expected.clone(),
        };
        self.answered.insert(operation.id(), answered);
    }

    fn rule(
        &mut self,
        now: Time,
        caller: &Caller,
        operation: &Operation,
    ) -> Result<Expected, Expected> {
        match operation {
            Operation::Reserve(request) => self.hold(now, caller, request, None),
            Operation::Give(request) => {
                self.hold(now, caller, request, None)?;
                Ok(self.give_at_once(now, request.spend))
            }
            Operation::Extend { spend, .. } => self.extend(now, caller, *spend),
            Operation::Commit { spend, amount_minor, is_final, .. } => {
                self.commit(now, caller, *spend, (*amount_minor, *is_final))
            }
            Operation::Void { spend, .. } => self.void(now, caller, *spend),
            Operation::Reverse { spend, amount_minor, reason, effective_at, .. } => {
                self.reverse(now, caller, *spend, (*amount_minor, *reason, *effective_at))
            }
            Operation::Increment { spend, amount_minor, .. } => {
                self.increment(now, caller, *spend, *amount_minor)
            }
            Operation::Correct { spend, reason, effective_at, .. } => {
                self.correct(now, caller, *spend, (reason, *effective_at))
            }
            Operation::Ask { consult, gesture, to } => {
                self.ask(now, caller, (*consult, gesture, *to))
            }
            Operation::Answer { consult, spend, approved_minor, .. } => {
                self.answer(now, caller, (*consult, *spend, *approved_minor))
            }
            Operation::Withdraw { consult, spend, .. } => {
                self.withdraw(now, caller, *consult, *spend)
            }
        }
    }

    /// Holds an amount, if every limit has room for it.
    fn hold(
        &mut self,
        now: Time,
        caller: &Caller,
        request: &GestureRequest,
        consult: Option<RequestId>,
    ) -> Result<Expected, Expected> {
        let asking = self.asking(caller, request)?;
        self.check_goes_on()?;
        self.check_room(now, &asking, request.amount.amount_minor)?;
        Ok(self.make(now, request, asking, (request.amount.amount_minor, consult)))
    }

    fn make(
        &mut self,
        now: Time,
        request: &GestureRequest,
        asking: Asking,
        (amount, consult): (i64, Option<RequestId>),
    ) -> Expected {
        let gift = Gift {
            pool: self.pool_of(&asking.caller),
            asking,
            gesture: request.gesture.clone(),
            amount,
            held: amount,
            given: 0,
            taken_back: 0,
            at: now,
            layers: vec![Layer { at: now, minor: amount, is_granted: false }],
            first_at: now,
            reason: request.reason.clone(),
            since: BTreeMap::new(),
            ends_at: now.saturating_add_ns(self.policy.hold_ns),
            gifts: Vec::new(),
            over: None,
            granted: None,
            consult,
        };
        let seen = seen(&gift, now);
        self.gifts.insert(request.spend, gift);
        seen
    }

    /// What the question is about; faults where policy or currency do not know it.
    fn asking(&self, caller: &Caller, request: &GestureRequest) -> Result<Asking, Expected> {
        if !self.policy.reasons.iter().any(|reason| reason.code == request.reason) {
            return Err(Expected::Fault("UNKNOWN_REASON"));
        }
        let gesture = self.policy.gestures.iter().find(|gesture| gesture.code == request.gesture);
        match gesture {
            None => return Err(Expected::Fault("UNKNOWN_GESTURE")),
            Some(gesture) if !gesture.kind.moves_money() => {
                return Err(Expected::Fault("GESTURE_IS_FREE"));
            }
            Some(_) => {}
        }
        if !self.policy.currencies.contains(&request.amount.currency) {
            return Err(Expected::Fault("CURRENCY_NOT_IN_POLICY"));
        }
        Ok(Asking {
            caller: caller.clone(),
            customer: request.customer,
            interaction: request.interaction,
            case: request.case,
            reason: request.reason.clone(),
            currency: request.amount.currency,
        })
    }

    /// Whether a gesture's id was used before, be it in vain.
    fn was_used(&self, spend: SpendId) -> bool {
        self.answered.contains_key(&OperationId::Spend(spend))
    }

    fn check_goes_on(&self) -> Result<(), Expected> {
        self.paused.map_or(Ok(()), |_| Err(Expected::Refused("PAUSED")))
    }
}

/// What one sees of a gesture.
fn seen(gift: &Gift, now: Time) -> Expected {
    let state = gift.state(now);
    let held = if state == "held" { gift.held } else { 0 };
    Expected::Done(Some((held, gift.given, gift.taken_back, state)))
}

/// Whether an id is used for the same thing again; how long the decision took may differ, and who
/// was there to be asked.
fn is_same(first: &Operation, again: &Operation) -> bool {
    let bare = |operation: &Operation| {
        let mut operation = operation.clone();
        match &mut operation {
            Operation::Reserve(request) | Operation::Give(request) => request.decided_ms = 0,
            Operation::Ask { gesture, to, .. } => {
                gesture.decided_ms = 0;
                *to = None;
            }
            _ => {}
        }
        operation
    };
    bare(first) == bare(again)
}
