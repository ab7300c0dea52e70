//! Moments, as other systems write them.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// How a moment is written.
#[derive(Debug)]
pub(in crate::import) struct TimeFormat {
    form: Form,
    /// The zone of moments that name none.
    zone: TimeZone,
}

#[derive(Debug)]
enum Form {
    /// RFC 3339, or a date or date and time of ISO 8601 without a zone.
    Iso,
    /// Units since 1970, as decimals; nanoseconds in a unit.
    Unix(i64),
    /// A pattern of `strptime`.
    Pattern(String),
}

impl TimeFormat {
    /// Reads the name of a format: none for ISO 8601, `unix`, `unix_ms`, or a pattern of `strptime`
    /// such as `%d/%m/%Y %H:%M`.
    ///
    /// # Errors
    /// If it is neither.
    pub(super) fn new(format: Option<&str>, zone: TimeZone) -> Result<Self, String> {
        let form = match format {
            None | Some("iso") => Form::Iso,
            Some("unix") => Form::Unix(1_000_000_000),
            Some("unix_ms") => Form::Unix(1_000_000),
            Some(pattern) if pattern.contains('%') => {
                check_pattern(pattern)?;
                Form::Pattern(pattern.to_owned())
            }
            Some(other) => {
                return Err(format!(
                    "format {other:?} is unknown; use iso, unix, unix_ms or a pattern such as %d/%m/%Y"
                ));
            }
        };
        Ok(Self { form, zone })
    }

    /// A moment in nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// If the text is not written so, or the moment is outside the years 1678 to 2261.
    pub(in crate::import) fn read(&self, text: &str) -> Result<i64, String> {
        let moment = match &self.form {
            Form::Unix(unit_ns) => return unix(text, *unit_ns),
            Form::Iso => self.iso(text),
            Form::Pattern(pattern) => self.pattern(pattern, text),
        };
        let moment = moment.ok_or_else(|| match &self.form {
            Form::Pattern(pattern) => format!("{text:?} is not a moment written as {pattern}"),
            Form::Iso | Form::Unix(_) => {
                format!("{text:?} is not a moment of ISO 8601; name its format, such as %d/%m/%Y")
            }
        })?;
        i64::try_from(moment.as_nanosecond())
            .map_err(|_| format!("{text:?} is outside the years 1678 to 2261"))
    }

    fn iso(&self, text: &str) -> Option<Timestamp> {
        text.parse::<Timestamp>().ok().or_else(|| {
            Some(text.parse::<DateTime>().ok()?.to_zoned(self.zone.clone()).ok()?.timestamp())
        })
    }

    fn pattern(&self, pattern: &str, text: &str) -> Option<Timestamp> {
        let parts = strtime::parse(pattern, text).ok()?;
        if parts.offset().is_some() || parts.timestamp().is_some() {
            return parts.to_timestamp().ok();
        }
        let local = match parts.hour() {
            Some(_) => parts.to_datetime().ok()?,
            // A day alone stands for its start.
            None => parts.to_date().ok()?.to_datetime(jiff::civil::Time::midnight()),
        };
        local.to_zoned(self.zone.clone()).ok().map(|it: Zoned| it.timestamp())
    }
}

/// Refuses a pattern that no moment can be written by.
fn check_pattern(pattern: &str) -> Result<(), String> {
    strtime::format(pattern, &Zoned::new(Timestamp::UNIX_EPOCH, TimeZone::UTC))
        .map(|_| ())
        .map_err(|error| format!("format {pattern:?} cannot be used: {error}"))
}

/// Units since 1970, exact to the nanosecond.
fn unix(text: &str, unit_ns: i64) -> Result<i64, String> {
    let bad = || format!("{text:?} is not a number of seconds or milliseconds since 1970");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let units: i64 = whole.parse().map_err(|_| bad())?;
    let nanoseconds = units
        .checked_mul(unit_ns)
        .ok_or_else(|| format!("{text:?} is outside the years 1678 to 2261"))?;
    if fraction.is_empty() {
        return Ok(nanoseconds);
    }
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let padded = format!("{fraction:0<9}");
    let billionths: i64 =
        padded.get(..9).filter(|_| digits).and_then(|it| it.parse().ok()).ok_or_else(bad)?;
    let part = billionths * (unit_ns / 1_000_000) / 1_000;
    Ok(if whole.starts_with('-') { nanoseconds - part } else { nanoseconds.saturating_add(part) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Option<&str>, zone: &str, text: &str) -> Result<String, String> {
        let format = TimeFormat::new(format, TimeZone::get(zone).unwrap())?;
        let nanoseconds = format.read(text)?;
        Ok(Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap().to_string())
    }

    #[test]
    fn reads_moments_as_other_systems_write_them() {
        let table = [
            (None, "UTC", "2024-05-03T10:00:00Z", "2024-05-03T10:00:00Z"),
            (None, "UTC", "2024-05-03T10:00:00+02:00", "2024-05-03T08:00:00Z"),
            (None, "Europe/Vienna", "2024-05-03 10:00", "2024-05-03T08:00:00Z"),
            (None, "Europe/Vienna", "2024-05-03", "2024-05-02T22:00:00Z"),
            (Some("unix"), "UTC", "1589375664", "2020-05-13T13:14:24Z"),
            (Some("unix"), "UTC", "1589375664.25", "2020-05-13T13:14:24.25Z"),
            (Some("unix_ms"), "UTC", "1589375664250", "2020-05-13T13:14:24.25Z"),
            (Some("%d/%m/%Y %H:%M"), "UTC", "29/2/2016 01:16", "2016-02-29T01:16:00Z"),
            (Some("%d/%m/%Y"), "America/New_York", "5/3/2016", "2016-03-05T05:00:00Z"),
            (Some("%Y%m%d"), "UTC", "19970101", "1997-01-01T00:00:00Z"),
            (
                Some("%Y-%m-%d %H:%M:%S %z"),
                "UTC",
                "2016-03-05 10:00:00 +0100",
                "2016-03-05T09:00:00Z",
            ),
        ];
        for (format, zone, text, expected) in table {
            assert_eq!(read(format, zone, text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_moment() {
        let table = [
            (None, "yesterday"),
            (None, "2024-13-01"),
            (Some("unix"), "12a"),
            (Some("unix"), "1.5e3"),
            (Some("unix"), "99999999999999"),
            (Some("%d/%m/%Y"), "31/2/2016"),
            (Some("%d/%m/%Y"), "3/2016"),
            (Some("%Y"), "2016"),
            (Some("american"), "1/2/2016"),
            (Some("%d/%Q!"), "1/2/2016"),
        ];
        for (format, text) in table {
            assert!(read(format, "UTC", text).is_err(), "{text}");
        }
    }
}
