//! Misconduct with second persons.

use super::Planter;
use crate::generate::calendar::MINUTE;
use crate::generate::year::office::INTERACTION_CAP;
use crate::generate::year::story::{Consult, Life, Story};

impl Planter<'_> {
    /// A second person approves twelve to eighteen wishes of one agent in full within four seconds
    /// each, in six weeks.
    pub(super) fn rubber_stamp(&mut self, agent: u32, number: usize) {
        let lead = self.office.leads[number % self.office.leads.len()];
        let lead_pid = self.office.member(lead).pid;
        if let Some(plant) = self.plants.last_mut() {
            plant.agents.push(lead_pid);
        }
        let first = self.first_day(45);
        let days = self.office.days(agent, first, 30);
        for _ in 0..self.dice.between(12, 18) {
            let at = self.moment_of(agent, &days);
            let amount = INTERACTION_CAP * i64::from(self.dice.between(105, 280)) / 100;
            let waited_ms = i64::from(self.dice.between(700, 4_200));
            let story = self.refund(agent, at, amount);
            let life = Life::Consult(consult(lead, waited_ms, 1_000));
            self.planted.push(Story { life, ..story });
        }
    }

    /// A wish that one second person refuses is asked of others until one approves it, or given in
    /// parts that nobody is asked about.
    pub(super) fn consult_shopping(&mut self, agent: u32) {
        let first = self.first_day(10);
        let days = self.office.days(agent, first, 1);
        let mut at = self.moment_of(agent, &days);
        let wish = INTERACTION_CAP * i64::from(self.dice.between(130, 190)) / 100;
        let once = self.refund(agent, at, wish);
        let mut leads = self.office.leads.clone();
        let refusals = self.dice.between(1, 3);
        let is_in_parts = self.dice.chance(40);
        for _ in 0..refusals {
            let consult = consult(self.take(&mut leads), self.thought_ms(), 0);
            self.ask(&once, at, Life::Consult(consult), wish);
            at += i64::from(self.dice.between(10, 120)) * MINUTE;
        }
        if is_in_parts {
            for _ in 0..3 {
                let part = wish * i64::from(self.dice.between(28, 34)) / 100;
                self.ask(&once, at, Life::Give, part);
                at += i64::from(self.dice.between(10, 90)) * MINUTE;
            }
        } else {
            let consult = consult(self.take(&mut leads), self.thought_ms(), 1_000);
            self.ask(&once, at, Life::Consult(consult), wish);
        }
    }

    fn ask(&mut self, once: &Story, at: i64, life: Life, amount: i64) {
        let next = self.refund(once.agent, at, amount);
        let Story { customer, reason, .. } = *once;
        self.planted.push(Story { customer, reason, life, ..next });
    }

    fn take(&mut self, leads: &mut Vec<u32>) -> u32 {
        let chosen = self.dice.below(u32::try_from(leads.len()).unwrap_or(0)) as usize;
        leads.swap_remove(chosen)
    }

    fn thought_ms(&mut self) -> i64 {
        self.dice.between(8_000, 50_000).into()
    }
}

fn consult(to: u32, waited_ms: i64, approved_permille: i64) -> Consult {
    Consult { to, passed_to: None, waited_ms, approved_permille, gives_rest: false }
}
