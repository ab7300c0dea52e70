//! What makes a policy whole: every problem is found at once, each with its field and its fix.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{
    Counts, Dimension, Gesture, GestureValue, Limit, POOL_LIMIT_PREFIX, Policy, Pool, Window,
};
use crate::ids::CODE_MAX_CHARS;
use crate::money::{Currency, MAX_AMOUNT_MINOR};
use crate::time::NS_PER_DAY;

/// The longest label of a gesture's button, in characters.
const BUTTON_MAX_CHARS: usize = 10;
/// The longest name, label, vision or standard, in characters.
pub(crate) const TEXT_MAX_CHARS: usize = 200;
/// The longest note that a policy may allow, in characters: every note fits a record many times.
const NOTE_MAX_CHARS: u32 = 2_000;
/// The most limits, reasons, gestures or pools: an entry traces every limit, and must stay small.
const LIST_MAX: usize = 100;
/// The longest hold or undo window: longer ones would tie up authority for nobody.
const SPAN_MAX_NS: i64 = 366 * NS_PER_DAY;

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    /// Where, as `limits[0].caps`.
    pub field: String,
    /// What is wrong and what to write instead.
    pub fix: String,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.fix)
    }
}

impl std::error::Error for PolicyProblem {}

impl Policy {
    /// Checks the whole policy.
    ///
    /// # Errors
    /// Every problem there is, in the order of the fields.
    pub fn validate(&self) -> Result<(), Vec<PolicyProblem>> {
        let mut found = Problems::default();
        found.text("name", &self.name);
        found.text("version", &self.version);
        if let Some(vision) = &self.vision {
            found.text("vision", vision);
        }
        if self.currencies.is_empty() {
            found.add("currencies", "is empty; name at least one, such as USD");
        }
        found.span("hold", self.hold_ns);
        found.span("undo", self.undo_ns);
        if !(1..=NOTE_MAX_CHARS).contains(&self.note_max_chars) {
            let fix = format!("must be 1 to {NOTE_MAX_CHARS} characters");
            found.add("note_max_chars", fix);
        }
        if !(0..=SPAN_MAX_NS).contains(&self.backdate_ns) {
            found.add("backdate", "must be zero to 366 days");
        }
        check_consult(self, &mut found);
        found.count("limits", self.limits.len());
        found.count("reasons", self.reasons.len());
        found.count("gestures", self.gestures.len());
        found.count("pools", self.pools.len());
        check_limits(self, &mut found);
        check_reasons(self, &mut found);
        check_gestures(self, &mut found);
        check_pools(self, &mut found);
        if found.0.is_empty() { Ok(()) } else { Err(found.0) }
    }
}

/// Whoever is asked needs authority to grant, or every question ends in a refusal.
fn check_consult(policy: &Policy, found: &mut Problems) {
    found.span("consult.answer", policy.answer_ns);
    found.count("consult.roles", policy.approvers.len());
    let roles = || policy.approvers.iter().enumerate();
    for (index, role) in roles() {
        if roles().any(|(first, other)| first < index && other == role) {
            found.add("consult.roles", format!("names {role} twice; name it once"));
        }
        let is_theirs = |limit: &Limit| {
            limit.counts == Counts::Grants
                && limit.roles.as_ref().is_none_or(|roles| roles.contains(role))
        };
        if !policy.limits.iter().any(is_theirs) {
            let fix = format!(
                "names {role}, who can approve nothing; add a limit with counts = \"grants\" for them"
            );
            found.add("consult.roles", fix);
        }
    }
}

fn check_limits(policy: &Policy, found: &mut Problems) {
    if policy.limits.is_empty() {
        found.add("limits", "is empty; without a limit nobody may give anything");
    }
    let gives = |limit: &Limit| limit.counts == Counts::Amounts;
    if !policy.limits.is_empty() && !policy.limits.iter().any(gives) {
        found.add("limits", "none counts amounts; without one nobody may give anything");
    }
    found.unique("limits", "id", policy.limits.iter().map(|one| one.id.as_str()));
    for (index, limit) in policy.limits.iter().enumerate() {
        let field = |name: &str| format!("limits[{index}].{name}");
        if limit.id.as_str().starts_with(POOL_LIMIT_PREFIX) {
            found.add(field("id"), "begins with pool-, which is kept for pools");
        }
        found.text(&field("label"), &limit.label);
        check_limit(policy, limit, &field, found);
    }
}

