//! What the agents of a generated centre gave in its last weeks, on the contacts that they had: most
//! of it as it should be, and three habits that a reviewer ought to ask about.
//!
//! Like everything generated, a function of its arguments alone.

mod habits;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::calendar::{DAY, MINUTE, SECOND};
use super::cast::{INES, cast};
use super::dice::Dice;
use super::staff::staff;
use crate::import::rows::{Content, Put, PutError, Row, Sink, SinkError};

/// How many days before the end the first gesture lies.
pub const PAST_DAYS: i64 = 28;

/// The stream of chance; those of customers are their numbers, and the last is the employees'.
const STREAM: u64 = u64::MAX - 1;

/// Of so many hundred contacts one leads to a gesture.
const GIVEN_PERCENT: u32 = 42;

/// Who is asked where the limits leave less than is needed.
const LEAD: &str = "A-002";

/// A contact on which something may have been given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its id in the source.
    pub id: String,
    /// Its case there. May be empty.
    pub case: String,
    /// The customer's id there.
    pub customer: String,
    /// The agent's id there.
    pub agent: String,
    /// When it began, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Why the customer got in touch.
    pub reason: String,
}

/// Passes rows on, and remembers the contacts among them.
pub struct Listening<'a> {
    sink: &'a mut dyn Sink,
    /// The contacts in the order in which they came.
    pub contacts: Vec<Contact>,
}

/// Something that is done about a gesture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When, in nanoseconds since the Unix epoch.
    pub at_ns: i64,
    /// Who does it: an employee's id in the source.
    pub agent: String,
    /// Which gesture, counted from 0.
    pub gift: u32,
    /// What.
    pub deed: Deed,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// It is given at once.
    Give(Gift),
    /// It is held.
    Hold(Gift),
    /// It is held as far as the limits go, and somebody is asked for the rest.
    Ask(Gift, &'static str),
    /// The second person allows so much in all, in minor units.
    Approve(i64),
    /// So much of the hold is given, in minor units.
    Commit(i64),
    /// The hold is released.
    Release,
    /// So much is taken back as a slip, in minor units.
    TakeBack(i64),
}

/// A gesture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    /// The customer's id in the source.
    pub customer: String,
    /// The contact's id there.
    pub interaction: String,
    /// The case's id there; none where the gesture belongs to no case.
    pub case: Option<String>,
    /// The gesture's code in the standard policy.
    pub gesture: &'static str,
    /// The reason's code there.
    pub reason: &'static str,
    /// How much, in cents.
    pub amount_minor: i64,
    /// From the complaint to the decision, in milliseconds.
    pub decided_ms: u32,
}

/// What is given: gesture, reason, cents.
type What = (&'static str, &'static str, i64);

/// Thinks the past up.
struct Past {
    dice: Dice,
    end_ns: i64,
    gift_count: u32,
    steps: Vec<Step>,
}

/// The steps of the last [`PAST_DAYS`] days before `now_ns`, in order of time.
pub fn past(seed: u64, contacts: &[Contact], agent_count: u32, now_ns: i64) -> Vec<Step> {
    let from_ns = now_ns - (PAST_DAYS - 1) * DAY;
    let end_ns = now_ns - 10 * MINUTE;
    let mut recent: Vec<&Contact> = contacts
        .iter()
        .filter(|it| (from_ns..end_ns - 30 * MINUTE).contains(&it.start_ns))
        .collect();
    recent.sort_by_key(|it| (it.start_ns, &it.id));
    let mut past = Past { dice: Dice::new(seed, STREAM), end_ns, gift_count: 0, steps: Vec::new() };
    past.ines(&recent);
    let own_stories: BTreeSet<&str> = cast().iter().map(|member| member.id).collect();
    recent.retain(|it| !own_stories.contains(it.customer.as_str()) && it.customer != "C-TOM");
    for contact in &recent {
        if past.dice.chance(GIVEN_PERCENT) {
            past.gesture(contact);
        }
    }
    past.consults(&recent);
    past.habits(&recent, &staff(seed, agent_count));
    let Past { mut steps, .. } = past;
    steps.sort_by_key(|step| (step.at_ns, step.gift));
    steps
}

impl Past {
    /// What was given to the customer who asks for more than is left.
    fn ines(&mut self, recent: &[&Contact]) {
        let own = recent.iter().filter(|it| it.customer == INES);
        for (contact, amount_minor) in own.zip([124_000, 70_000]) {
            let gift =
                Gift { case: None, ..self.gift(contact, ("credit", "damage", amount_minor)) };
            self.give(&contact.agent, contact.start_ns + 6 * MINUTE, gift);
        }
    }

