//! Random steps in a house where every kind of limit can bind.

use std::collections::BTreeMap;

use makegood_core::ids::{RequestId, SpendId};
use makegood_core::ledger::{
    Action, Command, GestureRequest, Operation, ReverseReason, VoidReason,
};
use makegood_core::money::Currency;
use makegood_core::policy::{Dimension, Limit, Policy, Pool, Window};
use makegood_core::time::NS_PER_DAY;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use crate::support::{House, case, day, gesture, interaction, limit, policy_with, seconds};

pub(crate) const AGENTS: [&str; 3] = ["ann", "ben", "sue"];
const CUSTOMERS: [&str; 2] = ["cora", "carl"];

/// What one step does, by small numbers so that steps meet each other.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) wait_s: i64,
    pub(crate) agent: usize,
    pub(crate) verb: Verb,
    expires_first: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Verb {
    Reserve(Ask),
    Give(Ask),
    Extend(u8, u8),
    Commit(u8, u8, i64, bool),
    Void(u8, u8),
    Reverse(u8, u8, i64, bool),
}

#[derive(Debug, Clone)]
pub(crate) struct Ask {
    spend: u8,
    customer: usize,
    case: Option<bool>,
    interaction: bool,
    is_goodwill: bool,
    pub(crate) amount_minor: i64,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    // Around the edges of undo (30 s), hold (600 s), the day, and the rolling two days.
    let wait_s = prop_oneof![
        4 => Just(0),
        4 => 1..40_i64,
        2 => Just(600),
        1 => 40_000..90_000_i64,
        1 => Just(2 * 86_400),
    ];
    let spend = 0..6_u8;
    let request = 0..30_u8;
    let amount = prop_oneof![1..40_i64, 40..120_i64];
    let verb = prop_oneof![
        5 => ask().prop_map(Verb::Reserve),
        3 => ask().prop_map(Verb::Give),
        1 => (request.clone(), spend.clone()).prop_map(|(r, s)| Verb::Extend(r, s)),
        4 => (request.clone(), spend.clone(), amount.clone(), any::<bool>())
            .prop_map(|(r, s, a, f)| Verb::Commit(r, s, a, f)),
        2 => (request.clone(), spend.clone()).prop_map(|(r, s)| Verb::Void(r, s)),
        2 => (request, spend, amount, any::<bool>())
            .prop_map(|(r, s, a, m)| Verb::Reverse(r, s, a, m)),
    ];
    // Mostly one agent, so that gestures are acted on by their own.
    let agent = prop_oneof![4 => Just(0), 1 => 1..AGENTS.len()];
    (wait_s, agent, verb, any::<bool>()).prop_map(|(wait_s, agent, verb, expires_first)| Step {
        wait_s,
        agent,
        verb,
        expires_first,
    })
}

pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    (0..6_u8, 0..CUSTOMERS.len(), any::<Option<bool>>(), any::<bool>(), any::<bool>(), 1..120_i64)
        .prop_map(|(spend, customer, case, interaction, is_goodwill, amount_minor)| Ask {
            spend,
            customer,
            case,
            interaction,
            is_goodwill,
            amount_minor,
        })
}

/// A policy in which every kind of window and scope can bind.
pub(crate) fn crowded_policy() -> Policy {
    let two_days = 2 * NS_PER_DAY;
    let scoped =
        |rule: Limit, scope: &[Dimension]| Limit { scope: scope.iter().copied().collect(), ..rule };
    let case = limit("case", Window::Case { otherwise_ns: two_days }, 200);
    let rolling = Window::Rolling { duration_ns: two_days };
    Policy {
        pools: vec![Pool {
            id: "all".parse().unwrap(),
            label: "in all".to_owned(),
            team: None,
            caps: Some(BTreeMap::from([(Currency::USD, 900)])),
        }],
        ..policy_with(vec![
            case,
            scoped(limit("today", day(), 250), &[Dimension::Agent]),
            scoped(limit("customer", rolling, 300), &[Dimension::Customer]),
            scoped(limit("call", Window::Interaction, 220), &[Dimension::Tenant]),
            Limit {
                reasons: Some(["goodwill".parse().unwrap()].into()),
                ..scoped(limit("kind", day(), 90), &[Dimension::Reason])
            },
        ])
    }
}

pub(crate) fn request_of(ask: &Ask) -> GestureRequest {
    let mut request = gesture("", CUSTOMERS[ask.customer], ask.amount_minor);
    request.spend = SpendId::from_bytes([ask.spend; 16]);
    request.case = ask.case.map(|first| case(if first { "K1" } else { "K2" }));
    request.interaction = interaction(if ask.interaction { "i1" } else { "i2" });
    if ask.is_goodwill {
        request.reason = "goodwill".parse().unwrap();
    }
    request
}

pub(crate) fn operation_of(verb: &Verb) -> Operation {
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
        Verb::Reverse(id, of, amount_minor, is_slip) => Operation::Reverse {
            request: request(id),
            spend: spend(of),
            amount_minor: *amount_minor,
            reason: if *is_slip { ReverseReason::MisEntry } else { ReverseReason::Other },
            effective_at: None,
        },
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
        let action = Action::Spend(operation_of(&step.verb));
        let command = house.command(seconds(now), AGENTS[step.agent], action);
        // A fault leaves no trace and is part of the game.
        drop(house.submit(&command));
        commands.push(command);
    }
    (house, commands)
}
