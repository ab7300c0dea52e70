//! Telephone numbers, brought to E.164, so that the number of a ringing call equals the number that
//! was imported.
//!
//! Own code, because the crate for it (`phonenumber`) brings 45 crates, among them ones without a
//! keeper (`atomic-polyfill`), and regular expressions compiled on first use, to check what no
//! lookup needs: whether a number is in service. A number that the switch delivered is looked up as
//! it is; here only its writing is settled.

mod regions;

use regions::Region;

/// The most characters that a number is read from.
const MAX_CHARS: usize = 32;
/// The fewest digits of a number with its country code (Niue: +683 and four digits).
const MIN_DIGITS: usize = 7;
/// The most digits of a number with its country code, by E.164.
const MAX_DIGITS: usize = 15;

/// What is wrong with a telephone number.
///
/// The messages hold at most one character of the number, because a number is personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing but white space and signs.
    #[error("phone number has no digits; write it as +1 202 555 0100")]
    Empty,
    /// More than 32 characters.
    #[error("phone number is longer than {MAX_CHARS} characters; give one number")]
    TooLong,
    /// A character that no number has.
    #[error(
        "phone number has {character:?} as its character {position}; use digits, spaces, + - / . ( )"
    )]
    Character {
        /// The character.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// A plus that is not at the start.
    #[error("phone number has a + inside; write + only before the country code")]
    PlusInside,
    /// Too few digits for any country.
    #[error("phone number has {digits} digits with its country code; the fewest are {MIN_DIGITS}")]
    TooFewDigits {
        /// How many there are.
        digits: usize,
    },
    /// More digits than E.164 allows.
    #[error("phone number has {digits} digits with its country code; the most are {MAX_DIGITS}")]
    TooManyDigits {
        /// How many there are.
        digits: usize,
    },
    /// An international number of no country.
    #[error("phone number starts with no known country code; write it as +1 202 555 0100")]
    UnknownCountryCode,
    /// A national number, and no usable region to read it in.
    #[error(
        "phone number has no country code and region {region:?} is unknown; \
         write the number with + or name a region such as US"
    )]
    UnknownRegion {
        /// The region as given.
        region: String,
    },
}

/// Brings a number to E.164, for example `+12025550100`.
///
/// Reads international numbers (`+1…`, `001…`, the region's own exit code, a `tel:` address) and
/// national ones of `default_region`, two letters of ISO 3166 in upper case, with or without the
/// trunk prefix; spaces, dashes, slashes, points and parentheses are passed over, and so is the
/// `(0)` in `+44 (0)20`. An extension (`x12`, `ext. 12`, `#12`, `;ext=12`) is dropped: the number
/// of a ringing call never carries one. Not checked is whether the country has given the number to
/// anybody.
///
/// # Errors
/// Whatever [`PhoneError`] names.
pub fn normalise(text: &str, default_region: &str) -> Result<String, PhoneError> {
    let text = text.trim();
    if text.chars().count() > MAX_CHARS {
        return Err(PhoneError::TooLong);
    }
    let number = without_extension(text);
    let written = read(number)?;
    let plan = regions::region(default_region);
    let international = if written.plus {
        Some(written.digits.as_str())
    } else {
        after_exit_code(&written.digits, default_region, plan)
    };
    let digits = match international {
        Some(digits) => from_international(digits, written.optional_zero_at)?,
        None => from_national(&written.digits, default_region, plan)?,
    };
    match digits.len() {
        count if count < MIN_DIGITS => Err(PhoneError::TooFewDigits { digits: count }),
        count if count > MAX_DIGITS => Err(PhoneError::TooManyDigits { digits: count }),
        _ => Ok(format!("+{digits}")),
    }
}

/// A number as it was written.
struct Written {
    plus: bool,
    digits: String,
    /// How many digits stand before a `(0)`.
    optional_zero_at: Option<usize>,
}

/// What stands before the mark of an extension.
fn without_extension(text: &str) -> &str {
    let number = match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => text.get(4..).unwrap_or_default(),
        _ => text,
    };
    let is_mark = |it: char| matches!(it, 'x' | 'X' | 'e' | 'E' | '#' | ';' | ',');
    // Letters before the first digit are no extension; reading them names them.
    match number.find(is_mark) {
        Some(at)
            if number[..at].contains(|it: char| it.is_ascii_digit())
                && is_extension(&number[at..]) =>
        {
            &number[..at]
        }
        _ => number,
    }
}

