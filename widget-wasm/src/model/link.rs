//! The one stream of an agent's browser, and whether the sidecar answers at all. One panel leads
//! the stream, the others read along; all of them ask again on their own when it goes quiet.

use makegood_proto::v1 as pb;

use super::{Call, Effect, Env, Model, millis};
use crate::rpc::fault::Fault;
use crate::rpc::request::{Reply, Request};

/// From this age on what is shown of a live call is too old to give by.
pub(crate) const STALE_MS: i64 = 30_000;
/// A stream says something at least every 15 seconds; after this it is taken for lost.
const QUIET_MS: i64 = 20_000;
/// A reader waits a little longer for the panel that leads.
const LEADER_QUIET_MS: i64 = 25_000;
const FIRST_RETRY_MS: i64 = 250;
/// The longest pause between two tries: an agent on a call should not wait for it.
const MAX_RETRY_MS: i64 = 2_000;
/// When notes that failed are tried again while the sidecar answers.
const FLUSH_MS: i64 = 3_000;
/// What the host is asked a token for where no call is there: no interaction has this id, and the
/// agent can be asked in consults all the same.
pub(crate) const DESK: &str = "panel-desk";
/// How soon a stream is opened again while no call needs it.
const IDLE_RETRY_MS: i64 = 10_000;
/// The sidecar takes so many topics at the start of a stream.
const MAX_TOPICS: usize = 16;

/// Who reads the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Not known yet.
    Joining,
    /// This panel.
    Leads,
    /// Another panel, which passes it on.
    Follows,
}

/// The state of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Closed,
    Opening,
    Live,
}

/// The stream, and whether the sidecar answers.
pub(crate) struct Link {
    /// When the panel was opened.
    pub(crate) started_at: i64,
    role: Role,
    stream: Stream,
    /// The desk whose stream is read. Empty if there is none.
    pub(crate) desk_id: String,
    /// When the stream last said something.
    pub(crate) heard_at: i64,
    /// Since when it is lost.
    lost_at: Option<i64>,
    /// Whether a call of its own failed too since then.
    unreachable: bool,
    attempt: u32,
    retry_at: i64,
    flush_at: i64,
    /// When a stream may be opened that no call needs.
    idle_at: i64,
    /// Whether the next message is the first of its stream.
    fresh: bool,
}

impl Link {
    pub(super) fn new(now: i64) -> Link {
        Link {
            started_at: now,
            role: Role::Joining,
            stream: Stream::Closed,
            desk_id: String::new(),
            heard_at: 0,
            lost_at: None,
            unreachable: false,
            attempt: 0,
            retry_at: 0,
            flush_at: 0,
            idle_at: 0,
            fresh: false,
        }
    }

    /// Whether stream and calls alike get no answer.
    pub(crate) fn is_offline(&self) -> bool {
        self.lost_at.is_some() && self.unreachable
    }

    /// Since when. 0 if it answers.
    pub(crate) fn offline_since(&self) -> i64 {
        self.lost_at.unwrap_or(0)
    }

    /// Whether the stream brings every change.
    pub(crate) fn is_live(&self) -> bool {
        self.stream == Stream::Live
    }

    /// Whether this panel is the one that reads the stream.
    pub(crate) fn leads(&self) -> bool {
        self.role == Role::Leads
    }

    /// Lets the next try begin at once.
    pub(super) fn hurry(&mut self, now: i64) {
        self.attempt = 0;
        self.retry_at = now;
        self.flush_at = now;
    }
}

/// The pause before a try: doubled each time up to two seconds, and spread a little so that many
/// panels do not come back in the same instant.
fn pause_ms(attempt: u32, now: i64) -> i64 {
    let doubled = FIRST_RETRY_MS << attempt.min(3);
    doubled.min(MAX_RETRY_MS) + now.rem_euclid(97)
}

impl Model {
    /// This panel leads: the stream is opened as soon as there is something to watch.
    pub(super) fn lead(&mut self, env: &mut Env<'_>) {
        self.link.role = Role::Leads;
        self.link.stream = Stream::Closed;
        self.link.desk_id.clear();
        self.watch(env);
    }

    /// Another panel leads, with this desk.
    pub(super) fn follow(&mut self, desk_id: String, env: &mut Env<'_>) {
        if self.link.leads() {
            return;
        }
        self.link.role = Role::Follows;
        let was_live = self.link.is_live();
        self.link.desk_id = desk_id;
        if !self.link.desk_id.is_empty() {
            self.link.stream = Stream::Live;
            self.link.heard_at = env.now;
            self.come_back(env);
            // The stream says what waits when it opens, and this panel was not there to hear it.
            let filter = pb::ConsultFilter::ToAnswer as i32;
            let request = pb::ListConsultsRequest { filter, ..pb::ListConsultsRequest::default() };
            env.send(DESK, Request::Waiting(request));
        } else if was_live {
            self.lose_stream(false, env);
        }
    }

    /// Opens the stream, or adds to it what it does not watch yet.
    pub(super) fn watch(&mut self, env: &mut Env<'_>) {
        match self.link.stream {
            Stream::Live => self.add_topics(env),
            Stream::Closed if self.link.leads() => self.open_stream(env),
            Stream::Opening | Stream::Closed => {}
        }
    }

