//! The house of a generated year: who works there and when, who calls, and under which rules.

use std::str::FromStr;

use makegood_core::ids::{AgentPid, CustomerPid, Digest, IdError};
use makegood_core::ledger::{Access, Caller};

use super::YearConfig;
use crate::generate::calendar::{DAY, HOUR, MINUTE, weekday_and_hour};
use crate::generate::dice::Dice;
use crate::generate::staff::{Shift, staff};

/// The most for one customer in one interaction, in minor units.
pub(super) const INTERACTION_CAP: i64 = 50_000;
/// The most for one customer in one case, or in 30 days, in minor units.
pub(super) const CASE_CAP: i64 = 200_000;
/// The most of one agent on one day, in minor units.
pub(super) const DAY_CAP: i64 = 300_000;
/// The most that a second person grants others on one day, in minor units.
pub(super) const GRANTS_CAP: i64 = 2_000_000;

/// The first day: Monday, 6 January 2025.
const START_NS: i64 = 1_736_121_600 * 1_000_000_000;

/// Of so many employees one has free on Monday and Tuesday instead of the weekend.
const WEEKEND_ONE_IN: u32 = 5;

/// One employee.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) pid: AgentPid,
    caller: Caller,
    pub(super) shift: Shift,
    pub(super) works_weekends: bool,
    /// The department, which decides why people call.
    pub(super) department: usize,
    /// How much is done on a day, in hundredths of the usual.
    pub(super) pace: u32,
    /// How freely sums are chosen, in hundredths of the usual.
    pub(super) generosity: u32,
}

/// The house.
#[derive(Debug, Clone)]
pub(super) struct Office {
    pub(super) config: YearConfig,
    pub(super) members: Vec<Member>,
    /// Those who may be asked, by index.
    pub(super) leads: Vec<u32>,
    pub(super) customer_count: u32,
}

/// What a random stream is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Clean,
    Plants,
    Agent,
    Customer,
    Interaction,
    Case,
    Spend,
    Request,
}

impl Office {
    pub(super) fn new(config: &YearConfig) -> Self {
        let employees = staff(config.seed, config.agent_count);
        let mut dice = stream(config.seed, Purpose::Agent, u64::MAX);
        let members: Vec<_> = (0_u32..)
            .zip(employees)
            .map(|(index, employee)| {
                let department = index as usize % 3;
                let pid = AgentPid::from_bytes(random(config.seed, Purpose::Agent, index.into()));
                // Every twelfth leads a team.
                let is_lead = index % 12 == 1;
                let caller = Caller {
                    agent: pid,
                    access: if is_lead { Access::Supervisor } else { Access::Agent },
                    role: code(if is_lead { "team_lead" } else { "agent" }),
                    team: Some(code(&employee.team.to_lowercase().replace(' ', "-"))),
                    tenure_days: employee.tenure_days,
                };
                Member {
                    pid,
                    caller,
                    shift: employee.shift,
                    works_weekends: index % WEEKEND_ONE_IN == 4,
                    department,
                    pace: dice.between(60, 140),
                    generosity: dice.between(85, 115),
                }
            })
            .collect();
        let leads = (0..config.agent_count).filter(|index| index % 12 == 1).collect();
        let customer_count = u32::try_from(config.entry_count / 8).unwrap_or(u32::MAX).max(500);
        Self { config: *config, members, leads, customer_count }
    }

    pub(super) fn member(&self, agent: u32) -> &Member {
        &self.members[agent as usize]
    }

    /// The employee as a caller on a day.
    pub(super) fn caller(&self, agent: u32, at_ns: i64) -> Caller {
        let caller = &self.member(agent).caller;
        let days = u32::try_from((at_ns - START_NS).max(0) / DAY).unwrap_or(0);
        Caller { tenure_days: caller.tenure_days + days, ..caller.clone() }
    }

    pub(super) fn customer(&self, customer: u32) -> CustomerPid {
        CustomerPid::from_bytes(random(self.config.seed, Purpose::Customer, customer.into()))
    }

    /// Midnight of a day, counted from 0.
    pub(super) fn midnight(day: u32) -> i64 {
        START_NS + i64::from(day) * DAY
    }

    /// Whether the employee usually works on a day.
    pub(super) fn works_on(&self, agent: u32, day: u32) -> bool {
        let (weekday, _) = weekday_and_hour(Self::midnight(day));
        let free = if self.member(agent).works_weekends { 0..2 } else { 5..7 };
        !free.contains(&weekday)
    }

    /// A moment of the employee's shift that begins on a day; an hour short of its end.
    pub(super) fn moment(&self, agent: u32, day: u32, dice: &mut Dice) -> i64 {
        let shift = self.member(agent).shift;
        Self::midnight(day) + shift.begins() * HOUR + i64::from(dice.below(7 * 60)) * MINUTE
    }

    /// So many of the employee's working days from a day on.
    pub(super) fn days(&self, agent: u32, from: u32, count: usize) -> Vec<u32> {
        (from..self.config.days).filter(|day| self.works_on(agent, *day)).take(count).collect()
    }

    /// The digest of the policy that everything is decided by.
    pub(super) fn policy(&self) -> Digest {
        let [first, second] =
            [0, 1].map(|part| random::<16>(self.config.seed, Purpose::Case, u64::MAX - part));
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&first);
        bytes[16..].copy_from_slice(&second);
        Digest::from_bytes(bytes)
    }
}

/// A stream of chance of a house.
pub(super) fn stream(seed: u64, purpose: Purpose, number: u64) -> Dice {
    Dice::new(seed ^ ((purpose as u64 + 1) << 56), number)
}

/// Random bytes that are the same for the same number.
pub(super) fn random<const N: usize>(seed: u64, purpose: Purpose, number: u64) -> [u8; N] {
    let mut dice = stream(seed, purpose, number);
    let mut bytes = [0; N];
    for part in bytes.chunks_mut(2) {
        let two = dice.below(1 << 16).to_be_bytes();
        part.copy_from_slice(&two[2..2 + part.len()]);
    }
    bytes
}

/// A code that is written in these files.
#[expect(clippy::expect_used, reason = "the codes of these files are well formed; tests read all")]
pub(super) fn code<T: FromStr<Err = IdError>>(text: &str) -> T {
    text.parse().expect("a code of these files is well formed")
}
