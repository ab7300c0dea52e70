//! Money: whole minor units of an ISO 4217 currency, checked sums, no floats.
#![warn(clippy::arithmetic_side_effects)]

use std::fmt;

use thiserror::Error;

/// The largest amount that any command or cap may name, in minor units.
///
/// It is 2^53 − 1, the largest whole number that a browser can hold exactly, so that no amount
/// changes its value on the way to a screen.
pub const MAX_AMOUNT_MINOR: i64 = 9_007_199_254_740_991;

/// What is wrong with a currency or an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The code is not in ISO 4217, or the currency has no minor unit (gold, test codes).
    #[error("currency {code:?} is unknown; use an ISO 4217 code of a currency such as USD")]
    UnknownCurrency {
        /// The code as given.
        code: String,
    },
    /// The text is not a plain decimal.
    #[error("amount {text:?} is not a decimal number; write it as 45.00")]
    NotANumber {
        /// The text as given.
        text: String,
    },
    /// The amount has more decimals than the currency.
    #[error("amount {text:?} has fractions of a minor unit; {code} has {exponent} decimals")]
    FractionOfMinorUnit {
        /// The text as given.
        text: String,
        /// The currency.
        code: &'static str,
        /// How many decimals the currency has.
        exponent: u8,
    },
    /// The amount is outside ±[`MAX_AMOUNT_MINOR`].
    #[error("amount is too large; the most is {MAX_AMOUNT_MINOR} minor units")]
    TooLarge,
    /// Two currencies in one sum.
    #[error("amounts of {left} and {right} cannot be added; convert them before")]
    CurrencyMismatch {
        /// The currency on the left.
        left: &'static str,
        /// The currency on the right.
        right: &'static str,
    },
}

/// A currency of ISO 4217 that has a minor unit (or none, as JPY, with exponent 0).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The US dollar, the currency of the standard policy.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Reads a three-letter code in upper case.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`] for any other text, and for codes without a minor unit.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency { code: code.to_owned() })
    }

    /// The three-letter code, such as `USD`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals the currency has: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u8 {
        // Every currency that parses has an exponent, and none is above 4.
        self.0.exponent().and_then(|exponent| u8::try_from(exponent).ok()).unwrap_or(0)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// The currency.
    pub currency: Currency,
    /// Whole minor units: cents for USD, yen for JPY.
    pub amount_minor: i64,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(currency: Currency, amount_minor: i64) -> Self {
        Self { currency, amount_minor }
    }

    /// Reads a plain decimal such as `45`, `45.00` or `-0.5`.
    ///
    /// # Errors
    /// Fractions of a minor unit, anything but digits and one point, and amounts beyond
    /// ±[`MAX_AMOUNT_MINOR`].
    pub fn parse(currency: Currency, text: &str) -> Result<Self, MoneyError> {
        let not_a_number = || MoneyError::NotANumber { text: text.to_owned() };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let ends_in_point = digits.ends_with('.');
        if whole.is_empty() || ends_in_point || !is_digits(whole) || !is_digits(fraction) {
            return Err(not_a_number());
        }
        let exponent = usize::from(currency.exponent());
        let (minor, beyond) = fraction.split_at(fraction.len().min(exponent));
        if beyond.bytes().any(|byte| byte != b'0') {
            return Err(MoneyError::FractionOfMinorUnit {
                text: text.to_owned(),
                code: currency.code(),
                exponent: currency.exponent(),
            });
        }
        let joined = format!("{whole}{minor:0<exponent$}");
        let unsigned: i64 = joined.parse().map_err(|_| MoneyError::TooLarge)?;
        if unsigned > MAX_AMOUNT_MINOR {
            return Err(MoneyError::TooLarge);
        }
        let amount_minor = if negative { unsigned.saturating_neg() } else { unsigned };
        Ok(Self::new(currency, amount_minor))
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::TooLarge`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::TooLarge`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    fn combine(
        self,
        other: Self,
        operation: fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch {
                left: self.currency.code(),
                right: other.currency.code(),
            });
        }
        operation(self.amount_minor, other.amount_minor)
            .map(|amount_minor| Self::new(self.currency, amount_minor))
            .ok_or(MoneyError::TooLarge)
    }
}

impl fmt::Display for Money {
    /// A plain decimal and the code: `45.00 USD`, `-0.05 USD`, `500 JPY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = usize::from(self.currency.exponent());
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let width = exponent.saturating_add(1);
        let digits = format!("{:0>width$}", self.amount_minor.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(exponent));
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction} {}", self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn reads_and_shows_decimals() {
        for (code, text, minor, shown) in [
            ("USD", "45.00", 4_500, "45.00 USD"),
            ("USD", "45", 4_500, "45.00 USD"),
            ("USD", "0.5", 50, "0.50 USD"),
            ("USD", "-0.05", -5, "-0.05 USD"),
            ("USD", "1.500", 150, "1.50 USD"),
            ("JPY", "500", 500, "500 JPY"),
            ("KWD", "1.234", 1_234, "1.234 KWD"),
        ] {
            let money = Money::parse(currency(code), text).unwrap();
            assert_eq!(money.amount_minor, minor, "{text}");
            assert_eq!(money.to_string(), shown);
        }
    }

    #[test]
    fn refuses_fractions_of_a_minor_unit() {
        for (code, text) in [("USD", "45.001"), ("JPY", "1.5"), ("KWD", "0.0001")] {
            let error = Money::parse(currency(code), text).unwrap_err();
            assert!(matches!(error, MoneyError::FractionOfMinorUnit { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_decimal() {
        for text in ["", ".", "1.", ".5", "+1", "1,000", "1e3", "--1", "1.2.3", "٣"] {
            let error = Money::parse(Currency::USD, text).unwrap_err();
            assert!(matches!(error, MoneyError::NotANumber { .. }), "{text}");
        }
    }

    #[test]
    fn refuses_amounts_beyond_the_range() {
        for text in ["90071992547409.92", "99999999999999999999999"] {
            assert_eq!(Money::parse(Currency::USD, text), Err(MoneyError::TooLarge), "{text}");
        }
        let most = Money::new(Currency::USD, i64::MAX);
        assert_eq!(most.checked_add(Money::new(Currency::USD, 1)), Err(MoneyError::TooLarge));
    }

    #[test]
    fn refuses_to_mix_currencies() {
        let error = Money::new(Currency::USD, 1).checked_sub(Money::new(currency("EUR"), 1));
        assert_eq!(error, Err(MoneyError::CurrencyMismatch { left: "USD", right: "EUR" }));
    }

    #[test]
    fn refuses_unknown_currencies_and_those_without_a_minor_unit() {
        for code in ["", "usd", "ZZZ", "XAU", "XTS"] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
    }
}
