//! What an import does, seen from outside: mappings and files in, rows and reports out.

mod broken;
mod data_sets;
mod mappings;
mod people;
mod refusals;
mod rejected;
mod resume;
mod scale;

use std::io::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;

use super::error::ImportError;
use super::mapping::Mapping;
use super::memory::MemorySink;
use super::progress::Silent;
use super::report::Report;
use super::rows::Sink;
use super::run::{Options, run};

/// A folder with data files, and a sink that lives through several imports.
struct Desk {
    folder: TempDir,
    sink: MemorySink,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), sink: MemorySink::default() }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn gzip(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        self.file(name, packed.finish().unwrap())
    }

    fn rejects(&self) -> PathBuf {
        self.folder.path().join("rejects.csv")
    }

    fn import(&mut self, mapping: &str, files: &[PathBuf]) -> Result<Report, ImportError> {
        let rejects = self.rejects();
        into(&mut self.sink, rejects, mapping, files)
    }

    /// Imports one file that is all good but for its rejects.
    fn import_text(&mut self, mapping: &str, text: impl AsRef<[u8]>) -> Report {
        let file = self.file("data.csv", text);
        self.import(mapping, &[file]).unwrap()
    }

    /// The refused lines, without the headers between them.
    fn rejected(&self) -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_path(self.rejects()).unwrap();
        let rows = reader.byte_records().map(|row| {
            let row = row.unwrap();
            row.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
        });
        rows.filter(|row: &Vec<String>| row[2] != "0").collect()
    }
}

fn into(
    sink: &mut dyn Sink,
    rejects: PathBuf,
    mapping: &str,
    files: &[PathBuf],
) -> Result<Report, ImportError> {
    let mapping = Mapping::parse(mapping).unwrap_or_else(|error| panic!("{error}"));
    run(&mapping, files, sink, Options { is_dry_run: false, rejects }, &mut Silent)
}
