//! What the tests of model and view share: a locale without a browser, a customer with everything,
//! and a rig that feeds events and remembers what was to be done.

use std::rc::Rc;

use makegood_proto::v1 as pb;
use makegood_proto::v1::lookup::By;
use prost_types::Timestamp;

use super::{Acting, Action, Context, Desktop, Effect, Env, Event, Host, Key, Model, Tell};
use crate::format::{Format, number};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request, SpendReply};

/// 2026-11-22, 14:00:00 UTC.
pub(crate) const NOON: i64 = 1_795_356_000_000;
const DAY_MS: i64 = 86_400_000;

/// Dollars and UTC in plain English.
pub(crate) struct Plain;

impl Format for Plain {
    fn money(&self, minor: i64, _: &str) -> String {
        let cents = minor % 100;
        let whole = number(minor / 100);
        let split = whole.len().saturating_sub(3);
        let grouped = if split > 0 && !whole.starts_with('-') {
            format!("{},{}", &whole[..split], &whole[split..])
        } else {
            whole
        };
        if cents == 0 { format!("${grouped}") } else { format!("${grouped}.{cents:02}") }
    }

    fn digits(&self, _: &str) -> u32 {
        2
    }

    fn decimal(&self) -> char {
        '.'
    }

    fn day(&self, ms: i64) -> String {
        format!("day {}", ms.div_euclid(DAY_MS) - NOON / DAY_MS)
    }