    /// A gesture as most are.
    fn gesture(&mut self, contact: &Contact) {
        let what = self.what(&contact.reason);
        let gift = self.gift(contact, what);
        let at_ns = contact.start_ns + self.between_s(100, 420);
        let agent = contact.agent.as_str();
        let amount_minor = gift.amount_minor;
        match self.dice.below(100) {
            0..80 => drop(self.give(agent, at_ns, gift)),
            80..94 => {
                let number = self.begin(agent, at_ns, Deed::Hold(gift));
                let later_ns = at_ns + self.between_s(15, 240);
                self.go_on(agent, later_ns, number, Deed::Commit(amount_minor));
            }
            94..97 => {
                let number = self.begin(agent, at_ns, Deed::Hold(gift));
                let later_ns = at_ns + self.between_s(15, 120);
                self.go_on(agent, later_ns, number, Deed::Release);
            }
            _ => {
                let number = self.give(agent, at_ns, gift);
                let later_ns = at_ns + self.between_s(4, 26);
                self.go_on(agent, later_ns, number, Deed::TakeBack(amount_minor));
            }
        }
    }

    /// Two sums above the limit, which somebody else thought about.
    fn consults(&mut self, recent: &[&Contact]) {
        let asked = recent.iter().filter(|it| it.agent != LEAD && it.reason == "damaged item");
        let asked: Vec<_> = asked.collect();
        let cases = [(218_000, 218_000, 26), (264_000, 230_000, 41)];
        for (part, (asked_minor, approved_minor, after_s)) in (1..).zip(cases) {
            let Some(contact) = asked.get(asked.len() * part / 3) else { continue };
            let gift = Gift { case: None, ..self.gift(contact, ("credit", "damage", asked_minor)) };
            let at_ns = contact.start_ns + 8 * MINUTE;
            let number = self.begin(&contact.agent, at_ns, Deed::Ask(gift, LEAD));
            let answered_ns = at_ns + after_s * SECOND;
            self.go_on(LEAD, answered_ns, number, Deed::Approve(approved_minor));
            let given_ns = answered_ns + 20 * SECOND;
            self.go_on(&contact.agent, given_ns, number, Deed::Commit(approved_minor));
        }
    }

    fn gift(&mut self, contact: &Contact, (gesture, reason, amount_minor): What) -> Gift {
        Gift {
            customer: contact.customer.clone(),
            interaction: contact.id.clone(),
            case: Some(contact.case.clone()).filter(|case| !case.is_empty()),
            gesture,
            reason,
            amount_minor,
            decided_ms: self.dice.between(12, 210) * 1_000,
        }
    }

    /// What is done for somebody who got in touch for this reason.
    fn what(&mut self, reason: &str) -> What {
        let is_usual = self.dice.below(10) < 5;
        match reason {
            "late delivery" if is_usual => ("upgrade", "delay", 8_000),
            "late delivery" => ("credit", "delay", self.credit()),
            "damaged item" if is_usual => ("replace", "damage", 2_500),
            "damaged item" => ("credit", "damage", self.credit()),
            "billing question" | "double charge" | "wrong item" if is_usual => {
                ("waive_fee", "our_mistake", 4_500)
            }
            "billing question" | "double charge" | "wrong item" => {
                ("credit", "our_mistake", self.credit())
            }
            _ if is_usual => ("gift", "delight", 2_000),
            _ => ("credit", "service_failed", self.credit()),
        }
    }

    /// What did not work costs, in cents; seldom a round sum.
    fn credit(&mut self) -> i64 {
        const BANDS: [(u32, (u32, u32)); 4] = [
            (52, (600, 3_500)),
            (33, (3_500, 9_500)),
            (12, (9_500, 24_000)),
            (3, (24_000, 48_000)),
        ];
        let (least, most) = *self.dice.weighted(&BANDS);
        let amount_minor = i64::from(self.dice.between(least, most));
        if amount_minor % 5_000 == 0 { amount_minor + 90 } else { amount_minor }
    }

    fn between_s(&mut self, least: u32, most: u32) -> i64 {
        i64::from(self.dice.between(least, most)) * SECOND
    }

    /// Gives at once, and says which gesture it is.
    fn give(&mut self, agent: &str, at_ns: i64, gift: Gift) -> u32 {
        self.begin(agent, at_ns, Deed::Give(gift))
    }

    fn begin(&mut self, agent: &str, at_ns: i64, deed: Deed) -> u32 {
        let number = self.gift_count;
        self.gift_count += 1;
        self.go_on(agent, at_ns, number, deed);
        number
    }

    fn go_on(&mut self, agent: &str, at_ns: i64, gift: u32, deed: Deed) {
        debug_assert!(at_ns < self.end_ns, "the past is over before now");
        self.steps.push(Step { at_ns, agent: agent.to_owned(), gift, deed });
    }
}

impl<'a> Listening<'a> {
    /// Listens to what goes into a sink.
    pub fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, contacts: Vec::new() }
    }
}

impl Sink for Listening<'_> {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        if let (Content::Interaction(it), Some(customer), Some(agent)) =
            (&row.content, &row.customer, &row.agent)
        {
            self.contacts.push(Contact {
                id: row.source_id.clone(),
                case: it.case_id.clone(),
                customer: customer.id.clone(),
                agent: agent.id.clone(),
                start_ns: it.start_ns,
                reason: it.reasons.first().cloned().unwrap_or_default(),
            });
        }
        self.sink.put(row)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.sink.flush()
    }
}