fn check_limit(
    policy: &Policy,
    limit: &Limit,
    field: &dyn Fn(&str) -> String,
    found: &mut Problems,
) {
    if limit.scope.is_empty() {
        found.add(field("scope"), "is empty; name tenant to count the whole house together");
    }
    match &limit.window {
        Window::Case { otherwise_ns: span } | Window::Rolling { duration_ns: span } => {
            if *span <= 0 {
                found.add(field("window"), "has no length; give a duration above zero");
            }
        }
        Window::Calendar { zone, .. } => {
            if zone.is_empty() {
                found.add(field("window"), "has no zone; name one, such as Europe/Madrid");
            }
        }
        Window::Interaction | Window::Lifetime => {}
    }
    if limit.roles.as_ref().is_some_and(BTreeSet::is_empty) {
        found.add(field("roles"), "is empty; leave it out for every role");
    }
    if let Some(below) = limit.below_tenure_days
        && below <= limit.min_tenure_days
    {
        found.add(field("below_tenure_days"), "must be above min_tenure_days");
    }
    for reason in limit.reasons.iter().flatten() {
        if policy.reason(reason).is_none() {
            let fix = format!("names the reason {reason}, which is not among reasons");
            found.add(field("reasons"), fix);
        }
    }
    if limit.reasons.as_ref().is_some_and(BTreeSet::is_empty) {
        found.add(field("reasons"), "is empty; leave it out for every reason");
    }
    check_cap(policy, limit, field, found);
}

/// A limit has the cap that fits what it counts, and no other.
fn check_cap(policy: &Policy, limit: &Limit, field: &dyn Fn(&str) -> String, found: &mut Problems) {
    if limit.counts == Counts::Times {
        match limit.cap_times {
            None => found.add(field("cap"), "is missing; counting times needs one, such as 3"),
            Some(0) => found.add(field("cap"), "must be at least 1"),
            Some(_) => {}
        }
        if !limit.caps.is_empty() {
            found.add(field("caps"), "does not belong to a limit that counts times; remove it");
        }
        return;
    }
    if limit.cap_times.is_some() {
        found.add(field("cap"), "belongs to limits that count times; write caps instead");
    }
    check_amounts(policy, &limit.caps, &field("caps"), found);
    if limit.counts != Counts::Grants {
        return;
    }
    if !limit.scope.contains(&Dimension::Agent) {
        found.add(field("scope"), "must name agent; grants are counted for each who approves");
    }
    if policy.approvers.is_empty() {
        let fix = "counts grants, but nobody is asked; name roles in consult.roles";
        found.add(field("counts"), fix);
    }
}

/// Every currency of the policy has an amount, and no other has one.
fn check_amounts(
    policy: &Policy,
    amounts: &BTreeMap<Currency, i64>,
    field: &str,
    found: &mut Problems,
) {
    for currency in &policy.currencies {
        if !amounts.contains_key(currency) {
            found.add(field, format!("has no amount in {currency}; add one"));
        }
    }
    for (currency, amount) in amounts {
        if !policy.currencies.contains(currency) {
            found.add(field, format!("names {currency}, which is not among currencies"));
        }
        if !(1..=MAX_AMOUNT_MINOR).contains(amount) {
            let fix = format!("in {currency} must be 1 to {MAX_AMOUNT_MINOR} minor units");
            found.add(field, fix);
        }
    }
}

