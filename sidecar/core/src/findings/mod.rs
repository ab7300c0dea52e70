//! Findings: what a reviewer should look at, found by rules over the entries.
//!
//! Every rule is a pure function of [`Facts`] (what the entries say), its parameters and a
//! [`Context`] (what only the sealed records know). Rules have versions, and parameters a printed
//! form, whose SHA-256 a finding carries: whoever holds the entries can repeat it. Sums and
//! statistics use additions, multiplications, divisions and square roots alone, which are the same
//! on every machine; everything is in order of the entries and never of a hash.
//!
//! A finding is a question and no verdict.

mod facts;
mod parameters;
mod rules;
pub mod sample;
mod statistics;
#[cfg(test)]
mod tests;

pub use facts::{Consult, ConsultEnd, Facts, Gift, GiftState};
pub use parameters::{Parameters, parameters_digest};
pub use rules::{Funnel, FunnelPoint, funnel};
pub use statistics::{Conformity, benford_conformity};

use std::ops::Range;

use crate::ids::{AgentPid, CustomerPid, RuleCode, SpendId};
use crate::ledger::{FINDING_POSITIONS, FindingRaised};

/// What only the sealed records know; answered with a yes or no, and nothing more.
pub trait Context {
    /// Whether shared contacts are known at all.
    fn knows_contacts(&self) -> bool;

    /// Whether an employee and a customer share a household, a telephone or a means of payment.
    fn shares_contact(&self, agent: AgentPid, customer: CustomerPid) -> bool;

    /// Whether an advocacy action or an outcome was recorded for a gesture; `None` where that is
    /// not known.
    fn has_outcome(&self, spend: SpendId) -> Option<bool>;
}

/// Nothing is known besides the entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContext;

impl Context for NoContext {
    fn knows_contacts(&self) -> bool {
        false
    }

    fn shares_contact(&self, _: AgentPid, _: CustomerPid) -> bool {
        false
    }

