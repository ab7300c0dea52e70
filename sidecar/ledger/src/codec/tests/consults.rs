//! Entries, operations and refusals about consults, increments and corrections.

use makegood_core::ids::{AgentPid, RequestId};
use makegood_core::ledger::{ConsultState, EntryBody, Operation, PauseReason, Refusal};
use makegood_core::money::Currency;
use makegood_core::policy::GestureKind;
use makegood_core::time::Time;

use super::{REQUEST, SPEND, about, gesture};

const CONSULT: RequestId = RequestId::from_bytes([11; 16]);
const LEAD: AgentPid = AgentPid::from_bytes([12; 15]);

pub(super) fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::Paused { reason: PauseReason::Budget },
        Refusal::PolicyChanged,
        Refusal::WindowEnded { limit: "today".parse().unwrap() },
        Refusal::ConsultOver { state: ConsultState::TimedOut },
        Refusal::ConsultOpen { consult: CONSULT },
        Refusal::NobodyToAsk,
        Refusal::AmountAboveAsked { asked_minor: 1, approved_minor: 2, currency: Currency::USD },
        Refusal::PeriodClosed { closed_until: Time::from_nanos(7) },
        Refusal::TooLongAgo { earliest: Time::from_nanos(8) },
    ]
}

pub(super) fn operations() -> Vec<Operation> {
    let (request, consult, spend) = (REQUEST, CONSULT, SPEND);
    vec![
        Operation::Increment { request, spend, amount_minor: 7 },
        Operation::Correct {
            request,
            spend,
            reason: "late".parse().unwrap(),
            gesture: "refund".parse().unwrap(),
            effective_at: Some(Time::from_nanos(6)),
        },
        Operation::Ask { consult, gesture: Box::new(gesture()), to: Some(LEAD) },
        Operation::Answer { request, consult, spend, approved_minor: 0 },
        Operation::Withdraw { request, consult, spend },
    ]
}

pub(super) fn bodies() -> Vec<EntryBody> {
    let (request, consult) = (REQUEST, CONSULT);
    let mut bodies = vec![
        EntryBody::Increased { request, about: Box::new(about()), amount_minor: 3 },
        EntryBody::Corrected {
            request,
            about: Box::new(about()),
            reason: "late".parse().unwrap(),
            gesture: "refund".parse().unwrap(),
            kind: GestureKind::RefundCredit,
            amount_minor: 4,
        },
        EntryBody::ConsultAsked {
            consult,
            about: Box::new(about()),
            asked_minor: 9,
            held_minor: 0,
            to: LEAD,
            answer_at: Time::from_nanos(60),
            expire_at: Time::from_nanos(660),
            binding: "customer_case".parse().unwrap(),
        },
        EntryBody::ConsultPassed {
            consult,
            about: Box::new(about()),
            from: LEAD,
            to: AgentPid::from_bytes([13; 15]),
            answer_at: Time::from_nanos(61),
            expire_at: Time::from_nanos(661),
        },
        EntryBody::ConsultApproved {
            request,
            consult,
            about: Box::new(about()),
            approved_minor: 8,
            added_minor: 5,
            waited_ns: 30,
            expire_at: Time::from_nanos(700),
        },
    ];
    // A consult that is open or approved is not closed.
    let ends = ConsultState::ALL.iter().copied();
    let ends = ends.filter(|end| !matches!(end, ConsultState::Open | ConsultState::Approved));
    bodies.extend(ends.map(|end| EntryBody::ConsultClosed {
        request: (end != ConsultState::Settled).then_some(request),
        consult,
        about: Box::new(about()),
        end,
        waited_ns: 31,
    }));
    bodies
}
