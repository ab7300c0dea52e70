//! What honest people do in a year: the gestures of each agent, day by day.

use super::amounts;
use super::office::{INTERACTION_CAP, Office, Purpose, stream};
use super::story::{Consult, Life, Story};
use crate::generate::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::generate::dice::Dice;

/// The moments of a shift at which a gesture may be made, five minutes apart.
const SLOTS: u32 = 96;
/// About how many entries a planned contact leads to, in hundredths.
const ENTRIES_PER_GESTURE: u64 = 242;
/// How many hundredths of the days somebody is away.
const AWAY_PERCENT: u32 = 8;
/// How many thousandths of the days somebody stays longer, or works the shift before.
const LATE_PERMILLE: u32 = 60;
const EARLY_SHIFT_PERMILLE: u32 = 5;
/// On how many thousandths of the days something breaks and everybody calls for two hours.
const OUTAGE_PERMILLE: u32 = 30;
/// How much more then, in hundredths.
const OUTAGE_RUSH: u32 = 250;
/// Of so many customers one is a regular.
const REGULAR_ONE_IN: u32 = 20;
/// How many hundredths of the gestures go to regulars.
const REGULARS_PERCENT: u32 = 25;

/// Thinks up the clean year.
pub(super) struct Clean<'a> {
    office: &'a Office,
    dice: Dice,
    interaction_count: u32,
    case_count: u32,
    stories: Vec<Story>,
}

impl<'a> Clean<'a> {
    pub(super) fn new(office: &'a Office) -> Self {
        let dice = stream(office.config.seed, Purpose::Clean, 0);
        Self { office, dice, interaction_count: 0, case_count: 0, stories: Vec::new() }
    }

    /// All stories, in no order.
    pub(super) fn stories(mut self) -> Vec<Story> {
        let config = self.office.config;
        let chance = self.slot_chance();
        for day in 0..config.days {
            let outage_hour =
                (self.dice.below(1_000) < OUTAGE_PERMILLE).then(|| self.dice.between(8, 18));
            for agent in 0..config.agent_count {
                self.day_of(agent, day, chance, outage_hour);
            }
        }
        self.own_customers();
        self.stories
    }

    fn day_of(&mut self, agent: u32, day: u32, chance: u32, outage_hour: Option<u32>) {
        let is_away = self.dice.chance(AWAY_PERCENT);
        if self.office.works_on(agent, day) && !is_away {
            self.day(agent, day, chance, outage_hour);
        }
    }

    /// The chance of a gesture in a slot at the usual pace, in millionths.
    fn slot_chance(&self) -> u32 {
        let config = self.office.config;
        let at_work = (0..config.agent_count)
            .map(|agent| (0..config.days).filter(|day| self.office.works_on(agent, *day)).count())
            .sum::<usize>() as u64
            * u64::from(100 - AWAY_PERCENT)
            / 100;
        let gestures = config.entry_count * 100 / ENTRIES_PER_GESTURE;
        let slots = (at_work * u64::from(SLOTS)).max(1);
        u32::try_from(gestures * 1_000_000 / slots).unwrap_or(u32::MAX).min(400_000)
    }

    fn day(&mut self, agent: u32, day: u32, chance: u32, outage_hour: Option<u32>) {
        let member = self.office.member(agent);
        let (pace, begins) = (member.pace, member.shift.begins());
        let early = if self.dice.below(1_000) < EARLY_SHIFT_PERMILLE { 3 * HOUR } else { 0 };
        let late = if self.dice.below(1_000) < LATE_PERMILLE { self.dice.between(1, 9) } else { 0 };
        let start = Office::midnight(day) + begins * HOUR - early;
        for slot in 0..SLOTS + late {
            let at = start + i64::from(slot) * 5 * MINUTE;
            let hour = at.rem_euclid(DAY) / HOUR;
            let is_rush =
                outage_hour.is_some_and(|from| (0..2).contains(&(hour - i64::from(from))));
            let rush = if is_rush { OUTAGE_RUSH } else { 100 };
            if self.dice.below(1_000_000) < chance / 100 * pace / 100 * rush {
                let at = at + i64::from(self.dice.below(300)) * SECOND;
                self.contact(agent, at);
            }
        }
    }

