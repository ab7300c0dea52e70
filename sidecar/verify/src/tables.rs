//! What the tables of an audit pack add up to, added up again from its entries: control totals, the
//! trial balance, and the totals of the manifest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use makegood_core::ledger::{Account, Entry, Side};
use makegood_core::money::Currency;
use makegood_ledger::codec;
use serde_json::Value;

use crate::problem::{Problem, Unreadable, unreadable};
use crate::source::length_prefixed;

/// The tables, by how the names of their files begin.
const CONTROL_TOTALS: &str = "csv/log_file";
const TRIAL_BALANCE: &str = "csv/trial_balance";

/// Columns of the trial balance, from zero.
const ACCOUNT: usize = 0;
const CURRENCY: usize = 4;
const BEGINNING: usize = 5;
const DEBITS: usize = 6;
const CREDITS: usize = 7;
const ENDING: usize = 8;
const COLUMNS: usize = 9;

/// Debits and credits, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    debit_minor: i128,
    credit_minor: i128,
}

/// What entries add up to.
#[derive(Debug, Default)]
struct Sum {
    /// The rows of the control totals without their dates, each with its entry's position.
    controls: Vec<(u64, String)>,
    accounts: BTreeMap<(String, Currency), Sums>,
    journals: u64,
}

/// Every table that does not say what the entries from position `first` on add up to.
pub(crate) fn check(
    dir: &Path,
    manifest: &Value,
    entries: &Path,
    first: u64,
) -> Result<Vec<Problem>, Unreadable> {
    let content = fs::read(entries).map_err(|error| unreadable("read", entries, &error))?;
    let stated = manifest["first_journal"].as_u64();
    // Where the pack does not begin with the first entry, the first number is the manifest's word.
    let first_journal = if first == 0 { 1 } else { stated.unwrap_or(1) };
    let mut sum = Sum::default();
    let mut rest = content.as_slice();
    while let Some(bytes) = length_prefixed(&mut rest) {
        // They have been found right before.
        let Ok(entry) = codec::decode(bytes) else { break };
        sum.add(&entry, first_journal);
    }
    let path = dir.join(crate::pack::MANIFEST);
    let mut problems = Vec::new();
    let is_numbered = sum.journals == 0 || stated == Some(first_journal);
    if !is_numbered || !sum.agrees(manifest) {
        let what = "has other journals or totals than its entries add up to";
        problems.push(Problem::of(&path, what).at_position(first));
    }
    for (name, check) in [
        (CONTROL_TOTALS, Sum::controls_in as fn(&Sum, &str, u64) -> Option<(u64, String)>),
        (TRIAL_BALANCE, Sum::balance_in),
    ] {
        let Some(file) = file_of(dir, manifest, name) else {
            problems.push(Problem::of(&path, format!("names no file {name}*.csv")));
            continue;
        };
        let text = fs::read(&file).map_err(|error| unreadable("read", &file, &error))?;
        let wrong = check(&sum, &String::from_utf8_lossy(&text), first);
        let problem = |(position, what)| Problem::of(&file, what).at_position(position);
        problems.extend(wrong.map(problem));
    }
    Ok(problems)
}

/// The file of a table, by the manifest.
fn file_of(dir: &Path, manifest: &Value, name: &str) -> Option<PathBuf> {
    let mut paths = manifest["files"].as_array()?.iter().filter_map(|file| file["path"].as_str());
    let path = paths.find(|path| path.to_ascii_lowercase().starts_with(name))?;
    Some(dir.join(path))
}

impl Sum {
    fn add(&mut self, entry: &Entry, first_journal: u64) {
        let Some(currency) = entry.currency.filter(|_| !entry.postings.is_empty()) else { return };
        let journal = first_journal + self.journals;
        self.journals += 1;
        for (side, code) in [(Side::Credit, "C"), (Side::Debit, "D")] {
            let lines = entry.postings.iter().filter(|line| line.side == side);
            let (count, minor) = lines.fold((0_u64, 0_i128), |(count, minor), line| {
                (count + 1, minor + i128::from(line.amount_minor))
            });
            let (letters, amount) = (currency.code(), decimal(minor, currency));
            let row = format!("{journal},{code},{letters},{count},{amount}");
            self.controls.push((entry.position, row));
        }
        for line in &entry.postings {
            let sums = self.accounts.entry((line.account.to_string(), currency)).or_default();
            match line.side {
                Side::Debit => sums.debit_minor += i128::from(line.amount_minor),
                Side::Credit => sums.credit_minor += i128::from(line.amount_minor),
            }
        }
    }

