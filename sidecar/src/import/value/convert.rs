//! From the text of a field to its value.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use makegood_core::money::{Currency, Money};

use super::Value;
use crate::import::fields;
use crate::import::suggest::hint;

/// The longest length of time: ten years.
const MAX_DURATION_S: f64 = 10.0 * 366.0 * 86_400.0;

/// Yes or no: the words of the mapping, or the usual ones in any case.
pub(in crate::import) fn flag(value: &Value, text: &str) -> Result<bool, String> {
    let is_in = |words: &[String]| words.iter().any(|word| word == text);
    let answer = match &value.yes_no {
        Some((yes, _)) if is_in(yes) => Some(true),
        Some((_, no)) if is_in(no) => Some(false),
        Some(_) => None,
        None => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "t" | "1" => Some(true),
            "false" | "no" | "n" | "f" | "0" => Some(false),
            _ => None,
        },
    };
    answer.ok_or_else(|| format!("{text:?} is neither yes nor no; name the words with yes and no"))
}

/// A whole number from 0 to `most`.
pub(in crate::import) fn count(text: &str, most: i32) -> Result<i32, String> {
    let number = text.parse::<i32>().ok().filter(|number| (0..=most).contains(number));
    number.ok_or_else(|| format!("{text:?} is not a whole number from 0 to {most}"))
}

/// A value on a scale.
pub(in crate::import) fn score(value: &Value, text: &str, scale: i32) -> Result<i32, String> {
    let (least, most) = fields::range(scale);
    let number = if (least, most) == (0, 1) {
        flag(value, text).map(i32::from).ok()
    } else {
        text.parse().ok()
    };
    number.filter(|number| (least..=most).contains(number)).ok_or_else(|| {
        format!("{text:?} is not on the scale from {least} to {most}; a map can translate it")
    })
}

/// A length of time in milliseconds.
pub(in crate::import) fn duration_ms(value: &Value, text: &str) -> Result<i64, String> {
    let bad = || format!("{text:?} is not a length of time of at most ten years");
    let units: f64 = text.parse().map_err(|_| bad())?;
    let seconds = units * f64::from(value.unit_ms) / 1_000.0;
    if !(0.0..=MAX_DURATION_S).contains(&seconds) {
        return Err(bad());
    }
    let duration = SignedDuration::try_from_secs_f64(seconds).map_err(|_| bad())?;
    i64::try_from(duration.as_millis()).map_err(|_| bad())
}

/// An amount in minor units.
pub(in crate::import) fn money(value: &Value, text: &str, code: &str) -> Result<i64, String> {
    let currency = Currency::parse(code).map_err(|error| error.to_string())?;
    let plain =
        if value.decimal == '.' { text.to_owned() } else { text.replace(value.decimal, ".") };
    Money::parse(currency, &plain).map(|it| it.amount_minor).map_err(|error| error.to_string())
}

/// A mail address in lower case.
pub(in crate::import) fn email(text: &str) -> Result<String, String> {
    let parts = text.split_once('@');
    let is_part = |it: &str| {
        !it.is_empty()
            && !it.contains(|sign: char| sign == '@' || sign.is_whitespace() || sign.is_control())
    };
    if text.len() > 254 || !parts.is_some_and(|(local, domain)| is_part(local) && is_part(domain)) {
        return Err("is not a mail address such as maria@example.com".to_owned());
    }
    Ok(text.to_lowercase())
}

/// A language tag of BCP 47.
pub(in crate::import) fn language(text: &str) -> Result<String, String> {
    let tag = text.replace('_', "-");
    let is_part = |it: &str| {
        (1..=8).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if tag.len() > 35 || !tag.split('-').all(is_part) {
        return Err(format!("{text:?} is not a language tag such as de-AT"));
    }
    Ok(tag)
}

/// A time zone of the IANA.
pub(in crate::import) fn time_zone(text: &str) -> Result<String, String> {
    match TimeZone::get(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("{text:?} is not a time zone such as Europe/Vienna")),
    }
}

/// The number of a word.
pub(in crate::import) fn word(text: &str, words: &[(&str, i32)]) -> Result<i32, String> {
    let known = words.iter().find(|(word, _)| *word == text);
    known.map(|(_, number)| *number).ok_or_else(|| {
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        format!("`{text}` is unknown; {}", hint(text, names.iter().copied()))
    })
}
