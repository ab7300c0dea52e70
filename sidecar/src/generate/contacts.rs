//! What happened between a customer and the centre: contacts, and what came of each.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::calendar::{HOUR, SECOND, contact_moment};
use super::customer::Customer;
use super::dice::Dice;
use super::reasons::{REASONS, Reason};
use super::staff::Employee;
use super::{Config, Out, SOURCE};
use crate::import::rows::{Content, PutError, Row};

/// How many matters a customer brings in 90 days: most one or none, few of them very many.
const MATTERS: [(u32, (u32, u32)); 9] = [
    (350, (0, 0)),
    (330, (1, 1)),
    (150, (2, 2)),
    (100, (3, 4)),
    (45, (5, 8)),
    (18, (9, 16)),
    (5, (17, 40)),
    (1, (41, 90)),
    (1, (91, 200)),
];

/// The most contacts about one matter.
const MOST_TRIES: u32 = 5;

const CHANNELS: [(u32, api::Channel); 6] = [
    (52, api::Channel::Phone),
    (24, api::Channel::Chat),
    (14, api::Channel::Email),
    (4, api::Channel::Store),
    (5, api::Channel::Web),
    (1, api::Channel::Field),
];

/// A contact under way.
pub(super) struct Contact<'a> {
    pub(super) id: String,
    pub(super) case_id: &'a str,
    pub(super) reason: &'a Reason,
    pub(super) agent: &'a Employee,
    /// The number of the contact about this matter, from 1.
    pub(super) attempt: u32,
    pub(super) start_ns: i64,
    pub(super) end_ns: i64,
    pub(super) wait_s: u32,
    pub(super) transfers: u32,
    pub(super) severity: u32,
    pub(super) is_settled: bool,
}

/// What a contact is about.
#[derive(Clone, Copy)]
struct Matter<'a> {
    case_id: &'a str,
    reason: &'a Reason,
    /// The number of the contact about this matter, from 1.
    attempt: u32,
}

/// Puts all contacts of a customer.
pub(super) fn put_contacts(
    customer: &mut Customer,
    config: &Config,
    employees: &[Employee],
    out: &mut Out<'_>,
) -> Result<(), PutError> {
    let mut dice = customer.dice.clone();
    let (least, most) = *dice.weighted(&MATTERS);
    let matters = scaled(dice.between(least, most), config.days, &mut dice);
    for matter in 1..=matters {
        let start = contact_moment(&mut dice, config.now_ns, config.days);
        let story = Story { customer, config, employees };
        story.put_matter(matter, start.max(customer.since_ns(config.now_ns)), &mut dice, out)?;
    }
    Ok(())
}

/// As many of the matters of 90 days as fall into other days.
fn scaled(matters: u32, days: u32, dice: &mut Dice) -> u32 {
    let whole = matters.saturating_mul(days);
    whole / 90 + u32::from(dice.below(90) < whole % 90)
}

/// Who and where.
#[derive(Clone, Copy)]
pub(super) struct Story<'a> {
    pub(super) customer: &'a Customer,
    pub(super) config: &'a Config,
    pub(super) employees: &'a [Employee],
}

impl Story<'_> {
    /// Puts the contacts about one matter, until it is settled or given up.
    fn put_matter(
        self,
        matter: u32,
        start: i64,
        dice: &mut Dice,
        out: &mut Out<'_>,
    ) -> Result<(), PutError> {
        let reason = dice.weighted(&REASONS);
        let case_id = format!("{}-K{matter}", self.customer.id);
        let mut start_ns = start;
        let mut before = String::new();
        for attempt in 1..=MOST_TRIES {
            let matter = Matter { case_id: &case_id, reason, attempt };
            let contact = self.contact(matter, start_ns, dice);
            out.put(self.interaction(&contact, &before, dice))?;
            self.put_action(&contact, dice, out)?;
            self.put_promise(&contact, dice, out)?;
            self.put_score(&contact, dice, out)?;
            start_ns = contact.end_ns + i64::from(dice.between(4, 140)) * HOUR;
            let is_over = contact.is_settled || dice.chance(25);
            if is_over || start_ns + 2 * HOUR > self.config.now_ns {
                break;
            }
            before = contact.id;
        }
        Ok(())
    }

    fn contact<'a>(self, matter: Matter<'a>, start_ns: i64, dice: &mut Dice) -> Contact<'a>
    where
        Self: 'a,
    {
        let Matter { case_id, reason, attempt } = matter;
        let (least, most) = reason.severity;
        let queues = [(55, (4, 60)), (30, (60, 300)), (12, (300, 900)), (3, (900, 2_400))];
        let (short, long) = *dice.weighted(&queues);
        let wait_s = dice.between(short, long);
        let length_s = wait_s + dice.between(90, 900);
        Contact {
            id: format!("{case_id}-{attempt}"),
            case_id,
            reason,
            agent: dice.pick(self.employees),
            attempt,
            start_ns,
            end_ns: start_ns + i64::from(length_s) * SECOND,
            wait_s,
            transfers: *dice.weighted(&[(80, 0), (15, 1), (4, 2), (1, 3)]),
            severity: dice.between(least, most),
            is_settled: dice.chance(reason.settled_percent),
        }
    }

    fn interaction(self, contact: &Contact<'_>, before: &str, dice: &mut Dice) -> Row {
        let channel = *dice.weighted(&CHANNELS);
        // The customer is asked now and then; what the agent thinks is always known.
        let asked = dice.chance(20);
        let interaction = records::Interaction {
            team: contact.agent.team.to_owned(),
            site: contact.agent.site.to_owned(),
            region: self.customer.name.region.to_owned(),
            channel: channel as i32,
            touch_point: contact.reason.touch_point.to_owned(),
            lifecycle_stage: contact.reason.lifecycle_stage.to_owned(),
            reasons: vec![contact.reason.name.to_owned()],
            severity: i32::try_from(contact.severity).unwrap_or(0),
            start_ns: contact.start_ns,
            connect_ns: contact.start_ns + i64::from(contact.wait_s) * SECOND,
            end_ns: contact.end_ns,
            wait_ms: i64::from(contact.wait_s) * 1_000,
            transfer_count: i32::try_from(contact.transfers).unwrap_or(0),
            repeat_of: before.to_owned(),
            resolved_agent: Some(contact.is_settled || dice.chance(15)),
            resolved_customer: asked.then_some(contact.is_settled),
            call_state: api::CallState::Ended as i32,
            match_status: api::MatchStatus::Exact as i32,
            case_id: contact.case_id.to_owned(),
            ..records::Interaction::default()
        };
        self.row(&contact.id, contact.start_ns, Content::Interaction(interaction))
            .with_agent(&contact.agent.id)
    }

    pub(super) fn row(self, id: &str, sort_time_ns: i64, content: Content) -> Row {
        Row::new(SOURCE, id, sort_time_ns, content).with_customer(&self.customer.id)
    }
}