    /// A contact with a gesture, seldom two, and sometimes another some days later.
    fn contact(&mut self, agent: u32, at: i64) {
        let story = self.story(agent, at);
        if self.dice.chance(5) {
            let reason = story.reason;
            let gesture = amounts::gesture(reason, &mut self.dice);
            let second = Story {
                at: at + i64::from(self.dice.between(30, 400)) * SECOND,
                gesture,
                amount: amounts::amount(gesture, 100, &mut self.dice).min(INTERACTION_CAP / 5),
                life: Life::Give,
                ..story.clone()
            };
            self.stories.push(second);
        }
        if self.dice.chance(4) {
            self.follow_up(&story);
        }
        self.stories.push(story);
    }

    /// The same matter again within some days; in two of five cases with the same agent.
    fn follow_up(&mut self, first: &Story) {
        let agent = if self.dice.chance(40) {
            first.agent
        } else {
            self.dice.below(self.office.config.agent_count)
        };
        let day = u32::try_from((first.at - Office::midnight(0)) / DAY).unwrap_or(0);
        let days = self.office.days(agent, day + 1, 3);
        if days.is_empty() {
            return;
        }
        let day = *self.dice.pick(&days);
        let at = self.office.moment(agent, day, &mut self.dice);
        let again = self.story(agent, at);
        let again = Story {
            customer: first.customer,
            case: first.case,
            reason: first.reason,
            amount: again.amount.min(INTERACTION_CAP / 2),
            life: Life::Give,
            ..again
        };
        self.stories.push(again);
    }

    /// Customers who ask for one agent again and again: three to six gestures a year.
    fn own_customers(&mut self) {
        for agent in 0..self.office.config.agent_count {
            let customer = self.customer();
            for _ in 0..self.dice.between(3, 6) {
                self.own_customer(agent, customer);
            }
        }
    }

    fn own_customer(&mut self, agent: u32, customer: u32) {
        let days = self.office.days(agent, self.dice.below(self.office.config.days), 1);
        if let [day] = days[..] {
            let at = self.office.moment(agent, day, &mut self.dice);
            let story = self.story(agent, at);
            let amount = story.amount.min(INTERACTION_CAP / 4);
            self.stories.push(Story { customer, amount, life: Life::Give, ..story });
        }
    }

    fn customer(&mut self) -> u32 {
        let count = self.office.customer_count;
        let among = if self.dice.chance(REGULARS_PERCENT) { count / REGULAR_ONE_IN } else { count };
        self.dice.below(among)
    }

    fn story(&mut self, agent: u32, at: i64) -> Story {
        let member = self.office.member(agent);
        let (department, generosity) = (member.department, member.generosity);
        let reason = amounts::reason(department, &mut self.dice);
        let gesture = amounts::gesture(reason, &mut self.dice);
        let amount = amounts::amount(gesture, generosity, &mut self.dice);
        self.interaction_count += 1;
        self.case_count += 1;
        let case = self.dice.chance(35).then_some(self.case_count);
        let life =
            if amount > INTERACTION_CAP { self.consult(agent) } else { plain(&mut self.dice) };
        let customer = self.customer();
        Story {
            at,
            agent,
            customer,
            interaction: self.interaction_count,
            case,
            reason,
            gesture,
            amount,
            life,
            plant: None,
        }
    }

    fn consult(&mut self, agent: u32) -> Life {
        let leads = self.office.leads.iter().copied().filter(|lead| *lead != agent);
        let leads: Vec<u32> = leads.collect();
        let dice = &mut self.dice;
        let first = *dice.pick(&leads);
        let second = *dice.pick(&leads);
        // People read, think, ask back; some know the matter already.
        let waited_ms = if dice.chance(3) {
            dice.between(2_500, 6_000)
        } else {
            dice.between(7_000, 55_000).min(dice.between(7_000, 55_000))
        };
        let approved_permille = match dice.below(100) {
            0..80 => 1_000,
            80..90 => i64::from(dice.between(500, 950)),
            _ => 0,
        };
        Life::Consult(Consult {
            to: first,
            passed_to: (dice.chance(4) && first != second).then_some(second),
            waited_ms: waited_ms.into(),
            approved_permille,
            gives_rest: dice.chance(60),
        })
    }
}

/// What becomes of most gestures.
fn plain(dice: &mut Dice) -> Life {
    match dice.below(1_000) {
        0..820 => Life::Give,
        820..960 => Life::Hold { commit_after_s: dice.between(5, 240).into() },
        960..978 => Life::Void { after_s: dice.between(5, 200).into() },
        978..982 => Life::Forget,
        982..992 => Life::TakeBack { after_s: dice.between(4, 28).into() },
        _ => Life::TakeBack { after_s: dice.between(90_000, 700_000).into() },
    }
}