    /// Whether the manifest's totals are these.
    fn agrees(&self, manifest: &Value) -> bool {
        let mut totals: BTreeMap<Currency, Sums> = BTreeMap::new();
        for ((_, currency), sums) in &self.accounts {
            let total = totals.entry(*currency).or_default();
            total.debit_minor += sums.debit_minor;
            total.credit_minor += sums.credit_minor;
        }
        let expected: BTreeMap<&str, (String, String)> = totals
            .iter()
            .map(|(currency, sums)| {
                let text = |minor| decimal(minor, *currency);
                (currency.code(), (text(sums.debit_minor), text(sums.credit_minor)))
            })
            .collect();
        let stated = manifest["totals"].as_array().into_iter().flatten().map(|total| {
            let text = |name: &str| total[name].as_str().unwrap_or_default().to_owned();
            (total["currency"].as_str().unwrap_or_default(), (text("debit"), text("credit")))
        });
        // A currency in which nothing was booked in the period may be there with nothing.
        let stated = stated.filter(|(_, (debit, credit))| !is_zero(debit) || !is_zero(credit));
        stated.collect::<BTreeMap<_, _>>() == expected
            && manifest["journal_count"].as_u64() == Some(self.journals)
    }

    /// The first control total that is not what its journal adds up to.
    fn controls_in(&self, text: &str, first: u64) -> Option<(u64, String)> {
        let mut rows = text.lines().skip(1);
        for (position, expected) in &self.controls {
            let row = rows.next().unwrap_or_default();
            let without_date = row.rsplit_once(',').map_or(row, |(row, _)| row);
            if without_date != expected {
                let what = format!("has {without_date:?} where the entries add up to {expected:?}");
                return Some((*position, what));
            }
        }
        let last = self.controls.last().map_or(first, |(position, _)| *position);
        rows.next().map(|row| (last, format!("has {row:?}, for which there is no entry")))
    }

    /// The first row of the trial balance that is not what the entries add up to.
    fn balance_in(&self, text: &str, first: u64) -> Option<(u64, String)> {
        let mut missing = self.accounts.clone();
        for row in text.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let currency = cells.get(CURRENCY).and_then(|code| Currency::parse(code).ok());
            let is_row = cells.len() == COLUMNS && cells[ACCOUNT].parse::<Account>().is_ok();
            let Some(currency) = currency.filter(|_| is_row) else {
                return Some((first, format!("has {row:?}, which is no row of it")));
            };
            let key = (cells[ACCOUNT].to_owned(), currency);
            let sums = missing.remove(&key).unwrap_or_default();
            let movement =
                (decimal(sums.debit_minor, currency), decimal(sums.credit_minor, currency));
            let is_first = first > 0 || is_zero(cells[BEGINNING]);
            let net_minor = sums.debit_minor - sums.credit_minor;
            let ending =
                minor(cells[BEGINNING]).map(|before| decimal(before + net_minor, currency));
            let agrees = (cells[DEBITS], cells[CREDITS]) == (&movement.0, &movement.1)
                && is_first
                && ending.as_deref() == Some(cells[ENDING]);
            if !agrees {
                let what = format!("has {row:?}, which is not what the entries add up to");
                return Some((first, what));
            }
        }
        let ((account, currency), _) = missing.first_key_value()?;
        Some((first, format!("lacks account {account} in {}", currency.code())))
    }
}

/// An amount as tables write it: `45.00`, `-1.20`, `4500`.
fn decimal(minor: i128, currency: Currency) -> String {
    let exponent = usize::from(currency.exponent());
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    let sign = if minor < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// The minor units of an amount as tables write it.
fn minor(text: &str) -> Option<i128> {
    text.replace('.', "").parse().ok()
}

fn is_zero(text: &str) -> bool {
    minor(text) == Some(0)
}
