//! From TOML to a policy: every key is read, and every problem is kept.

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ids::{Digest, RoleCode};
use makegood_core::money::Currency;
use makegood_core::policy::{
    CalendarUnit, Counts, DEFAULT_ANSWER_NS, DEFAULT_HOLD_NS, DEFAULT_NOTE_MAX_CHARS,
    DEFAULT_UNDO_NS, Dimension, Gesture, GestureKind, GestureValue, Limit, Policy, PolicyProblem,
    Pool, Reason, Window,
};

use super::table::Table;
use crate::nearest::nearest;
use crate::zones;

const DIMENSIONS: [(&str, Dimension); 7] = [
    ("tenant", Dimension::Tenant),
    ("pool", Dimension::Pool),
    ("agent", Dimension::Agent),
    ("customer", Dimension::Customer),
    ("case", Dimension::Case),
    ("interaction", Dimension::Interaction),
    ("reason", Dimension::Reason),
];

const COUNTS: [(&str, Counts); 3] =
    [("amounts", Counts::Amounts), ("times", Counts::Times), ("grants", Counts::Grants)];

const UNITS: [(&str, CalendarUnit); 5] = [
    ("day", CalendarUnit::Day),
    ("week", CalendarUnit::Week),
    ("month", CalendarUnit::Month),
    ("quarter", CalendarUnit::Quarter),
    ("year", CalendarUnit::Year),
];

/// Reads and checks a policy.
pub(super) fn policy(text: &str, digest: Digest) -> Result<Policy, Vec<PolicyProblem>> {
    let table = text.parse::<toml::Table>().map_err(|error| {
        vec![PolicyProblem {
            field: "toml".to_owned(),
            fix: error.to_string().trim_end().to_owned(),
        }]
    })?;
    let mut problems = Vec::new();
    let mut top = Table::new(&table, String::new(), &mut problems);
    let policy = read(&mut top, digest);
    top.refuse_others();
    match policy {
        Some(policy) if problems.is_empty() => policy.validate().map(|()| policy),
        _ => Err(problems),
    }
}

fn read(top: &mut Table<'_>, digest: Digest) -> Option<Policy> {
    let name = top.required_text("name");
    let version = top.required_text("version");
    let currencies = currencies(top);
    let vision = top.text("vision");
    let hold_ns = top.duration("hold");
    let undo_ns = top.duration("undo");
    let note_max_chars = top.count("note_max_chars");
    let backdate_ns = top.duration("backdate");
    let (answer_ns, approvers) = top.table("consult", consult).unwrap_or_default();
    let limits = top.tables("limits", limit);
    let reasons = top.tables("reasons", reason);
    let gestures = top.tables("gestures", gesture);
    let pools = top.tables("pools", pool);
    Some(Policy {
        name: name?.to_owned(),
        version: version?.to_owned(),
        digest,
        currencies,
        vision: vision.map(ToOwned::to_owned),
        hold_ns: hold_ns.unwrap_or(DEFAULT_HOLD_NS),
        undo_ns: undo_ns.unwrap_or(DEFAULT_UNDO_NS),
        note_max_chars: note_max_chars.unwrap_or(DEFAULT_NOTE_MAX_CHARS),
        limits,
        reasons,
        gestures,
        pools,
        answer_ns: answer_ns.unwrap_or(DEFAULT_ANSWER_NS),
        approvers,
        backdate_ns: backdate_ns.unwrap_or(0),
    })
}

/// How long each second person has, and the roles that are asked, in their order.
fn consult(table: &mut Table<'_>) -> (Option<i64>, Vec<RoleCode>) {
    let answer_ns = table.duration("answer");
    if table.is_missing("roles") {
        table.problem("roles", "is missing; name the roles that are asked, in order");
    }
    (answer_ns, table.codes_in_order("roles").unwrap_or_default())
}

fn currencies(top: &mut Table<'_>) -> BTreeSet<Currency> {
    let mut currencies = BTreeSet::new();
    for code in top.texts("currencies").unwrap_or_default() {
        match Currency::parse(code) {
            Ok(currency) => {
                currencies.insert(currency);
            }
            Err(error) => top.problem("currencies", error.to_string()),
        }
    }
    currencies
}

fn limit(table: &mut Table<'_>) -> Option<Limit> {
    let id = table.code("id");
    let label = table.required_text("label");
    let scope = scope(table);
    let window = window(table);
    let roles = table.codes("roles");
    let min_tenure_days = table.count("from_tenure_days");
    let below_tenure_days = table.count("below_tenure_days");
    let reasons = table.codes("reasons");
    let counts = match table.text("counts") {
        None => Counts::default(),
        Some(name) => named(table, "counts", name, &COUNTS)?,
    };
    let cap_times = table.count("cap");
    let caps = table.value("caps").map(|value| table.amounts("caps", value));
    let caps = match (counts, caps) {
        (Counts::Times, None) => Some(BTreeMap::new()),
        (_, None) => {
            table.problem("caps", "is missing; add it");
            None
        }
        (_, caps) => caps,
    };
    Some(Limit {
        id: id?,
        label: label?.to_owned(),
        scope,
        window: window?,
        roles,
        min_tenure_days: min_tenure_days.unwrap_or(0),
        below_tenure_days,
        reasons,
        counts,
        caps: caps?,
        cap_times,
    })
}