    fn open_stream(&mut self, env: &mut Env<'_>) {
        let watched = self.calls.iter().find(|call| call.is_watched());
        if watched.is_none() && env.now < self.link.idle_at {
            return;
        }
        let token_of = watched.map_or(DESK, |call| &call.id).to_owned();
        self.link.idle_at = env.now + IDLE_RETRY_MS;
        let desk_id = env.new_id();
        let watched = self.calls.iter_mut().filter(|call| call.is_watched());
        let mut topics = Vec::new();
        for call in watched.take(MAX_TOPICS) {
            call.desk_id.clone_from(&desk_id);
            topics.push(call.topic());
        }
        self.link.desk_id.clone_from(&desk_id);
        self.link.stream = Stream::Opening;
        self.link.heard_at = env.now;
        self.link.fresh = true;
        let request = pb::WatchDeskRequest { desk_id, topics, resume_revision: None };
        env.push(Effect::OpenStream { call: token_of, request: Box::new(request) });
    }

    fn add_topics(&mut self, env: &mut Env<'_>) {
        let desk_id = self.link.desk_id.clone();
        for call in
            self.calls.iter_mut().filter(|call| call.is_watched() && call.desk_id != desk_id)
        {
            call.desk_id.clone_from(&desk_id);
            call.rebase = true;
            let request =
                pb::AddTopicRequest { desk_id: desk_id.clone(), topic: Some(call.topic()) };
            env.send(&call.id, Request::AddTopic(request));
        }
    }

    pub(super) fn hear_topic(&mut self, id: &str, desk_id: &str, result: &Result<Reply, Fault>) {
        let failed = result.is_err();
        if let Some(call) = self.call_mut(id).filter(|call| failed && call.desk_id == desk_id) {
            // The next tick adds it again.
            call.desk_id.clear();
        }
    }

    pub(super) fn hear_stream(&mut self, mut message: pb::WatchDeskResponse, env: &mut Env<'_>) {
        if let Some(time) = &message.server_time {
            self.skew = millis(time) - env.now;
        }
        self.link.heard_at = env.now;
        self.link.stream = Stream::Live;
        if std::mem::take(&mut self.link.fresh) {
            for call in &mut self.calls {
                call.rebase = true;
            }
        }
        if let Some(queue) = message.consults {
            self.take_queue(queue, env);
        }
        while let Some(panel) = message.panels.pop() {
            let id = panel.requested_interaction_id.clone();
            self.take_panel(&id, panel, env);
        }
        self.come_back(env);
    }

    /// The sidecar is there: what waited for it goes out.
    fn come_back(&mut self, env: &mut Env<'_>) {
        let was_lost = self.link.lost_at.take().is_some();
        self.link.unreachable = false;
        self.link.attempt = 0;
        self.add_topics(env);
        if was_lost {
            self.catch_up(env);
        }
    }

    fn catch_up(&mut self, env: &mut Env<'_>) {
        self.resend_match(env);
        self.flush_notes(env);
        self.ask_stuck(env);
    }

    pub(super) fn lose_stream(&mut self, going_away: bool, env: &mut Env<'_>) {
        self.link.stream = Stream::Closed;
        self.link.lost_at.get_or_insert(env.now);
        let pause = pause_ms(self.link.attempt, env.now);
        self.link.attempt += 1;
        self.link.retry_at = env.now + pause;
        env.wake(pause);
        if !going_away {
            self.probe(env);
        }
    }

    /// Asks on its own whether the sidecar answers.
    fn probe(&mut self, env: &mut Env<'_>) {
        match self.shown.clone() {
            Some(id) => self.ask_panel(&id, env),
            // Without a call there is nothing to ask for: the stream alone tells.
            None => self.link.unreachable = self.link.attempt > 1,
        }
    }

    /// What an answer says about the sidecar being there, whatever it says besides.
    pub(super) fn note_reachable(&mut self, result: &Result<Reply, Fault>, env: &mut Env<'_>) {
        if !result.as_ref().is_err_and(Fault::is_unknown) {
            if std::mem::take(&mut self.link.unreachable) {
                self.catch_up(env);
            }
            return;
        }
        self.link.flush_at = env.now + FLUSH_MS;
        if !self.link.is_live() {
            self.link.lost_at.get_or_insert(env.now);
            self.link.unreachable = true;
        }
    }

    pub(super) fn tick_link(&mut self, env: &mut Env<'_>) {
        let quiet_for = if self.link.leads() { QUIET_MS } else { LEADER_QUIET_MS };
        let open = self.link.stream != Stream::Closed;
        if open && env.now - self.link.heard_at > quiet_for {
            self.link.desk_id.clear();
            self.lose_stream(false, env);
            if !self.link.leads() {
                env.push(Effect::AskForDesk);
            }
        }
        if self.link.lost_at.is_some() && env.now >= self.link.retry_at {
            self.retry_link(env);
        }
        if env.now >= self.link.flush_at {
            self.link.flush_at = env.now + FLUSH_MS;
            self.resend_match(env);
            self.flush_notes(env);
        }
        self.watch(env);
    }

    fn retry_link(&mut self, env: &mut Env<'_>) {
        let pause = pause_ms(self.link.attempt, env.now);
        self.link.attempt += 1;
        self.link.retry_at = env.now + pause;
        env.wake(pause);
        if self.link.leads() && self.link.stream == Stream::Closed {
            self.open_stream(env);
        }
        self.probe(env);
    }
}

impl Call {
    fn is_watched(&self) -> bool {
        self.is_open() && !self.signed_out
    }

    fn topic(&self) -> pb::DeskTopic {
        // A customer who was ruled out must not be found again by the same number.
        let lookup = self.context.lookup.clone().filter(|_| self.rejected.is_empty());
        pb::DeskTopic { interaction_id: self.id.clone(), lookup }
    }
}
