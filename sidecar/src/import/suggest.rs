//! "Did you mean": the nearest name to one that is unknown.

/// How alike two names must be, by Jaro-Winkler, 0 to 1. Below it a suggestion puzzles more than it
/// helps; the command line's parser uses 0.7 for shorter words.
const ENOUGH: f64 = 0.75;

/// The name that was probably meant.
pub(super) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let scored = names.into_iter().map(|it| (likeness(&lower, &it.to_lowercase()), it));
    scored
        .filter(|(score, _)| *score >= ENOUGH)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, it)| it)
}

/// How alike two names are, 0 to 1. One slip of a finger is alike, also in a short word.
fn likeness(left: &str, right: &str) -> f64 {
    let slip = if strsim::osa_distance(left, right) <= 1 { 0.95 } else { 0.0 };
    strsim::jaro_winkler(left, right).max(slip)
}

/// What to say after "unknown": the nearest name, or all of them.
pub(super) fn hint<'a>(name: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(it) = nearest(name, names.clone()) {
        return format!("did you mean `{it}`?");
    }
    let all: Vec<_> = names.into_iter().filter(|it| !it.is_empty()).collect();
    format!("there are: {}", all.join(", "))
}

/// Adds a suggestion to a message of the TOML reader that names an unknown field or word and the
/// ones that it expected.
pub(super) fn with_suggestion(message: &str) -> String {
    let message = message.trim_end();
    let Some((_, after)) = message.split_once("unknown ") else {
        return message.to_owned();
    };
    // The names stand between backquotes: the unknown one, then those expected.
    let mut names = after.split('`').skip(1).step_by(2);
    let suggestion = names.next().and_then(|unknown| nearest(unknown, names));
    suggestion.map_or_else(|| message.to_owned(), |it| format!("{message}\ndid you mean `{it}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest_or_all() {
        let names = ["customer_id", "agent_id", "start_unix"];
        assert_eq!(hint("costumer_id", names), "did you mean `customer_id`?");
        assert_eq!(hint("Start_Unix", names), "did you mean `start_unix`?");
        assert_eq!(hint("zzz", names), "there are: customer_id, agent_id, start_unix");
    }

    #[test]
    fn reads_the_names_out_of_a_message() {
        let message = "unknown field `delimeter`, expected one of `source`, `delimiter`";
        assert!(with_suggestion(message).ends_with("did you mean `delimiter`?"));
        assert_eq!(with_suggestion("missing field `source`"), "missing field `source`");
    }
}
