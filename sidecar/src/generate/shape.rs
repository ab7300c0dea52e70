//! The shape of a contact centre: the few numbers that were measured on published sets, and where
//! each comes from. What stands in no set is said to be a choice.
//!
//! - *incidents*: "Incident management process enriched event log" (Amaral, Fantinato and Peres,
//!   2018, UCI), the part of 12,461 cases of 3,864 callers in six weeks.
//! - *reviews*: "Women's E-Commerce Clothing Reviews" (Kaggle, CC0), 11,743 of them.
//! - *hospitals*: HCAHPS by state, April 2018 to March 2019, the mean of 52 states.
//! - *cdnow*: purchases of 23,570 customers of a shop in 18 months (Fader and Hardie).

use super::dice::Dice;

/// How much a customer calls, in hundredths of a case of the six weeks: few customers make most of
/// the contacts. Callers by cases in *incidents*; the half of one percent that call most hold six
/// percent of the cases.
const CONTACT_WEIGHTS: [(u32, (u32, u32)); 12] = [
    (1_435, (50, 149)),
    (815, (150, 249)),
    (528, (250, 349)),
    (311, (350, 449)),
    (208, (450, 549)),
    (257, (550, 749)),
    (130, (750, 949)),
    (97, (950, 1_249)),
    (64, (1_250, 1_849)),
    (17, (1_850, 3_400)),
    (1, (3_400, 6_000)),
    (1, (20_000, 33_000)),
];

/// How many purchases a customer made, at least one. Customers by purchases in *cdnow*.
const PURCHASES: [(u32, (u32, u32)); 12] = [
    (525, (1, 1)),
    (165, (2, 2)),
    (90, (3, 3)),
    (60, (4, 4)),
    (40, (5, 5)),
    (40, (6, 7)),
    (30, (8, 9)),
    (25, (10, 13)),
    (15, (14, 20)),
    (6, (21, 28)),
    (3, (29, 48)),
    (1, (49, 120)),
];

/// The weight of each hour of the day. Cases by the hour at which they were opened in *incidents*.
const HOURS: [u32; 24] =
    [9, 7, 5, 5, 4, 4, 15, 25, 98, 127, 124, 103, 51, 69, 96, 88, 72, 44, 17, 8, 8, 8, 6, 6];

/// The weight of each day from Monday. Cases by the day on which they were opened in *incidents*,
/// over how many of such days there were.
const WEEKDAYS: [u32; 7] = [224, 187, 195, 184, 162, 25, 23];

/// The largest weight of a day.
pub(super) const BUSIEST_DAY: u32 = 224;

/// How often a contact is handed on. Reassignments of a case in *incidents*.
const TRANSFERS: [(u32, u32); 8] =
    [(475, 0), (278, 1), (105, 2), (60, 3), (36, 4), (18, 5), (18, 6), (10, 8)];

/// In how many of a thousand cases what was settled comes up again. Reopened cases in *incidents*.
pub(super) const REOPENED_PER_MILLE: u32 = 13;

/// Of a thousand ratings, those up to one star, two stars and so on. Ratings of *reviews*.
const STARS: [u32; 5] = [38, 104, 227, 447, 1_000];

/// Of a thousand likelihoods to recommend, those up to 0, 1 and so on. The bands 0 to 6, 7 to 8 and
/// 9 to 10 (77, 199 and 724) are those of *hospitals*; within a band it is a choice.
const LIKELIHOODS: [u32; 11] = [5, 9, 15, 24, 33, 55, 77, 157, 276, 516, 1_000];

/// Of a thousand answers, those without words: texts of *reviews*.
pub(super) const WORDLESS_PER_MILLE: u32 = 37;

/// The characters of the words, by tenths of those who write any: texts of *reviews*, which end at
/// 500 characters or a little behind.
const WORDS_CHARACTERS: [u32; 11] = [11, 112, 162, 208, 252, 300, 353, 419, 495, 500, 508];

/// In how many of a hundred contacts the customer answers the question that is asked afterwards: a
/// choice.
pub(super) const ANSWERED_PERCENT: u32 = 27;

/// How much a customer calls.
pub(super) fn contact_weight(dice: &mut Dice) -> u32 {
    between(dice, &CONTACT_WEIGHTS)
}

/// How many purchases a customer made.
pub(super) fn purchase_count(dice: &mut Dice) -> u32 {
    between(dice, &PURCHASES)
}

/// How often a contact is handed on.
pub(super) fn transfer_count(dice: &mut Dice) -> u32 {
    *dice.weighted(&TRANSFERS)
}

/// An hour of the day at which somebody might call.
pub(super) fn hour(dice: &mut Dice) -> i64 {
    let total = HOURS.iter().sum();
    let mut at = dice.below(total);
    let hour = HOURS.iter().zip(0..).find_map(|(weight, hour)| {
        let is_it = at < *weight;
        at = at.saturating_sub(*weight);
        is_it.then_some(hour)
    });
    hour.unwrap_or(0)
}

/// The weight of a day of the week, from Monday as 0.
pub(super) fn weekday_weight(weekday: i64) -> u32 {
    usize::try_from(weekday).ok().and_then(|it| WEEKDAYS.get(it)).copied().unwrap_or(0)
}

/// How content a customer is, 0 to 999: the lower half mostly where something went wrong, so that
/// all together are spread evenly.
pub(super) fn contentment(dice: &mut Dice, went_wrong: bool) -> u32 {
    const TRIES: u32 = 16;
    if went_wrong {
        return dice.below(1_000).min(dice.below(1_000));
    }
    // What the others leave: they are a little less than half, and seldom on top.
    let kept = (0..TRIES).find_map(|_| {
        let at = dice.below(1_000);
        (dice.below(1_000) >= 900 - at * 9 / 10).then_some(at)
    });
    kept.unwrap_or(999)
}

/// A rating of 1 to 5.
pub(super) fn stars(contentment: u32) -> u32 {
    step(&STARS, contentment) + 1
}

/// A likelihood to recommend, 0 to 10.
pub(super) fn likelihood(contentment: u32) -> u32 {
    step(&LIKELIHOODS, contentment)
}

/// How many characters somebody writes who writes.
pub(super) fn words_characters(dice: &mut Dice) -> u32 {
    let tenth = dice.below(10) as usize;
    let (least, most) = (WORDS_CHARACTERS[tenth], WORDS_CHARACTERS[tenth + 1]);
    dice.between(least, most)
}

fn between(dice: &mut Dice, ranges: &[(u32, (u32, u32))]) -> u32 {
    let (least, most) = *dice.weighted(ranges);
    dice.between(least, most)
}

/// The first step that lies above a value below 1,000.
fn step(steps: &[u32], value: u32) -> u32 {
    (0..).zip(steps).find_map(|(index, top)| (value < *top).then_some(index)).unwrap_or(0)
}
