//! Reads one table of a policy, key by key, and remembers every problem and every key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::PolicyProblem;
use toml::Value;

use crate::nearest::nearest;

/// A table while it is read. A value with a problem reads as `None` once the problem is kept.
pub(super) struct Table<'a> {
    keys: &'a toml::Table,
    /// What stands before a key in a field's name, such as `limits[0].`.
    prefix: String,
    asked: Vec<&'static str>,
    problems: &'a mut Vec<PolicyProblem>,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        keys: &'a toml::Table,
        prefix: String,
        problems: &'a mut Vec<PolicyProblem>,
    ) -> Self {
        Self { keys, prefix, asked: Vec::new(), problems }
    }

    /// Keeps a problem of a key.
    pub(super) fn problem(&mut self, key: &str, fix: impl Into<String>) {
        self.problems
            .push(PolicyProblem { field: format!("{}{key}", self.prefix), fix: fix.into() });
    }

    /// Names the keys that nobody has asked for; to be called when all has been read.
    pub(super) fn refuse_others(&mut self) {
        for key in self.keys.keys() {
            if self.asked.contains(&key.as_str()) {
                continue;
            }
            let fix = match nearest(key, self.asked.iter().copied()) {
                Some(nearest) => format!("is unknown; the nearest key is {nearest}"),
                None => "is unknown; remove it".to_owned(),
            };
            self.problem(key, fix);
        }
    }

    /// The value of a key that may be missing.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.keys.get(key)
    }

    /// Whether a key is missing; one that has a problem is not.
    pub(super) fn is_missing(&self, key: &str) -> bool {
        !self.keys.contains_key(key)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<&'a Value> {
        let value = self.value(key);
        if value.is_none() {
            self.problem(key, "is missing; add it");
        }
        value
    }

    /// A text that may be missing.
    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        let value = self.value(key)?;
        self.as_text(key, value)
    }

    /// A text that must be there.
    pub(super) fn required_text(&mut self, key: &'static str) -> Option<&'a str> {
        let value = self.required(key)?;
        self.as_text(key, value)
    }

    /// A code that must be there.
    pub(super) fn code<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.required_text(key)?;
        self.parsed(key, text)
    }

    /// A code that may be missing.
    pub(super) fn optional_code<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
    ) -> Option<T> {
        let text = self.text(key)?;
        self.parsed(key, text)
    }

    /// A list of codes; `None` where it is missing.
    pub(super) fn codes<T: FromStr<Err: Display> + Ord>(
        &mut self,
        key: &'static str,
    ) -> Option<BTreeSet<T>> {
        let texts = self.texts(key)?;
        Some(texts.into_iter().filter_map(|text| self.parsed(key, text)).collect())
    }

    /// A list of codes in the order in which they are written; `None` where it is missing.
    pub(super) fn codes_in_order<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
    ) -> Option<Vec<T>> {
        let texts = self.texts(key)?;
        Some(texts.into_iter().filter_map(|text| self.parsed(key, text)).collect())
    }

    /// A list of texts; `None` where it is missing.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<&'a str>> {
        let value = self.value(key)?;
        let items: Option<Vec<&str>> =
            value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
        if items.is_none() {
            self.problem(key, "must be a list of texts such as [\"a\", \"b\"]");
        }
        items
    }

    /// A count that may be missing.
    pub(super) fn count(&mut self, key: &'static str) -> Option<u32> {
        let value = self.value(key)?;
        let count = value.as_integer().and_then(|number| u32::try_from(number).ok());
        if count.is_none() {
            self.problem(key, format!("must be a whole number from 0 to {}", u32::MAX));
        }
        count
    }

    /// A duration in nanoseconds that may be missing.
    pub(super) fn duration(&mut self, key: &'static str) -> Option<i64> {
        let text = self.text(key)?;
        let nanos = nanos(text);
        if nanos.is_none() {
            let fix = format!("{text:?} is no duration; write one such as 30 s, 10 min or 30 days");
            self.problem(key, fix);
        }
        nanos
    }

    /// Amounts in minor units by currency, as `{ USD = "45.00" }`.
    pub(super) fn amounts(&mut self, key: &'static str, value: &Value) -> BTreeMap<Currency, i64> {
        let Some(table) = value.as_table() else {
            self.problem(key, "must name an amount in each currency, as { USD = \"45.00\" }");
            return BTreeMap::new();
        };
        let mut amounts = BTreeMap::new();
        for (code, amount) in table {
            match money(code, amount) {
                Ok(money) => {
                    amounts.insert(money.currency, money.amount_minor);
                }
                Err(fix) => self.problem(key, fix),
            }
        }
        amounts
    }

    /// One table such as `[consult]`, read by `read`; `None` where it is missing.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Table<'_>) -> T,
    ) -> Option<T> {
        let value = self.value(key)?;
        let Some(keys) = value.as_table() else {
            self.problem(key, format!("must be a table; write it under [{key}]"));
            return None;
        };
        let mut table = Table::new(keys, format!("{key}."), self.problems);
        let read = read(&mut table);
        table.refuse_others();
        Some(read)
    }

    /// The tables of a list such as `[[limits]]`, each read by `read`; those that fail are left
    /// out, with their problems kept.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Table<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.problem(key, format!("must be tables; write each under [[{key}]]"));
            return Vec::new();
        };
        let mut all = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Some(table) = item.as_table() else {
                self.problem(key, format!("must be tables; write each under [[{key}]]"));
                continue;
            };
            let mut table = Table::new(table, format!("{key}[{index}]."), self.problems);
            all.extend(read(&mut table));
            table.refuse_others();
        }
        all
    }

    fn as_text(&mut self, key: &str, value: &'a Value) -> Option<&'a str> {
        let text = value.as_str();
        if text.is_none() {
            self.problem(key, "must be a text in quotes");
        }
        text
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, key: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(key, format!("{text:?}: {error}"));
                None
            }
        }
    }
}

/// Months and years have no fixed length, so they are no durations.
fn nanos(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    i64::try_from(duration.as_nanos()).ok()
}

fn money(code: &str, amount: &Value) -> Result<Money, String> {
    let currency = Currency::parse(code).map_err(|error| error.to_string())?;
    let text = match amount {
        Value::String(text) => text.clone(),
        Value::Integer(whole) => whole.to_string(),
        // A float may already be another amount than the one that was written.
        _ => return Err(format!("{code} must be in quotes, as \"45.00\"")),
    };
    Money::parse(currency, &text).map_err(|error| error.to_string())
}
