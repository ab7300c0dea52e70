//! What the tests share: a house, copies of folders, and the verifier in process.

#[allow(dead_code, reason = "each of the test programs uses a part")]
pub(crate) mod house;

use std::fs;
use std::path::{Path, PathBuf};

use makegood_ledger::checkpoint::VerifierKey;
use makegood_verify::checkpoints::Keys;
use makegood_verify::folder::{Options, verify};
use makegood_verify::report::Report;

/// The options with these keys.
pub(crate) fn options((log, witness): (VerifierKey, VerifierKey)) -> Options {
    let keys = Keys { logs: vec![log], witnesses: vec![witness] };
    Options { keys, ..Options::default() }
}

/// Verifies a folder in process.
pub(crate) fn report(dir: &Path, options: &Options) -> Report {
    verify(dir, options, &|_, _| {}).unwrap()
}

/// Every file below a folder.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }
}
