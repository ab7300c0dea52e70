//! The texts of a pack: the policies in force, and what each file and column is.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use makegood_core::ids::Digest;
use sha2::{Digest as _, Sha256};

use super::error::ExportError;
use super::format::{Written, write_text};
use super::period::Period;

/// Copies the policies' texts; answers with the digests of those that there are.
pub(super) fn copy(
    tenant_folder: &Path,
    folder: &Path,
    policies: &BTreeSet<Digest>,
) -> Result<Vec<String>, ExportError> {
    let mut copied = Vec::new();
    for digest in policies {
        let name = format!("{digest}.toml");
        let path = tenant_folder.join("policies").join(&name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            // The manifest says that it is not there.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(ExportError::file(&path)(error)),
        };
        let found: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if found != *digest.as_bytes() {
            return Err(ExportError::Policy { path });
        }
        write_text(&folder.join("policies").join(&name), &text)?;
        copied.push(digest.to_string());
    }
    Ok(copied)
}

/// What each file is, and what each column means.
pub(super) fn readme(tables: &[Written], period: Period) -> String {
    let period = format!("\nPeriod: {period}, both days included, UTC, by time of record.\n\n");
    let mut parts = vec![HEAD.to_owned(), period, FILES.to_owned()];
    for written in tables {
        let table = written.table;
        parts.push(format!("\n{}\n  {}\n\n", table.name, table.about));
        let columns = table.columns.iter();
        parts.extend(columns.map(|column| format!("  {:<30} {}\n", column.name, column.about)));
    }
    parts.concat()
}

const HEAD: &str = "\
Makegood audit pack
===================
";

const FILES: &str = "\
manifest.json      what the pack covers, control totals, and the SHA-256 of each other file
report.html        the period at a glance; opens in a browser, and prints
csv/ jsonl/ parquet/ xlsx/
                   the tables below; the same rows in each format
books/             the same journals as plain-text accounting: ledger.journal for hledger and
                   ledger, books.beancount for beancount
policies/          the rules by which the entries were decided, named by their SHA-256
entries.bin        the stored entries: four bytes with the length, big-endian, then the bytes
entries.proof      what links these entries to the root of the ledger's Merkle tree

People appear under pseudonyms; no file of the pack holds a name or a word that somebody wrote.
In CSV files a text that a spreadsheet would take for a formula has an apostrophe in front.
Amounts are decimals of their currency; in Parquet all of them have four decimals.
Two books share the journals: accounts that begin with A are memorandum (authority granted, held
and given), the others go to the general ledger. Each journal balances in each book.
";
