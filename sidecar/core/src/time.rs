//! Instants as nanoseconds since the Unix epoch; there is no clock here.

use std::fmt;

/// Nanoseconds in a second.
pub const NS_PER_S: i64 = 1_000_000_000;
/// Nanoseconds in a minute.
pub const NS_PER_MINUTE: i64 = 60 * NS_PER_S;
/// Nanoseconds in an hour.
pub const NS_PER_HOUR: i64 = 60 * NS_PER_MINUTE;
/// Nanoseconds in a day of 24 hours, the unit of rolling windows.
pub const NS_PER_DAY: i64 = 24 * NS_PER_HOUR;

/// An instant: nanoseconds since the Unix epoch, 1677 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The earliest instant that can be expressed.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant that can be expressed; "never" in comparisons.
    pub const MAX: Self = Self(i64::MAX);

    /// Takes nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// This instant and a span in nanoseconds; `None` outside the range.
    pub const fn checked_add_ns(self, span_ns: i64) -> Option<Self> {
        match self.0.checked_add(span_ns) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// This instant and a span in nanoseconds, held at the ends of the range.
    ///
    /// For deadlines: a deadline beyond the year 2262 is as good as [`Time::MAX`].
    #[must_use]
    pub const fn saturating_add_ns(self, span_ns: i64) -> Self {
        Self(self.0.saturating_add(span_ns))
    }

    /// This instant less a span in nanoseconds, held at the ends of the range.
    #[must_use]
    pub const fn saturating_sub_ns(self, span_ns: i64) -> Self {
        Self(self.0.saturating_sub(span_ns))
    }

    /// Nanoseconds from `earlier` to this instant, negative when `earlier` is later; held at the
    /// ends of the range.
    pub const fn since_ns(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Time {
    /// Seconds and nanoseconds since the Unix epoch, as `1700000000.000000001`; calendars are the
    /// shell's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let per_second = NS_PER_S.unsigned_abs();
        write!(f, "{sign}{}.{:09}", nanos / per_second, nanos % per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_within_the_range_only() {
        assert_eq!(Time::from_nanos(1).checked_add_ns(2), Some(Time::from_nanos(3)));
        assert_eq!(Time::MAX.checked_add_ns(1), None);
        assert_eq!(Time::MAX.saturating_add_ns(1), Time::MAX);
        assert_eq!(Time::MIN.saturating_sub_ns(1), Time::MIN);
        assert_eq!(Time::from_nanos(3).since_ns(Time::from_nanos(5)), -2);
    }

    #[test]
    fn shows_seconds_and_nanoseconds() {
        assert_eq!(Time::from_nanos(1_000_000_007).to_string(), "1.000000007");
        assert_eq!(Time::from_nanos(-1).to_string(), "-0.000000001");
    }
}
