//! What customers write beside a score, put together from phrases.

use super::dice::Dice;
use super::reasons::Reason;
use super::shape;

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

/// What people add who like to write, whatever they think of it.
const DETAILS: [&str; 16] = [
    "I had looked at the web site first and found nothing about it.",
    "My order number was asked for twice.",
    "The music while waiting could be shorter.",
    "I have been a customer for years and this was new to me.",
    "It was about a present, so the day mattered.",
    "The mail that came afterwards repeated what was said.",
    "I wrote down the name of the person I spoke to.",
    "My neighbour had the very same thing last month.",
    "I would have liked to choose the hour of the call.",
    "The page with my orders did not show it.",
    "It took one evening in all.",
    "For the next time I know whom to ask.",
    "The amount on the bill was right in the end.",
    "I was asked whether I needed anything else.",
    "The parcel itself was well packed.",
    "They said it would be looked at inside as well.",
];

/// Words that fit a likelihood to recommend; now and then none.
pub(super) fn words(dice: &mut Dice, recommend: u32, reason: &Reason) -> String {
    if dice.below(1_000) < shape::WORDLESS_PER_MILLE {
        return String::new();
    }
    let wanted = shape::words_characters(dice) as usize;
    let (heads, tails): (&[&str], &[&str]) = match recommend {
        9.. => (&ADVOCATES, &AFTER_GOOD),
        7..=8 => (&PASSIVES, &AFTER_PASSIVE),
        _ => (reason.complaints, &AFTER_BAD),
    };
    let mut text = format!("{}. {}", dice.pick(heads), dice.pick(tails)).trim_end().to_owned();
    let first = dice.below(16) as usize;
    let mut details = DETAILS.iter().cycle().skip(first).take(DETAILS.len());
    while let Some(detail) = details.next()
        && text.len() + detail.len() / 2 < wanted
    {
        text.push(' ');
        text.push_str(detail);
    }
    text
}
