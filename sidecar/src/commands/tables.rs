//! Lists: tables for people, all of one look, and lines of JSON for programs.

use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use makegood_core::money::{Currency, Money};
use makegood_core::time::Time;
use makegood_proto::v1;

use super::say;
use crate::house::timestamp_ns;

/// An empty table with these columns, as wide as the terminal.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().copied());
    table
}

/// An instant to the second.
pub(super) fn time(at: Time) -> String {
    let instant = Timestamp::from_nanosecond(at.as_nanos().into());
    instant.map(|instant| format!("{instant:.0}")).unwrap_or_default()
}

/// An instant of the API to the second; empty where there is none.
pub(super) fn when(at: Option<prost_types::Timestamp>) -> String {
    at.map(|at| time(Time::from_nanos(timestamp_ns(at)))).unwrap_or_default()
}

/// Prints one JSON object a line.
pub(super) fn json_lines(objects: impl IntoIterator<Item = serde_json::Value>) {
    for object in objects {
        say(object);
    }
}

/// An amount of minor units in words; the bare number where the currency is not known.
pub(super) fn amount(currency_code: &str, minor: i64) -> String {
    match Currency::parse(currency_code) {
        Ok(currency) => Money::new(currency, minor).to_string(),
        Err(_) => format!("{minor} {currency_code}"),
    }
}

/// An amount of the API in words; empty where there is none.
pub(super) fn money(money: Option<&v1::Money>) -> String {
    money.map(|it| amount(&it.currency_code, it.amount_minor)).unwrap_or_default()
}
