//! `manifest.json`: what the pack covers, what it adds up to, and the hash of each of its files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use makegood_core::ids::Digest;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::books::Balances;
use super::cell::Decimal;
use super::error::ExportError;
use super::format::Written;
use super::gather::Gathered;
use super::period::Period;
use super::texts::PolicyText;

/// The name of the manifest in the folder.
pub(super) const FILE: &str = "manifest.json";

/// What is said of a pack as a whole.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    format: &'static str,
    tenant: String,
    period: Span,
    tree_size: u64,
    root_hash: String,
    first_position: Option<u64>,
    last_position: Option<u64>,
    entry_count: u64,
    first_journal: Option<u64>,
    last_journal: Option<u64>,
    journal_count: u64,
    tables: Vec<TableRows>,
    totals: Vec<Total>,
    policies: Vec<PolicyRow>,
    checkpoint: Option<String>,
    files: Vec<PackFile>,
}

#[derive(Debug, Serialize)]
struct Span {
    from: String,
    to: String,
    time_zone: &'static str,
    by: &'static str,
}

#[derive(Debug, Serialize)]
struct TableRows {
    name: &'static str,
    row_count: u64,
}

/// The sums of one currency over the period.
#[derive(Debug, Serialize)]
struct Total {
    currency: &'static str,
    debit: String,
    credit: String,
}

#[derive(Debug, Serialize)]
struct PolicyRow {
    sha256: String,
    name: String,
    version: String,
    text_included: bool,
}

#[derive(Debug, Serialize)]
struct PackFile {
    path: String,
    bytes: u64,
    sha256: String,
}

/// What the manifest is made of besides what was gathered.
pub(super) struct Parts<'a> {
    pub(super) tenant: &'a str,
    pub(super) period: &'a Period,
    pub(super) root_hash: String,
    pub(super) tables: &'a [Written],
    pub(super) policies: &'a [PolicyText],
    pub(super) checkpoint: Option<String>,
}

impl Manifest {
    /// Describes the pack as it lies in `folder`, without the manifest itself.
    pub(super) fn of(
        folder: &Path,
        parts: Parts<'_>,
        gathered: &Gathered,
    ) -> Result<Self, ExportError> {
        let entry_count = gathered.end - gathered.first;
        let first_journal = gathered.journals_before + 1;
        let some = |count: u64, number: u64| (count > 0).then_some(number);
        Ok(Self {
            format: "makegood-audit-pack/1",
            tenant: parts.tenant.to_owned(),
            period: Span {
                from: parts.period.from().to_string(),
                to: parts.period.to().to_string(),
                time_zone: "UTC",
                by: "time of record; both days are included",
            },
            tree_size: gathered.size(),
            root_hash: parts.root_hash,
            first_position: some(entry_count, gathered.first),
            last_position: some(entry_count, gathered.end.saturating_sub(1)),
            entry_count,
            first_journal: some(gathered.journal_count, first_journal),
            last_journal: some(
                gathered.journal_count,
                gathered.journals_before + gathered.journal_count,
            ),
            journal_count: gathered.journal_count,
            tables: parts
                .tables
                .iter()
                .map(|written| TableRows { name: written.table.name, row_count: written.row_count })
                .collect(),
            totals: totals(&gathered.balances),
            policies: parts.policies.iter().map(policy).collect(),
            checkpoint: parts.checkpoint,
            files: files(folder)?,
        })
    }

    /// The manifest as it is stored.
    pub(super) fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        // Strings, numbers and lists always have a JSON form.
        format!("{}\n", text.unwrap_or_default())
    }
}

/// The period's debits and credits of each currency, by its code.
fn totals(balances: &Balances) -> Vec<Total> {
    let mut sums: BTreeMap<&'static str, (u8, i128, i128)> = BTreeMap::new();
    for ((_, currency), balance) in balances {
        let sum = sums.entry(currency.code()).or_insert((currency.exponent(), 0, 0));
        sum.1 += balance.movement.debit_minor;
        sum.2 += balance.movement.credit_minor;
    }
    let total = |(currency, (exponent, debit, credit))| Total {
        currency,
        debit: Decimal { minor: debit, exponent }.to_string(),
        credit: Decimal { minor: credit, exponent }.to_string(),
    };
    sums.into_iter().map(total).collect()
}

fn policy(policy: &PolicyText) -> PolicyRow {
    PolicyRow {
        sha256: policy.digest.to_string(),
        name: policy.name.clone(),
        version: policy.version.clone(),
        text_included: policy.text.is_some(),
    }
}

/// Every file of the folder by its path.
fn files(folder: &Path) -> Result<Vec<PackFile>, ExportError> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    let mut files = Vec::new();
    for path in paths {
        let relative = path.strip_prefix(folder).unwrap_or(&path);
        let (bytes, sha256) = hash(&path).map_err(ExportError::file(&path))?;
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        files.push(PackFile { path: parts.join("/"), bytes, sha256 });
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), ExportError> {
    for item in std::fs::read_dir(folder).map_err(ExportError::file(folder))? {
        let path = item.map_err(ExportError::file(folder))?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
    let digest: [u8; 32] = hasher.finalize().into();
    Ok((bytes, Digest::from_bytes(digest).to_string()))
}