fn check_reasons(policy: &Policy, found: &mut Problems) {
    if policy.reasons.is_empty() {
        found.add("reasons", "is empty; every gesture needs a reason");
    }
    found.unique("reasons", "code", policy.reasons.iter().map(|one| one.code.as_str()));
    for (index, reason) in policy.reasons.iter().enumerate() {
        found.text(&format!("reasons[{index}].label"), &reason.label);
        if let Some(standard) = &reason.standard {
            found.text(&format!("reasons[{index}].standard"), standard);
        }
    }
}

fn check_gestures(policy: &Policy, found: &mut Problems) {
    if !policy.gestures.iter().any(|one| one.kind.moves_money()) {
        found.add("gestures", "has none that moves money; add one, such as a refund");
    }
    found.unique("gestures", "code", policy.gestures.iter().map(|one| one.code.as_str()));
    for (index, gesture) in policy.gestures.iter().enumerate() {
        let field = |name: &str| format!("gestures[{index}].{name}");
        check_gesture(policy, gesture, &field, found);
    }
}

fn check_gesture(
    policy: &Policy,
    one: &Gesture,
    field: &dyn Fn(&str) -> String,
    found: &mut Problems,
) {
    found.text(&field("label"), &one.label);
    if one.label.chars().count() > BUTTON_MAX_CHARS {
        let fix = format!("is longer than {BUTTON_MAX_CHARS} characters; shorten it");
        found.add(field("label"), fix);
    }
    if let Some(reason) = &one.reason
        && policy.reason(reason).is_none()
    {
        found.add(field("reason"), format!("names {reason}, which is not among reasons"));
    }
    let is_free = one.value == GestureValue::Free;
    if is_free == one.kind.moves_money() {
        let fix = if is_free {
            format!("is free, but {} moves money; name an amount or asked", one.kind.code())
        } else {
            format!("must be free, because {} moves no money", one.kind.code())
        };
        found.add(field("value"), fix);
    }
    if let GestureValue::Fixed(amounts) = &one.value {
        check_amounts(policy, amounts, &field("value"), found);
    }
}

fn check_pools(policy: &Policy, found: &mut Problems) {
    found.unique("pools", "id", policy.pools.iter().map(|one| one.id.as_str()));
    let team = |pool: &Pool| match &pool.team {
        Some(team) => team.to_string(),
        None => "(every team)".to_owned(),
    };
    let teams: Vec<String> = policy.pools.iter().map(team).collect();
    found.unique("pools", "team", teams.iter().map(String::as_str));
    for (index, pool) in policy.pools.iter().enumerate() {
        found.text(&format!("pools[{index}].label"), &pool.label);
        if pool.id.as_str().len() + POOL_LIMIT_PREFIX.len() > CODE_MAX_CHARS {
            found.add(format!("pools[{index}].id"), "is longer than 35 characters");
        }
        if let Some(caps) = &pool.caps {
            check_amounts(policy, caps, &format!("pools[{index}].caps"), found);
        }
    }
}

#[derive(Default)]
struct Problems(Vec<PolicyProblem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, fix: impl Into<String>) {
        self.0.push(PolicyProblem { field: field.into(), fix: fix.into() });
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.add(field, "is empty; write something");
        } else if text.chars().count() > TEXT_MAX_CHARS {
            self.add(field, format!("is longer than {TEXT_MAX_CHARS} characters"));
        }
    }

    fn count(&mut self, list: &str, count: usize) {
        if count > LIST_MAX {
            self.add(list, format!("has {count} items; keep at most {LIST_MAX}"));
        }
    }

    fn span(&mut self, field: &str, span_ns: i64) {
        if !(1..=SPAN_MAX_NS).contains(&span_ns) {
            self.add(field, "must be above zero and at most 366 days");
        }
    }

    fn unique<'a>(&mut self, list: &str, key: &str, values: impl Iterator<Item = &'a str>) {
        let mut first_index = BTreeMap::new();
        for (index, value) in values.enumerate() {
            let first = *first_index.entry(value).or_insert(index);
            let again = (first != index).then(|| PolicyProblem {
                field: format!("{list}[{index}].{key}"),
                fix: format!("{value} is already that of {list}[{first}]; choose another"),
            });
            self.0.extend(again);
        }
    }
}