/// Whether a rest such as `ext. 12` is an extension: a mark and digits.
fn is_extension(rest: &str) -> bool {
    let rest = rest.to_ascii_lowercase();
    let marks = [";ext=", "extension", "ext", "x", "#", ",", ";"];
    let digits = marks.iter().find_map(|mark| rest.strip_prefix(mark));
    digits.is_some_and(|it| {
        let it = it.trim_matches(|sign: char| " .:,;#".contains(sign));
        !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Takes the digits out of the writing.
fn read(number: &str) -> Result<Written, PhoneError> {
    let mut written =
        Written { plus: false, digits: String::with_capacity(MAX_CHARS), optional_zero_at: None };
    for (at, character) in number.char_indices() {
        match character {
            '0'..='9' => written.digits.push(character),
            '+' if written.plus || !written.digits.is_empty() => {
                return Err(PhoneError::PlusInside);
            }
            '+' => written.plus = true,
            '(' if number[at..].starts_with("(0)") => {
                written.optional_zero_at = Some(written.digits.len());
            }
            ' '
            | '\t'
            | '\u{a0}'
            | '\u{202f}'
            | '\u{200e}'
            | '-'
            | '\u{2010}'..='\u{2013}'
            | '/'
            | '.'
            | '('
            | ')' => {}
            _ => {
                let position = number[..at].chars().count() + 1;
                return Err(PhoneError::Character { character, position });
            }
        }
    }
    if written.digits.is_empty() {
        return Err(PhoneError::Empty);
    }
    Ok(written)
}

/// The number after the prefix that leaves the country, if it has one.
fn after_exit_code<'a>(digits: &'a str, name: &str, plan: Option<Region>) -> Option<&'a str> {
    let own = plan.and_then(|plan| regions::exit_code(name, plan));
    let rest = own.and_then(|exit| digits.strip_prefix(exit));
    rest.or_else(|| digits.strip_prefix("00"))
}

/// A number that starts with its country code, without an optional zero.
fn from_international(digits: &str, zero_at: Option<usize>) -> Result<String, PhoneError> {
    let (code, trunk_is_0) = regions::country_code(digits).ok_or(PhoneError::UnknownCountryCode)?;
    let national = &digits[code.len()..];
    let has_zero = trunk_is_0 && zero_at.is_some() && national.starts_with('0');
    let national = if has_zero { &national[1..] } else { national };
    Ok(format!("{code}{national}"))
}

/// A number as it is dialled inside its country.
fn from_national(digits: &str, name: &str, plan: Option<Region>) -> Result<String, PhoneError> {
    let plan = plan.ok_or_else(|| PhoneError::UnknownRegion { region: name.to_owned() })?;
    let rest = digits
        .strip_prefix(plan.trunk)
        .filter(|rest| plan.length_after_trunk.is_none_or(|length| rest.len() == length));
    Ok(format!("{}{}", plan.code, rest.unwrap_or(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_usual_way_of_writing_a_number() {
        let table = [
            ("+12025550100", "US", "+12025550100"),
            ("+1 (202) 555-0100", "DE", "+12025550100"),
            ("(202) 555-0100", "US", "+12025550100"),
            ("1-202-555-0100", "US", "+12025550100"),
            ("202.555.0100", "CA", "+12025550100"),
            ("+1 555 0100", "US", "+15550100"),
            ("555-0100", "US", "+15550100"),
            ("011 44 20 7946 0018", "US", "+442079460018"),
            ("0044 20 7946 0018", "FR", "+442079460018"),
            ("00442079460018", "US", "+442079460018"),
            ("+44 (0)20 7946 0018", "US", "+442079460018"),
            ("020 7946 0018", "GB", "+442079460018"),
            ("01/58858-0", "AT", "+431588580"),
            ("06 39 98 12 34", "FR", "+33639981234"),
            ("06 1234 5678", "IT", "+390612345678"),
            ("+39 06 1234 5678", "US", "+390612345678"),
            ("8 (495) 123-45-67", "RU", "+74951234567"),
            ("810 1 202 555 0100", "RU", "+12025550100"),
            ("06 1 234 5678", "HU", "+3612345678"),
            ("0011 1 202 555 0100", "AU", "+12025550100"),
            ("010 1 202 555 0100", "JP", "+12025550100"),
            ("tel:+1-202-555-0100;ext=12", "", "+12025550100"),
            ("202 555 0100 x12", "US", "+12025550100"),
            ("202 555 0100 ext. 12", "US", "+12025550100"),
            ("202 555 0100 #12", "US", "+12025550100"),
            ("\u{a0}+43\u{a0}1\u{a0}58858\u{2013}0 ", "", "+431588580"),
            ("+870 773 111 222", "", "+870773111222"),
        ];
        for (text, region, expected) in table {
            assert_eq!(normalise(text, region).as_deref(), Ok(expected), "{text:?} in {region:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_number_and_names_the_fault() {
        let table = [
            ("", "US", "has no digits"),
            (" () - ", "US", "has no digits"),
            ("anonymous", "US", "has 'a' as its character 1"),
            ("202-555-O100", "US", "has 'O' as its character 9"),
            ("exit 202", "US", "has 'e' as its character 1"),
            ("+1 202 555 0100 / +1 202 555 0101", "US", "longer than 32 characters"),
            ("2025550100 +1", "US", "has a + inside"),
            ("++12025550100", "US", "has a + inside"),
            ("911", "US", "has 4 digits with its country code"),
            ("+1202555010012345", "US", "has 16 digits with its country code"),
            ("+210 555 0100", "US", "starts with no known country code"),
            ("202 555 0100", "", "region \"\" is unknown"),
            ("202 555 0100", "us", "region \"us\" is unknown"),
            ("202 555 0100", "XX", "region \"XX\" is unknown"),
        ];
        for (text, region, part) in table {
            let error = normalise(text, region).expect_err(text).to_string();
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_what_it_made(text in "\\PC{0,40}", region in "[A-Z]{2}") {
            if let Ok(number) = normalise(&text, &region) {
                prop_assert_eq!(normalise(&number, "US"), Ok(number.clone()));
                prop_assert!((8..=16).contains(&number.len()));
            }
        }

        #[test]
        fn writing_makes_no_difference(digits in "[2-9][0-9]{9}", sign in "[ ./-]") {
            let spaced = format!("({}){sign}{}{sign}{}", &digits[..3], &digits[3..6], &digits[6..]);
            prop_assert_eq!(normalise(&spaced, "US"), Ok(format!("+1{digits}")));
            prop_assert_eq!(normalise(&format!("00 1{sign}{spaced}"), "DE"), Ok(format!("+1{digits}")));
        }
    }
}
