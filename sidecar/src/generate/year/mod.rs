//! A generated year of a ledger: what a house gave, with misconduct planted in it that is known.
//!
//! It is there to judge the rules that look for misconduct, and knows nothing of them: first the
//! clean behaviour of a house is told (`clean`), then misconduct is added to it (`plants`), and the
//! `clerk` writes both as the entries that a ledger would have. All of it is a function of the
//! [`YearConfig`] alone, without floating point.
//!
//! Clean behaviour has what misleads a careless rule: people stay late, change shifts, correct slips,
//! look after regular customers, like round sums and give the same small amounts again and again.

mod amounts;
mod clean;
mod clerk;
pub mod judge;
mod office;
mod plants;
mod story;
#[cfg(test)]
mod tests;

pub use plants::{Pattern, Plant};

use std::collections::BTreeSet;

use makegood_core::ids::{AgentPid, CustomerPid};
use makegood_core::ledger::Entry;

use clean::Clean;
use clerk::Clerk;
use office::Office;
use plants::Planter;

/// The size of a generated ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearConfig {
    /// Which of all houses; another seed gives other people and other misconduct.
    pub seed: u64,
    /// How many employees there are, at least [`YearConfig::LEAST_AGENTS`].
    pub agent_count: u32,
    /// How many days it has, at least [`YearConfig::LEAST_DAYS`].
    pub days: u32,
    /// About how many entries it has.
    pub entry_count: u64,
    /// How often each pattern is planted.
    pub plants_each: u32,
}

impl YearConfig {
    /// The fewest employees.
    pub const LEAST_AGENTS: u32 = 20;
    /// The fewest days.
    pub const LEAST_DAYS: u32 = 60;

    /// A year of a house of 200 agents with a million entries.
    pub const fn full(seed: u64) -> Self {
        Self { seed, agent_count: 200, days: 364, entry_count: 1_000_000, plants_each: 16 }
    }

    /// Ten weeks of a house of 60 agents with fifty thousand entries.
    pub const fn small(seed: u64) -> Self {
        Self { seed, agent_count: 60, days: 70, entry_count: 50_000, plants_each: 4 }
    }
}

/// What is known about a generated ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Everything that was planted.
    pub plants: Vec<Plant>,
    /// Employees and customers who share a household, a telephone or a means of payment.
    pub related: BTreeSet<(AgentPid, CustomerPid)>,
    /// How many entries there are.
    pub entry_count: u64,
}

impl Truth {
    /// How many entries belong to nothing that was planted.
    pub fn clean_entry_count(&self) -> u64 {
        let planted: u64 = self.plants.iter().map(|plant| plant.positions.len() as u64).sum();
        self.entry_count.saturating_sub(planted)
    }
}

/// Tells a ledger to `put`, entry by entry in order, and answers with what is known about it.
pub fn year(config: &YearConfig, put: &mut dyn FnMut(Entry)) -> Truth {
    let config = YearConfig {
        agent_count: config.agent_count.max(YearConfig::LEAST_AGENTS),
        days: config.days.max(YearConfig::LEAST_DAYS),
        ..*config
    };
    let office = Office::new(&config);
    let mut stories = Clean::new(&office).stories();
    let mut planter = Planter::new(&office, &stories);
    planter.plant_all();
    let Planter { planted, mut plants, related, .. } = planter;
    stories.extend(planted);
    stories.sort_by_key(|story| story.at);
    let mut clerk = Clerk::new(&office, put);
    clerk.tell(&stories);
    let (entry_count, positions) = clerk.done(plants.len());
    for (plant, positions) in plants.iter_mut().zip(positions) {
        plant.positions = positions;
    }
    Truth { plants, related, entry_count }
}
