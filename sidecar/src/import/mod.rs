//! Import: files of other systems become records, by a mapping.
//!
//! The path of a line: [`mapping`] says what the columns mean; `input` opens a file, whatever its
//! packing and encoding; `lines` and `csv_records` or `json_records` cut it into records of cells;
//! `assemble` makes rows of them with the conversions of `value`; [`run`] hands them to a
//! [`rows::Sink`], counts, and keeps what was refused. Nothing here holds more than a line, but for
//! what a run remembers of people it has already seen.

pub mod args;
pub mod checkpoint;
pub mod error;
pub mod mapping;
pub mod memory;
pub mod progress;
pub mod report;
pub mod rows;
pub mod run;

mod assemble;
mod block;
mod csv_records;
mod fields;
mod groups;
mod input;
mod json_records;
mod lines;
mod people;
mod rejected_records;
mod rejects;
mod suggest;
mod take;
mod template;
mod value;

#[cfg(test)]
mod tests;
