//! The journals as plain-text accounting: one file for hledger and ledger, one for beancount.
//!
//! Each begins with the balances before the period as one transaction, and ends by asserting the
//! balances after it, so that every reader checks the whole.

mod account;
mod dialect;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use makegood_core::ledger::{Account, Entry, Side};
use makegood_core::money::Currency;

use super::books::{Balance, Balances};
use super::cell::Decimal;
use super::error::ExportError;
use super::format::create;
use super::period::{Period, date};
use account::name;
pub(super) use dialect::Dialect;

/// A book of one dialect, being written.
pub(super) struct Book {
    path: PathBuf,
    writer: BufWriter<File>,
    dialect: Dialect,
    period: Period,
}

/// A line of a transaction: debits above zero.
struct Line {
    account: String,
    minor: i128,
    currency: Currency,
}

impl Book {
    /// Begins the book with its accounts and the balances before the period.
    pub(super) fn create(
        folder: &Path,
        dialect: Dialect,
        period: Period,
        balances: &Balances,
    ) -> Result<Self, ExportError> {
        let path = folder.join("books").join(dialect.file());
        let mut book = Self { writer: create(&path)?, path, dialect, period };
        book.open(balances).map_err(ExportError::file(&book.path))?;
        Ok(book)
    }

    /// Writes a journal.
    pub(super) fn push(
        &mut self,
        entry: &Entry,
        journal: u64,
        words: &str,
    ) -> Result<(), ExportError> {
        self.transaction(entry, journal, words).map_err(ExportError::file(&self.path))
    }

    /// Ends the book with the balances after the period.
    pub(super) fn finish(mut self, balances: &Balances) -> Result<(), ExportError> {
        self.close(balances).map_err(ExportError::file(&self.path))
    }

    fn open(&mut self, balances: &Balances) -> io::Result<()> {
        let from = self.period.from();
        write!(self.writer, "{}", self.dialect.head(self.period))?;
        let mut currencies: Vec<_> = balances.keys().map(|(_, currency)| *currency).collect();
        currencies.sort();
        currencies.dedup();
        for currency in currencies {
            write!(self.writer, "{}", self.dialect.currency(currency, from))?;
        }
        let mut accounts: Vec<&Account> = balances.keys().map(|(account, _)| account).collect();
        accounts.dedup();
        for account in accounts {
            write!(self.writer, "{}", self.dialect.account(&name(account), account, from))?;
        }
        let mut opening = lines(balances, |balance| balance.opening.net_minor());
        opening.retain(|line| line.minor != 0);
        if opening.is_empty() {
            return Ok(());
        }
        write!(self.writer, "\n{}", self.dialect.transaction(from, "opening balances", None))?;
        self.lines(&opening)
    }

    fn transaction(&mut self, entry: &Entry, journal: u64, words: &str) -> io::Result<()> {
        let Some(currency) = entry.currency else {
            return Ok(());
        };
        let marks = Some((journal, entry.position));
        let day = date(entry.at);
        write!(self.writer, "\n{}", self.dialect.transaction(day, words, marks))?;
        let line = |account, side, amount_minor| Line {
            account: name(account),
            minor: match side {
                Side::Debit => i128::from(amount_minor),
                Side::Credit => -i128::from(amount_minor),
            },
            currency,
        };
        let lines: Vec<_> = entry
            .postings
            .iter()
            .map(|posting| line(&posting.account, posting.side, posting.amount_minor))
            .collect();
        self.lines(&lines)
    }

    fn close(&mut self, balances: &Balances) -> io::Result<()> {
        let last = self.period.to();
        // Beancount asserts what stood when a day began.
        let after = last.checked_add(1.day()).unwrap_or(last);
        let closing = lines(balances, Balance::closing_minor);
        let head = match self.dialect {
            Dialect::Ledger => self.dialect.transaction(last, "closing balances", None),
            Dialect::Beancount => String::new(),
        };
        write!(self.writer, "\n{head}")?;
        for line in &closing {
            let amount = amount(line);
            write!(self.writer, "{}", self.dialect.assertion(after, &line.account, &amount))?;
        }
        self.writer.flush()
    }

    fn lines(&mut self, lines: &[Line]) -> io::Result<()> {
        for line in lines {
            writeln!(self.writer, "  {}  {}", line.account, amount(line))?;
        }
        Ok(())
    }
}

/// A line for each account and currency.
fn lines(balances: &Balances, minor: impl Fn(Balance) -> i128) -> Vec<Line> {
    let line = |((account, currency), balance): (&(Account, Currency), &Balance)| Line {
        account: name(account),
        minor: minor(*balance),
        currency: *currency,
    };
    balances.iter().map(line).collect()
}

fn amount(line: &Line) -> String {
    let decimal = Decimal { minor: line.minor, exponent: line.currency.exponent() };
    format!("{decimal} {}", line.currency.code())
}
