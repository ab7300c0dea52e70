//! The customer's story: sealed records opened and arranged as the panel shows them.

use makegood_core::score::Trend;
use makegood_core::time::{NS_PER_DAY, Time};
use makegood_proto::records::v1::{self as pb, Envelope, RecordKind};
use makegood_proto::v1;
use prost::Message;

use super::record_view::{
    core_preference, core_promise, core_score, preference_view, promise_view, score_view,
};
use super::timeline::arrange;
use super::view::{customer_id, stored_time};
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
    /// The spend ids of gestures, newest first.
    pub(super) gestures: Vec<[u8; 16]>,
}

impl Opened {
    /// Reads the newest records of each kind, up to `limit` of the kinds that grow without end, and
    /// the newest gestures.
    pub(super) fn read(
        shared: &Shared,
        pid: &Pid,
        limit: usize,
        gesture_limit: usize,
    ) -> Result<Self, HouseError> {
        let wanted = [
            (RecordKind::Customer, 1),
            (RecordKind::Interaction, limit),
            (RecordKind::Score, limit),
            (RecordKind::Preference, 200),
            (RecordKind::Promise, 200),
            (RecordKind::Action, limit),
            (RecordKind::Purchase, limit),
        ];
        let (found, gestures) = shared.read_model.story_of(pid, &wanted, gesture_limit)?;
        let vault = shared.vault.read();
        let [customer, interactions, scores, preferences, promises, actions, purchases] =
            found.as_slice()
        else {
            return Err(HouseError::Stored);
        };
        Ok(Self {
            pid: *pid,
            customer: open_all(&vault, customer)?.into_iter().next().unwrap_or_default(),
            interactions: open_all(&vault, interactions)?,
            scores: open_all(&vault, scores)?,
            preferences: open_all(&vault, preferences)?,
            promises: open_all(&vault, promises)?,
            actions: open_all(&vault, actions)?,
            purchases: open_all(&vault, purchases)?,
            gestures,
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
            preferences: self.preference_views(now).into_iter().take(PREFERENCE_LIMIT).collect(),
            timeline,
            gesture_count: i32::try_from(gestures.len()).unwrap_or(i32::MAX),
            repeat_contact_count: self.repeat_contact_count(now),
            promises: promises.into_iter().take(PROMISE_LIMIT).collect(),
        }
    }

    pub(super) fn customer_view(&self) -> v1::Customer {
        let it = &self.customer;
        let short_name = match it.short_name.as_str() {
            "" => it.display_name.split_whitespace().next().unwrap_or_default().to_owned(),
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
            earlier.find(|other| (other.kind, other.scale_version) == kind).map(|it| it.value)
        };
        (0..scores.len()).map(|index| score_view(scores[index], previous(index))).collect()
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
        let mut valid: Vec<_> =
            self.preferences.iter().filter(|it| core_preference(it).is_valid_at(now)).collect();
        valid.sort_by_key(|it| {
            let is_told = it.source == i32::from(v1::PreferenceSource::ToldUs);
            (it.situational, !is_told, std::cmp::Reverse(it.learned_ns.max(it.confirmed_ns)))
        });
        valid.into_iter().map(preference_view).collect()
    }

    /// Promises that are not settled, most urgent first.
    pub(super) fn open_promises(
        &self,
        now: Time,
        owner_name: impl Fn(&[u8]) -> String,
    ) -> Vec<v1::Promise> {
        let mut open: Vec<_> =
            self.promises.iter().filter(|it| core_promise(it).ending.is_none()).collect();
        open.sort_by_key(|it| (core_promise(it).next_due_at(), it.create_ns));
        open.into_iter().map(|it| promise_view(it, now, owner_name(&it.owner_pid))).collect()
    }

    /// Contacts about the newest contact's reason within thirty days, beyond the first.
    fn repeat_contact_count(&self, now: Time) -> i32 {
        let since = now.saturating_sub_ns(REPEAT_DAYS * NS_PER_DAY).as_nanos();
        let recent = || self.interactions.iter().filter(move |it| it.start_ns >= since);
        let Some(reason) = recent().find_map(|it| it.reasons.first()) else {
            return 0;
        };
        let same = recent().filter(|it| it.reasons.first() == Some(reason)).count();
        i32::try_from(same.saturating_sub(1)).unwrap_or(i32::MAX)
    }
}

fn open_all<M: Message + Default>(
    vault: &Vault,
    envelopes: &[Envelope],
) -> Result<Vec<M>, HouseError> {
    let open = |envelope| records::open(vault, envelope).map_err(|_| HouseError::Stored);
    envelopes.iter().map(open).collect()
}
