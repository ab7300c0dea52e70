//! Who is on: desks open and close as the shifts of a day begin and end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::day::Plan;
use crate::desk::Desk;
use crate::dice::Dice;
use crate::target::Target;
use crate::timeline::{Kind, Log};
use crate::wire::Link;

/// Desks that are opened at once when a shift begins.
const OPENING_AT_ONCE: usize = 32;
/// How long a sidecar that has just started may take to know people.
const READY_MAX: Duration = Duration::from_mins(2);
/// Between two looks at who is on.
const SHIFT_EVERY: Duration = Duration::from_millis(200);

/// Agents without a call, and how many are to go home.
#[derive(Default)]
pub(crate) struct Floor {
    idle: VecDeque<Desk>,
    surplus: usize,
    /// Desks that are open, calls or not.
    on: usize,
}

impl Floor {
    /// The desk that has waited longest.
    pub(crate) fn take(&mut self) -> Option<Desk> {
        self.idle.pop_front()
    }

    /// After a call an agent waits for the next, or goes home.
    pub(crate) fn give_back(&mut self, desk: Desk) {
        if self.surplus > 0 {
            self.surplus -= 1;
            self.on -= 1;
        } else {
            self.idle.push_back(desk);
        }
    }

    /// Lets so many agents go home, those without a call first, and returns how many are missing.
    fn plan_for(&mut self, wanted: usize) -> usize {
        let staying = self.on.saturating_sub(self.surplus);
        // Whoever was to go stays first.
        let kept = self.surplus.min(wanted.saturating_sub(staying));
        self.surplus -= kept;
        let mut too_many = staying.saturating_sub(wanted);
        while too_many > 0 && self.idle.pop_back().is_some() {
            self.on -= 1;
            too_many -= 1;
        }
        self.surplus += too_many;
        wanted.saturating_sub(staying + kept)
    }
}

/// Opens and closes desks as shifts begin and end.
pub(crate) struct Staffing {
    pub(crate) target: Arc<Target>,
    pub(crate) log: Log,
    pub(crate) floor: Arc<Mutex<Floor>>,
    pub(crate) share: usize,
    pub(crate) next_agent: usize,
    pub(crate) agents: usize,
    /// The connection of the newest desks, and how many it still takes.
    pub(crate) link: Option<(Link, usize)>,
    pub(crate) dice: Dice,
}

impl Staffing {
    /// Opens the desks of the first shift.
    ///
    /// # Errors
    /// Nobody serves there, or desks are refused for two minutes.
    pub(crate) async fn begin(mut self, plan: &Plan) -> anyhow::Result<Self> {
        let deadline = Instant::now() + READY_MAX;
        let wanted = plan.staff_at(Duration::ZERO);
        self.staff(wanted).await?;
        // After a start the sidecar may have to find its history again before it knows anyone.
        while self.floor.lock().on < wanted {
            anyhow::ensure!(Instant::now() < deadline, "desks are refused; see the sidecar's log");
            tokio::time::sleep(SHIFT_EVERY).await;
            self.staff(wanted).await?;
        }
        self.log.forget();
        Ok(self)
    }

    /// Keeps as many desks open as the plan has agents on, until the day is over.
    ///
    /// # Errors
    /// Nobody serves there any more.
    pub(crate) async fn follow(mut self, plan: Plan, start: Instant) -> anyhow::Result<()> {
        let end = start + plan.length();
        while Instant::now() < end {
            self.staff(plan.staff_at(start.elapsed())).await?;
            sleep_until((Instant::now() + SHIFT_EVERY).min(end).into()).await;
        }
        Ok(())
    }

    async fn staff(&mut self, wanted: usize) -> anyhow::Result<()> {
        let missing = self.floor.lock().plan_for(wanted);
        let mut opening = JoinSet::new();
        for _ in 0..missing {
            if opening.len() >= OPENING_AT_ONCE {
                self.seat(opening.join_next().await);
            }
            let (link, id) = (self.link().await?, self.dice.uuid());
            let agent = self.next_agent % self.agents;
            self.next_agent += 1;
            let (target, log) = (Arc::clone(&self.target), self.log.clone());
            opening.spawn(async move { Desk::open(&target, link, (agent, id), &log).await });
        }
        while let Some(opened) = opening.join_next().await {
            self.seat(Some(opened));
        }
        Ok(())
    }

    /// A desk that was refused is tried again with the next look.
    fn seat(&self, opened: Option<Result<anyhow::Result<Desk>, tokio::task::JoinError>>) {
        match opened {
            Some(Ok(Ok(desk))) => {
                let mut floor = self.floor.lock();
                floor.on += 1;
                floor.idle.push_back(desk);
            }
            Some(_) => self.log.count(Kind::Topic, "DESK_REFUSED"),
            None => {}
        }
    }

    async fn link(&mut self) -> anyhow::Result<Link> {
        if let Some((link, left @ 1..)) = &mut self.link {
            *left -= 1;
            return Ok(link.clone());
        }
        let link = Link::open(self.target.address).await?;
        self.link = Some((link.clone(), self.share - 1));
        Ok(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(on: usize, surplus: usize) -> Floor {
        Floor { idle: VecDeque::new(), surplus, on }
    }

    #[test]
    fn asks_for_those_who_are_missing_and_keeps_those_who_were_to_go() {
        for (on, surplus, wanted, missing, surplus_after) in [
            (0, 0, 5, 5, 0),
            (5, 0, 5, 0, 0),
            (5, 0, 2, 0, 3),
            (5, 3, 2, 0, 3),
            (5, 3, 4, 0, 1),
            (5, 3, 7, 2, 0),
            (5, 1, 1, 0, 4),
        ] {
            let mut floor = floor(on, surplus);
            let found = (floor.plan_for(wanted), floor.surplus);
            assert_eq!(
                found,
                (missing, surplus_after),
                "{on} on, {surplus} to go, {wanted} wanted"
            );
        }
    }
}