    fn clock(&self, ms: i64) -> String {
        let minutes = ms.rem_euclid(DAY_MS) / 60_000;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    fn day_end(&self, ms: i64, days: i64) -> i64 {
        (ms.div_euclid(DAY_MS) + days + 1) * DAY_MS - 60_000
    }
}

#[expect(clippy::unnecessary_wraps, reason = "fields that are messages are optional")]
fn time(ms: i64) -> Option<Timestamp> {
    Some(super::timestamp(ms))
}

fn dollars(minor: i64) -> pb::Money {
    super::money(minor, "USD")
}

fn score() -> pb::Score {
    pb::Score {
        kind: pb::ScoreKind::Recommend as i32,
        value: 3,
        max_value: 10,
        band: pb::Band::Opponent as i32,
        respond_time: time(NOON - 10 * DAY_MS),
        previous_value: Some(9),
        words: "Third late delivery.".to_owned(),
        ..pb::Score::default()
    }
}

/// A panel in which everything that the panel shows is there.
pub(crate) fn full_panel() -> pb::Panel {
    let given = pb::SpendState::Committed;
    pb::Panel {
        context: Some(maria()),
        policy: Some(policy()),
        interaction: Some(pb::Interaction {
            interaction_id: "c-1".to_owned(),
            customer_id: "maria".to_owned(),
            ..pb::Interaction::default()
        }),
        match_status: pb::MatchStatus::Exact as i32,
        candidates: vec![candidate("maria", "Maria Okafor"), candidate("mario", "Mario Okafor")],
        headroom: Some(headroom(164_000, 36_000, 0)),
        spends: vec![spend("s-1", pb::SpendState::Committed, 36_000)],
        consults: vec![consult("k-1", pb::ConsultState::Settled, spend("s-1", given, 36_000))],
        actions: vec![pb::AdvocacyAction {
            action_id: "a-1".to_owned(),
            kind: pb::ActionKind::SavedMoney as i32,
            note: "Pointed to the afternoon flight".to_owned(),
            customer_value: Some(dollars(15_000)),
            margin_given_up: Some(dollars(100)),
            counterpart: "Logistics".to_owned(),
            ..pb::AdvocacyAction::default()
        }],
        as_of_time: time(NOON),
        revision: Some(pb::Revision { ledger_position: 10, record_position: 20 }),
        history_state: pb::HistoryState::Ready as i32,
        requested_interaction_id: "c-1".to_owned(),
        ..pb::Panel::default()
    }
}

fn maria() -> pb::CustomerContext {
    pb::CustomerContext {
        customer: Some(pb::Customer {
            customer_id: "maria".to_owned(),
            display_name: "Maria Okafor".to_owned(),
            short_name: "Maria".to_owned(),
            tier: "Gold".to_owned(),
            customer_since_time: time(NOON - 2_200 * DAY_MS),
            phone: "+1 555 0100".to_owned(),
            ..pb::Customer::default()
        }),
        recent_scores: vec![score()],
        trend: pb::Trend::Down as i32,
        owed: Some(pb::Promise {
            promise_id: "p-1".to_owned(),
            text: "refund A-118".to_owned(),
            due_time: time(NOON - 9 * DAY_MS),
            late_days: 9,
            ..pb::Promise::default()
        }),
        preferences: vec![pb::Preference {
            preference_id: "pref-1".to_owned(),
            kind: pb::PreferenceKind::Other as i32,
            text: "Tea, never coffee".to_owned(),
            source: pb::PreferenceSource::ToldUs as i32,
            learned_time: time(NOON - 200 * DAY_MS),
            confirmed_time: time(NOON - 100 * DAY_MS),
            expire_time: time(NOON + 100 * DAY_MS),
            situational: true,
        }],
        timeline: vec![pb::TimelineItem {
            item_id: "t-1".to_owned(),
            occur_time: time(NOON - 10 * DAY_MS),
            title: "Chat · late delivery".to_owned(),
            quote: "Third time this year.".to_owned(),
            open: true,
            score: Some(score()),
            ..pb::TimelineItem::default()
        }],
        gesture_count: 2,
        repeat_contact_count: 1,
        ..pb::CustomerContext::default()
    }
}

fn policy() -> pb::PolicyView {
    let reason = |code: &str, label: &str| pb::Reason {
        code: code.to_owned(),
        label: label.to_owned(),
        standard: "They pay for what went right.".to_owned(),
    };
    let gesture = |code: &str, label: &str, amount: Option<i64>, reason: &str| pb::GestureCard {
        code: code.to_owned(),
        label: label.to_owned(),
        amount: amount.filter(|minor| *minor > 0).map(dollars),
        reason_code: reason.to_owned(),
        why: "late twice in 30 days".to_owned(),
        value: match amount {
            None => pb::GestureValue::Free as i32,
            Some(0) => pb::GestureValue::Asked as i32,
            Some(_) => pb::GestureValue::Fixed as i32,
        },
        action_kind: pb::ActionKind::Other as i32,
    };
    pb::PolicyView {
        vision: "Do right by the person in front of you.".to_owned(),
        currency_code: "USD".to_owned(),
        reasons: vec![reason("FAILED", "Service failed"), reason("DELAY", "Delay")],
        gestures: vec![
            gesture("WAIVE", "Waive fee", Some(4_500), "FAILED"),
            gesture("UPGRADE", "Upgrade", Some(8_000), "DELAY"),
            gesture("CALL_BACK", "Call back", None, ""),
            gesture("CREDIT", "Credit", Some(0), "FAILED"),
        ],
        note_max_characters: 500,
        ..pb::PolicyView::default()
    }
}

/// A customer who may be calling.
pub(crate) fn candidate(id: &str, name: &str) -> pb::Candidate {
    pb::Candidate {
        customer_id: id.to_owned(),
        display_name: name.to_owned(),
        tier: "Gold".to_owned(),
        last_contact_time: time(NOON - DAY_MS),
    }
}

/// Headroom with what is left, given and held.
pub(crate) fn headroom(available: i64, given: i64, held: i64) -> pb::Headroom {
    pb::Headroom {
        currency_code: "USD".to_owned(),
        available_minor: available,
        cap_minor: available + given + held,
        given_minor: given,
        held_minor: held,
        limit_id: "stay".to_owned(),
        label: "this stay".to_owned(),
        reset_time: time(NOON + 9 * DAY_MS),
        ..pb::Headroom::default()
    }
}

/// A question of Sam's to Maya about a spend, asked at noon: $1,860 where $1,640 are left.
pub(crate) fn consult(id: &str, state: pb::ConsultState, spend: pb::Spend) -> pb::Consult {
    pb::Consult {
        consult_id: id.to_owned(),
        state: state as i32,
        spend: Some(spend),
        asked: Some(dollars(186_000)),
        approver_name: "Maya".to_owned(),
        agent_name: "Sam".to_owned(),
        own: true,
        ask_time: time(NOON),
        answer_expire_time: time(NOON + 60_000),
        limit_label: "this stay".to_owned(),
        customer_name: "Maria Okafor".to_owned(),
        reason_label: "Service failed".to_owned(),
        note: "Third time this year.".to_owned(),
        ..pb::Consult::default()
    }
}

/// A spend of this agent in a state.
pub(crate) fn spend(id: &str, state: pb::SpendState, minor: i64) -> pb::Spend {
    let held = state == pb::SpendState::Reserved;
    let given = matches!(state, pb::SpendState::Committed | pb::SpendState::Reversed);
    pb::Spend {
        spend_id: id.to_owned(),
        state: state as i32,
        amount: Some(dollars(minor)),
        held_minor: if held { minor } else { 0 },
        committed_minor: if given { minor } else { 0 },
        reversed_minor: if state == pb::SpendState::Reversed { minor } else { 0 },
        reason_code: "FAILED".to_owned(),
        gesture_code: "WAIVE".to_owned(),
        gesture_label: "fee waiver".to_owned(),
        customer_id: "maria".to_owned(),
        interaction_id: "c-1".to_owned(),
        expire_time: if held { time(NOON + 600_000) } else { None },
        undo_expire_time: if given { time(NOON + 30_000) } else { None },
        agent_name: "Sam".to_owned(),
        own: true,
        reference: if given { "MG-7Q2K".to_owned() } else { String::new() },
        ..pb::Spend::default()
    }
}

/// A hold in which everything is there.
pub(crate) fn full_want() -> pb::ReserveSpendRequest {
    pb::ReserveSpendRequest {
        spend_id: "s-9".to_owned(),
        customer_id: "maria".to_owned(),
        interaction_id: "c-1".to_owned(),
        amount: Some(dollars(4_500)),
        reason_code: "FAILED".to_owned(),
        gesture_code: "WAIVE".to_owned(),
        note: "late".to_owned(),
        decided_ms: 1_234,
        suggestion_code: "WAIVE".to_owned(),
    }
}

/// A panel of Maria on call c-1, with nothing given yet and $1,640 to give.
pub(crate) fn quiet_panel() -> pb::Panel {
    let mut panel = full_panel();
    panel.spends.clear();
    panel.consults.clear();
    panel.actions.clear();
    panel.candidates.clear();
    panel
}

/// The answer to a write, with its proof.
pub(crate) fn proven(spend: pb::Spend, room: pb::Headroom, position: i64) -> Reply {
    Reply::Spend(Box::new(SpendReply {
        spend: Some(spend),
        headroom: Some(room),
        receipt: Some(pb::Receipt {
            ledger_position: position,
            leaf_hash: vec![7; 32],
            record_time: None,
        }),
        consult: None,
    }))
}

/// The answer to the question what became of a spend.
pub(crate) fn seen(spend: pb::Spend) -> Reply {
    Reply::Spend(Box::new(SpendReply { spend: Some(spend), ..SpendReply::default() }))
}

/// A refusal.
pub(crate) fn refusal(reason: &str) -> Fault {
    Fault { reason: reason.to_owned(), ..Fault::new(Code::FailedPrecondition) }
}

/// A model with a clock and ids of its own.
pub(crate) struct Rig {
    /// The model.
    pub(crate) model: Model,
    /// The clock.
    pub(crate) now: i64,
    ids: u32,
    /// What was to be done since it was last looked at.
    pub(crate) effects: Vec<Effect>,
}

impl Rig {
    /// A panel whose host has just been greeted.
    pub(crate) fn new() -> Rig {
        let mut rig = Rig { model: Model::new(NOON), now: NOON, ids: 0, effects: Vec::new() };
        rig.feed(Event::Host(Host::Joined));
        rig
    }

