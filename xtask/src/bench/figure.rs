//! A figure: its name, what it measures, its limit, and what was found.

use std::fmt;

/// One measurement, which may give several figures.
pub struct Bench {
    /// Its figures.
    pub aims: &'static [Aim],
    /// Measures; a figure for each of `aims`, in their order.
    pub run: fn(&super::Session<'_>) -> anyhow::Result<Vec<Figure>>,
}

/// What a bench is after.
pub struct Aim {
    /// The figure's name, in `snake_case` with its unit last.
    pub name: &'static str,
    /// What it measures, in one line.
    pub about: &'static str,
    /// What it has to hold to.
    pub limit: Limit,
}

/// What a figure has to hold to.
#[derive(Clone, Copy)]
pub enum Limit {
    /// This much and no more.
    AtMost(f64),
    /// This much or more.
    AtLeast(f64),
    /// Nothing: it is there to be seen.
    Reported,
}

/// What a bench has found.
pub struct Figure {
    /// The figure: the median over the rounds, or a ratio of medians.
    pub value: f64,
    /// `bytes`, `microseconds`, `ratio`, …
    pub unit: &'static str,
    /// The limit that was measured beside it: the name of one of `samples`, or a constant's.
    pub paired_with: Option<&'static str>,
    /// Over how many rounds the figure was taken.
    pub rounds: usize,
    /// What was measured, for the table.
    pub samples: Vec<Samples>,
    /// Under what the figure holds, such as a smaller scale. May be empty.
    pub note: String,
}

/// What one contender gave, in the order of the rounds.
pub struct Samples {
    /// Its name in the table.
    pub name: &'static str,
    /// The unit of `values`.
    pub unit: &'static str,
    /// One value a round.
    pub values: Vec<f64>,
}

impl Limit {
    /// Whether the value holds to it; `None` where there is nothing to hold to.
    pub fn is_met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtMost(limit) => Some(value <= limit),
            Self::AtLeast(limit) => Some(value >= limit),
            Self::Reported => None,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(out, "≤ {limit}"),
            Self::AtLeast(limit) => write!(out, "≥ {limit}"),
            Self::Reported => write!(out, "reported"),
        }
    }
}

impl Samples {
    /// The least and the most; zeros when there is no value.
    pub fn range(&self) -> (f64, f64) {
        let least = self.values.iter().copied().reduce(f64::min);
        let most = self.values.iter().copied().reduce(f64::max);
        (least.unwrap_or_default(), most.unwrap_or_default())
    }

    /// A single value.
    pub fn one(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, values: vec![value] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_to_its_limit() {
        for (limit, value, expected) in [
            (Limit::AtMost(3.0), 3.0, Some(true)),
            (Limit::AtMost(3.0), 3.1, Some(false)),
            (Limit::AtLeast(0.8), 0.8, Some(true)),
            (Limit::AtLeast(0.8), 0.7, Some(false)),
            (Limit::Reported, 7.0, None),
        ] {
            assert_eq!(limit.is_met(value), expected, "{limit}, {value}");
        }
    }
}
