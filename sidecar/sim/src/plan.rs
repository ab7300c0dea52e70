//! What is asked in a simulation: random commands that meet each other often.

use makegood_core::ids::{RequestId, SpendId};
use makegood_core::ledger::{
    Act, Action, Caller, GestureRequest, Operation, OperationId, PauseReason, ReverseReason,
    VoidReason,
};
use makegood_core::money::{Currency, Money};
use makegood_core::time::{NS_PER_HOUR, Time};
use makegood_ledger::journal::sim::Random;

use crate::cast;
use crate::oracle::Oracle;

/// One question, and who asks.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) caller: Caller,
    pub(crate) action: Action,
}

/// Makes up what is asked next.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) random: Random,
    ids: u64,
    /// Some of what was asked, to be asked again.
    asked: Vec<Asked>,
}

/// How much of what was asked is remembered for retries.
const REMEMBERED: usize = 40;

impl Plan {
    /// The plan of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), ids: 0, asked: Vec::new() }
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.random.below(times) == 0
    }

    /// The next question.
    pub(crate) fn next(&mut self, oracle: &Oracle, now: Time) -> Asked {
        let asked = match self.random.below(100) {
            0..10 => self.again(),
            10..13 => Some(self.act(oracle)),
            _ => Some(self.operation(oracle, now)),
        };
        let asked = asked.unwrap_or_else(|| self.operation(oracle, now));
        if self.asked.len() < REMEMBERED {
            self.asked.push(asked.clone());
        } else {
            let nth = self.random.below(REMEMBERED);
            self.asked[nth] = asked.clone();
        }
        asked
    }

    /// Something that was asked before: as it was, by somebody else, or with another amount.
    fn again(&mut self) -> Option<Asked> {
        let nth = self.random.below(self.asked.len().max(1));
        let mut asked = self.asked.get(nth)?.clone();
        match self.random.below(8) {
            0 => asked.caller = cast::employee(self.random.below(cast::AGENTS)),
            1 => {
                if let Action::Spend(
                    Operation::Commit { amount_minor, .. }
                    | Operation::Reverse { amount_minor, .. },
                ) = &mut asked.action
                {
                    *amount_minor += 1;
                }
            }
            2 => {
                if let Action::Spend(Operation::Give(request) | Operation::Reserve(request)) =
                    &mut asked.action
                {
                    request.decided_ms += 7;
                }
            }
            _ => {}
        }
        Some(asked)
    }

    fn act(&mut self, oracle: &Oracle) -> Asked {
        let mut request = Some(RequestId::from_bytes(self.id(9)));
        if self.once_in(8) {
            // An id that an operation may have already.
            request = self.asked.iter().rev().find_map(operation_id).or(request);
        }
        let act = if oracle.paused.is_some() {
            Act::Resume { note: None }
        } else if self.once_in(4) {
            let reasons = PauseReason::ALL;
            Act::Pause { reason: reasons[self.random.below(reasons.len())], note: None }
        } else if self.random.below(2) == 0 {
            let pool = Some(cast::known("orders"));
            let (from, to) = if self.once_in(4) { (pool, None) } else { (None, pool) };
            let amount_minor = 1 + i64::try_from(self.random.below(900_000)).unwrap_or(0);
            let currency = if self.once_in(4) { cast::euros() } else { Currency::USD };
            Act::Allocate { from, to, amount: Money { currency, amount_minor } }
        } else {
            Act::DigestBalances
        };
        Asked {
            caller: cast::employee(8 + self.random.below(2)),
            action: Action::Act { request, act },
        }
    }

    fn operation(&mut self, oracle: &Oracle, now: Time) -> Asked {
        let (caller, operation) = match self.random.below(100) {
            0..22 => self.new_gesture(Operation::Reserve),
            22..44 => self.new_gesture(Operation::Give),
            44..54 => self.ask(oracle),
            54..64 => self.answer(oracle),
            _ => self.settle(oracle, now),
        };
        Asked { caller, action: Action::Spend(operation) }
    }

    /// Now and then by somebody who may not.
    fn somebody(&mut self) -> Caller {
        if self.once_in(60) {
            return cast::employee(8 + self.random.below(4));
        }
        cast::employee(self.random.below(cast::AGENTS + cast::LEADS))
    }

    fn new_gesture(
        &mut self,
        make: impl FnOnce(Box<GestureRequest>) -> Operation,
    ) -> (Caller, Operation) {
        let caller = self.somebody();
        let amount = self.amount(60_000);
        let gesture = self.gesture(amount);
        (caller, make(gesture))
    }

    fn amount(&mut self, usual: usize) -> i64 {
        let amount = match self.random.below(40) {
            0 => 0,
            1 => return -5,
            2 => return i64::MAX,
            3..7 => self.random.below(usual * 5),
            _ => self.random.below(usual),
        };
        i64::try_from(amount).unwrap_or(1)
    }

    fn gesture(&mut self, amount_minor: i64) -> Box<GestureRequest> {
        let currency = if self.once_in(5) { cast::euros() } else { Currency::USD };
        let customer = self.random.below(cast::CUSTOMERS);
        Box::new(GestureRequest {
            spend: SpendId::from_bytes(self.id(1)),
            customer: cast::customer(customer),
            interaction: cast::interaction(customer * 4 + self.random.below(4)),
            case: (self.random.below(2) == 0).then(|| cast::case(customer)),
            amount: Money { amount_minor, currency },
            reason: match self.random.below(50) {
                0 => cast::reason(3),
                nth => cast::reason(nth % 3),
            },
            gesture: cast::known(match self.random.below(40) {
                0 => "explain",
                1 => "nothing",
                nth if nth % 2 == 0 => "refund",
                _ => "waive_fee",
            }),
            note: None,
            decided_ms: 0,
            suggestion: None,
        })
    }

    fn ask(&mut self, oracle: &Oracle) -> (Caller, Operation) {
        let consult = RequestId::from_bytes(self.id(3));
        let mut caller = self.somebody();
        let amount = self.amount(250_000);
        let mut gesture = self.gesture(amount.max(1));
        if self.once_in(3)
            && let Some(id) = self.some_gift(oracle)
        {
            let gift = &oracle.gifts[&id];
            caller = gift.asking.caller.clone();
            *gesture = GestureRequest {
                spend: id,
                customer: gift.asking.customer,
                interaction: gift.asking.interaction,
                case: gift.asking.case,
                amount: Money { amount_minor: amount.max(1), currency: gift.asking.currency },
                reason: gift.asking.reason.clone(),
                gesture: gift.gesture.clone(),
                ..*gesture
            };
        }
        let nth = self.random.below(8);
        let to = (nth > 0).then(|| cast::lead(nth).agent);
        (caller, Operation::Ask { consult, gesture, to })
    }

    fn answer(&mut self, oracle: &Oracle) -> (Caller, Operation) {
        let request = RequestId::from_bytes(self.id(4));
        let open: Vec<_> = oracle.consults.iter().rev().take(6).collect();
        let Some((id, consult)) = open.get(self.random.below(open.len().max(1))) else {
            return self.ask(oracle);
        };
        let (consult_id, spend) = (**id, consult.spend);
        if self.once_in(8) {
            let agent = oracle.gifts[&spend].asking.caller.clone();
            return (agent, Operation::Withdraw { request, consult: consult_id, spend });
        }
        let asked = usize::try_from(consult.asked).unwrap_or(1);
        let approved = match self.random.below(4) {
            0 => 0,
            1 => consult.asked,
            2 => i64::try_from(self.random.below(asked.max(1))).unwrap_or(0),
            _ => consult.asked + i64::try_from(self.random.below(3)).unwrap_or(0),
        };
        let operation =
            Operation::Answer { request, consult: consult_id, spend, approved_minor: approved };
        (cast::lead(self.random.below(cast::LEADS)), operation)
    }

    fn some_gift(&mut self, oracle: &Oracle) -> Option<SpendId> {
        let count = oracle.gifts.len();
        // The last ones are the most interesting.
        let back = self.random.below(count.clamp(1, 12));
        oracle.gifts.keys().rev().nth(back).copied()
    }

    fn settle(&mut self, oracle: &Oracle, now: Time) -> (Caller, Operation) {
        let Some(spend) = self.some_gift(oracle) else {
            return self.new_gesture(Operation::Reserve);
        };
        let gift = &oracle.gifts[&spend];
        let (held, given) = (gift.held, gift.given - gift.taken_back);
        let mut caller = gift.asking.caller.clone();
        if self.once_in(12) {
            caller = self.somebody();
        }
        let mut request = RequestId::from_bytes(self.id(2));
        if self.once_in(60) {
            // An id that an act has already.
            request = oracle.acts.last().copied().unwrap_or(request);
        }
        let effective_at = self.once_in(4).then(|| {
            let hours = i64::try_from(self.random.below(3 * 24)).unwrap_or(0);
            now.saturating_sub_ns((hours - 1) * NS_PER_HOUR)
        });
        let operation = match self.random.below(12) {
            0..5 => Operation::Commit {
                request,
                spend,
                amount_minor: self.part(held),
                is_final: self.random.below(2) == 0,
            },
            5 => Operation::Void { request, spend, reason: VoidReason::CustomerDeclined },
            6 => Operation::Extend { request, spend },
            7 | 8 => Operation::Reverse {
                request,
                spend,
                amount_minor: self.part(given),
                reason: if self.random.below(2) == 0 {
                    ReverseReason::MisEntry
                } else {
                    ReverseReason::CustomerReturned
                },
                effective_at,
            },
            9 | 10 => Operation::Increment { request, spend, amount_minor: self.part(40_000) },
            _ => Operation::Correct {
                request,
                spend,
                reason: cast::reason(self.random.below(3)),
                gesture: cast::known("upgrade"),
                effective_at,
            },
        };
        (caller, operation)
    }

    /// All of it, a part of it, or a little too much.
    fn part(&mut self, whole: i64) -> i64 {
        match self.random.below(6) {
            0..3 => whole.max(1),
            3 => whole + 1,
            _ => i64::try_from(self.random.below(usize::try_from(whole.max(1)).unwrap_or(1)))
                .unwrap_or(0)
                .max(1),
        }
    }

    /// An id that nobody had before.
    fn id(&mut self, kind: u8) -> [u8; 16] {
        self.ids += 1;
        let mut id = [kind; 16];
        id[8..].copy_from_slice(&self.ids.to_be_bytes());
        id
    }
}

fn operation_id(asked: &Asked) -> Option<RequestId> {
    match &asked.action {
        Action::Spend(operation) => match operation.id() {
            OperationId::Request(request) => Some(request),
            OperationId::Spend(_) => None,
        },
        _ => None,
    }
}
