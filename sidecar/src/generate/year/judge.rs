//! Judges the rules by what was planted.
//!
//! The parameters of the rules were chosen by looking at [`TUNING_SEEDS`] alone; what is said about
//! the rules is measured on [`JUDGING_SEEDS`].

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::findings::{Context, Facts, Finding, Parameters, Rule, examine};
use makegood_core::ids::{AgentPid, CustomerPid, SpendId};

use super::{Pattern, Truth, YearConfig, year};

/// The houses by which the parameters of the rules were chosen.
pub const TUNING_SEEDS: [u64; 3] = [1, 2, 3];
/// The houses by which the rules are judged; nobody looked at them before.
pub const JUDGING_SEEDS: [u64; 3] = [101, 102, 103];

/// How the rule for one pattern did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// How often the pattern was planted.
    pub planted: u64,
    /// How many of those a finding of its rule is about: most of the finding's entries are theirs.
    pub found: u64,
    /// How many findings its rule has.
    pub findings: u64,
    /// How many of those are about something planted, whatever the pattern: most of their entries
    /// are.
    pub right: u64,
    /// How many of those are about a plant of this very pattern.
    pub exact: u64,
}

/// How the rules did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// By pattern.
    pub scores: BTreeMap<Pattern, Score>,
    /// Findings of any rule that are about nothing planted.
    pub false_count: u64,
    /// Entries that belong to nothing planted.
    pub clean_entry_count: u64,
    /// Rules with findings about nothing planted, and how many.
    pub false_by_rule: BTreeMap<&'static str, u64>,
}

impl Score {
    /// The part of what was planted that was found, in thousandths.
    pub fn recall_permille(&self) -> u64 {
        (self.found * 1_000).checked_div(self.planted).unwrap_or(1_000)
    }

    /// The part of the findings that are right, in thousandths.
    pub fn precision_permille(&self) -> u64 {
        (self.right * 1_000).checked_div(self.findings).unwrap_or(1_000)
    }
}

impl Verdict {
    /// Adds another house.
    pub fn add(&mut self, other: &Self) {
        for (pattern, score) in &other.scores {
            let sum = self.scores.entry(*pattern).or_default();
            sum.planted += score.planted;
            sum.found += score.found;
            sum.findings += score.findings;
            sum.right += score.right;
            sum.exact += score.exact;
        }
        for (rule, times) in &other.false_by_rule {
            *self.false_by_rule.entry(rule).or_default() += times;
        }
        self.false_count += other.false_count;
        self.clean_entry_count += other.clean_entry_count;
    }

    /// How the rules did on several houses together.
    pub fn of(configs: impl IntoIterator<Item = YearConfig>) -> Self {
        let mut sum = Self::default();
        configs.into_iter().for_each(|config| sum.add(&judge(&config)));
        sum
    }

    /// The least recall of a pattern, in thousandths.
    pub fn least_recall_permille(&self) -> u64 {
        self.scores.values().map(Score::recall_permille).min().unwrap_or(0)
    }

    /// The least precision of a pattern, in thousandths.
    pub fn least_precision_permille(&self) -> u64 {
        self.scores.values().map(Score::precision_permille).min().unwrap_or(0)
    }

    /// False findings in a million clean entries.
    pub fn false_per_million(&self) -> u64 {
        (self.false_count * 1_000_000).checked_div(self.clean_entry_count).unwrap_or(0)
    }
}

/// The rule that is there for a pattern.
pub const fn rule_of(pattern: Pattern) -> Rule {
    match pattern {
        Pattern::JustBelowLimit => Rule::JustBelowLimit,
        Pattern::Split => Rule::Split,
        Pattern::Duplicate => Rule::Duplicate,
        Pattern::SameAmount => Rule::SameAmount,
        Pattern::RoundAmounts => Rule::RoundAmounts,
        Pattern::SelfDealing => Rule::SelfDealing,
        Pattern::Concentration => Rule::Concentration,
        Pattern::Velocity => Rule::Velocity,
        Pattern::OffShift => Rule::OffShift,
        Pattern::VoidAndReissue => Rule::VoidAndReissue,
        Pattern::RubberStamp => Rule::RubberStamp,
        Pattern::ConsultShopping => Rule::ConsultShopping,
    }
}

/// What is known about a generated house besides its entries.
struct Known<'a>(&'a BTreeSet<(AgentPid, CustomerPid)>);

impl Context for Known<'_> {
    fn knows_contacts(&self) -> bool {
        true
    }

    fn shares_contact(&self, agent: AgentPid, customer: CustomerPid) -> bool {
        self.0.contains(&(agent, customer))
    }

    fn has_outcome(&self, _: SpendId) -> Option<bool> {
        None
    }
}

/// Generates a house, applies every rule with its usual parameters, and judges what they found.
pub fn judge(config: &YearConfig) -> Verdict {
    let (findings, truth) = findings(config);
    verdict(&findings, &truth)
}

/// What the rules find in a generated house, and what is known about it.
pub fn findings(config: &YearConfig) -> (Vec<Finding>, Truth) {
    let mut facts = Facts::default();
    let truth = year(config, &mut |entry| facts.see(&entry));
    let context = Known(&truth.related);
    let report = examine(&facts, &Parameters::default(), &context, Rule::ALL);
    (report.findings, truth)
}

fn verdict(findings: &[Finding], truth: &Truth) -> Verdict {
    let plant_of: BTreeMap<u64, usize> = (0..)
        .zip(&truth.plants)
        .flat_map(|(index, plant)| plant.positions.iter().map(move |at| (*at, index)))
        .collect();
    let mut verdict =
        Verdict { clean_entry_count: truth.clean_entry_count(), ..Verdict::default() };
    let about: Vec<About> = findings.iter().map(|finding| about(finding, &plant_of)).collect();
    for (finding, about) in findings.iter().zip(&about) {
        if !about.is_planted {
            verdict.false_count += 1;
            *verdict.false_by_rule.entry(finding.rule.code()).or_default() += 1;
        }
    }
    for pattern in Pattern::ALL {
        let rule = rule_of(pattern);
        let own = || findings.iter().zip(&about).filter(|(finding, _)| finding.rule == rule);
        let is_of = |plant: usize| truth.plants[plant].pattern == pattern;
        let found: BTreeSet<usize> =
            own().filter_map(|(_, about)| about.plant.filter(|plant| is_of(*plant))).collect();
        let planted = truth.plants.iter().filter(|plant| plant.pattern == pattern).count();
        let score = Score {
            planted: planted as u64,
            found: found.len() as u64,
            findings: own().count() as u64,
            right: own().filter(|(_, about)| about.is_planted).count() as u64,
            exact: own().filter(|(_, about)| about.plant.is_some_and(is_of)).count() as u64,
        };
        verdict.scores.insert(pattern, score);
    }
    verdict
}

/// What a finding is about.
struct About {
    /// The plant that has most of its entries.
    plant: Option<usize>,
    /// Whether most of its entries were planted.
    is_planted: bool,
}

fn about(finding: &Finding, plant_of: &BTreeMap<u64, usize>) -> About {
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    for position in &finding.positions {
        if let Some(plant) = plant_of.get(position) {
            *times.entry(*plant).or_default() += 1;
        }
    }
    let total = finding.positions.len();
    let plant = times.iter().find(|(_, of_it)| **of_it * 2 >= total).map(|(plant, _)| *plant);
    About { plant, is_planted: times.values().sum::<usize>() * 2 >= total }
}
