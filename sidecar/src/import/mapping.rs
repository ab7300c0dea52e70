//! The mapping language: a TOML file that says what the columns of a data set mean.
//!
//! Everything but the presence of the columns is checked when the mapping is read, so that a
//! mistake in it costs no import.

use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::block::Block;
use super::csv_records::Layout;
use super::fields;
use super::suggest::with_suggestion;
use super::template::Columns;
use super::value::Defaults;

/// A mapping, read and checked.
#[derive(Debug)]
pub struct Mapping {
    /// What the mapping says and how this release reads it.
    pub(super) digest: [u8; 32],
    /// The name of the data set; part of the identity of every record.
    pub(super) source: String,
    /// The source of customers that rows name.
    pub(super) customer_source: String,
    /// The source of agents that rows name.
    pub(super) agent_source: String,
    pub(super) format: Format,
    pub(super) delimiter: Delimiter,
    pub(super) encoding: Encoding,
    pub(super) header: bool,
    /// The names given in the mapping; empty if the header's hold.
    pub(super) names: Vec<String>,
    /// The texts that mean "no value"; the empty one always does.
    pub(super) missing: Vec<String>,
    /// The columns that the mapping uses.
    pub(super) columns: Columns,
    pub(super) blocks: Vec<Block>,
}

/// The format of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Csv,
    Jsonl,
}

/// The encoding of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
}

/// What stands between two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// One byte in the file's encoding.
    Byte(u8),
    /// Any run of white space; there are no quotes then.
    Whitespace,
}

/// A mapping that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MappingError {
    message: String,
}

impl MappingError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    source: String,
    customer_source: Option<String>,
    agent_source: Option<String>,
    #[serde(default = "csv")]
    format: Format,
    #[serde(default = "comma")]
    delimiter: String,
    #[serde(default = "utf8")]
    encoding: Encoding,
    #[serde(default = "yes")]
    header: bool,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default = "utc")]
    time_zone: String,
    #[serde(default)]
    region: String,
    record: Vec<toml::Table>,
}

fn csv() -> Format {
    Format::Csv
}
fn comma() -> String {
    ",".to_owned()
}
fn utf8() -> Encoding {
    Encoding::Utf8
}
fn yes() -> bool {
    true
}
fn utc() -> String {
    "UTC".to_owned()
}

impl Mapping {
    /// Reads and checks a mapping file.
    ///
    /// # Errors
    /// If it cannot be read, or for the reasons of [`Mapping::parse`].
    pub fn load(path: &Path) -> Result<Self, MappingError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MappingError::new(format!("cannot be read: {error}")))?;
        Self::parse(&text)
    }

    /// Reads and checks a mapping.
    ///
    /// # Errors
    /// Whatever is unknown, missing or contradictory in it, by its place and with the nearest name
    /// that would be right.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let file: MappingFile = toml::from_str(text)
            .map_err(|error| MappingError::new(with_suggestion(&error.to_string())))?;
        let delimiter = delimiter(&file.delimiter, file.encoding).map_err(MappingError::new)?;
        fields::check_id("source", &file.source).map_err(MappingError::new)?;
        if !file.header && file.columns.is_empty() && file.format == Format::Csv {
            return Err(MappingError::new("header = false needs columns = [the names in order]"));
        }
        if file.record.is_empty() {
            return Err(MappingError::new("there is no [[record]]; nothing would be imported"));
        }
        let defaults = Defaults::new(&file.time_zone, &file.region).map_err(MappingError::new)?;
        let mut columns = Columns::default();
        let mut blocks = Vec::new();
        for (index, table) in file.record.into_iter().enumerate() {
            let block = Block::read(table, &defaults, &mut columns);
            let number = index + 1;
            blocks.push(block.map_err(|message| {
                MappingError::new(format!("[[record]] number {number}: {message}"))
            })?);
        }
        let digest = Sha256::new().chain_update(env!("CARGO_PKG_VERSION")).chain_update(text);
        Ok(Self {
            digest: digest.finalize().into(),
            customer_source: file.customer_source.unwrap_or_else(|| file.source.clone()),
            agent_source: file.agent_source.unwrap_or_else(|| file.source.clone()),
            source: file.source,
            format: file.format,
            delimiter,
            encoding: file.encoding,
            header: file.header,
            names: file.columns,
            missing: std::iter::once(String::new()).chain(file.missing).collect(),
            columns,
            blocks,
        })
    }
}

// === impl Mapping ===

impl Mapping {
    /// How CSV files of this mapping are written.
    pub(super) fn layout(&self) -> Layout<'_> {
        Layout {
            delimiter: self.delimiter,
            encoding: self.encoding,
            header: self.header,
            names: &self.names,
            wanted: &self.columns.names,
        }
    }
}

/// Reads the delimiter: one character, `tab`, or `whitespace`.
fn delimiter(text: &str, encoding: Encoding) -> Result<Delimiter, String> {
    if text == "whitespace" {
        return Ok(Delimiter::Whitespace);
    }
    let text = if text == "tab" { "\t" } else { text };
    let mut characters = text.chars();
    let byte = match (characters.next(), characters.next(), encoding) {
        (Some(only), None, Encoding::Utf8) if only.is_ascii() => u8::try_from(only).ok(),
        (Some(only), None, Encoding::Latin1) => u8::try_from(u32::from(only)).ok(),
        _ => None,
    };
    match byte {
        Some(b'"' | b'\n' | b'\r') | None => Err(format!(
            "delimiter {text:?} cannot be used; it is one character of one byte, \"tab\" or \"whitespace\""
        )),
        Some(byte) => Ok(Delimiter::Byte(byte)),
    }
}
