//! Random steps in a house where every kind of limit can bind.

use std::collections::BTreeMap;

use makegood_core::ids::{AgentPid, RequestId, SpendId};
use makegood_core::ledger::{
    Act, Action, Command, GestureRequest, Operation, PauseReason, ReverseReason, VoidReason,
};
use makegood_core::money::Currency;
use makegood_core::policy::{Dimension, Limit, Policy, Pool, Window};
use makegood_core::time::NS_PER_DAY;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use crate::support::{
    House, caller_named, case, customer, day, gesture, interaction, leads, limit, often,
    policy_with, seconds,
};

/// The last two are leads: they give, and grant others more.
pub(crate) const AGENTS: [&str; 5] = ["ann", "ben", "sue", "lea", "lou"];
const CUSTOMERS: [&str; 2] = ["cora", "carl"];

/// What one step does, by small numbers so that steps meet each other.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) wait_s: i64,
    agent: usize,
    verb: Verb,
    expires_first: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Verb {
    Reserve(Ask),
    Give(Ask),
    Extend(u8, u8),
    Commit(u8, u8, i64, bool),
    Void(u8, u8),
    Reverse(u8, u8, i64, bool, Option<i64>),
    Increment(u8, u8, i64),
    Correct(u8, u8, bool, Option<i64>),
    /// The consult, whose number says which gesture it is about, and who is asked.
    AskFor(u8, Ask, usize),
    Answer(u8, u8, i64),
    Withdraw(u8, u8),
    Pass(u8, usize),
    Pause(u8, bool),
}

#[derive(Debug, Clone)]
pub(crate) struct Ask {
    spend: u8,
    customer: usize,
    case: Option<bool>,
    interaction: bool,
    is_goodwill: bool,
    /// As all others of its id are, so that it can be asked about again.
    is_usual: bool,
    pub(crate) amount_minor: i64,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    // Around the edges of undo (30 s), hold (600 s), the day, and the rolling two days.
    let wait_s = prop_oneof![
        24 => Just(0),
        10 => 1..40_i64,
        4 => Just(60),
        1 => Just(600),
        1 => 40_000..90_000_i64,
        1 => Just(2 * 86_400),
    ];
    let spend = prop_oneof![1 => 0..10_u8, 1 => 6..8_u8];
    let request = 0..90_u8;
    let amount = prop_oneof![1..40_i64, 40..120_i64];
    let verb = prop_oneof![
        5 => ask().prop_map(Verb::Reserve),
        3 => ask().prop_map(Verb::Give),
        1 => (request.clone(), spend.clone()).prop_map(|(r, s)| Verb::Extend(r, s)),
        4 => (request.clone(), spend.clone(), amount.clone(), any::<bool>())
            .prop_map(|(r, s, a, f)| Verb::Commit(r, s, a, f)),
        2 => (request.clone(), spend.clone()).prop_map(|(r, s)| Verb::Void(r, s)),
        2 => (request.clone(), spend.clone(), amount.clone(), any::<bool>(), back_dated())
            .prop_map(|(r, s, a, m, at)| Verb::Reverse(r, s, a, m, at)),
        3 => (request.clone(), spend.clone(), amount)
            .prop_map(|(r, s, a)| Verb::Increment(r, s, a)),
        1 => (request.clone(), spend, any::<bool>(), back_dated())
            .prop_map(|(r, s, kind, at)| Verb::Correct(r, s, kind, at)),
        10 => consulting(request),
        1 => (any::<u8>(), prop_oneof![1 => Just(true), 2 => Just(false)])
            .prop_map(|(r, is_paused)| Verb::Pause(r, is_paused)),
    ];
    // Mostly one agent, so that gestures are acted on by their own.
    let agent = prop_oneof![8 => Just(0), 1 => 1..AGENTS.len()];
    (wait_s, agent, verb, any::<bool>()).prop_map(|(wait_s, agent, verb, expires_first)| Step {
        wait_s,
        agent,
        verb,
        expires_first,
    })
}