    /// A panel that leads the stream and shows Maria, who may be given to.
    pub(crate) fn on_call() -> Rig {
        let mut rig = Rig::new();
        rig.feed(Event::Lead);
        rig.stream(Vec::new());
        rig.ring("c-1");
        rig.connect();
        rig.feed(Event::Acting { call: "c-1".to_owned(), acting: Acting::Here });
        rig.answer(|request| matches!(request, Request::Start(_)), Ok(Reply::Done));
        let panel = Reply::Panel(Box::new(quiet_panel()));
        rig.answer(|request| matches!(request, Request::GetPanel(_)), Ok(panel));
        rig.stream(vec![quiet_panel()]);
        rig.effects.clear();
        rig
    }

    /// Feeds one event.
    pub(crate) fn feed(&mut self, event: Event) {
        let ids = &mut self.ids;
        let mut new_id = || {
            *ids += 1;
            format!("id-{ids}")
        };
        let env = Env::new(self.now, &Plain, &mut new_id);
        self.effects.extend(self.model.reduce(env, event));
    }

    /// The agent does something.
    pub(crate) fn act(&mut self, action: Action) {
        self.feed(Event::User(action));
    }

    /// The agent presses a key outside fields and buttons.
    pub(crate) fn press(&mut self, name: &str) {
        self.feed(Event::Key(Key { name: name.to_owned(), ..Key::default() }));
    }

