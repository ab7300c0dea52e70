//! The texts of a pack: the policies in force, and what each file and column is.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use makegood_core::ids::Digest;
use sha2::{Digest as _, Sha256};

use super::error::ExportError;
use super::format::{Written, write_text};
use super::gather::Gathered;
use super::period::Period;

/// A policy by which entries of the period were decided.
pub(super) struct PolicyText {
    /// Its digest.
    pub(super) digest: Digest,
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// Its text, where the house still has it.
    pub(super) text: Option<String>,
}

/// Copies the policies' texts.
pub(super) fn copy(
    tenant_folder: &Path,
    folder: &Path,
    gathered: &Gathered,
) -> Result<Vec<PolicyText>, ExportError> {
    let copy = |digest: &Digest| {
        let file = format!("{digest}.toml");
        let text = read(&tenant_folder.join("policies").join(&file), digest)?;
        if let Some(text) = &text {
            write_text(&folder.join("policies").join(&file), text)?;
        }
        let (name, version) = match gathered.policy(digest) {
            Some(named) => (named.name.clone(), named.version.clone()),
            None => (String::new(), String::new()),
        };
        Ok(PolicyText { digest: *digest, name, version, text })
    };
    gathered.policies.iter().map(copy).collect()
}

/// The text of a policy, which must be what its digest says; none where it is not there.
fn read(path: &Path, digest: &Digest) -> Result<Option<String>, ExportError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ExportError::file(path)(error)),
    };
    let found: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    if found != *digest.as_bytes() {
        return Err(ExportError::Policy { path: path.to_owned() });
    }
    Ok(Some(text))
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