fn consulting(request: impl Strategy<Value = u8> + Clone) -> impl Strategy<Value = Verb> {
    let consult = prop_oneof![6 => 0..2_u8, 2 => 4..6_u8, 1 => 0..8_u8];
    let wished = prop_oneof![6 => 201..280_i64, 1 => 60..201_i64, 1 => Just(0)];
    let lead = prop_oneof![6 => Just(3), 2 => Just(4), 1 => 0..AGENTS.len() + 1];
    prop_oneof![
        4 => (consult.clone(), ask(), 180..320_i64, lead.clone()).prop_map(
            |(c, ask, amount_minor, to)| Verb::AskFor(c, Ask { spend: asked_about(c), amount_minor, ..ask }, to)
        ),
        12 => (request.clone(), consult.clone(), wished).prop_map(|(r, c, a)| Verb::Answer(r, c, a)),
        1 => (request, consult.clone()).prop_map(|(r, c)| Verb::Withdraw(r, c)),
        5 => (consult, prop_oneof![2 => lead, 1 => Just(AGENTS.len())]).prop_map(|(c, to)| Verb::Pass(c, to)),
    ]
}

/// So many seconds after the beginning, around days that the policy still allows.
fn back_dated() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![4 => Just(None), 1 => (0..200_000_i64).prop_map(Some)]
}

pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    let is_usual = prop_oneof![3 => Just(true), 1 => Just(false)];
    let about = (0..CUSTOMERS.len(), any::<Option<bool>>(), any::<bool>(), any::<bool>());
    (0..6_u8, about, is_usual, 1..120_i64).prop_map(|(spend, about, is_usual, amount_minor)| {
        let (customer, case, interaction, is_goodwill) = about;
        Ask { spend, customer, case, interaction, is_goodwill, is_usual, amount_minor }
    })
}

/// A policy in which every kind of window and scope can bind.
pub(crate) fn crowded_policy() -> Policy {
    let two_days = 2 * NS_PER_DAY;
    let scoped =
        |rule: Limit, scope: &[Dimension]| Limit { scope: scope.iter().copied().collect(), ..rule };
    let rolling = Window::Rolling { duration_ns: two_days };
    let case = limit("case", Window::Case { otherwise_ns: two_days }, 200);
    Policy {
        backdate_ns: two_days,
        pools: vec![Pool {
            id: "all".parse().unwrap(),
            label: "in all".to_owned(),
            team: None,
            caps: Some(BTreeMap::from([(Currency::USD, 900)])),
        }],
        ..policy_with(vec![
            case,
            scoped(limit("today", day(), 250), &[Dimension::Agent]),
            scoped(limit("customer", rolling.clone(), 300), &[Dimension::Customer]),
            scoped(limit("call", Window::Interaction, 220), &[Dimension::Tenant]),
            Limit {
                reasons: Some(["goodwill".parse().unwrap()].into()),
                ..scoped(limit("kind", day(), 90), &[Dimension::Reason])
            },
            often("often", rolling.clone(), 4),
            leads("grants", rolling, 400),
            leads("grants_today", day(), 300),
        ])
    }
}

pub(crate) fn request_of(ask: &Ask) -> GestureRequest {
    let mut request = gesture("", CUSTOMERS[ask.customer], ask.amount_minor);
    request.spend = SpendId::from_bytes([ask.spend; 16]);
    if ask.is_usual {
        request.customer = customer(CUSTOMERS[usize::from(ask.spend % 2)]);
        return request;
    }
    request.case = ask.case.map(|first| case(if first { "K1" } else { "K2" }));
    request.interaction = interaction(if ask.interaction { "i1" } else { "i2" });
    if ask.is_goodwill {
        request.reason = "goodwill".parse().unwrap();
    }
    request
}

impl Step {
    /// Who asks: second persons answer, the sidecar passes on, a supervisor pauses.
    pub(crate) fn caller(&self) -> &'static str {
        match self.verb {
            Verb::Answer(request, ..) => AGENTS[3 + usize::from(request % 4 == 0)],
            Verb::Pass(..) => "sys",
            Verb::Pause(..) => "sue",
            _ => AGENTS[self.agent],
        }
    }

    pub(crate) fn action(&self) -> Action {
        match &self.verb {
            Verb::Pass(consult, to) => {
                Action::PassConsult { consult: consult_id(*consult), to: asked(*to) }
            }
            Verb::Pause(request, is_paused) => Action::Act {
                request: Some(RequestId::from_bytes([*request; 16])),
                act: if *is_paused {
                    Act::Pause { reason: PauseReason::Other, note: None }
                } else {
                    Act::Resume { note: None }
                },
            },
            verb => Action::Spend(operation_of(verb)),
        }
    }
}

