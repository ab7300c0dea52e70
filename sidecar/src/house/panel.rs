//! Everything that a panel shows about one interaction, in one reply.
//!
//! A customer's story changes seldom and is asked for often, so it is kept encoded in a bounded
//! cache. Whatever is written about a customer changes their generation, and a story of an older
//! generation is told anew. Money is never cached: it comes from the ledger's rows each time.

use std::sync::Arc;

use bytes::Bytes;
use makegood_core::ids::{CustomerPid, SpendId};
use makegood_core::ledger::{ConsultRow, Question, Read as _, SpendRow, Subject, headroom};
use makegood_core::money::Currency;
use makegood_core::time::{NS_PER_DAY, NS_PER_S, Time};
use makegood_proto::records::v1::{self as pb, RecordKind};
use makegood_proto::v1;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::consult_view::Asked;
use super::customers::{Match, candidates, identify};
use super::encoded::{self, EncodedPanel};
use super::live::Live;
use super::record_view::action_view;
use super::story::Opened;
use super::timeline::row;
use super::view::{self, timestamp};
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;
use crate::ledger::state::View;
use crate::read_model::Rebuilding;
use crate::records;
use crate::vault::Pid;
use makegood_ledger::zones;

/// Records of each kind that the story is told from.
const STORY_LIMIT: usize = 50;
/// Gestures that the story counts, and those of this interaction that the panel lists.
const GESTURE_LIMIT: usize = 60;
const SPENDS_SHOWN: usize = 20;
const ACTIONS_SHOWN: usize = 20;
/// Gestures further back than this are not counted.
const GESTURE_DAYS: i64 = 180;
/// A story tells of days and of what is late, so it is told anew now and then.
const FRESH_NS: i64 = 60 * NS_PER_S;

/// Who asks on which call about whom, and when.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) live: &'a Live,
    pub(super) customer: Pid,
    pub(super) now: Time,
}

/// A customer's story as it was told once.
pub(super) struct Told {
    generation: u64,
    at: Time,
    /// A piece of the panel, see [`EncodedPanel`].
    context: Bytes,
    gestures: Vec<SpendId>,
    actions: Vec<v1::AdvocacyAction>,
}

/// Weighs a story by about the bytes that it takes.
#[derive(Clone)]
pub(super) struct ByBytes;

pub(super) type Stories = Cache<Pid, Arc<Told>, ByBytes>;

impl Weighter<Pid, Arc<Told>> for ByBytes {
    fn weight(&self, _: &Pid, told: &Arc<Told>) -> u64 {
        let actions: usize = told.actions.iter().map(prost::Message::encoded_len).sum();
        // Structs in memory take about twice what they take encoded.
        (told.context.len() + 2 * actions + 512) as u64
    }
}

/// A cache of at most `bytes`.
pub(super) fn stories(bytes: u64) -> Stories {
    const TYPICAL_BYTES: u64 = 4_096;
    let items = usize::try_from(bytes / TYPICAL_BYTES).unwrap_or(1).max(1);
    Cache::with_weighter(items, bytes, ByBytes)
}

impl House {
    /// Everything that a panel paints first. Nobody found is an answer.
    ///
    /// # Errors
    /// When the customer's id is unknown, the lookup is malformed, or the token is bound to
    /// another interaction.
    pub fn panel(
        &self,
        visitor: &Visitor,
        interaction_id: &str,
        lookup: Option<&v1::Lookup>,
        customer: Option<CustomerPid>,
    ) -> Result<v1::Panel, HouseError> {
        let encoded = self.encoded_panel(visitor, interaction_id, lookup, customer)?;
        encoded.into_panel().map_err(|_| HouseError::Stored)
    }

    /// As [`House::panel`], with its long parts as they are kept.
    ///
    /// # Errors
    /// As [`House::panel`].
    pub fn encoded_panel(
        &self,
        visitor: &Visitor,
        interaction_id: &str,
        lookup: Option<&v1::Lookup>,
        customer: Option<CustomerPid>,
    ) -> Result<EncodedPanel, HouseError> {
        visitor.may_act_on(interaction_id)?;
        // A stream that was opened before goes on without them.
        if self.shared.erased.contains(&visitor.agent.pid) {
            return Err(HouseError::AgentNotFound { is_ambiguous: false });
        }
        let live = self.known_interaction(interaction_id)?;
        let found = self.who(visitor, live.as_deref(), lookup, customer)?;
        let now = wall_time();
        let rest = v1::Panel {
            interaction: live.as_ref().map(|live| self.interaction_view(live)),
            match_status: found.status.into(),
            as_of_time: Some(timestamp(now.as_nanos())),
            revision: Some(self.revision()),
            history_state: self.shared.history_state().into(),
            requested_interaction_id: interaction_id.to_owned(),
            pause: self.shared.state.read(|rows| view::pause(rows))?,
            ..v1::Panel::default()
        };
        let mut panel =
            EncodedPanel { policy: self.shared.policy_piece(), context: Bytes::new(), rest };
        if let Some(pid) = found.exact() {
            // One reply paints the headroom too: it does not wait until the call was written.
            let ringing = || Arc::new(Live::ringing(&self.shared, interaction_id));
            let live = live.unwrap_or_else(ringing);
            self.add_customer(&mut panel, &Call { visitor, live: &live, customer: *pid, now })?;
        } else {
            panel.rest.candidates = candidates(&self.shared, &found.pids)?;
            panel.rest.actions = self.own_actions(visitor, interaction_id)?;
        }
        Ok(panel)
    }

