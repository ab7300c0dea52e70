//! Values: templates and what becomes of their text, field by field.

mod convert;
mod time;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::fields::Type;
use super::input::Place;
use super::json_records::ELEMENT_SEPARATOR;
use super::suggest::with_suggestion;
use super::template::{Columns, Template};

pub(super) use convert::{
    count, duration_ms, email, flag, language, money, score, time_zone, word,
};
use time::TimeFormat;

/// What holds for every value of a mapping that does not say otherwise.
#[derive(Debug)]
pub(super) struct Defaults {
    time_zone: TimeZone,
    region: String,
}

/// The value of a field: where its text comes from, and how it is read.
#[derive(Debug)]
pub(super) struct Value {
    /// The first of these that is present holds; for lists, all that are.
    templates: Vec<Template>,
    replace: BTreeMap<String, String>,
    map: BTreeMap<String, String>,
    other: Option<String>,
    split: Option<String>,
    /// How moments are written.
    pub(super) time: TimeFormat,
    /// The decimal sign of amounts.
    pub(super) decimal: char,
    /// Milliseconds in the unit of lengths of time.
    pub(super) unit_ms: i32,
    /// The words for yes and no, if the usual ones do not hold.
    pub(super) yes_no: Option<(Vec<String>, Vec<String>)>,
    /// The region in which national telephone numbers are read.
    pub(super) region: String,
}

/// A value with options, as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueTable {
    from: OneOrMany,
    #[serde(default)]
    replace: BTreeMap<String, String>,
    #[serde(default)]
    map: BTreeMap<String, toml::Value>,
    other: Option<toml::Value>,
    split: Option<String>,
    format: Option<String>,
    time_zone: Option<String>,
    decimal: Option<char>,
    unit: Option<Unit>,
    yes: Option<Vec<String>>,
    no: Option<Vec<String>>,
    region: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The unit of lengths of time.
#[derive(Clone, Copy, Deserialize)]
enum Unit {
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "min")]
    Minutes,
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Defaults {
    /// The time zone and the region of the mapping.
    ///
    /// # Errors
    /// If either is unknown.
    pub(super) fn new(zone: &str, region: &str) -> Result<Self, String> {
        check_region(region)?;
        Ok(Self { time_zone: read_zone(zone)?, region: region.to_owned() })
    }
}

fn read_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        format!("time_zone {name:?} is unknown; use a name of the IANA such as Europe/Vienna")
    })
}

fn check_region(region: &str) -> Result<(), String> {
    // A number that is national everywhere tells whether the region is known.
    if region.is_empty() || crate::phone::normalise("2025550100", region).is_ok() {
        return Ok(());
    }
    Err(format!("region {region:?} is unknown; use two letters of ISO 3166 such as US"))
}

impl Value {
    /// Reads a value: text with columns in it, a number, a truth value, a list of texts, or a table
    /// with `from` and options.
    ///
    /// # Errors
    /// Whatever is unknown, missing or contradictory in it, and options that the type of the field
    /// has no use for.
    pub(super) fn read(
        value: toml::Value,
        ty: Type,
        defaults: &Defaults,
        columns: &mut Columns,
    ) -> Result<Self, String> {
        let table = match value {
            toml::Value::Table(table) => {
                ValueTable::deserialize(table).map_err(|error| with_suggestion(error.message()))?
            }
            toml::Value::Array(texts) => ValueTable {
                from: OneOrMany::deserialize(toml::Value::Array(texts))
                    .map_err(|_| "a list holds texts alone".to_owned())?,
                ..ValueTable::default()
            },
            other => ValueTable { from: OneOrMany::One(scalar(&other)?), ..ValueTable::default() },
        };
        check_options(&table, ty)?;
        let texts = match table.from {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        };
        let templates =
            texts.iter().map(|text| Template::parse(text, columns)).collect::<Result<_, _>>()?;
        let map = table.map.into_iter().map(|(from, to)| Ok((from, scalar(&to)?)));
        let zone = match &table.time_zone {
            Some(name) => read_zone(name)?,
            None => defaults.time_zone.clone(),
        };
        let region = table.region.unwrap_or_else(|| defaults.region.clone());
        check_region(&region)?;
        Ok(Self {
            templates,
            replace: table.replace,
            map: map.collect::<Result<_, String>>()?,
            other: table.other.as_ref().map(scalar).transpose()?,
            split: table.split,
            time: TimeFormat::new(table.format.as_deref(), zone)?,
            decimal: table.decimal.unwrap_or('.'),
            unit_ms: match table.unit {
                Some(Unit::Milliseconds) => 1,
                Some(Unit::Seconds) | None => 1_000,
                Some(Unit::Minutes) => 60_000,
            },
            yes_no: table.yes.zip(table.no),
            region,
        })
    }

