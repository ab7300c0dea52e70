//! Preferences: what a customer likes, for how long we may still believe it.

use crate::time::Time;

/// The times of a preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference {
    /// When the customer last said or confirmed it.
    pub confirmed_at: Time,
    /// From when it is no longer believed; `None` for ever.
    pub expires_at: Option<Time>,
    /// When it was said to be no longer true.
    pub retracted_at: Option<Time>,
}

impl Preference {
    /// Whether it may be acted on at `now`.
    pub fn is_valid_at(&self, now: Time) -> bool {
        let begun = self.confirmed_at <= now;
        let is_before = |end: Option<Time>| end.is_none_or(|end| now < end);
        begun && is_before(self.expires_at) && is_before(self.retracted_at)
    }

    /// Whether it is valid at `now` and will expire within the span, so that it is worth asking
    /// again. The span is in nanoseconds.
    pub fn is_expiring(&self, now: Time, within_ns: i64) -> bool {
        let horizon = now.saturating_add_ns(within_ns);
        self.is_valid_at(now) && self.expires_at.is_some_and(|end| end <= horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn time(nanos: i64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn holds_from_its_confirmation_to_its_end() {
        let preference =
            Preference { confirmed_at: time(10), expires_at: Some(time(20)), retracted_at: None };
        for (now, is_valid, is_expiring) in [
            (9, false, false),
            (10, true, false),
            (15, true, true),
            (19, true, true),
            (20, false, false),
        ] {
            assert_eq!(preference.is_valid_at(time(now)), is_valid, "{now}");
            assert_eq!(preference.is_expiring(time(now), 5), is_expiring, "{now}");
        }
    }

    #[test]
    fn ends_when_retracted() {
        let preference =
            Preference { confirmed_at: time(10), expires_at: None, retracted_at: Some(time(12)) };
        assert!(preference.is_valid_at(time(11)));
        assert!(!preference.is_valid_at(time(12)));
    }
}
