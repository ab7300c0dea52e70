//! Says what a policy means, in lines for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::SignedDuration;
use makegood_core::ids::{ReasonCode, RoleCode};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::{
    CalendarUnit, Counts, Dimension, Gesture, GestureValue, Limit, Policy, Window,
};

/// The report; one line a thing, and a last line that says that all is well.
pub(super) fn of(policy: &Policy) -> String {
    let mut text = String::new();
    let mut line = |head: &str, rest: &str| {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{head:<10} {rest}");
    };
    line("policy", &format!("{}, version {}", policy.name, policy.version));
    line("digest", &policy.digest.to_string());
    line("currencies", &policy.currency_codes().join(", "));
    if let Some(vision) = &policy.vision {
        line("vision", vision);
    }
    line("hold", &duration(policy.hold_ns));
    line("undo", &duration(policy.undo_ns));
    line("backdate", &backdate(policy.backdate_ns));
    line("consult", &consult(policy));
    for one in &policy.limits {
        line("limit", &limit(one));
    }
    for reason in &policy.reasons {
        let standard = reason.standard.as_deref().unwrap_or("(no standard)");
        line("reason", &format!("{}: {standard}", reason.label));
    }
    for one in &policy.gestures {
        line("gesture", &gesture(one));
    }
    for pool in &policy.pools {
        let team = pool.team.as_ref().map_or("every team".to_owned(), ToString::to_string);
        let caps = pool.caps.as_ref().map_or("no cap".to_owned(), amounts);
        line("pool", &format!("{} of {team}: {caps}", pool.id));
    }
    text.push_str("the policy is sound");
    text
}

fn backdate(backdate_ns: i64) -> String {
    match backdate_ns {
        0 => "nothing counts for another time than its own".to_owned(),
        span => format!("reversals and corrections, up to {}", duration(span)),
    }
}

fn consult(policy: &Policy) -> String {
    if policy.approvers.is_empty() {
        return "nobody is asked for more".to_owned();
    }
    let roles: Vec<&str> = policy.approvers.iter().map(RoleCode::as_str).collect();
    format!("{}; each has {} to answer", roles.join(", then "), duration(policy.answer_ns))
}

/// The most that a limit allows.
fn cap(limit: &Limit) -> String {
    match (limit.counts, limit.cap_times) {
        (Counts::Times, Some(1)) => "1 gesture".to_owned(),
        (Counts::Times, times) => format!("{} gestures", times.unwrap_or(0)),
        (Counts::Amounts, _) => amounts(&limit.caps),
        (Counts::Grants, _) => format!("grants of {} to others", amounts(&limit.caps)),
    }
}

fn limit(limit: &Limit) -> String {
    let each: Vec<&str> = limit.scope.iter().map(|one| dimension(*one)).collect();
    let mut text = format!(
        "{}: {} for each {}, {}",
        limit.id,
        cap(limit),
        each.join(" and "),
        window(&limit.window)
    );
    if let Some(roles) = &limit.roles {
        let roles: Vec<&str> = roles.iter().map(RoleCode::as_str).collect();
        let _ = write!(text, "; roles {}", roles.join(", "));
    }
    if let Some(reasons) = &limit.reasons {
        let reasons: Vec<&str> = reasons.iter().map(ReasonCode::as_str).collect();
        let _ = write!(text, "; reasons {}", reasons.join(", "));
    }
    if limit.min_tenure_days > 0 {
        let _ = write!(text, "; from {} days of tenure", limit.min_tenure_days);
    }
    if let Some(below) = limit.below_tenure_days {
        let _ = write!(text, "; below {below} days of tenure");
    }
    text
}

fn dimension(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Tenant => "house",
        Dimension::Pool => "pool",
        Dimension::Agent => "agent",
        Dimension::Customer => "customer",
        Dimension::Case => "case",
        Dimension::Interaction => "interaction",
        Dimension::Reason => "reason",
    }
}

fn window(window: &Window) -> String {
    match window {
        Window::Interaction => "in one interaction".to_owned(),
        Window::Case { otherwise_ns } => {
            format!("in one case, or in {} where there is none", duration(*otherwise_ns))
        }
        Window::Calendar { unit, zone } => format!("in one {} of {zone}", unit_name(*unit)),
        Window::Rolling { duration_ns } => format!("in the last {}", duration(*duration_ns)),
        Window::Lifetime => "ever".to_owned(),
    }
}

fn unit_name(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Day => "day",
        CalendarUnit::Week => "week",
        CalendarUnit::Month => "month",
        CalendarUnit::Quarter => "quarter",
        CalendarUnit::Year => "year",
    }
}

fn gesture(gesture: &Gesture) -> String {
    let value = match &gesture.value {
        GestureValue::Free => "costs nothing".to_owned(),
        GestureValue::Asked => "the agent names the amount".to_owned(),
        GestureValue::Fixed(offered) => amounts(offered),
    };
    format!("{} ({}): {value}", gesture.label, gesture.kind.code())
}

fn amounts(amounts: &BTreeMap<Currency, i64>) -> String {
    let amount = |(currency, minor): (&Currency, &i64)| Money::new(*currency, *minor).to_string();
    amounts.iter().map(amount).collect::<Vec<_>>().join(", ")
}

/// Whole days as days, because a policy is read in days.
fn duration(nanos: i64) -> String {
    let duration = SignedDuration::from_nanos(nanos);
    let day = SignedDuration::from_hours(24);
    let days = duration.as_hours() / day.as_hours();
    if days > 1 && duration == day * i32::try_from(days).unwrap_or(i32::MAX) {
        return format!("{days} days");
    }
    format!("{duration:#}")
}
