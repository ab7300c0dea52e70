//! What the tables of an audit pack are made of: columns, and cells that know their kind.

use std::borrow::Cow;
use std::fmt;

/// A table of the pack, the same in every format.
#[derive(Debug)]
pub(super) struct Table {
    /// What the file is called before the period and the ending, such as `GL_Detail`.
    pub(super) name: &'static str,
    /// Whose standard it is and what one row is.
    pub(super) about: &'static str,
    /// The columns, in order.
    pub(super) columns: &'static [Column],
}

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    /// The name in the header.
    pub(super) name: &'static str,
    /// What its cells hold.
    pub(super) kind: Kind,
    /// What it means.
    pub(super) about: &'static str,
}

/// What the cells of a column hold; any of them may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// An amount in units of its currency, as an exact decimal.
    Amount,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(Cow<'static, str>),
    /// A whole number.
    Integer(i64),
    /// An amount.
    Amount(Decimal),
}

/// An exact decimal: minor units and how many of their digits are decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    /// Whole minor units.
    pub(super) minor: i128,
    /// How many decimals.
    pub(super) exponent: u8,
}

impl Column {
    /// A column of text.
    pub(super) const fn text(name: &'static str, about: &'static str) -> Self {
        Self { name, kind: Kind::Text, about }
    }

    /// A column of whole numbers.
    pub(super) const fn integer(name: &'static str, about: &'static str) -> Self {
        Self { name, kind: Kind::Integer, about }
    }

    /// A column of amounts.
    pub(super) const fn amount(name: &'static str, about: &'static str) -> Self {
        Self { name, kind: Kind::Amount, about }
    }
}

impl Cell {
    /// Text that is made for this cell.
    pub(super) fn text(text: impl fmt::Display) -> Self {
        Self::Text(Cow::Owned(text.to_string()))
    }

    /// Text that is always the same.
    pub(super) const fn word(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Text, or nothing.
    pub(super) fn maybe(text: Option<impl fmt::Display>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    /// A position, a count or a journal's number; beyond what `i64` holds there are none.
    pub(super) fn number(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// An amount.
    pub(super) fn amount(minor: impl Into<i128>, exponent: u8) -> Self {
        Self::Amount(Decimal { minor: minor.into(), exponent })
    }
}

impl fmt::Display for Decimal {
    /// As the currency is written: `45.00`, `-1.20`, `4500`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = usize::from(self.exponent);
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        let sign = if self.minor < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_amounts_as_their_currency_is_written() {
        let cases = [
            (4_500, 2, "45.00"),
            (5, 2, "0.05"),
            (-120, 2, "-1.20"),
            (4_500, 0, "4500"),
            (0, 3, "0.000"),
            (-7, 4, "-0.0007"),
        ];
        for (minor, exponent, text) in cases {
            assert_eq!(Decimal { minor, exponent }.to_string(), text);
        }
        let most = Decimal { minor: i128::MIN, exponent: 2 };
        assert_eq!(most.to_string(), "-1701411834604692317316873037158841057.28");
    }
}
