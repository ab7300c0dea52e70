//! What the panel knows and how events change it: pure, with clock, ids and locale handed in, and
//! tested on the host.

mod act;
pub(crate) mod call;
mod consults;
mod draft;
mod env;
mod event;
pub(crate) mod kept;
mod keys;
mod lifecycle;
pub(crate) mod line;
pub(crate) mod link;
pub(crate) mod logging;
pub(crate) mod matching;
pub(crate) mod notes;
mod outcomes;
pub(crate) mod panel;
pub(crate) mod queue;
mod spending;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub(crate) use call::{Acting, Call};
pub(crate) use draft::{CARDS, Draft, PRESETS_MINOR, Sum};
pub(crate) use env::{Effect, Env, Focus, Tell, Value};
pub(crate) use event::{Action, Context, Event, Field, Host, Key, Shortcuts};
use kept::Kept;
use link::Link;
use makegood_proto::v1 as pb;
use notes::Note;
use queue::Card;

use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};

/// How the desktop around the panel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Desktop {
    /// The handshake is not done.
    Waiting,
    /// The handshake is done; nothing was said about a call.
    Joined,
    /// It said which call is shown, or that there is none.
    Spoken,
    /// Five seconds went by without a word about a call.
    Silent,
}

/// Everything that the panel knows.
pub(crate) struct Model {
    /// The clock at the last event, in milliseconds since 1970.
    pub(crate) now: i64,
    /// The desktop around the panel.
    pub(crate) desktop: Desktop,
    /// The calls at this desk; one of them is on the screen.
    pub(crate) calls: Vec<Call>,
    /// The interaction that is on the screen.
    pub(crate) shown: Option<String>,
    /// The stream, and whether the sidecar answers.
    pub(crate) link: Link,
    /// Notes that the sidecar has not acknowledged, oldest first.
    pub(crate) notes: Vec<Note>,
    /// The questions that wait for this agent, the longest waiting first.
    pub(crate) queue: Vec<Card>,
    /// When a question came or went, and moved what is below it.
    moved_at: i64,
    /// Spends whose outcome was open when the page went away.
    pub(crate) parked: Vec<line::Line>,
    /// Whether the host has made the panel read-only.
    pub(crate) readonly: bool,
    /// When single keys work.
    pub(crate) shortcuts: Shortcuts,
    /// Whether the list of shortcuts is open.
    pub(crate) help: bool,
    /// The sidecar's clock less ours, in milliseconds.
    pub(crate) skew: i64,
    /// What a screen reader says when it has time.
    pub(crate) polite: String,
    /// What a screen reader says at once.
    pub(crate) urgent: String,
    /// When that was said.
    said_at: i64,
    /// What the host was told last.
    told: Told,
}

/// The states that the host is told of when they change.
#[derive(Default, PartialEq)]
struct Told {
    state: &'static str,
    attention: i64,
    status: &'static str,
}

/// How long the desktop may stay silent.
pub(crate) const SILENCE_MS: i64 = 5_000;

/// How long it takes to see that something has moved.
const SETTLE_MS: i64 = 700;

/// How long what was said stays where a screen reader finds it.
const SAID_MS: i64 = 10_000;

impl Model {
    /// A panel that has just been opened.
    pub(crate) fn new(now: i64) -> Model {
        Model {
            now,
            desktop: Desktop::Waiting,
            calls: Vec::new(),
            shown: None,
            link: Link::new(now),
            notes: Vec::new(),
            queue: Vec::new(),
            moved_at: 0,
            parked: Vec::new(),
            readonly: false,
            shortcuts: Shortcuts::On,
            help: false,
            skew: 0,
            polite: String::new(),
            urgent: String::new(),
            said_at: now,
            told: Told::default(),
        }
    }

    /// The call on the screen.
    pub(crate) fn shown(&self) -> Option<&Call> {
        let id = self.shown.as_ref()?;
        self.calls.iter().find(|call| call.id == *id)
    }

