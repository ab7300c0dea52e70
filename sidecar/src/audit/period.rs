//! The span of a pack: whole days in UTC, by the time of record.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use makegood_core::time::Time;
use thiserror::Error;

/// What is wrong with a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// A text is no date.
    #[error("{text:?} is no date; write it as 2026-12-31")]
    NoDate {
        /// The text as given.
        text: String,
    },
    /// It ends before it begins.
    #[error("--to {to} is before --from {from}; a pack covers at least one day")]
    Backwards {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
}

/// A day of the calendar, read from text such as `2026-12-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub Date);

/// From the first day to the last, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Date,
    to: Date,
}

impl FromStr for Day {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let is_plain = text.len() == 10 && text.is_ascii();
        let date = text.parse().ok().filter(|_| is_plain);
        date.map(Self).ok_or_else(|| PeriodError::NoDate { text: text.to_owned() })
    }
}

impl Period {
    /// The days from the first to the last, both inclusive.
    ///
    /// # Errors
    /// [`PeriodError::Backwards`].
    pub fn new(from: Day, to: Day) -> Result<Self, PeriodError> {
        let (Day(from), Day(to)) = (from, to);
        if to < from {
            return Err(PeriodError::Backwards { from, to });
        }
        Ok(Self { from, to })
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn to(&self) -> Date {
        self.to
    }

    /// Whether an entry of this time of record is before the first day.
    pub fn is_before(&self, at: Time) -> bool {
        date(at) < self.from
    }

    /// Whether an entry of this time of record belongs to the pack.
    pub fn contains(&self, at: Time) -> bool {
        (self.from..=self.to).contains(&date(at))
    }

    /// What file names carry: `20260101_20261231`.
    pub fn stem(&self) -> String {
        format!("{}_{}", compact(self.from), compact(self.to))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

/// The day of an instant, in UTC.
pub(super) fn date(at: Time) -> Date {
    Offset::UTC.to_datetime(timestamp(at)).date()
}

/// A day as audit data standards write it: `20261231`.
pub(super) fn compact(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// The time of day of an instant as audit data standards write it: `235959`, in UTC.
pub(super) fn compact_time(at: Time) -> String {
    let time = Offset::UTC.to_datetime(timestamp(at)).time();
    format!("{:02}{:02}{:02}", time.hour(), time.minute(), time.second())
}

/// An instant for people and programs, to the nanosecond where it has them.
pub(super) fn instant(at: Time) -> String {
    timestamp(at).to_string()
}

/// Every `i64` of nanoseconds is an instant that a timestamp can hold.
fn timestamp(at: Time) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(at.as_nanos())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Result<Period, PeriodError> {
        Period::new(from.parse()?, to.parse()?)
    }

    #[test]
    fn covers_its_last_day_to_the_last_nanosecond() {
        let period = period("2026-01-01", "2026-01-31").unwrap();
        let at = |text: &str| {
            let timestamp: Timestamp = text.parse().unwrap();
            Time::from_nanos(i64::try_from(timestamp.as_nanosecond()).unwrap())
        };
        for (text, is_in) in [
            ("2025-12-31T23:59:59.999999999Z", false),
            ("2026-01-01T00:00:00Z", true),
            ("2026-01-31T23:59:59.999999999Z", true),
            ("2026-02-01T00:00:00Z", false),
        ] {
            assert_eq!(period.contains(at(text)), is_in, "{text}");
        }
        assert!(period.is_before(at("2025-12-31T23:59:59.999999999Z")));
        assert_eq!(period.stem(), "20260101_20260131");
    }

    #[test]
    fn refuses_what_is_no_span_of_days() {
        for (from, to) in [
            ("2026-02-30", "2026-03-01"),
            ("yesterday", "2026-03-01"),
            ("2026-01-01T00:00", "2026-03-01"),
            ("20260101", "20260102"),
            ("2026-03-02", "2026-03-01"),
        ] {
            let refused = period(from, to);
            assert!(refused.is_err(), "{from} {to}: {refused:?}");
        }
    }
}
