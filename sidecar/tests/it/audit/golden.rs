//! The tables and books of a small ledger, letter by letter.

use std::fs;
use std::path::Path;

use super::pack::Pack;
use super::story::Story;

/// What neither hashes nor digests are in: it changes only when what auditors read changes.
const FILES: [&str; 8] = [
    "books/books.beancount",
    "books/ledger.journal",
    "csv/Chart_Of_Accounts.csv",
    "csv/GL_Detail_20260101_20260131.csv",
    "csv/Log_File_20260101_20260131.csv",
    "csv/Trial_Balance_20260131.csv",
    "csv/User_Listing.csv",
    "jsonl/Trial_Balance_20260131.jsonl",
];

/// Set to anything, the files are written anew; look at what has changed before it is kept.
const UPDATE: &str = "MAKEGOOD_UPDATE_GOLDEN";

#[test]
fn tables_and_books_of_a_small_ledger_stay_as_auditors_know_them() {
    let pack = Pack::of(&Story::small(), "2026-01-01", "2026-01-31");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/audit/golden");
    for file in FILES {
        let path = folder.join(file);
        let made = pack.text(file);
        if std::env::var_os(UPDATE).is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap();
        assert_eq!(made, kept, "{file}; {UPDATE}=1 writes it anew");
    }
}