    fn has_outcome(&self, _: SpendId) -> Option<bool> {
        None
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal;)*) => {
        /// A rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// Every rule, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code that findings carry.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What the rule looks for, for people.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

rules! {
    /// Sum after sum just below a limit.
    JustBelowLimit = "f1", "just below the limit";
    /// One matter in parts that each stay below the limit.
    Split = "f2", "split over interactions";
    /// A gesture to somebody with whom the agent shares a contact.
    SelfDealing = "f3", "shared contact";
    /// Gesture after gesture to one customer.
    Concentration = "f4", "concentration on one customer";
    /// Many gestures within minutes.
    Velocity = "f5", "velocity";
    /// Amounts above those of peers for the same reasons.
    PeerOutlier = "f6", "above peers";
    /// First digits that do not fall as they should.
    Digits = "f7", "first digits";
    /// Large round sums.
    RoundAmounts = "f8", "round amounts";
    /// Far outside the agent's hours.
    OffShift = "f9", "outside the shift";
    /// Released or taken back, and made again.
    VoidAndReissue = "f10", "void and reissue";
    /// A second person who approves at once.
    RubberStamp = "f11", "rubber stamp";
    /// Counted for an earlier day, or for a closed period.
    BackDated = "f12", "back-dated";
    /// Rare people and rare gestures.
    Rare = "f13", "rare agent or gesture";
    /// A refused wish asked again elsewhere, or given in parts.
    ConsultShopping = "f14", "consult shopping";
    /// Customers who had long been silent.
    Dormant = "f15", "dormant customers";
    /// Gestures without anything recorded about what they were for.
    NoOutcome = "f16", "no outcome recorded";
    /// The same gesture twice.
    Duplicate = "f17", "duplicate";
    /// The same odd sum to different customers.
    SameAmount = "f18", "same amount, different customers";
}

impl Rule {
    /// The rule with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }

    /// The version of the rule as it is in this code.
    pub const fn version(self) -> u32 {
        match self {
            // 2: chances of more than a thousand trials are told, too.
            Self::JustBelowLimit
            | Self::Concentration
            | Self::Velocity
            | Self::RoundAmounts
            | Self::OffShift
            | Self::RubberStamp
            | Self::Dormant
            | Self::NoOutcome
            | Self::SameAmount
            // 2: the newest entries of a long habit are named, where it was the first or largest.
            | Self::PeerOutlier
            | Self::Digits
            | Self::SelfDealing
            // 2: every refusal is looked at.
            | Self::ConsultShopping => 2,
            _ => 1,
        }
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How strongly it speaks, from 0 to 1,000.
    pub score_permille: u32,
    /// The entries that it is about, in order; at most [`FINDING_POSITIONS`] of a period.
    pub positions: Vec<u64>,
    /// The employees whom it is about, in order.
    pub agents: Vec<AgentPid>,
    /// The numbers behind it: a name and a whole number each.
    pub why: Vec<(&'static str, i64)>,
}

impl Finding {
    /// A finding with its positions and agents in order.
    fn new(
        rule: Rule,
        score_permille: u32,
        positions: impl IntoIterator<Item = u64>,
        agents: impl IntoIterator<Item = AgentPid>,
        why: Vec<(&'static str, i64)>,
    ) -> Self {
        let mut positions: Vec<u64> = positions.into_iter().collect();
        positions.sort_unstable();
        positions.dedup();
        let mut agents: Vec<AgentPid> = agents.into_iter().collect();
        agents.sort_unstable();
        agents.dedup();
        Self { rule, score_permille: score_permille.min(1_000), positions, agents, why }
    }

    /// Whether it is about an entry of a period. Of more than [`FINDING_POSITIONS`] positions it keeps
    /// the newest of the period and those before them, so that what is shown is what is asked for.
    fn keep_within(&mut self, period: &Range<u64>) -> bool {
        let positions = &mut self.positions;
        let end = positions.partition_point(|at| *at < period.end);
        let is_within = end.checked_sub(1).is_some_and(|last| positions[last] >= period.start);
        positions.drain(..end.saturating_sub(FINDING_POSITIONS));
        positions.truncate(FINDING_POSITIONS);
        is_within
    }

    /// As the ledger keeps it: without the numbers, which whoever repeats the rule gets again. The
    /// ledger takes [`FINDING_POSITIONS`] positions at most, as [`Report::within`] leaves.
    pub fn raised(&self, parameters: &Parameters) -> FindingRaised {
        FindingRaised {
            rule: RuleCode::known(self.rule.code()),
            rule_version: self.rule.version(),
            parameters: parameters_digest(parameters, self.rule),
            score_permille: self.score_permille,
            positions: self.positions.clone(),
            agents: self.agents.clone(),
        }
    }
}

/// A rule that was not applied, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplied {
    /// The rule.
    pub rule: Rule,
    /// For whom; `None` for the whole house.
    pub agent: Option<AgentPid>,
    /// Why not, as a code.
    pub why: &'static str,
    /// The numbers behind it.
    pub numbers: Vec<(&'static str, i64)>,
}

/// What the rules say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was found, by rule and first position.
    pub findings: Vec<Finding>,
    /// What could not be asked.
    pub not_applied: Vec<NotApplied>,
}

impl Report {
    /// What was found about the entries of a period. A habit may be older than the period in which
    /// it shows, so that rules look at all entries up to its end.
    #[must_use]
    pub fn within(mut self, period: &Range<u64>) -> Self {
        self.findings.retain_mut(|finding| finding.keep_within(period));
        self
    }
}

/// Applies rules to facts; `wanted` is all of them or some.
pub fn examine(
    facts: &Facts,
    parameters: &Parameters,
    context: &dyn Context,
    wanted: &[Rule],
) -> Report {
    let mut report = Report::default();
    for rule in wanted {
        rules::apply(*rule, facts, parameters, context, &mut report);
    }
    report.findings.sort_by(|left, right| {
        (left.rule, &left.positions, &left.agents).cmp(&(
            right.rule,
            &right.positions,
            &right.agents,
        ))
    });
    report
}
