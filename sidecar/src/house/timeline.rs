//! A customer's timeline: what happened, row by row.

use makegood_core::time::Time;
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;

use super::record_view::{core_promise, origin_id, promise_view, score_view, shorten};
use super::story::Opened;
use super::view::timestamp;

impl Opened {
    /// Every row, in no order.
    pub(super) fn timeline(
        &self,
        now: Time,
        owner_name: impl Fn(&[u8]) -> String,
    ) -> Vec<v1::TimelineItem> {
        let ended = v1::CallState::Ended as i32;
        // A call that is still going on is on the screen itself.
        let past =
            self.interactions.iter().filter(|it| it.call_state == 0 || it.call_state == ended);
        let mut rows: Vec<_> = past.map(|it| self.interaction_row(it)).collect();
        rows.extend(self.scores.iter().filter(|it| self.is_loose(it)).map(score_row));
        rows.extend(self.promises.iter().map(|it| promise_row(it, now, owner_name(&it.owner_pid))));
        rows.extend(self.actions.iter().filter(|it| it.spend_id.is_empty()).map(action_row));
        rows.extend(self.purchases.iter().map(purchase_row));
        rows
    }

    fn interaction_row(&self, it: &pb::Interaction) -> v1::TimelineItem {
        let id = origin_id(it.origin.as_ref());
        let about = self.scores.iter().find(|score| score.interaction_id == id && !id.is_empty());
        let reason = it.reasons.first().map(|reason| reason.replace('_', " ")).unwrap_or_default();
        let channel = channel_name(it.channel);
        let title =
            if reason.is_empty() { channel.to_owned() } else { format!("{channel} · {reason}") };
        let repeats = i32::from(!it.repeat_of.is_empty());
        let effort = it.transfer_count.saturating_add(repeats);
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
fn score_row(it: &pb::Score) -> v1::TimelineItem {
    let score = score_view(it, None);
    let title = format!("Answered {} of {}", score.value, score.max_value);
    let id = origin_id(it.origin.as_ref());
    let quote = shorten(&it.words);
    let row = row(v1::TimelineKind::Score, id, it.respond_ns, title);
    v1::TimelineItem { quote, score: Some(score), ..row }
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
    v1::TimelineItem { open: is_open, ..row(v1::TimelineKind::Promise, id, it.create_ns, title) }
}

fn action_row(it: &pb::AdvocacyAction) -> v1::TimelineItem {
    let what = action_name(it.kind);
    let title = if it.note.is_empty() { what.to_owned() } else { format!("{what}: {}", it.note) };
    row(v1::TimelineKind::Action, origin_id(it.origin.as_ref()), it.act_ns, title)
}

fn purchase_row(it: &pb::Purchase) -> v1::TimelineItem {
    let what = if it.product.is_empty() {
        "Purchase".to_owned()
    } else {
        format!("Bought {}", it.product)
    };
    row(v1::TimelineKind::Purchase, origin_id(it.origin.as_ref()), it.at_ns, what)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_effort_whatever_was_stored() {
        for (transfer_count, repeat_of, effort_count) in
            [(1, "", 1), (1, "c-1", 2), (i32::MAX, "c-1", i32::MAX)]
        {
            let it = pb::Interaction {
                transfer_count,
                repeat_of: repeat_of.to_owned(),
                ..pb::Interaction::default()
            };
            let row = Opened::default().interaction_row(&it);
            assert_eq!(row.effort_count, effort_count);
        }
    }
}
