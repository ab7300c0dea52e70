//! What the model and the view need of the reader's locale: money, days and clocks in words.

/// Writes values as the reader's locale has them.
pub(crate) trait Format {
    /// An amount, without decimals where there are none: "$45", "$45.50".
    fn money(&self, minor: i64, currency_code: &str) -> String;
    /// How many decimals the currency has.
    fn digits(&self, currency_code: &str) -> u32;
    /// The sign between whole and part.
    fn decimal(&self) -> char;
    /// A day, with the year where it is not this one: "12 Sep". Milliseconds since 1970.
    fn day(&self, ms: i64) -> String;
    /// A time of day: "14:02". Milliseconds since 1970.
    fn clock(&self, ms: i64) -> String;
    /// The last minute of a day, so many days after the one that `ms` is in.
    fn day_end(&self, ms: i64, days: i64) -> i64;
}

/// Writes texts one after another; the standard library's way takes a kilobyte more.
pub(crate) fn joined(texts: &[&str]) -> String {
    let mut all = String::new();
    for text in texts {
        all.push_str(text);
    }
    all
}

/// Writes a whole number.
pub(crate) fn number(value: i64) -> String {
    let mut text = String::new();
    let mut rest = value.unsigned_abs();
    loop {
        text.insert(0, char::from(b'0' + (rest % 10) as u8));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        text.insert(0, '-');
    }
    text
}

/// Writes a length of time as minutes and seconds: "02:14", "75:00".
pub(crate) fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    let two = |value: i64| {
        if value < 10 { joined(&["0", &number(value)]) } else { number(value) }
    };
    joined(&[&two(seconds / 60), ":", &two(seconds % 60)])
}

/// The same without a leading nought: "2:14".
pub(crate) fn short_span(ms: i64) -> String {
    let mut text = span(ms);
    if text.starts_with('0') {
        text.remove(0);
    }
    text
}

/// Why an amount that was typed cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountError {
    /// Nothing was typed.
    Empty,
    /// It is not a number above zero.
    NotANumber,
    /// It has more decimals than the currency.
    TooFine,
    /// It is more than any ledger takes.
    TooLarge,
}

/// The most that a request may carry: 2^53 - 1.
const MAX_AMOUNT_MINOR: i64 = (1 << 53) - 1;

/// Reads an amount in minor units from what a person typed, by the locale's own decimal sign; a
/// fraction of a minor unit is refused and never rounded.
pub(crate) fn parse_amount(text: &str, decimal: char, digits: u32) -> Result<i64, AmountError> {
    let mut minor = 0_i64;
    let (mut decimals, mut group) = (None, None);
    let mut any = false;
    for letter in text.trim_ascii().chars() {
        if let Some(digit) = letter.to_digit(10) {
            any = true;
            minor = push_digit(minor, digit)?;
            if let Some(count) = decimals.as_mut().or(group.as_mut()) {
                *count += 1;
            }
        } else if letter == decimal && decimals.is_none() {
            decimals = Some(0);
        } else if decimals.is_none() && is_group_sign(letter) {
            group = Some(0);
        } else if !is_filler(letter) {
            return Err(AmountError::NotANumber);
        }
    }
    let decimals = decimals.unwrap_or(0);
    if decimals > digits {
        return Err(AmountError::TooFine);
    }
    // "12,34" is a slip of the finger and not 1,234.
    if group.is_some_and(|count| count != 3) {
        return Err(AmountError::NotANumber);
    }
    for _ in decimals..digits {
        minor = push_digit(minor, 0)?;
    }
    match minor {
        0 if !any && text.trim_ascii().is_empty() => Err(AmountError::Empty),
        0 => Err(AmountError::NotANumber),
        _ => Ok(minor),
    }
}

fn push_digit(minor: i64, digit: u32) -> Result<i64, AmountError> {
    minor
        .checked_mul(10)
        .and_then(|minor| minor.checked_add(i64::from(digit)))
        .filter(|minor| *minor <= MAX_AMOUNT_MINOR)
        .ok_or(AmountError::TooLarge)
}

/// Signs that part the whole digits into groups of three.
fn is_group_sign(letter: char) -> bool {
    matches!(letter, ',' | '.' | '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{202f}')
}

/// Signs that say nothing about the amount: the currency's, and spaces beside it.
fn is_filler(letter: char) -> bool {
    matches!(letter, '$' | '€' | '£' | '¥' | ' ' | '\u{a0}')
}

/// Writes an amount above zero as a person would type it: "1640" or "45.50".
pub(crate) fn plain_amount(minor: i64, decimal: char, digits: u32) -> String {
    let digits = digits as usize;
    let mut text = number(minor);
    while text.len() <= digits {
        text.insert(0, '0');
    }
    let part = text.split_off(text.len() - digits);
    if part.bytes().any(|digit| digit != b'0') {
        text.push(decimal);
        text.push_str(&part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers() {
        for value in [0, 7, 10, -1, 1_234_567, i64::MAX, i64::MIN] {
            assert_eq!(number(value), value.to_string());
        }
    }

    #[test]
    fn writes_spans_as_minutes_and_seconds() {
        for (ms, text) in [(0, "00:00"), (134_999, "02:14"), (4_500_000, "75:00"), (-5, "00:00")] {
            assert_eq!(span(ms), text);
        }
    }

    #[test]
    fn reads_amounts_by_the_locales_own_sign() {
        let cases = [
            ("45", '.', 2, Ok(4_500)),
            ("$1,860", '.', 2, Ok(186_000)),
            (" 12.5 ", '.', 2, Ok(1_250)),
            ("1.860,50 €", ',', 2, Ok(186_050)),
            ("1.860,50", ',', 2, Ok(186_050)),
            ("12.", '.', 2, Ok(1_200)),
            (".5", '.', 2, Ok(50)),
            ("4500", '.', 0, Ok(4_500)),
            ("1.234", '.', 3, Ok(1_234)),
        ];
        for (text, decimal, digits, expected) in cases {
            assert_eq!(parse_amount(text, decimal, digits), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_an_amount() {
        let cases = [
            ("", AmountError::Empty),
            ("  ", AmountError::Empty),
            ("$", AmountError::NotANumber),
            ("0", AmountError::NotANumber),
            ("0.00", AmountError::NotANumber),
            ("-5", AmountError::NotANumber),
            ("5 or so", AmountError::NotANumber),
            ("1.2.3", AmountError::NotANumber),
            ("12,34", AmountError::NotANumber),
            ("12.345", AmountError::TooFine),
            ("90071992547409.92", AmountError::TooLarge),
            ("99999999999999999999999", AmountError::TooLarge),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_amount(text, '.', 2), Err(expected), "{text}");
        }
        assert_eq!(parse_amount("1.5", '.', 0), Err(AmountError::TooFine));
    }

    #[test]
    fn typed_amounts_read_back() {
        for (minor, digits) in [(164_000, 2), (4_550, 2), (4_505, 2), (7, 2), (4_500, 0)] {
            let text = plain_amount(minor, '.', digits);
            assert_eq!(parse_amount(&text, '.', digits), Ok(minor), "{text}");
        }
    }
}
