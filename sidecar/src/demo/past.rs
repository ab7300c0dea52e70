//! The demo's ledger before the demo began: four weeks of a working house, decided by its rules and
//! written by its writer while its clock tells the past.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context as _;
use makegood_core::ids::{RequestId, SpendId};
use makegood_core::ledger::{GestureRequest, Operation, ReverseReason, VoidReason};
use makegood_core::money::{Currency, Money};
use makegood_core::time::{NS_PER_DAY, Time};
use uuid::Uuid;

use crate::clock::{Clock, ClockJumped, SystemClock};
use crate::generate::past::{Contact, Deed, Gift, PAST_DAYS, Step, past};
use crate::generate::{Config as Centre, SOURCE};
use crate::house::{House, HouseError};
use crate::ledger::writer::WriteError;

/// A clock that tells the past while one is told, and the system's time from then on.
#[derive(Debug)]
pub struct TellingClock {
    /// The time that it tells, in nanoseconds since the Unix epoch; 0 for that of the system.
    told_ns: AtomicI64,
    system: SystemClock,
}

impl TellingClock {
    /// A clock that tells the system's time.
    pub fn start() -> Arc<Self> {
        Arc::new(Self { told_ns: AtomicI64::new(0), system: SystemClock::start() })
    }

    fn tell(&self, ns: i64) {
        self.told_ns.store(ns, Ordering::Release);
    }
}

impl Clock for TellingClock {
    fn now(&self) -> Result<Time, ClockJumped> {
        match self.told_ns.load(Ordering::Acquire) {
            0 => self.system.now(),
            told_ns => Ok(Time::from_nanos(told_ns)),
        }
    }
}

/// Tells what was given on the contacts of a centre, into a ledger that has nothing yet.
///
/// # Errors
/// When something cannot be written.
pub fn tell_past(
    house: &House,
    clock: &TellingClock,
    centre: &Centre,
    contacts: &[Contact],
) -> anyhow::Result<()> {
    clock.tell(centre.now_ns - PAST_DAYS * NS_PER_DAY);
    let told = house.activate_policy().context("put the policy in force").and_then(|()| {
        let mut gifts = Vec::new();
        for step in past(centre.seed, contacts, centre.agent_count, centre.now_ns) {
            clock.tell(step.at_ns);
            carry_out(house, &step, &mut gifts).context("tell what was given before")?;
        }
        Ok(())
    });
    clock.tell(0);
    told
}

/// The ids of gestures by their numbers, with the consult where there is one.
type Gifts = Vec<(u32, SpendId, Option<RequestId>)>;

fn carry_out(house: &House, step: &Step, gifts: &mut Gifts) -> anyhow::Result<()> {
    let agent = |id: &str| house.visitor(id, makegood_core::ledger::Access::Agent, None);
    let visitor = agent(&step.agent)?;
    let known = gifts.iter().find(|(number, ..)| *number == step.gift).copied();
    let request = RequestId::from_bytes(*Uuid::new_v4().as_bytes());
    let spend = known.map_or_else(|| SpendId::from_bytes(*Uuid::new_v4().as_bytes()), |it| it.1);
    let consult = known.and_then(|it| it.2);
    let operation = match &step.deed {
        Deed::Give(gift) => Operation::Give(gesture(house, spend, gift)?),
        Deed::Hold(gift) => Operation::Reserve(gesture(house, spend, gift)?),
        Deed::Ask(gift, to) => {
            let to = makegood_core::ids::AgentPid::from_bytes(agent(to)?.agent.pid);
            let gesture = gesture(house, spend, gift)?;
            Operation::Ask { consult: request, gesture, to: Some(to) }
        }
        Deed::Approve(approved_minor) => Operation::Answer {
            request,
            consult: consult.context("an answer to no question")?,
            spend,
            approved_minor: *approved_minor,
        },
        Deed::Commit(amount_minor) => {
            Operation::Commit { request, spend, amount_minor: *amount_minor, is_final: true }
        }
        Deed::Release => Operation::Void { request, spend, reason: VoidReason::CustomerDeclined },
        Deed::TakeBack(amount_minor) => Operation::Reverse {
            request,
            spend,
            amount_minor: *amount_minor,
            reason: ReverseReason::MisEntry,
            effective_at: None,
        },
    };
    if known.is_none() {
        let consult = matches!(step.deed, Deed::Ask(..)).then_some(request);
        gifts.push((step.gift, spend, consult));
    }
    match house.done_before(&visitor.agent, Time::from_nanos(step.at_ns), operation) {
        // Another policy has other gestures; what it does not know was never given.
        Err(HouseError::Write(WriteError::Fault(_))) => Ok(()),
        done => Ok(done.map(drop)?),
    }
}

fn gesture(house: &House, spend: SpendId, gift: &Gift) -> anyhow::Result<Box<GestureRequest>> {
    let place = (gift.interaction.as_str(), gift.case.as_deref());
    let (interaction, case) = house.brought_in_contact(SOURCE, place);
    Ok(Box::new(GestureRequest {
        spend,
        customer: house.brought_in_customer(&gift.customer)?,
        interaction,
        case,
        amount: Money::new(Currency::parse("USD")?, gift.amount_minor),
        reason: gift.reason.parse()?,
        gesture: gift.gesture.parse()?,
        note: None,
        decided_ms: gift.decided_ms,
        suggestion: None,
    }))
}
