//! When people call. Moments are nanoseconds since the Unix epoch; the centre keeps UTC.

use super::dice::Dice;
use super::shape;

pub(super) const SECOND: i64 = 1_000_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Days that are looked at before any day will do.
const DAY_TRIES: u32 = 40;

/// Within how many days a matter that is still open comes up again.
const AGAIN_WITHIN_DAYS: u32 = 7;

/// A moment in the whole days before now at which somebody might call.
pub(super) fn contact_moment(dice: &mut Dice, now_ns: i64, days: u32) -> i64 {
    let day = (0..DAY_TRIES).find_map(|_| {
        let day = day_before(now_ns, 1 + dice.below(days));
        is_taken(dice, day).then_some(day)
    });
    within_day(dice, day.unwrap_or_else(|| day_before(now_ns, 1)))
}

/// A moment in the days after another at which somebody might call again.
pub(super) fn later_moment(dice: &mut Dice, after_ns: i64) -> i64 {
    let today = after_ns - after_ns.rem_euclid(DAY);
    let moment = (0..DAY_TRIES).find_map(|_| {
        let day = today + i64::from(dice.below(AGAIN_WITHIN_DAYS)) * DAY;
        if !is_taken(dice, day) {
            return None;
        }
        let moment = within_day(dice, day);
        (moment > after_ns + HOUR).then_some(moment)
    });
    moment.unwrap_or(after_ns + DAY)
}

/// Any moment in the days before now.
pub(super) fn any_moment(dice: &mut Dice, now_ns: i64, days: u32) -> i64 {
    let seconds = i64::from(dice.below(days)) * 86_400 + i64::from(dice.below(86_400));
    now_ns - (seconds + 1) * SECOND
}

/// The time of a day that lies so many days before the day of now.
pub(super) fn days_ago(now_ns: i64, days: i64, hour: i64, minute: i64) -> i64 {
    now_ns - now_ns.rem_euclid(DAY) - days * DAY + hour * HOUR + minute * MINUTE
}

/// The day of the week from Monday as 0, and the hour of the day.
pub(super) fn weekday_and_hour(moment_ns: i64) -> (i64, i64) {
    // The epoch was a Thursday.
    let weekday = (moment_ns.div_euclid(DAY) + 3).rem_euclid(7);
    (weekday, moment_ns.rem_euclid(DAY) / HOUR)
}

fn day_before(now_ns: i64, days: u32) -> i64 {
    days_ago(now_ns, i64::from(days), 0, 0)
}

/// Whether somebody calls on a day that was thrown, so that each gets its share.
fn is_taken(dice: &mut Dice, day_ns: i64) -> bool {
    dice.below(shape::BUSIEST_DAY) < shape::weekday_weight(weekday_and_hour(day_ns).0)
}

fn within_day(dice: &mut Dice, day_ns: i64) -> i64 {
    let hour = shape::hour(dice);
    day_ns + hour * HOUR + i64::from(dice.below(3_600)) * SECOND
}
