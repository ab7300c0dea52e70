//! The calendar: resolves the windows of calendar limits in their time zones.
//!
//! The core knows no time zones. The bounds of each window go into the command and with it into
//! the entry, so that the state is built again without time-zone data. An audit resolves them anew,
//! on another machine: the data are those bundled with the program, whatever the host has.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZoneDatabase;
use jiff::{Timestamp, ToSpan as _, Zoned};
use makegood_core::ledger::WindowBounds;
use makegood_core::mutants::{Mutant, is_on};
use makegood_core::policy::{CalendarUnit, Limit, Policy, Window};
use makegood_core::time::{NS_PER_HOUR, Time};

/// The zones bundled with the program.
static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The bounds at `now` of every calendar limit of the policy.
///
/// A limit whose zone is not known has none, and whatever it applies to is then refused; `policy
/// check` and the start report such a zone before that.
pub fn windows(policy: &Policy, now: Time) -> Vec<WindowBounds> {
    policy.limits.iter().filter_map(|limit| window(limit, now)).collect()
}

/// Whether the time-zone data has a zone of this name.
pub fn is_known(zone: &str) -> bool {
    BUNDLED.get(zone).is_ok()
}

fn window(limit: &Limit, now: Time) -> Option<WindowBounds> {
    let Window::Calendar { unit, zone } = &limit.window else {
        return None;
    };
    let (start, end) = bounds(*unit, zone, now).ok()?;
    let late_ns = if is_on(Mutant::DayBeginsLate) { NS_PER_HOUR } else { 0 };
    let (start, end) = (start.saturating_add_ns(late_ns), end.saturating_add_ns(late_ns));
    Some(WindowBounds { limit: limit.id.clone(), start, end })
}

/// The first instant of the unit that holds `now`, and the first instant after it.
fn bounds(unit: CalendarUnit, zone: &str, now: Time) -> Result<(Time, Time), jiff::Error> {
    let zone = BUNDLED.get(zone)?;
    let today = Timestamp::from_nanosecond(now.as_nanos().into())?.to_zoned(zone.clone()).date();
    let first = first_day(unit, today)?;
    let next = following(unit, first)?;
    let next_start = instant(&next.to_zoned(zone.clone())?);
    if now < next_start {
        return Ok((instant(&first.to_zoned(zone)?), next_start));
    }
    // Where clocks go back over midnight, the old date returns once the new one has begun; the new
    // one goes on, or an instant would be in two windows.
    let later = following(unit, next)?;
    Ok((next_start, instant(&later.to_zoned(zone)?)))
}

/// The first day of the unit after the one that begins on this day.
fn following(unit: CalendarUnit, first: Date) -> Result<Date, jiff::Error> {
    first.checked_add(match unit {
        CalendarUnit::Day => 1.day(),
        CalendarUnit::Week => 1.week(),
        CalendarUnit::Month => 1.month(),
        CalendarUnit::Quarter => 3.months(),
        CalendarUnit::Year => 1.year(),
    })
}

fn first_day(unit: CalendarUnit, day: Date) -> Result<Date, jiff::Error> {
    Ok(match unit {
        CalendarUnit::Day => day,
        CalendarUnit::Week => day.checked_sub(day.weekday().since(Weekday::Monday).days())?,
        CalendarUnit::Month => day.first_of_month(),
        CalendarUnit::Quarter => Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1)?,
        CalendarUnit::Year => day.first_of_year(),
    })
}

