//! Contacts between a customer and the centre.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::calendar::SECOND;
use super::customer::Customer;
use super::dice::Dice;
use super::plan::{Stream, What, dice};
use super::reasons::{REASONS, Reason};
use super::staff::{Employee, Roster};
use super::{SOURCE, shape};
use crate::import::rows::{Content, Row};

const CHANNELS: [(u32, api::Channel); 6] = [
    (52, api::Channel::Phone),
    (24, api::Channel::Chat),
    (14, api::Channel::Email),
    (4, api::Channel::Store),
    (5, api::Channel::Web),
    (1, api::Channel::Field),
];

/// How long a customer waits: the least and the most, in seconds.
const QUEUES: [(u32, (u32, u32)); 4] =
    [(55, (4, 60)), (30, (60, 300)), (12, (300, 900)), (3, (900, 2_400))];

/// More hand-overs than these are a story of their own for the customer.
const MANY_TRANSFERS: u32 = 4;

/// What is decided about a contact before it is told: a function of the seed and its place.
pub(super) struct Facts {
    pub(super) reason: &'static Reason,
    pub(super) wait_s: u32,
    pub(super) length_s: u32,
    pub(super) transfers: u32,
    pub(super) severity: u32,
    pub(super) is_settled: bool,
    /// What is left of the contact's chance.
    dice: Dice,
}

impl Facts {
    /// The facts of a contact of a customer.
    pub(super) fn new(seed: u64, customer: u32, matter: u32, attempt: u32) -> Self {
        // One matter has one reason, whatever the attempt.
        let mut of_matter =
            dice(seed, customer, Stream::Event(What::Contact { matter, attempt: 0 }));
        let reason = of_matter.weighted(&REASONS);
        let mut dice = dice(seed, customer, Stream::Event(What::Contact { matter, attempt }));
        let (least, most) = reason.severity;
        let (short, long) = *dice.weighted(&QUEUES);
        let wait_s = dice.between(short, long);
        Self {
            reason,
            wait_s,
            length_s: wait_s + dice.between(90, 900),
            transfers: shape::transfer_count(&mut dice),
            severity: dice.between(least, most),
            is_settled: dice.chance(reason.settled_percent),
            dice,
        }
    }

    /// From the first ring to the end, in nanoseconds.
    pub(super) fn length_ns(&self) -> i64 {
        i64::from(self.length_s) * SECOND
    }
}

/// A contact that is being told.
pub(super) struct Contact<'a> {
    pub(super) id: String,
    pub(super) customer: &'a Customer,
    pub(super) agent: &'a Employee,
    pub(super) start_ns: i64,
    pub(super) end_ns: i64,
    pub(super) facts: Facts,
    case_id: String,
    attempt: u32,
}

impl<'a> Contact<'a> {
    /// The contact of a customer about a matter at a time, with whoever works then.
    pub(super) fn new(
        seed: u64,
        customer: &'a Customer,
        (matter, attempt): (u32, u32),
        start_ns: i64,
        roster: &Roster<'a>,
    ) -> Self {
        let mut facts = Facts::new(seed, customer.index, matter, attempt);
        let case_id = format!("{}-K{matter}", customer.id);
        Self {
            id: format!("{case_id}-{attempt}"),
            customer,
            agent: roster.pick(start_ns, &mut facts.dice),
            start_ns,
            end_ns: start_ns + facts.length_ns(),
            facts,
            case_id,
            attempt,
        }
    }

    /// Whether the customer has reason to be cross.
    pub(super) fn went_wrong(&self) -> bool {
        let Facts { is_settled, transfers, .. } = self.facts;
        self.attempt > 1 || !is_settled || transfers >= MANY_TRANSFERS
    }

    /// The row of the contact.
    pub(super) fn interaction(&mut self) -> Row {
        let attempt = self.attempt;
        let before =
            if attempt > 1 { format!("{}-{}", self.case_id, attempt - 1) } else { String::new() };
        let facts = &mut self.facts;
        let channel = *facts.dice.weighted(&CHANNELS);
        // The customer is asked now and then; what the agent thinks is always known.
        let asked = facts.dice.chance(20);
        let interaction = records::Interaction {
            team: self.agent.team.clone(),
            site: self.agent.site.to_owned(),
            region: self.customer.name.region.to_owned(),
            channel: channel as i32,
            touch_point: facts.reason.touch_point.to_owned(),
            lifecycle_stage: facts.reason.lifecycle_stage.to_owned(),
            reasons: vec![facts.reason.name.to_owned()],
            severity: i32::try_from(facts.severity).unwrap_or(0),
            start_ns: self.start_ns,
            connect_ns: self.start_ns + i64::from(facts.wait_s) * SECOND,
            end_ns: self.end_ns,
            wait_ms: i64::from(facts.wait_s) * 1_000,
            transfer_count: i32::try_from(facts.transfers).unwrap_or(0),
            repeat_of: before,
            resolved_agent: Some(facts.is_settled || facts.dice.chance(15)),
            resolved_customer: asked.then_some(facts.is_settled),
            call_state: api::CallState::Ended as i32,
            match_status: api::MatchStatus::Exact as i32,
            case_id: self.case_id.clone(),
            ..records::Interaction::default()
        };
        self.row(&self.id, self.start_ns, Content::Interaction(interaction))
            .with_agent(&self.agent.id)
    }

    /// A row about the contact's customer.
    pub(super) fn row(&self, id: &str, sort_time_ns: i64, content: Content) -> Row {
        Row::new(SOURCE, id, sort_time_ns, content).with_customer(&self.customer.id)
    }
}
