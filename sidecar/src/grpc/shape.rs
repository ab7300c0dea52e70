//! The shape of requests: turns text into ids, amounts and times, and collects every problem.

use std::fmt::Display;
use std::str::FromStr;

use makegood_core::ids::{CustomerPid, RequestId};
use makegood_core::money::{Currency, Money};
use makegood_core::time::Time;
use makegood_proto::v1;
use prost_types::Timestamp;
use tonic::Status;

use super::status;
use crate::house::timestamp_ns;

/// The longest id of a host's, in characters.
const HOST_ID_LIMIT: usize = 128;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, by its path in the request.
    pub field: String,
    /// What would be right.
    pub fix: String,
}

/// Collects the problems of one request.
///
/// A getter whose field is at fault answers `None` and notes why; [`Shape::finish`] turns the notes
/// into one error, so that a caller learns of all of them at once.
#[derive(Debug, Default)]
pub(super) struct Shape {
    problems: Vec<Problem>,
}

impl Shape {
    /// Notes a problem.
    pub(super) fn note(&mut self, field: &str, fix: impl Display) {
        self.problems.push(Problem { field: field.to_owned(), fix: fix.to_string() });
    }

    /// An id or code.
    pub(super) fn parse<T: FromStr<Err: Display>>(&mut self, field: &str, text: &str) -> Option<T> {
        text.parse().map_err(|error| self.note(field, error)).ok()
    }

    /// An id or code that may be left out.
    pub(super) fn optional<T: FromStr<Err: Display>>(
        &mut self,
        field: &str,
        text: &str,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.parse(field, text) }
    }

    pub(super) fn customer(&mut self, text: &str) -> Option<CustomerPid> {
        self.parse("customer_id", text)
    }

    pub(super) fn request_id(&mut self, text: &str) -> Option<RequestId> {
        self.parse("request_id", text)
    }

    /// A UUID that a client chose for a record, in its one spelling.
    pub(super) fn request_id_named(&mut self, field: &str, text: &str) -> Option<String> {
        self.parse::<RequestId>(field, text).map(|id| id.to_string())
    }

    /// A host's id of an interaction, case or the like.
    pub(super) fn host_id(&mut self, field: &str, text: &str) -> Option<String> {
        match text.chars().count() {
            1..=HOST_ID_LIMIT => Some(text.to_owned()),
            0 => {
                self.note(field, "give the host's id");
                None
            }
            _ => {
                self.note(field, format!("at most {HOST_ID_LIMIT} characters"));
                None
            }
        }
    }

    /// As [`Shape::host_id`], where the host may have none: an empty text. It is not read as words
    /// of people are, because many a number of a case would pass for a card's.
    pub(super) fn host_id_or_none(&mut self, field: &str, text: &str) -> Option<String> {
        if text.is_empty() { Some(String::new()) } else { self.host_id(field, text) }
    }

    /// Words of people: no longer than `limit` characters, without control characters.
    pub(super) fn words(&mut self, field: &str, text: &str, limit: usize) -> Option<String> {
        let count = text.chars().count();
        if count > limit {
            self.note(field, format!("at most {limit} characters; these are {count}"));
            return None;
        }
        let text: String = text.chars().filter(|it| !is_hidden(*it)).collect();
        if holds_card_number(&text) {
            self.note(field, "leave card numbers out");
            return None;
        }
        Some(text)
    }

    /// As [`Shape::words`], and there must be some.
    pub(super) fn some_words(&mut self, field: &str, text: &str, limit: usize) -> Option<String> {
        let words = self.words(field, text.trim(), limit)?;
        if words.is_empty() {
            self.note(field, "say what it is");
            return None;
        }
        Some(words)
    }

    /// An amount; whether it is above zero is for the ledger to say.
    pub(super) fn money(&mut self, field: &str, money: Option<&v1::Money>) -> Option<Money> {
        let Some(money) = money else {
            self.note(field, "give an amount");
            return None;
        };
        let path = format!("{field}.currency_code");
        let currency = self.currency(&path, &money.currency_code)?;
        Some(Money::new(currency, money.amount_minor))
    }

    pub(super) fn currency(&mut self, field: &str, code: &str) -> Option<Currency> {
        Currency::parse(code).map_err(|error| self.note(field, error)).ok()
    }

    /// An amount that may be left out, and is above zero where it is not.
    pub(super) fn optional_money(
        &mut self,
        field: &str,
        money: Option<&v1::Money>,
    ) -> Option<Money> {
        let money = self.money(field, Some(money?))?;
        if money.amount_minor <= 0 {
            self.note(&format!("{field}.amount_minor"), "give an amount above zero");
            return None;
        }
        Some(money)
    }

    /// An amount above zero that must be there.
    pub(super) fn approved(&mut self, field: &str, money: Option<&v1::Money>) -> Option<Money> {
        if money.is_none() {
            self.note(field, "give the whole amount that may be given");
        }
        self.optional_money(field, money)
    }

    /// A value of an enum other than unspecified.
    pub(super) fn choice<T: TryFrom<i32> + Default + PartialEq>(
        &mut self,
        field: &str,
        number: i32,
    ) -> Option<T> {
        let choice = T::try_from(number).ok().filter(|choice| *choice != T::default());
        if choice.is_none() {
            self.note(field, "choose one of its values");
        }
        choice
    }

    /// An instant that may be left out.
    pub(super) fn time(&mut self, field: &str, time: Option<&Timestamp>) -> Option<Time> {
        let time = time?;
        if time.nanos < 0 || time.nanos >= 1_000_000_000 {
            self.note(field, "nanos must be 0 to 999999999");
            return None;
        }
        Some(Time::from_nanos(timestamp_ns(*time)))
    }

    /// Milliseconds to a decision; more than a u32 holds is a clock that went wrong.
    pub(super) fn milliseconds(&mut self, field: &str, ms: i64) -> Option<u32> {
        let value = u32::try_from(ms).ok();
        if value.is_none() {
            self.note(field, "milliseconds from 0 to 4294967295");
        }
        value
    }

    /// Checks how a caller is known.
    pub(super) fn lookup(&mut self, lookup: Option<&v1::Lookup>) {
        use v1::lookup::By;
        let Some(by) = lookup.and_then(|lookup| lookup.by.as_ref()) else {
            return;
        };
        let (field, text, limit) = match by {
            By::Phone(text) => ("lookup.phone", text, 32),
            By::Email(text) => ("lookup.email", text, 254),
            By::ExternalId(text) => ("lookup.external_id", text, HOST_ID_LIMIT),
            By::AccountNumber(text) => ("lookup.account_number", text, HOST_ID_LIMIT),
        };
        if text.is_empty() {
            self.note(field, "give it, or leave lookup out");
        } else if text.chars().count() > limit {
            self.note(field, format!("at most {limit} characters"));
        } else if field == "lookup.email" && !text.contains('@') {
            self.note(field, "give a mail address, such as maria@example.com");
        }
    }

    /// The error that names every problem, if there is one.
    pub(super) fn finish(self) -> Result<(), Status> {
        if self.problems.is_empty() { Ok(()) } else { Err(status::bad_request(&self.problems)) }
    }

    /// The value, if it and everything else was right.
    pub(super) fn build<T>(mut self, value: Option<T>) -> Result<T, Status> {
        if value.is_none() && self.problems.is_empty() {
            self.note("request", "a required field is missing");
        }
        let problems = std::mem::take(&mut self.problems);
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(status::bad_request(&problems)),
        }
    }
}