/// Midnight may not exist on a day of a time change; the day then starts at the first instant
/// that does, which is what `to_zoned` of a date gives.
fn instant(zoned: &Zoned) -> Time {
    let ns = zoned.timestamp().as_nanosecond();
    Time::from_nanos(i64::try_from(ns).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    const UNITS: [CalendarUnit; 5] = [
        CalendarUnit::Day,
        CalendarUnit::Week,
        CalendarUnit::Month,
        CalendarUnit::Quarter,
        CalendarUnit::Year,
    ];
    /// Zones with changes by an hour, half an hour, a whole day, at midnight, and none.
    const ZONES: [&str; 8] = [
        "Europe/Vienna",
        "America/New_York",
        "America/Sao_Paulo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "UTC",
    ];

    fn at(text: &str) -> Time {
        let ns = text.parse::<Timestamp>().unwrap().as_nanosecond();
        Time::from_nanos(ns.try_into().unwrap())
    }

    #[test]
    fn follows_the_wall_clock_over_a_time_change() {
        for (unit, zone, now, start, end) in [
            (
                CalendarUnit::Day,
                "Europe/Vienna",
                "2026-03-29T12:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
            ),
            (
                CalendarUnit::Week,
                "UTC",
                "2026-11-22T00:00:00Z",
                "2026-11-16T00:00:00Z",
                "2026-11-23T00:00:00Z",
            ),
            (
                CalendarUnit::Quarter,
                "UTC",
                "2026-11-22T00:00:00Z",
                "2026-10-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                CalendarUnit::Year,
                "America/New_York",
                "2026-01-01T04:59:59Z",
                "2025-01-01T05:00:00Z",
                "2026-01-01T05:00:00Z",
            ),
        ] {
            assert_eq!(bounds(unit, zone, at(now)).unwrap(), (at(start), at(end)), "{zone} {now}");
        }
    }

    /// Clocks went back by an hour one minute after midnight, so the evening came twice.
    #[test]
    fn lets_no_day_return_after_the_next_has_begun() {
        let zone = "America/St_Johns";
        let day = |now| bounds(CalendarUnit::Day, zone, at(now)).unwrap();
        let saturday = (at("1987-10-24T02:30:00Z"), at("1987-10-25T02:30:00Z"));
        let sunday = (at("1987-10-25T02:30:00Z"), at("1987-10-26T03:30:00Z"));
        assert_eq!(day("1987-10-25T02:29:59Z"), saturday);
        assert_eq!(day("1987-10-25T02:30:30Z"), sunday);
        assert_eq!(day("1987-10-25T02:31:00Z"), sunday, "the evening of Saturday again");
        assert_eq!(day("1987-10-25T03:31:00Z"), sunday);
    }

    /// A zone's file that says nothing but UTC, as RFC 9636 has it.
    fn utc_file() -> Vec<u8> {
        let counts = [0, 0, 0, 0, 1, 4].map(u32::to_be_bytes).concat();
        let head = [b"TZif2".as_slice(), &[0; 15], &counts].concat();
        let body = [[0; 6].as_slice(), b"UTC\0"].concat();
        [&head[..], &body, &head, &body, b"\nUTC0\n"].concat()
    }

    /// A child of the test looks, for what the host has is told by the environment.
    #[test]
    fn takes_no_zone_from_the_host() {
        let host = tempfile::tempdir().unwrap();
        for zone in ["Europe/Vienna", "America/New_York"] {
            let path = host.path().join(zone);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, utc_file()).unwrap();
        }
        let looks = "zones::tests::follows_the_wall_clock_over_a_time_change";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", looks]).env("TZDIR", host.path());
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    /// The instants from 1990 to 2040 at which the clocks of a zone change.
    fn changes(zone: &TimeZone) -> Vec<Time> {
        let (first, last) = (at("1990-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z"));
        let since = Timestamp::from_nanosecond(first.as_nanos().into()).unwrap();
        let changes = zone.following(since).map(|change| change.timestamp().as_nanosecond());
        let changes = changes.map(|ns| Time::from_nanos(ns.try_into().unwrap()));
        changes.take_while(|change| *change < last).collect()
    }

    /// What is wrong with the window of an instant: it, or one beside it, is not the only one.
    fn fault(unit: CalendarUnit, zone: &str, now: Time) -> Option<String> {
        let bounds = |now| bounds(unit, zone, now).unwrap();
        let (start, end) = bounds(now);
        let is_in_one = start <= now
            && now < end
            && bounds(start) == (start, end)
            && bounds(end.saturating_sub_ns(1)) == (start, end)
            && bounds(end).0 == end;
        (!is_in_one).then(|| format!("{unit:?} of {zone} at {now}: {start} to {end}"))
    }

    /// Where clocks change, a day may be shorter, longer, missing, or come twice.
    #[test]
    fn every_instant_is_in_one_window_of_every_zone() {
        const HOUR_NS: i64 = 3_600_000_000_000;
        let mut seen = BTreeSet::new();
        let mut faults = Vec::new();
        for name in BUNDLED.available() {
            let changes = changes(&BUNDLED.get(name.as_str()).unwrap());
            let around = |change: &Time| {
                [-25 * HOUR_NS, -1, 0, HOUR_NS].map(|ns| change.saturating_add_ns(ns))
            };
            let instants: Vec<Time> = changes.iter().flat_map(around).collect();
            let any = [at("1999-12-31T23:59:59Z"), at("2024-02-29T12:00:00Z")];
            let instants: Vec<Time> = instants.into_iter().chain(any).collect();
            // Many names are of one zone.
            let windows =
                instants.iter().map(|now| bounds(CalendarUnit::Day, name.as_str(), *now).unwrap());
            if seen.insert(windows.collect::<Vec<_>>()) {
                let days = instants.iter().map(|now| (CalendarUnit::Day, *now));
                let others = changes.iter().flat_map(|now| UNITS.map(|unit| (unit, *now)));
                let each = days.chain(others);
                faults.extend(each.filter_map(|(unit, now)| fault(unit, name.as_str(), now)));
            }
        }
        assert!(seen.len() > 200, "{} zones", seen.len());
        assert_eq!(faults, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn every_instant_is_in_one_window(seconds in 0_i64..4_000_000_000, zone in 0..ZONES.len(), unit in 0..UNITS.len()) {
            let now = Time::from_nanos(seconds * 1_000_000_000);
            let bounds = |now| bounds(UNITS[unit], ZONES[zone], now).unwrap();
            let (start, end) = bounds(now);
            prop_assert!(start <= now && now < end);
            prop_assert_eq!(bounds(start), (start, end));
            let last = Time::from_nanos(end.as_nanos() - 1);
            prop_assert_eq!(bounds(last), (start, end));
            prop_assert_eq!(bounds(end).0, end);
        }
    }
}