    /// The number of the state that is shown now.
    pub fn revision(&self) -> v1::Revision {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        v1::Revision {
            ledger_position: count(self.shared.state.entry_count()),
            record_position: count(self.shared.state.record_count()),
        }
    }

    pub(super) fn interaction_view(&self, live: &Live) -> v1::Interaction {
        live.view(self.directory.name(&self.shared, &live.record.agent_pid))
    }

    /// While history is away, an interaction that is not in memory is as good as not started.
    fn known_interaction(&self, interaction_id: &str) -> Result<Option<Arc<Live>>, HouseError> {
        if interaction_id.is_empty() {
            return Ok(None);
        }
        match self.interaction(interaction_id) {
            Ok(live) => Ok(Some(live)),
            Err(HouseError::InteractionNotFound | HouseError::Rebuilding(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The customer of the interaction, else the one named, else whom the lookup fits.
    fn who(
        &self,
        visitor: &Visitor,
        live: Option<&Live>,
        lookup: Option<&v1::Lookup>,
        customer: Option<CustomerPid>,
    ) -> Result<Match, HouseError> {
        if let Some(live) = live
            && let Some(pid) = live.customer()
        {
            let status = v1::MatchStatus::try_from(live.record.match_status).unwrap_or_default();
            return Ok(Match { status, pids: vec![pid] });
        }
        let found = match identify(&self.shared, lookup) {
            // Giving goes on while history is away; who calls is then for the agent to ask.
            Err(HouseError::Rebuilding(_)) => Match::none(),
            found => found?,
        };
        if let Some(customer) = customer {
            self.shared.check_customer(&customer)?;
            let pids = vec![*customer.as_bytes()];
            // Whose token is bound to a call sees those who may be calling, and nobody else.
            if visitor.interaction.is_some() && !found.pids.contains(&pids[0]) {
                return Err(HouseError::CustomerNotFound);
            }
            return Ok(Match { status: v1::MatchStatus::Confirmed, pids });
        }
        // A started interaction without a customer is one whose customer was rejected.
        let is_rejected = live.is_some() && found.exact().is_some();
        Ok(if is_rejected { Match::none() } else { found })
    }

    /// Adds what belongs to the customer: the story, and what was done and may be done on the call.
    fn add_customer(&self, panel: &mut EncodedPanel, call: &Call<'_>) -> Result<(), HouseError> {
        let told = match self.told(&call.customer, call.now) {
            Ok(told) => Some(told),
            Err(HouseError::Rebuilding(_)) => None,
            Err(error) => return Err(error),
        };
        let currency = self.shared.policy.currencies.first();
        // Names may have to be read, and nobody waits for the rows while they are.
        let (headroom, spends) = self.shared.state.read(|rows| {
            let listed = told.iter().flat_map(|told| &told.gestures);
            let headroom = currency.and_then(|currency| self.headroom_in(rows, call, *currency));
            (headroom, Self::spends_of(rows, call, listed))
        })?;
        panel.rest.headroom = headroom;
        let view = |row: &_| self.spend_view(row, call.visitor, &call.live.host_id, call.now);
        panel.rest.spends = spends.iter().map(|(row, _)| view(row)).collect();
        let asked = spends
            .into_iter()
            .filter_map(|(spend, consult)| Some(Asked { consult: consult?, spend }));
        let view = |asked| self.consult_view(&asked, call.visitor, call.now);
        panel.rest.consults = asked.map(view).collect();
        let actions = told.iter().flat_map(|told| &told.actions);
        let own = actions.filter(|action| action.interaction_id == call.live.host_id);
        panel.rest.actions = own.take(ACTIONS_SHOWN).cloned().collect();
        panel.context = told.map(|told| told.context.clone()).unwrap_or_default();
        Ok(())
    }

    /// What the visitor noted on a call without a customer; it lies with the agent's own records.
    fn own_actions(
        &self,
        visitor: &Visitor,
        interaction_id: &str,
    ) -> Result<Vec<v1::AdvocacyAction>, HouseError> {
        let wanted = [(RecordKind::Action, STORY_LIMIT)];
        let found = match self.shared.read_model.records_of(&visitor.agent.pid, &wanted) {
            Ok(found) => found,
            Err(Rebuilding) => return Ok(Vec::new()),
        };
        let mut actions = Vec::new();
        for envelope in found.iter().flatten() {
            let record: pb::AdvocacyAction = records::open(&self.shared.vault.read(), envelope)
                .map_err(|_| HouseError::Stored)?;
            if record.interaction_id == interaction_id {
                actions.push(action_view(&record, visitor.agent.name.clone()));
            }
        }
        Ok(actions)
    }

    /// Open holds and what was given to the customer on a call, newest first, each with the consult
    /// about it.
    fn spends_of<'a>(
        rows: &View<'_>,
        call: &Call<'_>,
        listed: impl Iterator<Item = &'a SpendId>,
    ) -> Vec<(SpendRow, Option<ConsultRow>)> {
        let interaction = call.live.interaction();
        let settled = listed.filter_map(|id| rows.spend(*id)).filter(|row| row.held_minor == 0);
        let settled = settled.filter(|row| row.about.interaction == interaction);
        let all = rows.resident().open_of_interaction(interaction).chain(settled);
        let own = all.filter(|row| *row.about.customer.as_bytes() == call.customer);
        let mut spends: Vec<_> = own.collect();
        spends.sort_by_key(|row| std::cmp::Reverse(row.reserved_at));
        let consult = |row: &SpendRow| row.consult.and_then(|consult| rows.consult(consult));
        let shown = spends.into_iter().take(SPENDS_SHOWN);
        shown.map(|row| (row.clone(), consult(row).cloned())).collect()
    }

    /// What the visitor may give now; none for those who never give.
    pub(super) fn headroom_in(
        &self,
        rows: &View<'_>,
        call: &Call<'_>,
        currency: Currency,
    ) -> Option<v1::Headroom> {
        headroom(rows, &self.shared.policy, &self.question(call, currency))
            .inspect_err(|fault| tracing::debug!(%fault, "no headroom to show"))
            .ok()
            .map(|headroom| view::headroom(&headroom, view::pause(rows)))
    }

    pub(super) fn question(&self, call: &Call<'_>, currency: Currency) -> Question {
        let Call { visitor, live, customer, now } = *call;
        Question {
            caller: visitor.agent.caller(visitor.access, now),
            subject: Subject {
                customer: CustomerPid::from_bytes(customer),
                interaction: live.interaction(),
                case: live.case(),
                reason: None,
            },
            currency,
            at: now,
            windows: zones::windows(&self.shared.policy, now),
        }
    }

    /// The story of a customer, from the cache if nothing has changed since.
    fn told(&self, pid: &Pid, now: Time) -> Result<Arc<Told>, HouseError> {
        // Read before the story: what is written meanwhile makes this story old at once.
        let generation = self.shared.state.generation(pid);
        if let Some(told) = self.stories.get(pid)
            && told.generation == generation
            && now.since_ns(told.at) < FRESH_NS
        {
            return Ok(told);
        }
        let told = Arc::new(self.tell(pid, generation, now)?);
        self.stories.insert(*pid, Arc::clone(&told));
        // Of who was erased meanwhile nothing stays.
        if self.shared.erased.contains(pid) {
            self.stories.remove(pid);
        }
        Ok(told)
    }

    fn tell(&self, pid: &Pid, generation: u64, now: Time) -> Result<Told, HouseError> {
        let opened = Opened::read(&self.shared, pid, STORY_LIMIT, GESTURE_LIMIT)?;
        let ids = opened.gestures.iter().copied();
        let gestures: Vec<_> = ids.map(SpendId::from_bytes).collect();
        let since = now.saturating_sub_ns(GESTURE_DAYS * NS_PER_DAY);
        let given: Vec<_> = self.shared.state.read(|rows| {
            let gestures = gestures.iter().filter_map(|id| rows.spend(*id));
            let given = gestures.filter(|row| row.given_minor() > 0 && row.reserved_at > since);
            given.map(|row| self.gesture_row(row)).collect()
        })?;
        let name = |pid: &[u8]| self.directory.name(&self.shared, pid);
        let actions = opened.actions.iter().map(|it| action_view(it, name(&it.agent_pid)));
        let context = opened.context(now, &given, name);
        Ok(Told {
            generation,
            at: now,
            context: encoded::context(context),
            gestures,
            actions: actions.collect(),
        })
    }

    /// A gesture that was given, as a row of the timeline.
    pub(super) fn gesture_row(&self, gesture: &SpendRow) -> v1::TimelineItem {
        let id = gesture.about.spend.to_string();
        let (at, title) = (gesture.reserved_at.as_nanos(), self.gesture_label(gesture));
        let amount = Some(view::money(gesture.currency.code(), gesture.given_minor()));
        v1::TimelineItem { amount, ..row(v1::TimelineKind::Gesture, &id, at, title) }
    }

    pub(super) fn gesture_label(&self, gesture: &SpendRow) -> String {
        let known = self.shared.policy.gesture(&gesture.about.gesture);
        known.map_or_else(|| gesture.about.gesture.to_string(), |gesture| gesture.label.clone())
    }
}
