//! Files say what the rows say.

use std::path::{Path, PathBuf};

use super::*;
use crate::generate::files::{FilesSink, MAPPING};
use crate::import::mapping::Mapping;
use crate::import::progress::Silent;
use crate::import::run::{Options, run};

fn write(config: &Config, folder: &Path) -> Vec<PathBuf> {
    made(config, &mut FilesSink::create(folder).unwrap()).unwrap();
    let names = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut files: Vec<_> =
        names.filter(|it| it.extension().is_some_and(|it| it == "csv")).collect();
    files.sort();
    files
}

#[test]
fn an_import_of_the_files_brings_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let files = write(&SMALL, folder.path());
    assert_eq!(files.len(), Kind::ALL.len() - 1);
    let mapping = Mapping::parse(MAPPING).unwrap();
    assert!(Mapping::load(&folder.path().join("mapping.toml")).is_ok());
    let mut imported = MemorySink::default();
    let options = Options { is_dry_run: false, rejects: folder.path().join("rejects.csv") };
    run(&mapping, &files, &mut imported, options, &mut Silent).unwrap();
    let mut generated = MemorySink::default();
    made(&SMALL, &mut generated).unwrap();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Action) {
        assert_eq!(imported.count(kind), generated.count(kind), "{kind:?}");
        for row in generated.rows(kind) {
            assert_eq!(imported.row(kind, SOURCE, &row.source_id), Some(row));
        }
    }
}

#[test]
fn one_seed_writes_the_same_bytes() {
    let folders = [SMALL, SMALL, Config { seed: 8, ..SMALL }].map(|config| {
        let folder = tempfile::tempdir().unwrap();
        let files = write(&config, folder.path());
        files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(folders[0], folders[1]);
    assert_ne!(folders[0], folders[2]);
}
