//! Who does what when, before anything is said of it: every event of the centre in twelve bytes, in
//! the order of time.

use super::Config;
use super::calendar::{DAY, HOUR, SECOND, any_moment, contact_moment, later_moment};
use super::contacts::Facts;
use super::customer;
use super::dice::Dice;
use super::shape;

/// The most contacts about one matter.
pub(super) const MOST_TRIES: u32 = 5;

/// Of a hundred customers whose matter is open, so many give up after a contact.
const GIVE_UP_PERCENT: u32 = 25;

/// For how many days before the end of the history there are purchases.
const PURCHASE_DAYS: u32 = 730;

/// For how many days before the end of the history there are preferences.
const PREFERENCE_DAYS: u32 = 400;

/// Events that a customer has besides contacts, on average and rounded up: room for the plan.
const OTHER_EVENTS: usize = 4;

/// Something that happens to a customer at a second since the Unix epoch. Sorts by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    at_s: u32,
    customer: u32,
    what: u32,
}

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A contact, by matter and attempt, both from 1.
    Contact { matter: u32, attempt: u32 },
    /// A purchase, by its number from 1.
    Purchase(u32),
    /// A preference that is learned, by its number from 0.
    Preference(u32),
}

const ATTEMPT_BITS: u32 = 3;
const PURCHASE: u32 = 6;
const PREFERENCE: u32 = 7;

impl Event {
    fn new(at_ns: i64, customer: u32, what: What) -> Self {
        Self { at_s: u32::try_from(at_ns / SECOND).unwrap_or(0), customer, what: what.number() }
    }

    /// When, in nanoseconds since the Unix epoch.
    pub(super) fn at_ns(self) -> i64 {
        i64::from(self.at_s) * SECOND
    }

    /// To which customer, by number from 0.
    pub(super) fn customer(self) -> u32 {
        self.customer
    }

    /// What it is.
    pub(super) fn what(self) -> What {
        let number = self.what >> ATTEMPT_BITS;
        match self.what & ((1 << ATTEMPT_BITS) - 1) {
            PURCHASE => What::Purchase(number),
            PREFERENCE => What::Preference(number),
            attempt => What::Contact { matter: number, attempt },
        }
    }
}

impl What {
    /// Another number for each event of a customer.
    fn number(self) -> u32 {
        let (number, low) = match self {
            Self::Contact { matter, attempt } => (matter, attempt),
            Self::Purchase(number) => (number, PURCHASE),
            Self::Preference(number) => (number, PREFERENCE),
        };
        number << ATTEMPT_BITS | low
    }
}

/// What a stream of chance is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    /// Who the customer is.
    Person,
    /// How much the customer calls.
    Weight,
    /// When things happen to the customer.
    Plan,
    /// What the customer likes.
    Likes,
    /// What one event is like.
    Event(What),
    /// What comes of one event.
    Aftermath(What),
}

/// The stream of a customer for a purpose: another one for each.
pub(super) fn dice(seed: u64, customer: u32, stream: Stream) -> Dice {
    let (what, part) = match stream {
        Stream::Person => (0, 0),
        Stream::Weight => (0, 1),
        Stream::Plan => (0, 2),
        Stream::Likes => (0, 3),
        Stream::Event(what) => (what.number(), 0),
        Stream::Aftermath(what) => (what.number(), 1),
    };
    // Numbers of customers end at 2^30, so that nothing is shifted out.
    Dice::new(seed, u64::from(customer) << 34 | u64::from(what) << 2 | part)
}

/// Plans everything that happens, in the order of time: exactly as many contacts as are asked for.
pub(super) fn plan(config: &Config) -> Vec<Event> {
    let contacts = usize::try_from(config.interaction_count).unwrap_or(usize::MAX);
    let others = (config.customer_count as usize).saturating_mul(OTHER_EVENTS);
    let mut events = Vec::with_capacity(contacts.saturating_add(others));
    let weight = |index| u128::from(weight(config, index));
    let total: u128 = (0..config.customer_count).map(weight).sum();
    let share = |sum: u128| u128::from(config.interaction_count) * sum / total.max(1);
    let mut sum = 0;
    for index in 0..config.customer_count {
        // Each gets what the sum so far has earned beyond what was handed out before.
        let before = share(sum);
        sum += weight(index);
        let contacts = u32::try_from(share(sum) - before).unwrap_or(u32::MAX);
        Planner { config, index, events: &mut events }.plan(contacts);
    }
    events.sort_unstable();
    events
}

