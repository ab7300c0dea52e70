//! One `[[record]]` of a mapping: what to make of a line, and when.

use serde::Deserialize;

use super::fields::{self, Field};
use super::input::Place;
use super::rows::Kind;
use super::suggest::{hint, with_suggestion};
use super::template::{Columns, Template};
use super::value::{Defaults, Value};

/// A `[[record]]`, read and checked.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) keep: Keep,
    conditions: Vec<Condition>,
    /// The id in the source.
    pub(super) id: Template,
    /// The fields that the mapping has.
    values: Vec<(&'static Field, Value)>,
}

/// Which of consecutive lines with one id make the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Keep {
    /// Each is a version of its own.
    All,
    /// The first line stands for all: when something began.
    First,
    /// The last line stands for all: lines that are events of one case.
    Last,
    /// Of each column the last value that is one stands: events that do not repeat what was said.
    Merged,
}

/// What a line must have for a block to apply.
#[derive(Debug)]
struct Condition {
    column: usize,
    test: Test,
}

/// A test of a cell.
#[derive(Debug)]
enum Test {
    Present(bool),
    OneOf(Vec<String>),
    NoneOf(Vec<String>),
}

/// The parts of a block that are not fields of the record, and the fields.
#[derive(Deserialize)]
struct BlockTable {
    kind: String,
    id: String,
    #[serde(default = "all")]
    keep: Keep,
    #[serde(default)]
    when: When,
    #[serde(flatten)]
    fields: toml::Table,
}

fn all() -> Keep {
    Keep::All
}

/// One test, or several that must all hold.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum When {
    #[default]
    Always,
    One(toml::Table),
    All(Vec<toml::Table>),
}

/// A test as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionTable {
    column: String,
    present: Option<bool>,
    equals: Option<String>,
    one_of: Option<Vec<String>>,
    none_of: Option<Vec<String>>,
}

impl Block {
    /// Reads and checks a block; the columns that it names are added to `columns`.
    ///
    /// # Errors
    /// Whatever is unknown, missing or contradictory in it.
    pub(super) fn read(
        table: toml::Table,
        defaults: &Defaults,
        columns: &mut Columns,
    ) -> Result<Self, String> {
        let table: BlockTable =
            table.try_into().map_err(|error: toml::de::Error| with_suggestion(error.message()))?;
        let kind = kind(&table.kind)?;
        let inside = |message: String| format!("{}: {message}", kind.name());
        let id = Template::parse(&table.id, columns)
            .map_err(|message| inside(format!("id: {message}")))?;
        let when = match table.when {
            When::Always => Vec::new(),
            When::One(one) => vec![one],
            When::All(all) => all,
        };
        let conditions = when
            .into_iter()
            .map(|it| Condition::read(it, columns))
            .collect::<Result<_, _>>()
            .map_err(|message| inside(format!("when: {message}")))?;
        let values = read_values(kind, table.fields, defaults, columns).map_err(inside)?;
        Ok(Self { kind, keep: table.keep, conditions, id, values })
    }

    /// Whether the block applies to a line.
    pub(super) fn applies(&self, place: &Place<'_>) -> bool {
        self.conditions.iter().all(|it| it.holds(place))
    }

    /// The value of a field, if the mapping has it.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(field, _)| field.name == name).map(|(_, value)| value)
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    let known = || Kind::ALL.into_iter().filter(|kind| !fields::of(*kind).is_empty());
    known().find(|kind| kind.name() == name).ok_or_else(|| {
        let names: Vec<_> = known().map(Kind::name).collect();
        format!("kind `{name}` is unknown; {}", hint(name, names.iter().copied()))
    })
}

fn read_values(
    kind: Kind,
    table: toml::Table,
    defaults: &Defaults,
    columns: &mut Columns,
) -> Result<Vec<(&'static Field, Value)>, String> {
    let known = fields::of(kind);
    let mut values = Vec::new();
    for (name, value) in table {
        let Some(field) = known.iter().find(|field| field.name == name) else {
            let names: Vec<_> = known.iter().map(|field| field.name).collect();
            return Err(format!(
                "field `{name}` is unknown; {}",
                hint(&name, names.iter().copied())
            ));
        };
        let value = Value::read(value, field.ty, defaults, columns)
            .map_err(|message| format!("{name}: {message}"))?;
        values.push((field, value));
    }
    let has = |name: &str| values.iter().any(|(field, _)| field.name == name);
    match known.iter().find(|field| field.is_required && !has(field.name)) {
        Some(field) => Err(format!("field `{}` is missing; add it", field.name)),
        None => Ok(values),
    }
}

// === impl Condition ===

impl Condition {
    fn read(table: toml::Table, columns: &mut Columns) -> Result<Self, String> {
        let table: ConditionTable =
            table.try_into().map_err(|error: toml::de::Error| with_suggestion(error.message()))?;
        let test = match (table.present, table.equals, table.one_of, table.none_of) {
            (Some(present), None, None, None) => Test::Present(present),
            (None, Some(word), None, None) => Test::OneOf(vec![word]),
            (None, None, Some(words), None) => Test::OneOf(words),
            (None, None, None, Some(words)) => Test::NoneOf(words),
            _ => return Err("give exactly one of present, equals, one_of, none_of".to_owned()),
        };
        Ok(Self { column: columns.index_of(&table.column), test })
    }

    fn holds(&self, place: &Place<'_>) -> bool {
        let cell = place.cell(self.column);
        let is_in = |words: &[String]| cell.is_some_and(|it| words.iter().any(|word| word == it));
        match &self.test {
            Test::Present(present) => cell.is_some() == *present,
            Test::OneOf(words) => is_in(words),
            Test::NoneOf(words) => !is_in(words),
        }
    }
}
