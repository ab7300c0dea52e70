//! Stored records as the API shows them, and as the core judges them.

use makegood_core::ids::SpendId;
use makegood_core::preference;
use makegood_core::promise::{self, Ending, MovedBy, PromiseState};
use makegood_core::score::{Band, Scale, Score, ScoreError, ScoreKind};
use makegood_core::time::{NS_PER_DAY, Time};
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;

use super::view::{money, stored_time, timestamp};

/// The most characters of a customer's words.
const WORDS_LIMIT: usize = 2_000;

/// An action of a customer as the API shows it.
pub(super) fn action_view(it: &pb::AdvocacyAction, agent_name: String) -> v1::AdvocacyAction {
    let amount = |minor: i64| (minor != 0).then(|| money(&it.currency_code, minor));
    v1::AdvocacyAction {
        action_id: origin_id(it.origin.as_ref()).to_owned(),
        kind: it.kind,
        act_time: Some(timestamp(it.act_ns)),
        note: it.note.clone(),
        customer_value: amount(it.customer_value_minor),
        margin_given_up: amount(it.margin_given_up_minor),
        counterpart: it.counterpart.clone(),
        blocker: it.blocker,
        spend_id: <[u8; 16]>::try_from(it.spend_id.as_slice())
            .map(|id| SpendId::from_bytes(id).to_string())
            .unwrap_or_default(),
        agent_name,
        interaction_id: it.interaction_id.clone(),
    }
}

pub(super) fn preference_view(it: &pb::Preference) -> v1::Preference {
    v1::Preference {
        preference_id: origin_id(it.origin.as_ref()).to_owned(),
        kind: it.kind,
        text: it.text.clone(),
        source: it.source,
        learned_time: stored_time(it.learned_ns),
        confirmed_time: stored_time(it.confirmed_ns),
        expire_time: stored_time(it.expire_ns),
        situational: it.situational,
    }
}

pub(super) fn promise_view(it: &pb::Promise, now: Time, owner_name: String) -> v1::Promise {
    let promise = core_promise(it);
    let state = match promise.state_at(now) {
        PromiseState::Open => v1::promise::State::Open,
        PromiseState::Late => v1::promise::State::Late,
        PromiseState::Kept => v1::promise::State::Kept,
        PromiseState::Broken => v1::promise::State::Broken,
        PromiseState::Moved | PromiseState::Cancelled => v1::promise::State::Cancelled,
    };
    let late_days = promise.lateness_ns(now) / NS_PER_DAY;
    v1::Promise {
        promise_id: origin_id(it.origin.as_ref()).to_owned(),
        text: it.text.clone(),
        due_time: Some(timestamp(it.due_ns)),
        create_time: Some(timestamp(it.create_ns)),
        state: state.into(),
        late_days: i32::try_from(late_days).unwrap_or(i32::MAX),
        owner_name,
    }
}

pub(super) fn score_view(it: &pb::Score, previous_value: Option<i32>) -> v1::Score {
    let core = core_score(it);
    let band =
        core.as_ref().and_then(Score::band).map_or(v1::Band::Unspecified, |band| match band {
            Band::Advocate => v1::Band::Advocate,
            Band::Passive => v1::Band::Passive,
            Band::Opponent => v1::Band::Opponent,
        });
    v1::Score {
        score_id: origin_id(it.origin.as_ref()).to_owned(),
        kind: it.kind,
        value: it.value,
        max_value: core.map_or(it.value, |score| score.kind().range().1),
        band: band.into(),
        respond_time: stored_time(it.respond_ns),
        previous_value,
        words: shorten(&it.words),
        interaction_id: it.interaction_id.clone(),
        question: it.question.clone(),
    }
}

/// The core's kind of a score; none for a number that this release does not know.
fn score_kind(number: i32, scale_version: i32) -> Option<ScoreKind> {
    match v1::ScoreKind::try_from(number).ok()? {
        v1::ScoreKind::Unspecified => None,
        // Versions of a scale are never compared with each other.
        _ if scale_version > 1 => Some(ScoreKind::Custom(Scale {
            name: number.to_string(),
            version: scale_version.unsigned_abs(),
            min: 0,
            max: 10,
        })),
        v1::ScoreKind::Recommend => Some(ScoreKind::Ltr),
        v1::ScoreKind::Satisfaction => Some(ScoreKind::Csat),
        v1::ScoreKind::Effort => Some(ScoreKind::Ces),
        v1::ScoreKind::YesNo => Some(ScoreKind::YesNo),
    }
}

/// Whether a value is on the scale of its kind.
///
/// # Errors
/// When it is not, with the range that it should be in.
pub fn check_score(kind: v1::ScoreKind, value: i32) -> Result<(), ScoreError> {
    match score_kind(kind.into(), 1) {
        Some(kind) => Score::new(kind, value, Time::MIN).map(|_| ()),
        None => Ok(()),
    }
}

pub(super) fn core_score(it: &pb::Score) -> Option<Score> {
    let kind = score_kind(it.kind, it.scale_version)?;
    Score::new(kind, it.value, Time::from_nanos(it.respond_ns)).ok()
}

pub(super) fn core_promise(it: &pb::Promise) -> promise::Promise {
    let at = Time::from_nanos(it.settle_ns);
    let moved = match it.moved_by {
        1 => Some(Ending::Moved { at, by: MovedBy::Customer }),
        2 => Some(Ending::Moved { at, by: MovedBy::House }),
        _ => None,
    };
    let ending = match it.outcome {
        1 => Some(Ending::Kept { at }),
        2 => Some(Ending::Broken { at }),
        3 => Some(Ending::Cancelled { at }),
        _ => moved,
    };
    promise::Promise {
        made_at: Time::from_nanos(it.create_ns),
        due_at: Time::from_nanos(it.due_ns),
        next_update_at: None,
        ending,
    }
}

pub(super) fn core_preference(it: &pb::Preference) -> preference::Preference {
    let instant = |ns: i64| (ns != 0).then(|| Time::from_nanos(ns));
    preference::Preference {
        confirmed_at: Time::from_nanos(it.learned_ns.max(it.confirmed_ns)),
        expires_at: instant(it.expire_ns),
        retracted_at: instant(it.retired_ns),
    }
}
pub(super) fn origin_id(origin: Option<&pb::Origin>) -> &str {
    origin.map(|origin| origin.source_id.as_str()).unwrap_or_default()
}

pub(super) fn shorten(words: &str) -> String {
    words.chars().take(WORDS_LIMIT).collect()
}
