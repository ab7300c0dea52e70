//! The employees of the generated centre.

use makegood_proto::records::v1 as records;

use super::SOURCE;
use super::calendar::{DAY, weekday_and_hour};
use super::dice::Dice;
use super::names;
use crate::import::rows::{Content, Row};

/// The fewest employees: those whom the cast has met.
pub(super) const LEAST: u32 = 3;

/// The stream of the employees; those of customers are their numbers.
const STREAM: u64 = u64::MAX;

/// The departments with their sites.
const DEPARTMENTS: [(&str, &str); 3] =
    [("Orders", "Austin"), ("Billing", "Austin"), ("Care", "Dublin")];

/// The most people of a team; a department has as many teams as it needs.
const TEAM_SIZE: usize = 15;

/// Of so many people one works on weekends too.
const WEEKEND_ONE_IN: usize = 5;

/// The shifts by their weights: the hours at which they begin and end, on a clock that goes round.
const SHIFTS: [(u32, Shift); 4] = [
    (25, Shift { name: "early", begins: 5, ends: 13 }),
    (45, Shift { name: "day", begins: 8, ends: 16 }),
    (24, Shift { name: "late", begins: 14, ends: 22 }),
    (6, Shift { name: "night", begins: 21, ends: 5 }),
];

/// When an employee works, by hours of the centre's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Its name: `early`, `day`, `late` or `night`.
    pub name: &'static str,
    begins: i64,
    ends: i64,
}

/// An employee of the generated centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    /// The host's id: what a token's subject is.
    pub id: String,
    /// The name.
    pub name: String,
    /// The team.
    pub team: String,
    /// The site of the team.
    pub site: &'static str,
    /// The role in the policy's words: `agent`, `senior` or `lead`.
    pub role: &'static str,
    /// For how many days employed.
    pub tenure_days: u32,
    /// When at work.
    pub shift: Shift,
}

/// The employees in the order of their ids, `A-001` first.
///
/// The first three are the same under every seed: Sam Rivera (agent), Dana Novak (lead) and Noor
/// Haddad (senior), one in each team.
pub fn staff(seed: u64, count: u32) -> Vec<Employee> {
    let mut dice = Dice::new(seed, STREAM);
    let fixed = [
        ("Sam Rivera", 0, "agent", 420),
        ("Dana Novak", 1, "lead", 2_310),
        ("Noor Haddad", 2, "senior", 1_180),
    ];
    let fixed =
        fixed.map(|(name, team, role, tenure_days)| (name.to_owned(), team, role, tenure_days));
    let others = (LEAST..count).map(|index| {
        let name = names::name(&mut dice).full;
        let role = *dice.weighted(&[(70, "agent"), (22, "senior"), (8, "lead")]);
        let (least, most) = match role {
            "agent" => (20, 1_500),
            "senior" => (500, 3_500),
            _ => (900, 6_000),
        };
        (name, index as usize % DEPARTMENTS.len(), role, dice.between(least, most))
    });
    let all: Vec<_> = fixed.into_iter().chain(others).take(count as usize).collect();
    let all = all.into_iter().enumerate();
    all.map(|(index, (name, department, role, tenure_days))| {
        let (team, site) = DEPARTMENTS[department];
        let team = match index / DEPARTMENTS.len() / TEAM_SIZE {
            0 => team.to_owned(),
            number => format!("{team} {}", number + 1),
        };
        let id = format!("A-{:03}", index + 1);
        let shift = *dice.weighted(&SHIFTS);
        Employee { id, name, team, site, role, tenure_days, shift }
    })
    .collect()
}

impl Employee {
    /// The row of the employee.
    pub(super) fn row(&self, now_ns: i64) -> Row {
        let hired_ns = now_ns - now_ns.rem_euclid(DAY) - i64::from(self.tenure_days) * DAY;
        let agent = records::Agent {
            origin: None,
            display_name: self.name.clone(),
            team: self.team.clone(),
            role: self.role.to_owned(),
            hired_ns,
            site: self.site.to_owned(),
        };
        Row::new(SOURCE, &self.id, 0, Content::Agent(agent))
    }
}

/// Who is at work at which hour, on weekdays and on weekends.
pub(super) struct Roster<'a> {
    employees: &'a [Employee],
    at_work: [Vec<Vec<&'a Employee>>; 2],
}

impl<'a> Roster<'a> {
    /// The roster of some employees, who are not none.
    pub(super) fn new(employees: &'a [Employee]) -> Self {
        let of_hour = |one_in: usize, hour: i64| {
            let own = employees.iter().step_by(one_in);
            own.filter(|it| it.shift.has(hour)).collect()
        };
        let of_day = |one_in: usize| (0..24).map(|hour| of_hour(one_in, hour)).collect();
        Self { employees, at_work: [of_day(1), of_day(WEEKEND_ONE_IN)] }
    }

    /// Somebody who is at work then; where nobody is, anybody.
    pub(super) fn pick(&self, moment_ns: i64, dice: &mut Dice) -> &'a Employee {
        let (weekday, hour) = weekday_and_hour(moment_ns);
        let day = &self.at_work[usize::from(weekday >= 5)];
        let at_work = usize::try_from(hour).ok().and_then(|hour| day.get(hour));
        match at_work.filter(|it| !it.is_empty()) {
            Some(at_work) => dice.pick::<&Employee>(at_work),
            None => dice.pick(self.employees),
        }
    }
}

impl Shift {
    /// The hour at which it begins.
    pub(super) fn begins(self) -> i64 {
        self.begins
    }

    /// Whether an hour of the day falls into the shift.
    fn has(self, hour: i64) -> bool {
        if self.begins < self.ends {
            (self.begins..self.ends).contains(&hour)
        } else {
            hour >= self.begins || hour < self.ends
        }
    }
}