/// Who is asked; nobody for the number behind the last.
fn asked(to: usize) -> Option<AgentPid> {
    AGENTS.get(to).map(|name| caller_named(name).agent)
}

/// Two consults may be about each of the gestures that are mostly asked about.
fn asked_about(consult: u8) -> u8 {
    6 + consult % 4
}

fn consult_id(consult: u8) -> RequestId {
    RequestId::from_bytes([100 + consult; 16])
}

fn operation_of(verb: &Verb) -> Operation {
    let request = |id: &u8| RequestId::from_bytes([*id; 16]);
    let spend = |id: &u8| SpendId::from_bytes([*id; 16]);
    match verb {
        Verb::Reserve(ask) => Operation::Reserve(Box::new(request_of(ask))),
        Verb::Give(ask) => Operation::Give(Box::new(request_of(ask))),
        Verb::Extend(id, of) => Operation::Extend { request: request(id), spend: spend(of) },
        Verb::Commit(id, of, amount_minor, is_final) => Operation::Commit {
            request: request(id),
            spend: spend(of),
            amount_minor: *amount_minor,
            is_final: *is_final,
        },
        Verb::Void(id, of) => {
            Operation::Void { request: request(id), spend: spend(of), reason: VoidReason::Other }
        }
        Verb::Reverse(id, of, amount_minor, is_slip, at) => Operation::Reverse {
            request: request(id),
            spend: spend(of),
            amount_minor: *amount_minor,
            reason: if *is_slip { ReverseReason::MisEntry } else { ReverseReason::Other },
            effective_at: at.map(seconds),
        },
        Verb::Increment(id, of, amount_minor) => Operation::Increment {
            request: request(id),
            spend: spend(of),
            amount_minor: *amount_minor,
        },
        Verb::Correct(id, of, is_upgrade, at) => Operation::Correct {
            request: request(id),
            spend: spend(of),
            reason: ["wrong", "goodwill", "late"][usize::from(*id % 3)].parse().unwrap(),
            gesture: if *is_upgrade { "upgrade" } else { "refund" }.parse().unwrap(),
            effective_at: at.map(seconds),
        },
        verb => consulting_of(verb),
    }
}

fn consulting_of(verb: &Verb) -> Operation {
    let request = |id: &u8| RequestId::from_bytes([*id; 16]);
    let spend = |consult: &u8| SpendId::from_bytes([asked_about(*consult); 16]);
    match verb {
        Verb::AskFor(consult, ask, to) => {
            let gesture = request_of(ask);
            let (consult, to) = (consult_id(*consult), asked(*to));
            Operation::Ask { consult, gesture: Box::new(gesture), to }
        }
        Verb::Answer(id, consult, approved_minor) => Operation::Answer {
            request: request(id),
            consult: consult_id(*consult),
            spend: spend(consult),
            approved_minor: *approved_minor,
        },
        Verb::Withdraw(id, consult) => Operation::Withdraw {
            request: request(id),
            consult: consult_id(*consult),
            spend: spend(consult),
        },
        other => panic!("{other:?} is no operation"),
    }
}

/// Plays steps in a house; answers with the commands and with the house they led to.
pub(crate) fn play(steps: &[Step]) -> (House, Vec<Command>) {
    let mut house = House::new(crowded_policy());
    let mut now = 0;
    let mut commands = Vec::new();
    for step in steps {
        now += step.wait_s;
        if step.expires_first {
            house.expire_due(seconds(now));
        }
        let command = house.command(seconds(now), step.caller(), step.action());
        // A fault leaves no trace and is part of the game.
        drop(house.submit(&command));
        commands.push(command);
    }
    (house, commands)
}