    /// The agent presses Control and Enter.
    pub(crate) fn press_give(&mut self) {
        self.feed(Event::Key(Key { name: "Enter".to_owned(), control: true, ..Key::default() }));
    }

    /// Lets time go by, a second at a time.
    pub(crate) fn wait(&mut self, ms: i64) {
        let end = self.now + ms;
        while self.now < end {
            self.now = (self.now + 1_000).min(end);
            self.feed(Event::Tick);
        }
    }

    /// What the host says of a call.
    pub(crate) fn context(id: &str, state: pb::CallState) -> Context {
        Context {
            id: id.to_owned(),
            state,
            channel: pb::Channel::Phone,
            lookup: Some(pb::Lookup { by: Some(By::Phone("+15550100".to_owned())) }),
            case_id: String::new(),
            reason: String::new(),
        }
    }

    /// A call rings.
    pub(crate) fn ring(&mut self, id: &str) {
        self.state(id, pb::CallState::Offered);
    }

    /// The host reports a state of a call.
    pub(crate) fn state(&mut self, id: &str, state: pb::CallState) {
        self.feed(Event::Host(Host::Interaction(Rig::context(id, state))));
    }

    /// The call is answered.
    pub(crate) fn connect(&mut self) {
        self.state("c-1", pb::CallState::Connected);
    }

    /// A message of the stream with the questions that wait for this agent.
    pub(crate) fn waiting(&mut self, waiting: Vec<pb::Consult>) {
        let consults = Some(pb::ConsultQueue { waiting });
        let message = pb::WatchDeskResponse { consults, ..Default::default() };
        self.feed(Event::Stream(Box::new(message)));
    }

    /// A message of the stream.
    pub(crate) fn stream(&mut self, panels: Vec<pb::Panel>) {
        let server_time = Some(super::timestamp(self.now));
        let message = pb::WatchDeskResponse { panels, server_time, ..Default::default() };
        self.feed(Event::Stream(Box::new(message)));
    }

    /// Everything that was sent since it was last looked at.
    pub(crate) fn sent(&self) -> Vec<Rc<Request>> {
        let request = |effect: &Effect| match effect {
            Effect::Send { request, .. } => Some(request.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(request).collect()
    }

    /// Answers the newest request of a kind.
    pub(crate) fn answer(
        &mut self,
        which: impl Fn(&Request) -> bool,
        result: Result<Reply, Fault>,
    ) {
        let found = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Send { call, request } if which(request) => {
                Some((call.clone(), request.clone()))
            }
            _ => None,
        });
        let (call, request) = found.expect("it was sent");
        self.feed(Event::Answer { call, request, result: Box::new(result) });
    }

    /// What the host was told since it was last looked at.
    pub(crate) fn told(&self) -> Vec<Tell> {
        let tell = |effect: &Effect| match effect {
            Effect::Tell(tell) => Some(tell.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(tell).collect()
    }

    /// The panel as text.
    pub(crate) fn text(&self) -> String {
        crate::view::render::text(&crate::view::view(&self.model, &Plain))
    }

    /// The stream is lost, and calls of its own fail too.
    pub(crate) fn go_offline(&mut self) {
        self.feed(Event::StreamClosed { going_away: false });
        self.answer(|request| matches!(request, Request::GetPanel(_)), Err(Fault::unknown()));
        assert!(self.model.link.is_offline());
        assert_eq!(self.model.desktop, Desktop::Spoken);
    }
}
