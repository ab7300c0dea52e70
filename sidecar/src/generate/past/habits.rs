//! Habits of three agents that a reviewer ought to ask about, each going on until today.

use super::{Contact, Deed, Gift, Past};
use crate::generate::calendar::{MINUTE, SECOND};
use crate::generate::staff::Employee;

impl Past {
    /// Round sums, one customer again and again, and releasing and making again.
    pub(super) fn habits(&mut self, recent: &[&Contact], staff: &[Employee]) {
        let mut agents = staff.iter().skip(3).filter(|it| it.role != "lead").map(|it| &*it.id);
        let (Some(round), Some(faithful), Some(undecided)) =
            (agents.next(), agents.next(), agents.next())
        else {
            return;
        };
        self.round_amounts(round, recent);
        self.one_customer(faithful, recent);
        self.made_again(undecided, recent);
    }

    /// Contacts with a moment of each; that of the last is so many minutes before the end.
    fn moments<'a>(
        &self,
        contacts: &[&'a Contact],
        minutes: i64,
    ) -> impl Iterator<Item = (&'a Contact, i64)> + use<'a> {
        let mut moments: Vec<_> =
            contacts.iter().map(|it| (*it, it.start_ns + 9 * MINUTE)).collect();
        if let Some(last) = moments.last_mut() {
            last.1 = self.end_ns - minutes * MINUTE;
        }
        moments.into_iter()
    }

    /// Ten credits in hundreds and fifties, each to somebody else.
    fn round_amounts(&mut self, agent: &str, recent: &[&Contact]) {
        const DOLLARS: [i64; 10] = [150, 200, 100, 250, 150, 200, 300, 150, 200, 250];
        let contacts = spread(recent, DOLLARS.len());
        for ((contact, at_ns), dollars) in self.moments(&contacts, 95).zip(DOLLARS) {
            let gift = self.gift(contact, ("credit", "service_failed", dollars * 100));
            self.give(agent, at_ns, gift);
        }
    }

    /// Eleven small gestures to one customer, whom others hardly know.
    fn one_customer(&mut self, agent: &str, recent: &[&Contact]) {
        const COUNT: usize = 11;
        let times = |customer: &str| recent.iter().filter(|it| it.customer == customer).count();
        let Some(rare) = recent.iter().find(|it| times(&it.customer) == 1) else { return };
        let contacts = spread(recent, COUNT);
        for (contact, at_ns) in self.moments(&contacts, 150) {
            let amount_minor = i64::from(self.dice.between(1_800, 5_600));
            let gift = self.gift(contact, ("credit", "effort", amount_minor));
            let gift = Gift { customer: rare.customer.clone(), case: None, ..gift };
            self.give(agent, at_ns, gift);
        }
    }

    /// Held and released four times within the hour, a little more each time, then given.
    fn made_again(&mut self, agent: &str, recent: &[&Contact]) {
        const ROUNDS: i64 = 4;
        let Some(contact) = recent.iter().rev().nth(2) else { return };
        let mut at_ns = self.end_ns - 50 * MINUTE;
        for round in 0..ROUNDS {
            let gift = self.gift(contact, ("credit", "delay", 6_240 + round * 315));
            let number = self.begin(agent, at_ns, Deed::Hold(gift));
            self.go_on(agent, at_ns + 70 * SECOND, number, Deed::Release);
            at_ns += 4 * MINUTE;
        }
        let gift = self.gift(contact, ("credit", "delay", 7_815));
        self.give(agent, at_ns, gift);
    }
}

/// So many of the contacts, at even distances up to the newest.
fn spread<'a>(recent: &[&'a Contact], count: usize) -> Vec<&'a Contact> {
    let nth = |number: usize| (recent.len() * number / count).checked_sub(1);
    (1..=count).filter_map(|number| recent.get(nth(number)?).copied()).collect()
}
