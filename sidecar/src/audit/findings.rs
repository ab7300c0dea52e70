//! Findings in the pack: those that the rules make of the entries now, and those that the ledger
//! keeps.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use makegood_core::findings::{
    Facts, Finding, NoContext, NotApplied, Parameters, Rule, examine, parameters_digest,
};
use makegood_core::ledger::FindingRaised;

use super::cell::{Cell, Column, Table};
use super::rows::who;

/// The table.
pub(super) static TABLE: Table = Table {
    name: "Findings",
    about: "what the rules find in the entries up to tree_size_at_export, of the period",
    columns: &[
        Column::text("finding_id", "rule:first position"),
        Column::text("rule", "the rule"),
        Column::text("title", "what it looks for"),
        Column::integer("rule_version", "its version"),
        Column::text("parameters_sha256", "digest of its parameters as printed"),
        Column::integer("score_permille", "how strongly it speaks, from 0 to 1000"),
        Column::text("positions", "the entries that it is about"),
        Column::text("agent_pids", "pseudonyms of whom it is about"),
        Column::text("why", "the numbers behind it"),
        Column::integer("raised_seq", "the entry that raised it, where the ledger keeps it"),
    ],
};

/// The findings of a period.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What the rules find.
    pub(super) found: Vec<Finding>,
    /// What rules could not be asked, for the whole house.
    pub(super) not_applied: Vec<NotApplied>,
    /// The ids of findings by the positions that they name.
    ids: HashMap<u64, BTreeSet<String>>,
    /// The entry that raised a finding, by its rule and its positions.
    raised: HashMap<(String, Vec<u64>), u64>,
}

impl Findings {
    /// Takes note of a finding that the ledger keeps.
    pub(super) fn raise(&mut self, finding: &FindingRaised, position: u64) {
        let rule = finding.rule.to_string();
        for about in &finding.positions {
            self.ids.entry(*about).or_default().insert(format!("{rule}@{position}"));
        }
        self.raised.entry((rule, finding.positions.clone())).or_insert(position);
    }

    /// Asks every rule, by its standard parameters and by nothing but the entries.
    pub(super) fn examine(&mut self, facts: &Facts, period: &Range<u64>) {
        let report = examine(facts, &Parameters::default(), &NoContext, Rule::ALL).within(period);
        self.found = report.findings;
        let not_applied = report.not_applied.into_iter();
        self.not_applied = not_applied.filter(|it| it.agent.is_none()).collect();
        for finding in &self.found {
            for position in &finding.positions {
                self.ids.entry(*position).or_default().insert(id(finding));
            }
        }
    }

    /// The ids of the findings that name an entry.
    pub(super) fn of(&self, position: u64) -> Option<&BTreeSet<String>> {
        self.ids.get(&position)
    }

    /// The rows of the table.
    pub(super) fn rows(&self) -> Vec<Vec<Cell>> {
        let parameters = Parameters::default();
        self.found.iter().map(|finding| self.row(finding, &parameters)).collect()
    }

    fn row(&self, finding: &Finding, parameters: &Parameters) -> Vec<Cell> {
        let rule = finding.rule;
        let raised = self.raised.get(&(rule.code().to_owned(), finding.positions.clone()));
        let why = finding.why.iter().map(|(name, number)| format!("{name}={number}"));
        vec![
            Cell::text(id(finding)),
            Cell::word(rule.code()),
            Cell::word(rule.title()),
            Cell::Integer(i64::from(rule.version())),
            Cell::text(parameters_digest(parameters, rule)),
            Cell::Integer(i64::from(finding.score_permille)),
            Cell::text(joined(finding.positions.iter())),
            Cell::text(joined(finding.agents.iter().map(who))),
            Cell::text(joined(why)),
            raised.map_or(Cell::Empty, |position| Cell::number(*position)),
        ]
    }
}

fn id(finding: &Finding) -> String {
    let first = finding.positions.first().copied().unwrap_or_default();
    format!("{}:{first}", finding.rule.code())
}

fn joined(parts: impl Iterator<Item = impl ToString>) -> String {
    parts.map(|part| part.to_string()).collect::<Vec<_>>().join(" ")
}