    pub(crate) fn call_mut(&mut self, id: &str) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.id == id)
    }

    pub(crate) fn shown_mut(&mut self) -> Option<&mut Call> {
        let id = self.shown.clone()?;
        self.call_mut(&id)
    }

    /// A time of the sidecar by our clock, in milliseconds.
    pub(crate) fn local_ms(&self, time: &prost_types::Timestamp) -> i64 {
        millis(time) - self.skew
    }

    /// Whether notes would be lost if the page went away now.
    pub(crate) fn has_unsent_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    /// Whether the agent may hold something for the customer on the screen.
    pub(crate) fn may_hold(&self, call: &Call) -> bool {
        !self.readonly && !self.link.is_offline() && call.may_spend()
    }

    /// Whether the agent may hold something new: not while giving is paused for everyone.
    pub(crate) fn may_begin(&self, call: &Call) -> bool {
        self.may_hold(call) && call.pause().is_none()
    }

    /// Whether what is held may be given: what is known has to be fresh for that.
    pub(crate) fn may_give(&self, call: &Call) -> bool {
        self.may_hold(call) && !self.is_stale(call)
    }

    /// Whether notes are taken: always, unless another panel acts or the host forbids it.
    pub(crate) fn may_note(&self, call: &Call) -> bool {
        !self.readonly && !call.signed_out && call.acting == Acting::Here
    }

    /// Whether what is shown of a live call is too old to give by.
    pub(crate) fn is_stale(&self, call: &Call) -> bool {
        call.is_live() && call.panel.is_some() && self.now - self.fresh_at(call) > link::STALE_MS
    }

    /// When what is shown was known to be true.
    pub(crate) fn fresh_at(&self, call: &Call) -> i64 {
        let watched = self.link.is_live() && call.desk_id == self.link.desk_id;
        if watched { self.link.heard_at.max(call.fresh_at) } else { call.fresh_at }
    }

    /// Takes one event; returns what has to be done, in order.
    pub(crate) fn reduce(&mut self, mut env: Env<'_>, event: Event) -> Vec<Effect> {
        self.now = env.now;
        let cards = self.queue.len();
        match event {
            Event::Tick => self.tick(&mut env),
            Event::Wake => self.wake(&mut env),
            Event::Host(host) => self.hear_host(host, &mut env),
            Event::Lead => self.lead(&mut env),
            Event::Desk { desk_id } => self.follow(desk_id, &mut env),
            Event::Stream(message) => self.hear_stream(*message, &mut env),
            Event::StreamClosed { going_away } => self.lose_stream(going_away, &mut env),
            Event::Acting { call, acting } => {
                if let Some(call) = self.call_mut(&call) {
                    call.acting = acting;
                }
            }
            Event::Answer { call, request, result } => {
                self.hear_answer(&call, &request, *result, &mut env);
            }
            // What was aimed at may not be what is there now.
            Event::User(action) if self.has_moved() && !matches!(action, Action::Edit(..)) => {}
            Event::User(action) => {
                self.act(action, &mut env);
                self.preview(&mut env);
            }
            Event::Key(key) => {
                self.press(&key, &mut env);
                self.preview(&mut env);
            }
            Event::Restored(kept) => self.restore(kept, &mut env),
        }
        if self.queue.len() != cards {
            self.moved_at = self.now;
        }
        self.finish(env)
    }

    /// Whether a question has just come or gone during a call, and moved the buttons of the money.
    fn has_moved(&self) -> bool {
        self.shown.is_some() && self.now - self.moved_at < SETTLE_MS
    }

    fn tick(&mut self, env: &mut Env<'_>) {
        let waited = env.now - self.link.started_at >= SILENCE_MS;
        if waited && matches!(self.desktop, Desktop::Waiting | Desktop::Joined) {
            self.desktop = Desktop::Silent;
        }
        if env.now - self.said_at > SAID_MS {
            self.polite.clear();
            self.urgent.clear();
        }
        self.tick_link(env);
        self.tick_lines(env);
        self.tick_queue(env);
        self.preview(env);
        let shown = self.shown.clone();
        let past = |call: &Call| {
            !call.is_open() && !call.has_unsettled_line() && shown.as_ref() != Some(&call.id)
        };
        if let Some(at) = self.calls.iter().position(past) {
            self.calls.remove(at);
        }
    }

    /// The page is seen again or the network is back: what waits is tried at once.
    fn wake(&mut self, env: &mut Env<'_>) {
        self.link.hurry(env.now);
        self.tick(env);
    }

    fn hear_host(&mut self, host: Host, env: &mut Env<'_>) {
        match host {
            Host::Joined => {
                if self.desktop == Desktop::Waiting {
                    self.desktop = Desktop::Joined;
                }
                env.push(Effect::Meet);
            }
            Host::Interaction(context) => {
                self.desktop = Desktop::Spoken;
                self.hear_interaction(context, env);
            }
            Host::NoInteraction => {
                self.desktop = Desktop::Spoken;
                self.shown = None;
                self.help = false;
            }
            Host::ReadOnly(readonly) => self.readonly = readonly,
            Host::Shortcuts(shortcuts) => self.shortcuts = shortcuts,
            Host::WrapUpGate { rid } => self.answer_gate(&rid, env),
        }
    }

    /// Says whether the call may be completed: not while something is held.
    fn answer_gate(&mut self, rid: &str, env: &mut Env<'_>) {
        let reason = self.shown_mut().and_then(|call| {
            let held = call.held_text(env.fmt)?;
            call.gate = true;
            Some(crate::copy::still_held(&held, call.first_name()))
        });
        if reason.is_some() {
            env.focus(Focus::Tray);
        }
        let tell = Tell::new("wrapupgate").text("rid", rid).flag("allow", reason.is_none());
        env.tell(tell.text("reason", &reason.unwrap_or_default()));
    }

    fn hear_answer(
        &mut self,
        call: &str,
        request: &Request,
        result: Result<Reply, Fault>,
        env: &mut Env<'_>,
    ) {
        self.note_reachable(&result, env);
        if let Err(fault) = &result
            && fault.code == Code::Unauthenticated
        {
            self.sign_out(call);
        }
        match request {
            Request::GetPanel(_) => self.hear_panel(call, result, env),
            Request::Identify(request) => self.hear_candidates(call, request, result, env),
            Request::Timeline(_) => self.hear_timeline(call, result),
            Request::AddTopic(request) => self.hear_topic(call, &request.desk_id, &result),
            Request::Note(..) => self.hear_note(call, request, result, env),
            Request::DropTopic(_) => {}
            Request::Preview(_) => self.hear_preview(call, result),
            // However it ended, the panel says where the question stands.
            Request::Withdraw(_) => self.ask_panel(call, env),
            Request::Waiting(_) => {
                if let Ok(Reply::Waiting(queue)) = result {
                    self.take_queue(queue, env);
                }
            }
            Request::Decide(request) => self.hear_decision(request, result, env),
            request if request.spend_id().is_some() => self.hear_spend(call, request, result, env),
            request => self.hear_interaction_reply(call, request, &result, env),
        }
    }

    /// Takes everything personal off the screen until somebody signs in.
    fn sign_out(&mut self, call: &str) {
        let desk = call == link::DESK;
        let shown = desk || self.shown.as_deref() == Some(call);
        if desk {
            self.queue.clear();
        }
        if let Some(call) = self.call_mut(call) {
            call.sign_out();
        }
        if shown {
            self.polite.clear();
            self.urgent.clear();
        }
    }

    /// Writes what was said into the live regions, and tells the host what has changed.
    fn finish(&mut self, mut env: Env<'_>) -> Vec<Effect> {
        if let Some(words) = env.polite.take() {
            self.polite = words;
            self.said_at = self.now;
        }
        if let Some(words) = env.urgent.take() {
            self.urgent = words;
            self.said_at = self.now;
        }
        let told = self.to_tell();
        if told.state != self.told.state {
            env.tell(Tell::new("state").text("state", told.state));
        }
        if told.attention != self.told.attention {
            env.tell(Tell::new("attention").number("count", told.attention));
        }
        if told.status != self.told.status && !told.status.is_empty() {
            let count = self.shown().map_or(0, Call::match_count);
            env.tell(Tell::new("match").text("status", told.status).number("count", count));
        }
        self.told = told;
        env.into_effects()
    }

    fn to_tell(&self) -> Told {
        let shown = self.shown();
        let state = match shown {
            _ if self.link.is_offline() => "offline",
            Some(call) if call.signed_out || call.acting == Acting::Elsewhere => "blocked",
            Some(call) if self.is_stale(call) => "stale",
            _ => "live",
        };
        let mut attention = 0;
        for card in &self.queue {
            attention += i64::from(!card.has_ended());
        }
        for line in shown.map_or(&[][..], |call| &call.lines) {
            attention += i64::from(line.is_held());
        }
        Told { state, attention, status: shown.map_or("", |call| match_word(call.status())) }
    }

    fn restore(&mut self, kept: Kept, env: &mut Env<'_>) {
        let (mut notes, lines) = kept.open(env.now);
        notes.append(&mut self.notes);
        self.notes = notes;
        self.parked = lines;
        for call in &mut self.calls {
            call.recall(&mut self.parked);
        }
        self.flush_notes(env);
    }

    /// Keeps what must survive a reload: always before the request itself is sent.
    fn save(&self, env: &mut Env<'_>) {
        let mut kept = Kept::new(&self.notes);
        for call in &self.calls {
            for line in call.lines.iter().filter(|line| line.is_pending()) {
                kept.add(line);
            }
        }
        for line in &self.parked {
            kept.add(line);
        }
        env.save(kept.encode());
    }
}

/// How a caller was matched, as the host is told.
fn match_word(status: pb::MatchStatus) -> &'static str {
    match status {
        pb::MatchStatus::Unspecified => "",
        pb::MatchStatus::Exact => "exact",
        pb::MatchStatus::Several => "several",
        pb::MatchStatus::None => "none",
        pb::MatchStatus::Anonymous => "anonymous",
        pb::MatchStatus::Confirmed => "confirmed",
    }
}

/// Milliseconds since 1970.
pub(crate) fn millis(time: &prost_types::Timestamp) -> i64 {
    time.seconds.saturating_mul(1_000).saturating_add(i64::from(time.nanos) / 1_000_000)
}

/// A time of the API.
pub(crate) fn timestamp(ms: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(ms.rem_euclid(1_000)).unwrap_or(0) * 1_000_000;
    prost_types::Timestamp { seconds: ms.div_euclid(1_000), nanos }
}

/// An amount of the API.
pub(crate) fn money(amount_minor: i64, currency_code: &str) -> pb::Money {
    pb::Money { currency_code: currency_code.to_owned(), amount_minor }
}
