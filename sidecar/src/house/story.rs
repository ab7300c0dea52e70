//! The customer's story: sealed records opened and arranged as the panel shows them.

use makegood_core::preference;
use makegood_core::promise::{self, Ending, MovedBy, PromiseState};
use makegood_core::score::{Band, Scale, Score, ScoreError, ScoreKind, Trend};
use makegood_core::time::{NS_PER_DAY, Time};
use makegood_proto::records::v1::{self as pb, Envelope, RecordKind};
use makegood_proto::v1;
use prost::Message;

use super::view::{customer_id, money, stored_time, timestamp};
use super::{HouseError, Shared};
use crate::records;
use crate::vault::{Pid, Vault};

/// Rows on the panel's timeline.
const TIMELINE_LIMIT: usize = 5;
/// Scores that the panel gets.
const SCORE_LIMIT: usize = 5;
/// Preferences that the panel gets.
const PREFERENCE_LIMIT: usize = 8;
/// Open promises that the panel gets.
const PROMISE_LIMIT: usize = 5;
/// A contact about the same reason within so many days is a repeat.
const REPEAT_DAYS: i64 = 30;
/// The most characters of a customer's words.
const WORDS_LIMIT: usize = 2_000;

/// Everything stored of a customer that the panel may need, opened.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) pid: Pid,
    pub(super) customer: pb::Customer,
    pub(super) interactions: Vec<pb::Interaction>,
    pub(super) scores: Vec<pb::Score>,
    pub(super) preferences: Vec<pb::Preference>,
    pub(super) promises: Vec<pb::Promise>,
    pub(super) actions: Vec<pb::AdvocacyAction>,
    pub(super) purchases: Vec<pb::Purchase>,
}

impl Opened {
    /// Reads the newest records of each kind, up to `limit` of the kinds that grow without end.
    pub(super) fn read(shared: &Shared, pid: &Pid, limit: usize) -> Result<Self, HouseError> {
        let wanted = [
            (RecordKind::Customer, 1),
            (RecordKind::Interaction, limit),
            (RecordKind::Score, limit),
            (RecordKind::Preference, 200),
            (RecordKind::Promise, 200),
            (RecordKind::Action, limit),
            (RecordKind::Purchase, limit),
        ];
        let found = shared.read_model.records_of(pid, &wanted)?;
        let vault = shared.vault.read();
        let [
            customer,
            interactions,
            scores,
            preferences,
            promises,
            actions,
            purchases,
        ] = found.as_slice()
        else {
            return Err(HouseError::Stored);
        };
        Ok(Self {
            pid: *pid,
            customer: open_all(&vault, customer)?
                .into_iter()
                .next()
                .unwrap_or_default(),
            interactions: open_all(&vault, interactions)?,
            scores: open_all(&vault, scores)?,
            preferences: open_all(&vault, preferences)?,
            promises: open_all(&vault, promises)?,
            actions: open_all(&vault, actions)?,
            purchases: open_all(&vault, purchases)?,
        })
    }

    /// The part of the panel that tells the story; gestures are the ledger's to add.
    pub(super) fn context(
        &self,
        now: Time,
        gestures: &[v1::TimelineItem],
        owner_name: impl Fn(&[u8]) -> String,
    ) -> v1::CustomerContext {
        let mut recent_scores = self.score_views();
        let trend = self.trend();
        recent_scores.truncate(SCORE_LIMIT);
        let promises = self.open_promises(now, &owner_name);
        let mut timeline = self.timeline(now, &owner_name);
        timeline.extend(gestures.iter().cloned());
        arrange(&mut timeline);
        timeline.truncate(TIMELINE_LIMIT);
        v1::CustomerContext {
            customer: Some(self.customer_view()),
            recent_scores,
            trend: trend.into(),
            owed: promises.first().cloned(),
            preferences: self
                .preference_views(now)
                .into_iter()
                .take(PREFERENCE_LIMIT)
                .collect(),
            timeline,
            gesture_count: i32::try_from(gestures.len()).unwrap_or(i32::MAX),
            repeat_contact_count: self.repeat_contact_count(now),
            promises: promises.into_iter().take(PROMISE_LIMIT).collect(),
        }
    }

    pub(super) fn customer_view(&self) -> v1::Customer {
        let it = &self.customer;
        let short_name = match it.short_name.as_str() {
            "" => it
                .display_name
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned(),
            given => given.to_owned(),
        };
        v1::Customer {
            customer_id: customer_id(&self.pid),
            display_name: it.display_name.clone(),
            short_name,
            tier: it.tier.clone(),
            customer_since_time: stored_time(it.customer_since_ns),
            time_zone: it.time_zone.clone(),
            language_code: it.language_code.clone(),
            phone: it.phones.first().cloned().unwrap_or_default(),
        }
    }

    /// Every score, newest first, each with the one of its kind before it.
    pub(super) fn score_views(&self) -> Vec<v1::Score> {
        let mut scores: Vec<_> = self.scores.iter().collect();
        scores.sort_by_key(|score| std::cmp::Reverse(score.respond_ns));
        let previous = |index: usize| {
            let kind = (scores[index].kind, scores[index].scale_version);
            let mut earlier = scores[index + 1..].iter();
            earlier
                .find(|other| (other.kind, other.scale_version) == kind)
                .map(|it| it.value)
        };
        (0..scores.len())
            .map(|index| score_view(scores[index], previous(index)))
            .collect()
    }

