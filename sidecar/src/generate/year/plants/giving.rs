//! Misconduct in giving.

use super::Planter;
use crate::generate::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::generate::year::office::{INTERACTION_CAP, Office};
use crate::generate::year::story::{Life, Story};

impl Planter<'_> {
    /// Nine to fourteen sums of 92 to 99.8 % of the limit in three weeks, to different customers.
    pub(super) fn just_below_limit(&mut self, agent: u32) {
        let first = self.first_day(25);
        let days = self.office.days(agent, first, 14);
        for _ in 0..self.dice.between(9, 14) {
            let at = self.moment_of(agent, &days);
            let amount = INTERACTION_CAP * i64::from(self.dice.between(920, 998)) / 1_000;
            let story = self.refund(agent, at, amount);
            self.planted.push(story);
        }
    }

    /// One matter in three or four interactions within two days, together above the limit.
    pub(super) fn split(&mut self, agent: u32) {
        let first = self.first_day(10);
        let days = self.office.days(agent, first, 2);
        let day = *self.dice.pick(&days);
        let mut at = self.office.moment(agent, day, &mut self.dice) - 2 * HOUR;
        let start = self.refund(agent, at, 0);
        for _ in 0..self.dice.between(3, 4) {
            let amount = INTERACTION_CAP * i64::from(self.dice.between(550, 980)) / 1_000;
            let part = self.refund(agent, at, amount);
            let part = Story { customer: start.customer, reason: start.reason, ..part };
            self.planted.push(part);
            at += i64::from(self.dice.between(12, 100)) * MINUTE;
        }
    }

    /// The same refund twice or three times, minutes to two days apart.
    pub(super) fn duplicate(&mut self, agent: u32) {
        let first = self.first_day(10);
        let days = self.office.days(agent, first, 1);
        let at = self.moment_of(agent, &days);
        let amount = self.odd_amount(2_100, 16_000);
        let once = self.refund(agent, at, amount);
        let mut at = at;
        for _ in 0..self.dice.between(1, 2) {
            let apart = if self.dice.chance(50) {
                i64::from(self.dice.between(1, 45)) * MINUTE
            } else {
                DAY + i64::from(self.dice.below(40)) * MINUTE
            };
            at += apart;
            let interaction = self.refund(agent, at, amount).interaction;
            self.planted.push(Story { at, interaction, ..once.clone() });
        }
        self.planted.push(once);
    }

    /// The same odd sum to six to ten customers within eight working days.
    pub(super) fn same_amount(&mut self, agent: u32) {
        let first = self.first_day(14);
        let days = self.office.days(agent, first, 8);
        let amount = self.odd_amount(3_100, 19_000);
        for _ in 0..self.dice.between(6, 10) {
            let at = self.moment_of(agent, &days);
            let story = self.refund(agent, at, amount);
            self.planted.push(story);
        }
    }

    /// Fourteen to twenty-four sums of 100.00, 150.00, 200.00 or 300.00 in four weeks.
    pub(super) fn round_amounts(&mut self, agent: u32) {
        let first = self.first_day(30);
        let days = self.office.days(agent, first, 20);
        for _ in 0..self.dice.between(14, 24) {
            let at = self.moment_of(agent, &days);
            let amount = *self.dice.pick(&[10_000, 15_000, 20_000, 30_000]);
            let story = self.refund(agent, at, amount);
            self.planted.push(story);
        }
    }

    /// Two to six gestures to somebody who shares the agent's household.
    pub(super) fn self_dealing(&mut self, agent: u32) {
        let customer = self.dice.below(self.office.customer_count);
        let pid = self.office.member(agent).pid;
        self.related.insert((pid, self.office.customer(customer)));
        let first = self.first_day(45);
        let days = self.office.days(agent, first, 30);
        for _ in 0..self.dice.between(2, 6) {
            let at = self.moment_of(agent, &days);
            let story = self.gesture(agent, at);
            self.planted.push(Story { customer, ..story });
        }
    }

    /// Twelve to twenty small gestures to one customer in eight weeks.
    pub(super) fn concentration(&mut self, agent: u32) {
        let customer = self.dice.below(self.office.customer_count);
        let first = self.first_day(60);
        let days = self.office.days(agent, first, 40);
        for _ in 0..self.dice.between(12, 20) {
            let at = self.moment_of(agent, &days);
            let story = self.gesture(agent, at);
            let amount = story.amount.min(9_000);
            self.planted.push(Story { customer, amount, ..story });
        }
    }

    /// Twelve to twenty gestures within 25 to 45 minutes, to different customers.
    pub(super) fn velocity(&mut self, agent: u32) {
        let first = self.first_day(10);
        let days = self.office.days(agent, first, 1);
        let start = self.moment_of(agent, &days);
        let span_s = self.dice.between(25, 45) * 60;
        for _ in 0..self.dice.between(12, 20) {
            let at = start + i64::from(self.dice.below(span_s)) * SECOND;
            let story = self.gesture(agent, at);
            let amount = story.amount.min(8_000);
            self.planted.push(Story { amount, ..story });
        }
    }

    /// Six to ten gestures on two or three nights, ten to thirteen hours after the shift began.
    pub(super) fn off_shift(&mut self, agent: u32) {
        let first = self.first_day(14);
        let days = self.office.days(agent, first, 3);
        let begins = self.office.member(agent).shift.begins();
        for _ in 0..self.dice.between(6, 10) {
            let day = *self.dice.pick(&days);
            let minutes = i64::from(self.dice.between(13 * 60, 18 * 60));
            let at = Office::midnight(day) + begins * HOUR + minutes * MINUTE;
            let story = self.gesture(agent, at);
            self.planted.push(story);
        }
    }

    /// Four to six rounds with one customer: held and released, or given and taken back, and made
    /// again a little different each time.
    pub(super) fn void_and_reissue(&mut self, agent: u32) {
        let first = self.first_day(10);
        let days = self.office.days(agent, first, 3);
        let mut at = self.moment_of(agent, &days[..1]);
        let once = self.gesture(agent, at);
        let is_held = self.dice.chance(50);
        let rounds = self.dice.between(4, 6);
        for round in 1..=rounds {
            let after_s = i64::from(self.dice.between(20, 400));
            let life = match (round == rounds, is_held) {
                (true, _) => Life::Give,
                (false, true) => Life::Void { after_s },
                (false, false) => Life::TakeBack { after_s },
            };
            let next = self.gesture(agent, at);
            let amount = once.amount + i64::from(self.dice.below(300));
            let Story { customer, reason, gesture, .. } = once;
            self.planted.push(Story { customer, reason, gesture, amount, life, ..next });
            let pause_s = i64::from(self.dice.between(60, 3_000));
            at += (after_s + pause_s) * SECOND;
        }
    }

    /// A moment of the agent's shift on one of some days.
    pub(super) fn moment_of(&mut self, agent: u32, days: &[u32]) -> i64 {
        let day = *self.dice.pick(days);
        self.office.moment(agent, day, &mut self.dice)
    }
}
