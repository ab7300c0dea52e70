//! JSON Lines, cut into records: one object a line.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;

use serde_json::{Map, Value};

use super::input::{Item, Record};
use super::lines::{Lines, Mark, TOO_LONG, without_end};
use super::mapping::{Encoding, Mapping};

/// What stands between the elements of an array in a cell; no text has it.
pub(super) const ELEMENT_SEPARATOR: char = '\u{1f}';

/// How many different keys are remembered for the message on a missing one.
const MAX_KEYS: usize = 1_000;

/// The records of a JSON Lines file.
///
/// A column is a key, or a path of keys joined by points; a key that has a point in it goes first.
pub(super) struct JsonRecords {
    lines: Lines,
    encoding: Encoding,
    columns: Vec<String>,
    is_seen: Vec<bool>,
    keys: BTreeSet<String>,
}

impl JsonRecords {
    /// Reads from the first line.
    pub(super) fn new(lines: Lines, mapping: &Mapping) -> Self {
        let columns = mapping.columns.names.clone();
        let is_seen = vec![false; columns.len()];
        Self { lines, encoding: mapping.encoding, columns, is_seen, keys: BTreeSet::new() }
    }

    /// As [`JsonRecords::new`], of lines that are UTF-8 whatever the mapping says.
    pub(super) fn of_text(lines: Lines, mapping: &Mapping) -> Self {
        Self { encoding: Encoding::Utf8, ..Self::new(lines, mapping) }
    }

    /// The next record; absent at the end.
    ///
    /// # Errors
    /// If the file cannot be read on.
    pub(super) fn next_item(&mut self) -> io::Result<Option<Item>> {
        let line = loop {
            match self.lines.next_line()? {
                None => return Ok(None),
                Some(line) if line.bytes.iter().all(u8::is_ascii_whitespace) => {}
                Some(line) => break line,
            }
        };
        let record = if line.is_cut { Err(TOO_LONG.to_owned()) } else { self.record(&line.bytes) };
        let mut raw = line.bytes;
        raw.truncate(without_end(&raw).len());
        Ok(Some(Item { record, raw, start: line.start }))
    }

    /// The place before the next record.
    pub(super) fn here(&self) -> Mark {
        self.lines.here()
    }

    /// Passes over everything up to a place; see [`Lines::pass_to`].
    ///
    /// # Errors
    /// If the file cannot be read so far.
    pub(super) fn pass_to(&mut self, mark: &Mark) -> io::Result<bool> {
        self.lines.pass_to(mark)
    }

    /// Goes on with other lines.
    pub(super) fn go_on_with(&mut self, lines: Lines) {
        self.lines = lines;
    }

    /// The first column that no record so far had.
    pub(super) fn lacking(&self) -> Option<usize> {
        // An empty file lacks nothing: there is no record that the mapping could misread.
        if self.keys.is_empty() {
            return None;
        }
        self.is_seen.iter().position(|seen| !seen)
    }

    /// The keys that the records so far had.
    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.iter().cloned().collect()
    }

    fn record(&mut self, bytes: &[u8]) -> Result<Record, String> {
        let text: Cow<'_, [u8]> = match self.encoding {
            Encoding::Utf8 => Cow::Borrowed(bytes),
            Encoding::Latin1 => {
                let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                Cow::Owned(text.into_bytes())
            }
        };
        let object: Map<String, Value> = serde_json::from_slice(&text)
            .map_err(|error| format!("the line is no JSON object: {error}"))?;
        if self.keys.len() < MAX_KEYS {
            remember_keys(&mut self.keys, "", &object);
        }
        let mut record = Record::default();
        for (column, seen) in self.columns.iter().zip(&mut self.is_seen) {
            let value = find(&object, column);
            *seen |= value.is_some();
            record.push(value.and_then(cell).as_deref().map(str::trim));
        }
        Ok(record)
    }
}

/// The value of a key or of a path of keys.
fn find<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (key, rest) = path.split_once('.')?;
    find(object.get(key)?.as_object()?, rest)
}

/// A value as the text of a cell; absent for null.
fn cell(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(Cow::Owned(value.to_string())),
        Value::Array(elements) => {
            let texts: Vec<_> = elements.iter().filter_map(cell).collect();
            (!texts.is_empty()).then(|| Cow::Owned(texts.join(&ELEMENT_SEPARATOR.to_string())))
        }
    }
}

fn remember_keys(keys: &mut BTreeSet<String>, before: &str, object: &Map<String, Value>) {
    for (key, value) in object {
        let path = format!("{before}{key}");
        if let Some(inner) = value.as_object() {
            remember_keys(keys, &format!("{path}."), inner);
        }
        keys.insert(path);
    }
}