    fn trend(&self) -> v1::Trend {
        let scores: Vec<_> = self.scores.iter().filter_map(core_score).collect();
        let Some(newest) = scores.iter().max_by_key(|score| score.at()) else {
            return v1::Trend::Unspecified;
        };
        match newest.trend(&scores) {
            Trend::First => v1::Trend::First,
            Trend::Up { .. } => v1::Trend::Up,
            Trend::Same => v1::Trend::Same,
            Trend::Down { .. } => v1::Trend::Down,
        }
    }

    /// Preferences that hold now, those the customer told us or confirmed first, then the newest.
    pub(super) fn preference_views(&self, now: Time) -> Vec<v1::Preference> {
        let mut valid: Vec<_> = self
            .preferences
            .iter()
            .filter(|it| core_preference(it).is_valid_at(now))
            .collect();
        valid.sort_by_key(|it| {
            let is_told = it.source == i32::from(v1::PreferenceSource::ToldUs);
            (
                it.situational,
                !is_told,
                std::cmp::Reverse(it.learned_ns.max(it.confirmed_ns)),
            )
        });
        valid.into_iter().map(preference_view).collect()
    }

    /// Promises that are not settled, most urgent first.
    pub(super) fn open_promises(
        &self,
        now: Time,
        owner_name: impl Fn(&[u8]) -> String,
    ) -> Vec<v1::Promise> {
        let mut open: Vec<_> = self
            .promises
            .iter()
            .filter(|it| core_promise(it).ending.is_none())
            .collect();
        open.sort_by_key(|it| (core_promise(it).next_due_at(), it.create_ns));
        open.into_iter()
            .map(|it| promise_view(it, now, owner_name(&it.owner_pid)))
            .collect()
    }

    /// Contacts about the newest contact's reason within thirty days, beyond the first.
    fn repeat_contact_count(&self, now: Time) -> i32 {
        let since = now.saturating_sub_ns(REPEAT_DAYS * NS_PER_DAY).as_nanos();
        let recent = || {
            self.interactions
                .iter()
                .filter(move |it| it.start_ns >= since)
        };
        let Some(reason) = recent().find_map(|it| it.reasons.first()) else {
            return 0;
        };
        let same = recent()
            .filter(|it| it.reasons.first() == Some(reason))
            .count();
        i32::try_from(same.saturating_sub(1)).unwrap_or(i32::MAX)
    }

    /// Every row, in no order.
    pub(super) fn timeline(
        &self,
        now: Time,
        owner_name: impl Fn(&[u8]) -> String,
    ) -> Vec<v1::TimelineItem> {
        let ended = v1::CallState::Ended as i32;
        // A call that is still going on is on the screen itself.
        let past = self
            .interactions
            .iter()
            .filter(|it| it.call_state == 0 || it.call_state == ended);
        let mut rows: Vec<_> = past.map(|it| self.interaction_row(it)).collect();
        rows.extend(
            self.scores
                .iter()
                .filter(|it| self.is_loose(it))
                .map(score_row),
        );
        rows.extend(
            self.promises
                .iter()
                .map(|it| promise_row(it, now, owner_name(&it.owner_pid))),
        );
        rows.extend(
            self.actions
                .iter()
                .filter(|it| it.spend_id.is_empty())
                .map(action_row),
        );
        rows.extend(self.purchases.iter().map(purchase_row));
        rows
    }

    fn interaction_row(&self, it: &pb::Interaction) -> v1::TimelineItem {
        let id = origin_id(it.origin.as_ref());
        let about = self
            .scores
            .iter()
            .find(|score| score.interaction_id == id && !id.is_empty());
        let reason = it
            .reasons
            .first()
            .map(|reason| reason.replace('_', " "))
            .unwrap_or_default();
        let channel = channel_name(it.channel);
        let title = if reason.is_empty() {
            channel.to_owned()
        } else {
            format!("{channel} · {reason}")
        };
        let effort = it.transfer_count + i32::from(!it.repeat_of.is_empty());
        v1::TimelineItem {
            quote: about.map(|score| shorten(&score.words)).unwrap_or_default(),
            score: about.map(|score| score_view(score, None)),
            effort_count: effort,
            ..row(v1::TimelineKind::Interaction, id, it.start_ns, title)
        }
    }

    fn is_loose(&self, score: &pb::Score) -> bool {
        let is_its = |it: &pb::Interaction| origin_id(it.origin.as_ref()) == score.interaction_id;
        score.interaction_id.is_empty() || !self.interactions.iter().any(is_its)
    }
}

/// Open rows first, then the newest first.
pub(super) fn arrange(rows: &mut [v1::TimelineItem]) {
    rows.sort_by_key(|row| {
        let when = row.occur_time.unwrap_or_default();
        (!row.open, std::cmp::Reverse((when.seconds, when.nanos)))
    });
}