/// Control characters and those that turn the direction of text: never part of what people say.
fn is_hidden(it: char) -> bool {
    let turns_direction = matches!(it, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    turns_direction || (it.is_control() && it != '\n')
}

/// Whether a text holds what looks like a payment card's number: 13 to 19 digits, with blanks or
/// dashes between them, that pass the Luhn check (ISO/IEC 7812-1). Such numbers are never stored.
fn holds_card_number(text: &str) -> bool {
    let mut digits: Vec<u32> = Vec::new();
    let mut runs = Vec::new();
    for it in text.chars() {
        match it.to_digit(10) {
            Some(digit) => digits.push(digit),
            None if matches!(it, ' ' | '-') => {}
            None => runs.push(std::mem::take(&mut digits)),
        }
    }
    runs.push(digits);
    runs.iter().any(|run| (13..=19).contains(&run.len()) && passes_luhn(run))
}

fn passes_luhn(digits: &[u32]) -> bool {
    let weigh = |(index, digit): (usize, &u32)| match (index % 2, digit * 2) {
        (0, _) => *digit,
        (_, doubled) if doubled > 9 => doubled - 9,
        (_, doubled) => doubled,
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_card_numbers_and_nothing_that_only_resembles_them() {
        for (text, is_card) in [
            ("4111 1111 1111 1111", true),
            ("card 5500-0000-0000-0004 please", true),
            ("4111 1111 1111 1112", false),
            ("order 1234567890", false),
            ("call +43 1 234567 or +43 1 234568", false),
            ("", false),
        ] {
            assert_eq!(holds_card_number(text), is_card, "{text}");
        }
    }

    #[test]
    fn takes_a_host_s_number_for_what_it_is() {
        let mut shape = Shape::default();
        for id in ["", "4111111111111111", "6b1f2c3d-4111-1111-8111-111111111111"] {
            assert_eq!(shape.host_id_or_none("case_id", id).as_deref(), Some(id));
        }
        assert_eq!(shape.host_id_or_none("case_id", &"x".repeat(HOST_ID_LIMIT + 1)), None);
    }

    #[test]
    fn names_every_field_at_fault() {
        let mut shape = Shape::default();
        assert_eq!(shape.customer("no"), None);
        assert_eq!(shape.host_id("interaction_id", ""), None);
        assert_eq!(shape.words("note", &"x".repeat(11), 10), None);
        assert_eq!(shape.words("note", "a\u{202E}b\u{7}", 10), Some("ab".to_owned()));
        let fields: Vec<_> = shape.problems.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["customer_id", "interaction_id", "note"]);
        assert!(shape.finish().is_err());
    }
}
