//! The employees of the generated centre.

use makegood_proto::records::v1 as records;

use super::SOURCE;
use super::calendar::DAY;
use super::dice::Dice;
use super::names;
use crate::import::rows::{Content, Row};

/// The fewest employees: those whom the cast has met.
pub(super) const LEAST: u32 = 3;

/// The stream of the employees; those of customers are their numbers.
const STREAM: u64 = u64::MAX;

/// The teams with their sites.
const TEAMS: [(&str, &str); 3] = [("Orders", "Austin"), ("Billing", "Austin"), ("Care", "Dublin")];

/// An employee of the generated centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    /// The host's id: what a token's subject is.
    pub id: String,
    /// The name.
    pub name: String,
    /// The team.
    pub team: &'static str,
    /// The site of the team.
    pub site: &'static str,
    /// The role in the policy's words: `agent`, `senior` or `lead`.
    pub role: &'static str,
    /// For how many days employed.
    pub tenure_days: u32,
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
        (name, index as usize % TEAMS.len(), role, dice.between(least, most))
    });
    let all = fixed.into_iter().chain(others).take(count as usize).enumerate();
    all.map(|(index, (name, team, role, tenure_days))| {
        let (team, site) = TEAMS[team];
        Employee { id: format!("A-{:03}", index + 1), name, team, site, role, tenure_days }
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
            team: self.team.to_owned(),
            role: self.role.to_owned(),
            hired_ns,
            site: self.site.to_owned(),
        };
        Row::new(SOURCE, &self.id, 0, Content::Agent(agent))
    }
}