pub(super) fn row(
    kind: v1::TimelineKind,
    item_id: &str,
    occur_ns: i64,
    title: String,
) -> v1::TimelineItem {
    v1::TimelineItem {
        item_id: item_id.to_owned(),
        kind: kind.into(),
        occur_time: Some(timestamp(occur_ns)),
        title,
        ..v1::TimelineItem::default()
    }
}

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
            .map(|id| makegood_core::ids::SpendId::from_bytes(id).to_string())
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
        core.as_ref()
            .and_then(Score::band)
            .map_or(v1::Band::Unspecified, |band| match band {
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

fn core_score(it: &pb::Score) -> Option<Score> {
    let kind = score_kind(it.kind, it.scale_version)?;
    Score::new(kind, it.value, Time::from_nanos(it.respond_ns)).ok()
}

fn core_promise(it: &pb::Promise) -> promise::Promise {
    let at = Time::from_nanos(it.settle_ns);
    let moved = match it.moved_by {
        1 => Some(Ending::Moved {
            at,
            by: MovedBy::Customer,
        }),
        2 => Some(Ending::Moved {
            at,
            by: MovedBy::House,
        }),
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

fn core_preference(it: &pb::Preference) -> preference::Preference {
    let instant = |ns: i64| (ns != 0).then(|| Time::from_nanos(ns));
    preference::Preference {
        confirmed_at: Time::from_nanos(it.learned_ns.max(it.confirmed_ns)),
        expires_at: instant(it.expire_ns),
        retracted_at: instant(it.retired_ns),
    }
}

fn score_row(it: &pb::Score) -> v1::TimelineItem {
    let score = score_view(it, None);
    let title = format!("Answered {} of {}", score.value, score.max_value);
    let id = origin_id(it.origin.as_ref());
    let quote = shorten(&it.words);
    let row = row(v1::TimelineKind::Score, id, it.respond_ns, title);
    v1::TimelineItem {
        quote,
        score: Some(score),
        ..row
    }
}

fn promise_row(it: &pb::Promise, now: Time, owner_name: String) -> v1::TimelineItem {
    let view = promise_view(it, now, owner_name);
    let is_open = core_promise(it).ending.is_none();
    let word = match view.state() {
        v1::promise::State::Open | v1::promise::State::Late => "open",
        v1::promise::State::Kept => "kept",
        v1::promise::State::Broken => "not kept",
        _ => "no longer wanted",
    };
    let title = format!("{} · {word}", it.text);
    let id = origin_id(it.origin.as_ref());
    v1::TimelineItem {
        open: is_open,
        ..row(v1::TimelineKind::Promise, id, it.create_ns, title)
    }
}

fn action_row(it: &pb::AdvocacyAction) -> v1::TimelineItem {
    let what = action_name(it.kind);
    let title = if it.note.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {}", it.note)
    };
    row(
        v1::TimelineKind::Action,
        origin_id(it.origin.as_ref()),
        it.act_ns,
        title,
    )
}

fn purchase_row(it: &pb::Purchase) -> v1::TimelineItem {
    let what = if it.product.is_empty() {
        "Purchase".to_owned()
    } else {
        format!("Bought {}", it.product)
    };
    row(
        v1::TimelineKind::Purchase,
        origin_id(it.origin.as_ref()),
        it.at_ns,
        what,
    )
}

fn action_name(kind: i32) -> &'static str {
    match v1::ActionKind::try_from(kind).unwrap_or_default() {
        v1::ActionKind::PreferredHour => "Kept the preferred hour",
        v1::ActionKind::LowerMargin => "Recommended what suits better",
        v1::ActionKind::CompetitorReferral => "Recommended another house",
        v1::ActionKind::SavedMoney => "Saved the customer money",
        v1::ActionKind::RaisedInside => "Raised inside",
        v1::ActionKind::Explained => "Explained",
        v1::ActionKind::Apologised => "Apologised",
        v1::ActionKind::Promised => "Promised",
        v1::ActionKind::Listened => "Listened",
        v1::ActionKind::Gesture | v1::ActionKind::Other | v1::ActionKind::Unspecified => "Helped",
    }
}

fn channel_name(channel: i32) -> &'static str {
    match v1::Channel::try_from(channel).unwrap_or_default() {
        v1::Channel::Unspecified => "Contact",
        v1::Channel::Phone => "Phone",
        v1::Channel::Chat => "Chat",
        v1::Channel::Email => "Mail",
        v1::Channel::Store => "Store",
        v1::Channel::Web => "Web",
        v1::Channel::Field => "Visit",
    }
}

fn origin_id(origin: Option<&pb::Origin>) -> &str {
    origin
        .map(|origin| origin.source_id.as_str())
        .unwrap_or_default()
}

fn shorten(words: &str) -> String {
    words.chars().take(WORDS_LIMIT).collect()
}

fn open_all<M: Message + Default>(
    vault: &Vault,
    envelopes: &[Envelope],
) -> Result<Vec<M>, HouseError> {
    let open = |envelope| records::open(vault, envelope).map_err(|_| HouseError::Stored);
    envelopes.iter().map(open).collect()
}
