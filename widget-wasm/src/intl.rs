//! Money, days and clocks by the browser's own `Intl`.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::format::Format;
use crate::js::{field, from_js, now, object, parse_json, set, to_js};

#[wasm_bindgen]
extern "C" {
    type NumberFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(locale: &str, options: &JsValue) -> Result<NumberFormat, JsValue>;
    #[wasm_bindgen(method)]
    fn format(this: &NumberFormat, value: f64) -> String;
    #[wasm_bindgen(method, js_name = resolvedOptions)]
    fn resolved_options(this: &NumberFormat) -> JsValue;

    type DateTimeFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(locale: &str, options: &JsValue) -> Result<DateTimeFormat, JsValue>;
    #[wasm_bindgen(method)]
    fn format(this: &DateTimeFormat, ms: f64) -> String;

    type Date;
    #[wasm_bindgen(constructor)]
    fn new(ms: f64) -> Date;
    #[wasm_bindgen(method, js_name = getFullYear)]
    fn year(this: &Date) -> i32;
    #[wasm_bindgen(method, js_name = setHours)]
    fn set_hours(this: &Date, hours: i32, minutes: i32) -> f64;
}

/// The formats of one currency: without decimals, and with as many as it has.
struct Currency {
    code: String,
    whole: Option<NumberFormat>,
    exact: Option<NumberFormat>,
    digits: u32,
}

/// The formats of one locale, made when they are first needed.
pub(crate) struct Locale {
    tag: String,
    decimal: char,
    day: Option<DateTimeFormat>,
    day_of_year: Option<DateTimeFormat>,
    clock: Option<DateTimeFormat>,
    currencies: RefCell<Vec<Currency>>,
}

impl Locale {
    /// A locale by its BCP 47 tag; the browser's own where the tag is not one.
    pub(crate) fn new(tag: &str) -> Locale {
        let plain = object().done();
        let tag = if NumberFormat::new(tag, &plain).is_ok() { tag } else { "en" };
        let sample = NumberFormat::new(tag, &plain).map(|format| format.format(1.5));
        let decimal =
            sample.ok().and_then(|text| text.chars().find(|letter| !letter.is_ascii_digit()));
        let date = |options: &str| DateTimeFormat::new(tag, &parse_json(options).ok()?).ok();
        Locale {
            decimal: decimal.unwrap_or('.'),
            day: date(r#"{"day":"numeric","month":"short"}"#),
            day_of_year: date(r#"{"day":"numeric","month":"short","year":"numeric"}"#),
            clock: date(r#"{"hour":"2-digit","minute":"2-digit","hourCycle":"h23"}"#),
            tag: tag.to_owned(),
            currencies: RefCell::new(Vec::new()),
        }
    }

    fn with_currency<T>(&self, code: &str, read: impl FnOnce(&Currency) -> T) -> T {
        let mut currencies = self.currencies.borrow_mut();
        let at = currencies.iter().position(|currency| currency.code == code);
        let at = at.unwrap_or_else(|| {
            currencies.push(Currency::new(&self.tag, code));
            currencies.len() - 1
        });
        read(&currencies[at])
    }
}

impl Currency {
    fn new(tag: &str, code: &str) -> Currency {
        let style = object()
            .text("style", "currency")
            .text("currency", code)
            .text("currencyDisplay", "narrowSymbol")
            .done();
        let exact = NumberFormat::new(tag, &style).ok();
        let digits = exact
            .as_ref()
            .and_then(|exact| field(&exact.resolved_options(), "maximumFractionDigits").as_f64());
        set(&style, "maximumFractionDigits", &0.into());
        Currency {
            code: code.to_owned(),
            whole: NumberFormat::new(tag, &style).ok(),
            exact,
            digits: digits.map_or(2, |digits| u32::try_from(from_js(digits)).unwrap_or(2)),
        }
    }
}

impl Format for Locale {
    fn money(&self, minor: i64, currency_code: &str) -> String {
        self.with_currency(currency_code, |currency| {
            let unit = 10_i64.pow(currency.digits);
            let format = if minor % unit == 0 { &currency.whole } else { &currency.exact };
            let value = to_js(minor) / to_js(unit);
            format.as_ref().map_or_else(String::new, |format| format.format(value))
        })
    }

    fn digits(&self, currency_code: &str) -> u32 {
        self.with_currency(currency_code, |currency| currency.digits)
    }

    fn decimal(&self) -> char {
        self.decimal
    }

    fn day(&self, ms: i64) -> String {
        let same = date(ms).year() == date(now()).year();
        let format = if same { &self.day } else { &self.day_of_year };
        write(format.as_ref(), ms)
    }

    fn clock(&self, ms: i64) -> String {
        write(self.clock.as_ref(), ms)
    }

    fn day_end(&self, ms: i64, days: i64) -> i64 {
        from_js(date(ms + days * 86_400_000).set_hours(23, 59))
    }
}

fn write(format: Option<&DateTimeFormat>, ms: i64) -> String {
    format.map_or_else(String::new, |format| format.format(to_js(ms)))
}

fn date(ms: i64) -> Date {
    Date::new(to_js(ms))
}