/// How much a customer calls, in comparison with the others: less who came in the last days.
fn weight(config: &Config, index: u32) -> u64 {
    let mut chance = dice(config.seed, index, Stream::Weight);
    let days = config.days.min(customer::since_days(config, index));
    u64::from(shape::contact_weight(&mut chance)) * u64::from(days)
}

/// Plans what happens to one customer.
struct Planner<'a> {
    config: &'a Config,
    index: u32,
    events: &'a mut Vec<Event>,
}

impl Planner<'_> {
    fn plan(mut self, contacts: u32) {
        let mut dice = dice(self.config.seed, self.index, Stream::Plan);
        let since_days = customer::since_days(self.config, self.index);
        let mut left = contacts;
        let mut matter = 0;
        while left > 0 {
            matter += 1;
            left -= self.plan_matter(matter, left, since_days, &mut dice);
        }
        self.plan_purchases(since_days, &mut dice);
        let likes = customer::likes(self.config.seed, self.index);
        for number in 0..likes.count {
            let days = since_days.min(PREFERENCE_DAYS);
            let at_ns = any_moment(&mut dice, self.config.now_ns, days);
            self.push(at_ns, What::Preference(number));
        }
    }

    /// Plans the contacts about one matter, until it is settled or given up; how many there are.
    fn plan_matter(&mut self, matter: u32, most: u32, since_days: u32, dice: &mut Dice) -> u32 {
        let days = self.config.days.min(since_days);
        let mut start_ns = contact_moment(dice, self.config.now_ns, days);
        let mut attempt = 1;
        loop {
            let what = What::Contact { matter, attempt };
            self.push(start_ns, what);
            let facts = Facts::new(self.config.seed, self.index, matter, attempt);
            let comes_again = if facts.is_settled {
                dice.below(1_000) < shape::REOPENED_PER_MILLE
            } else {
                !dice.chance(GIVE_UP_PERCENT)
            };
            start_ns = later_moment(dice, start_ns + facts.length_ns());
            let is_too_late = start_ns + 2 * HOUR > self.config.now_ns;
            if !comes_again || is_too_late || attempt == MOST_TRIES.min(most) {
                return attempt;
            }
            attempt += 1;
        }
    }

    /// In the order of their times, so that the first is the one that won the customer.
    fn plan_purchases(&mut self, since_days: u32, dice: &mut Dice) {
        let days = since_days.min(PURCHASE_DAYS);
        let count = shape::purchase_count(dice);
        let moment = |_| any_moment(dice, self.config.now_ns, days);
        let mut moments: Vec<_> = (0..count).map(moment).collect();
        moments.sort_unstable();
        for (number, at_ns) in (1..).zip(moments) {
            self.push(at_ns, What::Purchase(number));
        }
    }

    fn push(&mut self, at_ns: i64, what: What) {
        self.events.push(Event::new(at_ns, self.index, what));
    }
}

/// The first day that an event may have, so that every moment fits an event.
pub(super) const FIRST_NS: i64 = (PURCHASE_DAYS as i64 + 1) * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_again_what_an_event_is() {
        let all = [
            What::Contact { matter: 1, attempt: 1 },
            What::Contact { matter: 1 << 20, attempt: MOST_TRIES },
            What::Purchase(217),
            What::Preference(0),
        ];
        for what in all {
            let event = Event::new(1_700_000_000 * SECOND, 7, what);
            assert_eq!((event.what(), event.customer()), (what, 7));
            assert_eq!(event.at_ns(), 1_700_000_000 * SECOND);
        }
    }
}
