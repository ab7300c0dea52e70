//! What customers write beside a score, put together from phrases.

use super::dice::Dice;
use super::reasons::Reason;

const ADVOCATES: [&str; 8] = [
    "Sorted in five minutes",
    "She listened and simply fixed it",
    "Best service I have had in years",
    "He knew what had gone wrong before I said it",
    "You kept your word",
    "No script, a real person",
    "Better than I hoped",
    "Somebody thought for me",
];

const PASSIVES: [&str; 6] = [
    "Fine in the end",
    "Friendly, but slow",
    "It works now",
    "Had to explain it twice",
    "Good help, long wait",
    "As one would expect",
];

const AFTER_GOOD: [&str; 4] = ["Thank you!", "I will tell my sister.", "Please keep it so.", ""];
const AFTER_PASSIVE: [&str; 3] = ["", "Let us see.", "Could be quicker."];
const AFTER_BAD: [&str; 6] = [
    "I keep explaining.",
    "Nobody calls back.",
    "I am thinking of leaving.",
    "The agent was kind, the company is not.",
    "Just do what you promised.",
    "",
];

/// Words that fit a likelihood to recommend; often none.
pub(super) fn words(dice: &mut Dice, recommend: u32, reason: &Reason) -> String {
    // The very content and the very cross write most.
    let percent = match recommend {
        9.. => 40,
        7..=8 => 25,
        _ => 65,
    };
    if !dice.chance(percent) {
        return String::new();
    }
    let (head, tail) = match recommend {
        9.. => (*dice.pick(&ADVOCATES), *dice.pick(&AFTER_GOOD)),
        7..=8 => (*dice.pick(&PASSIVES), *dice.pick(&AFTER_PASSIVE)),
        _ => (*dice.pick(reason.complaints), *dice.pick(&AFTER_BAD)),
    };
    format!("{head}. {tail}").trim_end().to_owned()
}