    /// The text of a field that holds one value; absent if no template is present.
    ///
    /// # Errors
    /// If there is a map without the text in it.
    pub(super) fn text(&self, place: &Place<'_>) -> Result<Option<String>, String> {
        let Some(text) = self.templates.iter().find_map(|it| it.fill(place)) else {
            return Ok(None);
        };
        let text = if text.contains(ELEMENT_SEPARATOR) {
            text.replace(ELEMENT_SEPARATOR, ", ")
        } else {
            text
        };
        self.convert(text)
    }

    /// The texts of a field that holds several.
    ///
    /// # Errors
    /// If there is a map without one of the texts in it.
    pub(super) fn texts(&self, place: &Place<'_>) -> Result<Vec<String>, String> {
        let wholes: Vec<_> = self.templates.iter().filter_map(|it| it.fill(place)).collect();
        let elements = wholes.iter().flat_map(|whole| whole.split(ELEMENT_SEPARATOR));
        let parts: Vec<_> = match &self.split {
            Some(sign) => elements.flat_map(|it| it.split(sign.as_str())).collect(),
            None => elements.collect(),
        };
        let converted = parts.into_iter().map(|part| self.convert(part.trim().to_owned()));
        converted.filter_map(Result::transpose).collect()
    }

    /// The columns that the value reads, by their indexes.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.templates.iter().flat_map(Template::columns)
    }

    /// Replaces parts, then maps the whole; what becomes empty is absent.
    fn convert(&self, text: String) -> Result<Option<String>, String> {
        let replaced = self.replace.iter().fold(text, |text, (from, to)| text.replace(from, to));
        let mapped = if self.map.is_empty() {
            replaced
        } else {
            let to = self.map.get(&replaced).or(self.other.as_ref());
            to.cloned().ok_or_else(|| {
                format!("{replaced:?} is not in the map; add it, or other = for the rest")
            })?
        };
        Ok((!mapped.is_empty()).then_some(mapped))
    }
}

/// A constant as text.
fn scalar(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        _ => Err(format!("a {} cannot stand here; write it as text", value.type_str())),
    }
}

/// Refuses options that would do nothing.
fn check_options(table: &ValueTable, ty: Type) -> Result<(), String> {
    let is_list = matches!(ty, Type::Texts(_) | Type::Phones | Type::Emails);
    let is_flag = matches!(ty, Type::Bool | Type::ScoreValue);
    let idle = [
        ("format", table.format.is_some() && ty != Type::Time),
        ("time_zone", table.time_zone.is_some() && ty != Type::Time),
        ("split", table.split.is_some() && !is_list),
        ("decimal", table.decimal.is_some() && ty != Type::Money),
        ("unit", table.unit.is_some() && ty != Type::Duration),
        ("yes", table.yes.is_some() && !is_flag),
        ("no", table.no.is_some() && !is_flag),
        ("region", table.region.is_some() && ty != Type::Phones),
        ("other", table.other.is_some() && table.map.is_empty()),
    ];
    if let Some((name, _)) = idle.iter().find(|(_, is_idle)| *is_idle) {
        return Err(format!("option `{name}` does nothing here; remove it"));
    }
    if table.yes.is_some() != table.no.is_some() {
        return Err("give both yes and no, or neither".to_owned());
    }
    if matches!(&table.from, OneOrMany::Many(texts) if texts.is_empty()) {
        return Err("`from` is missing or empty; give a text such as \"{column}\"".to_owned());
    }
    Ok(())
}
