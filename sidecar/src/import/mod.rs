//! Import: files of other systems become records, by a mapping.

pub mod memory;
pub mod rows;