fn scope(table: &mut Table<'_>) -> BTreeSet<Dimension> {
    let mut scope = BTreeSet::new();
    for name in table.texts("scope").unwrap_or_default() {
        if let Some(dimension) = named(table, "scope", name, &DIMENSIONS) {
            scope.insert(dimension);
        }
    }
    scope
}

fn window(table: &mut Table<'_>) -> Option<Window> {
    let name = table.required_text("window");
    let length = table.duration("length");
    let zone = table.text("zone");
    let (takes_length, takes_zone, window) = match name? {
        "interaction" => (false, false, Some(Window::Interaction)),
        "lifetime" => (false, false, Some(Window::Lifetime)),
        "case" => (true, false, length.map(|otherwise_ns| Window::Case { otherwise_ns })),
        "rolling" => (true, false, length.map(|duration_ns| Window::Rolling { duration_ns })),
        other => {
            let unit = UNITS.iter().find(|(unit, _)| *unit == other);
            let Some((_, unit)) = unit else {
                let fix = format!(
                    "{other:?} is unknown; write interaction, case, rolling, lifetime, day, week, \
                     month, quarter or year"
                );
                table.problem("window", fix);
                return None;
            };
            let calendar = |zone| Window::Calendar { unit: *unit, zone };
            (false, true, zone.and_then(|zone| known_zone(table, zone)).map(calendar))
        }
    };
    fits(table, "length", takes_length);
    fits(table, "zone", takes_zone);
    window
}

/// A key that a window needs must be there, and one that it does not need must not.
fn fits(table: &mut Table<'_>, key: &'static str, is_needed: bool) {
    match (is_needed, table.is_missing(key)) {
        (true, true) => table.problem(key, "is missing; this window needs it"),
        (false, false) => table.problem(key, "does not belong to this window; remove it"),
        (true, false) | (false, true) => {}
    }
}

fn known_zone(table: &mut Table<'_>, zone: &str) -> Option<String> {
    if zones::is_known(zone) {
        return Some(zone.to_owned());
    }
    table.problem("zone", format!("{zone:?} is no time zone; write one such as Europe/Madrid"));
    None
}

fn reason(table: &mut Table<'_>) -> Option<Reason> {
    let code = table.code("code");
    let label = table.required_text("label");
    let standard = table.text("standard");
    Some(Reason {
        code: code?,
        label: label?.to_owned(),
        standard: standard.map(ToOwned::to_owned),
    })
}

fn gesture(table: &mut Table<'_>) -> Option<Gesture> {
    let code = table.code("code");
    let label = table.required_text("label");
    let kind = kind(table);
    let value = gesture_value(table);
    let reason = table.optional_code("reason");
    let why = table.text("why");
    Some(Gesture {
        code: code?,
        label: label?.to_owned(),
        kind: kind?,
        value: value?,
        reason,
        why: why.map(ToOwned::to_owned),
    })
}

fn kind(table: &mut Table<'_>) -> Option<GestureKind> {
    let name = table.required_text("kind")?;
    named(table, "kind", name, &GestureKind::ALL.map(|kind| (kind.code(), kind)))
}

fn gesture_value(table: &mut Table<'_>) -> Option<GestureValue> {
    let value = table.required("value")?;
    match value.as_str() {
        Some("free") => Some(GestureValue::Free),
        Some("asked") => Some(GestureValue::Asked),
        Some(other) => {
            let fix = format!("{other:?} must be free, asked or amounts as {{ USD = \"45.00\" }}");
            table.problem("value", fix);
            None
        }
        None => Some(GestureValue::Fixed(table.amounts("value", value))),
    }
}

fn pool(table: &mut Table<'_>) -> Option<Pool> {
    let id = table.code("id");
    let label = table.required_text("label");
    let team = table.optional_code("team");
    let caps = table.value("caps").map(|value| table.amounts("caps", value));
    Some(Pool { id: id?, label: label?.to_owned(), team, caps })
}

/// The value with this name; a problem names the nearest.
fn named<T: Copy>(
    table: &mut Table<'_>,
    key: &'static str,
    name: &str,
    known: &[(&'static str, T)],
) -> Option<T> {
    if let Some((_, value)) = known.iter().find(|(known, _)| *known == name) {
        return Some(*value);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let fix = match nearest(name, names.iter().copied()) {
        Some(nearest) => format!("{name:?} is unknown; the nearest is {nearest}"),
        None => format!("{name:?} is unknown; write one of {}", names.join(", ")),
    };
    table.problem(key, fix);
    None
}
