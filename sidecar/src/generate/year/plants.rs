//! Misconduct, planted: twelve patterns with what was done, by whom.

mod asking;
mod giving;

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ids::{AgentPid, CustomerPid};

use super::amounts;
use super::office::{Office, Purpose, stream};
use super::story::{Life, Story};
use crate::generate::dice::Dice;

/// A pattern of misconduct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Sum after sum just below the limit.
    JustBelowLimit,
    /// One matter split over interactions, so that each part stays below the limit.
    Split,
    /// The same gesture given twice or three times.
    Duplicate,
    /// The same odd sum to different customers.
    SameAmount,
    /// Large round sums.
    RoundAmounts,
    /// Gestures to somebody with whom the agent shares a household or telephone.
    SelfDealing,
    /// Gesture after gesture to one customer.
    Concentration,
    /// Many gestures within minutes.
    Velocity,
    /// Gestures far outside the agent's hours.
    OffShift,
    /// Held, released and held again; or given, taken back and given again.
    VoidAndReissue,
    /// A second person who approves everything of one agent at once.
    RubberStamp,
    /// A refused wish that is asked again elsewhere, or in parts.
    ConsultShopping,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Self; 12] = [
        Self::JustBelowLimit,
        Self::Split,
        Self::Duplicate,
        Self::SameAmount,
        Self::RoundAmounts,
        Self::SelfDealing,
        Self::Concentration,
        Self::Velocity,
        Self::OffShift,
        Self::VoidAndReissue,
        Self::RubberStamp,
        Self::ConsultShopping,
    ];

    /// The name used in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::JustBelowLimit => "just_below_limit",
            Self::Split => "split",
            Self::Duplicate => "duplicate",
            Self::SameAmount => "same_amount",
            Self::RoundAmounts => "round_amounts",
            Self::SelfDealing => "self_dealing",
            Self::Concentration => "concentration",
            Self::Velocity => "velocity",
            Self::OffShift => "off_shift",
            Self::VoidAndReissue => "void_and_reissue",
            Self::RubberStamp => "rubber_stamp",
            Self::ConsultShopping => "consult_shopping",
        }
    }
}

/// One piece of planted misconduct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plant {
    /// What.
    pub pattern: Pattern,
    /// Who: the agent, and the second person where one takes part.
    pub agents: Vec<AgentPid>,
    /// The positions of its entries, in order.
    pub positions: Vec<u64>,
}

/// Plants.
pub(super) struct Planter<'a> {
    office: &'a Office,
    dice: Dice,
    /// What was added.
    pub(super) planted: Vec<Story>,
    /// What was planted.
    pub(super) plants: Vec<Plant>,
    /// Who shares a household with whom.
    pub(super) related: BTreeSet<(AgentPid, CustomerPid)>,
    /// The next unused interaction.
    interaction: u32,
    /// The amounts that are given often, which are no odd ones.
    usual: BTreeMap<i64, u32>,
}

impl<'a> Planter<'a> {
    pub(super) fn new(office: &'a Office, clean: &[Story]) -> Self {
        let mut usual = BTreeMap::new();
        for story in clean {
            *usual.entry(story.amount).or_default() += 1;
        }
        let served = clean.iter().map(|story| (story.agent, story.customer)).collect();
        let interaction = clean.iter().map(|story| story.interaction).max().unwrap_or(0) + 1;
        let mut planter = Self {
            office,
            dice: stream(office.config.seed, Purpose::Plants, 0),
            planted: Vec::new(),
            plants: Vec::new(),
            related: BTreeSet::new(),
            interaction,
            usual,
        };
        planter.relatives(&served);
        planter
    }

    /// Every pattern as often as the configuration says; agents take turns within a pattern.
    pub(super) fn plant_all(&mut self) {
        for pattern in Pattern::ALL {
            let mut agents: Vec<u32> = (0..self.office.config.agent_count)
                .filter(|agent| !self.office.leads.contains(agent))
                .collect();
            let leads = self.office.leads.len() / 2;
            let count = match pattern {
                // A second person who waves one agent through is not planted twice.
                Pattern::RubberStamp => leads.min(self.office.config.plants_each as usize),
                _ => self.office.config.plants_each as usize,
            };
            for number in 0..count {
                let chosen = self.dice.below(u32::try_from(agents.len()).unwrap_or(0)) as usize;
                let agent = agents.swap_remove(chosen);
                self.plant(pattern, agent, number);
            }
        }
    }

    fn plant(&mut self, pattern: Pattern, agent: u32, number: usize) {
        let pid = self.office.member(agent).pid;
        self.plants.push(Plant { pattern, agents: vec![pid], positions: Vec::new() });
        match pattern {
            Pattern::JustBelowLimit => self.just_below_limit(agent),
            Pattern::Split => self.split(agent),
            Pattern::Duplicate => self.duplicate(agent),
            Pattern::SameAmount => self.same_amount(agent),
            Pattern::RoundAmounts => self.round_amounts(agent),
            Pattern::SelfDealing => self.self_dealing(agent),
            Pattern::Concentration => self.concentration(agent),
            Pattern::Velocity => self.velocity(agent),
            Pattern::OffShift => self.off_shift(agent),
            Pattern::VoidAndReissue => self.void_and_reissue(agent),
            Pattern::RubberStamp => self.rubber_stamp(agent, number),
            Pattern::ConsultShopping => self.consult_shopping(agent),
        }
    }

    /// Everybody has a relative who is a customer, whom others serve like any customer.
    fn relatives(&mut self, served: &BTreeSet<(u32, u32)>) {
        for (agent, member) in (0..).zip(&self.office.members) {
            let customer = self.dice.below(self.office.customer_count);
            if !served.contains(&(agent, customer)) {
                self.related.insert((member.pid, self.office.customer(customer)));
            }
        }
    }

    /// A day from which on so many more are left.
    fn first_day(&mut self, left: u32) -> u32 {
        self.dice.below(self.office.config.days.saturating_sub(left).max(1))
    }

    /// A clean-looking gesture of an agent at a moment, as part of the last plant.
    fn gesture(&mut self, agent: u32, at: i64) -> Story {
        let department = self.office.member(agent).department;
        let reason = amounts::reason(department, &mut self.dice);
        let gesture = amounts::gesture(reason, &mut self.dice);
        let amount = amounts::amount(gesture, 100, &mut self.dice).min(20_000);
        self.interaction += 1;
        Story {
            at,
            agent,
            customer: self.dice.below(self.office.customer_count),
            interaction: self.interaction,
            case: None,
            reason,
            gesture,
            amount,
            life: Life::Give,
            plant: u32::try_from(self.plants.len() - 1).ok(),
        }
    }

    /// As [`Planter::gesture`], a refund of this amount.
    fn refund(&mut self, agent: u32, at: i64, amount: i64) -> Story {
        Story { amount, gesture: amounts::REFUND, ..self.gesture(agent, at) }
    }

    /// An amount between two that nobody gives otherwise.
    fn odd_amount(&mut self, least: u32, most: u32) -> i64 {
        let mut amount = i64::from(self.dice.between(least, most));
        while amount % 100 == 0 || self.usual.get(&amount).is_some_and(|times| *times > 30) {
            amount += 1;
        }
        amount
    }
}
