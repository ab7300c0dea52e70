//! Small conversions from stored forms to those of the API.

use makegood_core::ids::CustomerPid;
use makegood_core::ledger::{Headroom, Key, LimitState, PauseReason, PauseRow, Read, Row};
use makegood_core::money::Currency;
use makegood_core::policy::{Counts, GestureKind, GestureValue, Policy};
use makegood_core::time::Time;
use makegood_proto::v1;
use prost_types::Timestamp;

use crate::vault::Pid;

pub(super) const NS_PER_MS: i64 = 1_000_000;

/// An instant of the API from nanoseconds since the Unix epoch.
pub fn timestamp(ns: i64) -> Timestamp {
    const NS_PER_S: i64 = 1_000_000_000;
    let nanos = i32::try_from(ns.rem_euclid(NS_PER_S)).unwrap_or(0);
    Timestamp { seconds: ns.div_euclid(NS_PER_S), nanos }
}

/// As [`timestamp`]; stored zeros mean that there is none.
pub(super) fn stored_time(ns: i64) -> Option<Timestamp> {
    (ns != 0).then(|| timestamp(ns))
}

/// Nanoseconds since the Unix epoch from an instant of the API, held at the ends of the range.
pub fn nanoseconds(time: Timestamp) -> i64 {
    time.seconds.saturating_mul(1_000_000_000).saturating_add(time.nanos.into())
}

pub(crate) fn customer_id(pid: &Pid) -> String {
    CustomerPid::from_bytes(*pid).to_string()
}

pub(super) fn money(currency_code: &str, amount_minor: i64) -> v1::Money {
    v1::Money { currency_code: currency_code.to_owned(), amount_minor }
}

/// What the panel shows of a policy.
pub(super) fn policy(policy: &Policy) -> v1::PolicyView {
    let currency = policy.currencies.first().copied();
    let code = currency.map(Currency::code).unwrap_or_default();
    let amount = |value: &GestureValue| match value {
        GestureValue::Fixed(amounts) => {
            currency.and_then(|currency| amounts.get(&currency)).map(|minor| money(code, *minor))
        }
        GestureValue::Free | GestureValue::Asked => None,
    };
    let gestures = policy.gestures.iter().map(|gesture| v1::GestureCard {
        code: gesture.code.to_string(),
        label: gesture.label.clone(),
        amount: amount(&gesture.value),
        reason_code: gesture.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
        why: gesture.why.clone().unwrap_or_default(),
        value: match gesture.value {
            GestureValue::Free => v1::GestureValue::Free,
            GestureValue::Fixed(_) => v1::GestureValue::Fixed,
            GestureValue::Asked => v1::GestureValue::Asked,
        }
        .into(),
        action_kind: action_kind(gesture.kind).into(),
    });
    let reasons = policy.reasons.iter().map(|reason| v1::Reason {
        code: reason.code.to_string(),
        label: reason.label.clone(),
        standard: reason.standard.clone().unwrap_or_default(),
    });
    v1::PolicyView {
        name: policy.name.clone(),
        version: policy.version.clone(),
        vision: policy.vision.clone().unwrap_or_default(),
        currency_code: code.to_owned(),
        reasons: reasons.collect(),
        gestures: gestures.collect(),
        undo_ms: policy.undo_ns / NS_PER_MS,
        hold_ms: policy.hold_ns / NS_PER_MS,
        note_max_characters: i32::try_from(policy.note_max_chars).unwrap_or(i32::MAX),
        answer_ms: policy.answer_ns / NS_PER_MS,
    }
}

/// What to log for a gesture of this kind.
fn action_kind(kind: GestureKind) -> v1::ActionKind {
    match kind {
        GestureKind::PreferredHour => v1::ActionKind::PreferredHour,
        GestureKind::LowerMarginProduct => v1::ActionKind::LowerMargin,
        GestureKind::CompetitorReferral => v1::ActionKind::CompetitorReferral,
        GestureKind::SavedMoney => v1::ActionKind::SavedMoney,
        GestureKind::PromiseMade => v1::ActionKind::Promised,
        GestureKind::RaisedInside => v1::ActionKind::RaisedInside,
        GestureKind::Explained => v1::ActionKind::Explained,
        GestureKind::Apologised => v1::ActionKind::Apologised,
        GestureKind::Listened => v1::ActionKind::Listened,
        GestureKind::RefundCredit
        | GestureKind::FeeWaiver
        | GestureKind::Gift
        | GestureKind::Upgrade
        | GestureKind::Expedite
        | GestureKind::ThirdParty
        | GestureKind::Other => v1::ActionKind::Gesture,
    }
}

/// Headroom as the API shows it, as long as giving is not paused.
pub(super) fn headroom(headroom: &Headroom, pause: Option<v1::Pause>) -> v1::Headroom {
    let instant = |time: Option<Time>| time.map(|time| timestamp(time.as_nanos()));
    let limit = |limit: &LimitState| v1::LimitState {
        limit_id: limit.limit.to_string(),
        label: limit.label.clone(),
        cap_minor: limit.cap_minor,
        given_minor: limit.given_minor,
        held_minor: limit.held_minor,
        available_minor: limit.available_minor(),
        reset_time: instant(limit.resets_at),
        counts: counts(limit.counts).into(),
        granted_minor: limit.granted_minor,
        before_minor: None,
        after_minor: None,
    };
    let mut limits: Vec<_> = headroom.limits.iter().map(limit).collect();
    limits.sort_by_key(|limit| limit.available_minor);
    v1::Headroom {
        currency_code: headroom.currency.code().to_owned(),
        available_minor: headroom.available_minor,
        cap_minor: headroom.cap_minor,
        given_minor: headroom.given_minor,
        held_minor: headroom.held_minor,
        limit_id: headroom.binding.as_ref().map(ToString::to_string).unwrap_or_default(),
        label: headroom.label.clone(),
        reset_time: instant(headroom.resets_at),
        limits,
        pause,
    }
}

fn counts(counts: Counts) -> v1::LimitCounts {
    match counts {
        // What others are granted is counted like any other amount.
        Counts::Amounts | Counts::Grants => v1::LimitCounts::Amounts,
        Counts::Times => v1::LimitCounts::Times,
    }
}

/// Why nothing new may be given; none while giving goes on.
pub(super) fn pause(rows: &impl Read) -> Option<v1::Pause> {
    let Some(Row::Pause(PauseRow { paused })) = rows.get(&Key::Pause) else {
        return None;
    };
    let (reason, since) = (*paused)?;
    let reason = match reason {
        PauseReason::Budget => v1::PauseReason::Budget,
        PauseReason::Fraud => v1::PauseReason::Fraud,
        PauseReason::System => v1::PauseReason::System,
        PauseReason::Policy => v1::PauseReason::Policy,
        PauseReason::Other => v1::PauseReason::Other,
    };
    Some(v1::Pause { reason: reason.into(), start_time: Some(timestamp(since.as_nanos())) })
}
