//! When people call: by day of the week and hour of the day. Moments are nanoseconds since the
//! Unix epoch; the centre keeps UTC.

use super::dice::Dice;

pub(super) const SECOND: i64 = 1_000_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// The weight of each day, from Monday.
const WEEKDAYS: [u32; 7] = [130, 115, 105, 100, 108, 60, 35];

/// The weight of each hour that has callers: a peak before and one after the middle of the day.
const HOURS: [(u32, i64); 17] = [
    (1, 0),
    (1, 1),
    (2, 11),
    (8, 12),
    (16, 13),
    (24, 14),
    (27, 15),
    (25, 16),
    (18, 17),
    (20, 18),
    (22, 19),
    (21, 20),
    (17, 21),
    (12, 22),
    (8, 23),
    (1, 2),
    (1, 10),
];

/// A moment in the days before now at which somebody might call.
pub(super) fn contact_moment(dice: &mut Dice, now_ns: i64, days: u32) -> i64 {
    // Once in two or three throws a day is taken; after some dozens any day will do.
    let day = (0..40).find_map(|_| {
        let day = day_before(now_ns, dice.below(days));
        (dice.below(130) < weekday_weight(day)).then_some(day)
    });
    let day = day.unwrap_or_else(|| day_before(now_ns, 0));
    let hour = *dice.weighted(&HOURS);
    let moment = day + hour * HOUR + i64::from(dice.below(3_600)) * SECOND;
    // What would lie ahead, or hardly be over, was a week ago.
    if moment + 2 * HOUR > now_ns { moment - 7 * DAY } else { moment }
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

fn day_before(now_ns: i64, days: u32) -> i64 {
    days_ago(now_ns, i64::from(days), 0, 0)
}

fn weekday_weight(day_ns: i64) -> u32 {
    // The epoch was a Thursday.
    let weekday = (day_ns.div_euclid(DAY) + 3).rem_euclid(7);
    usize::try_from(weekday).ok().and_then(|it| WEEKDAYS.get(it)).copied().unwrap_or(0)
}
