//! Scores: what customers say of an interaction, in bands and over time.

use thiserror::Error;

use crate::time::Time;

/// What a score measures and on which scale; only scores of one kind are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScoreKind {
    /// Likelihood to recommend, 0 to 10.
    Ltr,
    /// Satisfaction, 1 to 5.
    Csat,
    /// Effort, 1 (strongly disagree that it was easy) to 7 (strongly agree): CES 2.0.
    Ces,
    /// A question answered no (0) or yes (1).
    YesNo,
    /// A scale of the house's own; a change of its range or wording is a new version.
    Custom(Scale),
}

/// A scale of the house's own, on which more is better.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scale {
    /// What the house calls it.
    pub name: String,
    /// The version of its range and wording.
    pub version: u32,
    /// The lowest value (inclusive).
    pub min: i32,
    /// The highest value (inclusive), above `min`.
    pub max: i32,
}

/// A valid answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    kind: ScoreKind,
    value: i32,
    at: Time,
}

/// The three bands of likelihood to recommend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// 9 and 10.
    Advocate,
    /// 7 and 8.
    Passive,
    /// 0 to 6.
    Opponent,
}

/// Which way a customer is going, by two scores of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Better than before.
    Up {
        /// The value before.
        from: i32,
    },
    /// Worse than before.
    Down {
        /// The value before.
        from: i32,
    },
    /// As before.
    Same,
    /// There is none before.
    First,
}

/// What is wrong with a score.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScoreError {
    /// The value is not on the scale.
    #[error("score {value} is outside {min} to {max}; give a whole number within")]
    OutOfRange {
        /// The value as given.
        value: i32,
        /// The lowest value of the scale.
        min: i32,
        /// The highest value of the scale.
        max: i32,
    },
    /// A scale has no range.
    #[error("scale {name:?} has no range; its max must be above its min")]
    EmptyScale {
        /// The scale.
        name: String,
    },
}

impl ScoreKind {
    /// The lowest and the highest value, both inclusive.
    pub fn range(&self) -> (i32, i32) {
        match self {
            Self::Ltr => (0, 10),
            Self::Csat => (1, 5),
            Self::Ces => (1, 7),
            Self::YesNo => (0, 1),
            Self::Custom(scale) => (scale.min, scale.max),
        }
    }
}

impl Score {
    /// An answer given at a time.
    ///
    /// # Errors
    /// The value is not on the kind's scale, or the scale has no range.
    pub fn new(kind: ScoreKind, value: i32, at: Time) -> Result<Self, ScoreError> {
        let (min, max) = kind.range();
        if let ScoreKind::Custom(scale) = &kind
            && min >= max
        {
            return Err(ScoreError::EmptyScale { name: scale.name.clone() });
        }
        if (min..=max).contains(&value) {
            Ok(Self { kind, value, at })
        } else {
            Err(ScoreError::OutOfRange { value, min, max })
        }
    }

    /// What it measures.
    pub fn kind(&self) -> &ScoreKind {
        &self.kind
    }

    /// The value on the kind's scale.
    pub fn value(&self) -> i32 {
        self.value
    }

    /// When it was given.
    pub fn at(&self) -> Time {
        self.at
    }

    /// The band; `None` for anything but likelihood to recommend.
    pub fn band(&self) -> Option<Band> {
        match (&self.kind, self.value) {
            (ScoreKind::Ltr, 9..) => Some(Band::Advocate),
            (ScoreKind::Ltr, 7..=8) => Some(Band::Passive),
            (ScoreKind::Ltr, _) => Some(Band::Opponent),
            _ => None,
        }
    }

    /// Which way the customer is going, by the latest earlier score of the same kind.
    pub fn trend<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Trend {
        let before = others
            .into_iter()
            .filter(|other| other.kind == self.kind && other.at < self.at)
            .max_by_key(|other| other.at);
        match before {
            None => Trend::First,
            Some(before) if before.value == self.value => Trend::Same,
            Some(before) if before.value < self.value => Trend::Up { from: before.value },
            Some(before) => Trend::Down { from: before.value },
        }
    }
}

/// The latest score of one kind, of several equally late the last in order.
pub fn latest<'a>(
    scores: impl IntoIterator<Item = &'a Score>,
    kind: &ScoreKind,
) -> Option<&'a Score> {
    scores.into_iter().filter(|score| score.kind == *kind).max_by_key(|score| score.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(kind: ScoreKind, value: i32, at: i64) -> Score {
        Score::new(kind, value, Time::from_nanos(at)).unwrap()
    }

    fn scale(min: i32, max: i32) -> ScoreKind {
        ScoreKind::Custom(Scale { name: "smiles".to_owned(), version: 1, min, max })
    }

    #[test]
    fn accepts_the_ends_of_each_scale_and_nothing_beyond() {
        let kinds = [ScoreKind::Ltr, ScoreKind::Csat, ScoreKind::Ces, ScoreKind::YesNo];
        for kind in kinds.into_iter().chain([scale(-2, 2)]) {
            let (min, max) = kind.range();
            let is_valid = |value| Score::new(kind.clone(), value, Time::MIN).is_ok();
            let edges = [min - 1, min, max, max + 1].map(is_valid);
            assert_eq!(edges, [false, true, true, false], "{kind:?}");
        }
    }

    #[test]
    fn refuses_a_scale_without_a_range() {
        let error = Score::new(scale(3, 3), 3, Time::MIN).unwrap_err();
        assert!(matches!(error, ScoreError::EmptyScale { .. }));
    }

    #[test]
    fn bands_likelihood_to_recommend_as_published() {
        for value in 0..=10 {
            let band = match value {
                9 | 10 => Band::Advocate,
                7 | 8 => Band::Passive,
                _ => Band::Opponent,
            };
            assert_eq!(score(ScoreKind::Ltr, value, 0).band(), Some(band));
        }
        assert_eq!(score(ScoreKind::Csat, 5, 0).band(), None);
    }

    #[test]
    fn compares_with_the_latest_earlier_score_of_the_same_kind() {
        let history = [
            score(ScoreKind::Ltr, 9, 2),
            score(ScoreKind::Ltr, 2, 1),
            score(ScoreKind::Csat, 1, 3),
            score(ScoreKind::Ltr, 10, 5),
        ];
        let trend = |value, at| score(ScoreKind::Ltr, value, at).trend(&history);
        assert_eq!(trend(3, 4), Trend::Down { from: 9 });
        assert_eq!(trend(10, 4), Trend::Up { from: 9 });
        assert_eq!(trend(9, 4), Trend::Same);
        assert_eq!(trend(9, 1), Trend::First);
        assert_eq!(score(ScoreKind::Ces, 4, 9).trend(&history), Trend::First);
    }

    #[test]
    fn finds_the_latest_of_a_kind() {
        let history = [score(ScoreKind::Ltr, 9, 2), score(ScoreKind::Csat, 1, 3)];
        assert_eq!(latest(&history, &ScoreKind::Ltr), Some(&history[0]));
        assert_eq!(latest(&history, &ScoreKind::Ces), None);
    }
}
