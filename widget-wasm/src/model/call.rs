//! One interaction at this desk: what is known of it, and what the agent has begun on it.

use makegood_proto::v1 as pb;

use super::draft::Draft;
use super::event::Context;
use super::line::Line;
use super::logging::Form;
use super::panel::Revision;
use crate::copy;
use crate::format::Format;

/// Which panel of an interaction may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acting {
    /// Not known yet.
    Asked,
    /// This one.
    Here,
    /// Another one; this one mirrors it.
    Elsewhere,
}

/// Looking for a customer by hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Search {
    /// What was typed.
    pub(crate) text: String,
    /// Whether an answer is awaited.
    pub(crate) running: bool,
    /// Whether the last answer was that nobody fits.
    pub(crate) nobody: bool,
    /// Whom it found.
    pub(crate) found: Vec<pb::Candidate>,
}

/// More of the timeline than the panel brings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct More {
    /// The rows. Empty until they were asked for.
    pub(crate) items: Vec<pb::TimelineItem>,
    /// Where the next page begins. Empty if there is none, or it was not asked for.
    pub(crate) next_page_token: String,
    /// Whether the first page was asked for.
    pub(crate) asked: bool,
}

/// How long a notice is shown.
const NOTICE_MS: i64 = 6_000;

/// One interaction.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any may hold")]
pub(crate) struct Call {
    /// The host's id.
    pub(crate) id: String,
    /// What the host said of it.
    pub(crate) context: Context,
    /// Where it is in its life.
    pub(crate) state: pb::CallState,
    /// When this panel first heard of it.
    pub(crate) seen_at: i64,
    /// When it was connected.
    pub(crate) connected_at: Option<i64>,
    /// When its state last changed.
    pub(crate) state_at: i64,
    /// The state that the sidecar was last told. Absent until it knows the interaction.
    pub(super) known_state: Option<pb::CallState>,
    /// Whether the start is on its way.
    pub(super) starting: bool,
    /// What the sidecar knows.
    pub(crate) panel: Option<pb::Panel>,
    /// The number of that state.
    pub(super) revision: Revision,
    /// When that state was known to be true, apart from the stream.
    pub(crate) fresh_at: i64,
    /// Whether a panel is on its way.
    pub(super) asking: bool,
    /// Whether a screen reader has been told who is calling.
    pub(super) announced: bool,
    /// Why the sidecar will not show it. Empty if it does.
    pub(crate) fault: String,
    /// The desk whose stream has this interaction as a topic.
    pub(super) desk_id: String,
    /// Whether the next message of the stream stands whatever its number.
    pub(super) rebase: bool,
    /// Customers whom the agent has ruled out.
    pub(super) rejected: Vec<String>,
    /// A customer who waits to be ruled out by the sidecar too.
    pub(super) rejecting: Option<String>,
    /// A customer who waits to be confirmed.
    pub(super) confirming: Option<String>,
    /// Whether the agent goes on without a customer.
    pub(crate) without: bool,
    /// Looking for a customer by hand.
    pub(crate) search: Search,
    /// Which panel may act.
    pub(crate) acting: Acting,
    /// Whether the token was refused.
    pub(crate) signed_out: bool,
    /// The first name that is left after signing out.
    pub(crate) last_name: String,
    /// Holds and gifts of this agent, newest first.
    pub(crate) lines: Vec<Line>,
    /// The composer.
    pub(crate) draft: Option<Draft>,
    /// What can be logged is shown.
    pub(crate) log_open: bool,
    /// What can be remembered is shown.
    pub(crate) remember_open: bool,
    /// The form of what is being logged.
    pub(crate) form: Option<Form>,
    /// Whether the agent says that the matter is settled.
    pub(crate) resolved: bool,
    /// What somebody else has just done to the headroom. Empty if nothing.
    pub(crate) race: String,
    /// What has just ended well, in words. Empty if nothing.
    pub(crate) notice: String,
    /// Until when that is shown.
    pub(super) notice_until: i64,
    /// Whether the host asked to complete the call while something is held.
    pub(crate) gate: bool,
    /// More of the timeline.
    pub(crate) more: More,
}

impl Call {
    pub(super) fn new(context: Context, now: i64) -> Call {
        let state = context.state;
        Call {
            id: context.id.clone(),
            state,
            seen_at: now,
            connected_at: (state == pb::CallState::Connected).then_some(now),
            state_at: now,
            known_state: None,
            starting: false,
            panel: None,
            revision: Revision::default(),
            fresh_at: now,
            asking: false,
            announced: false,
            fault: String::new(),
            desk_id: String::new(),
            rebase: false,
            rejected: Vec::new(),
            rejecting: None,
            confirming: None,
            without: false,
            search: Search::default(),
            acting: Acting::Asked,
            signed_out: false,
            last_name: String::new(),
            lines: Vec::new(),
            draft: None,
            log_open: false,
            remember_open: false,
            form: None,
            resolved: false,
            race: String::new(),
            notice: String::new(),
            notice_until: 0,
            gate: false,
            more: More::default(),
            context,
        }
    }

    /// What the sidecar knows of the customer.
    pub(crate) fn customer_context(&self) -> Option<&pb::CustomerContext> {
        self.panel.as_ref()?.context.as_ref()
    }

    /// Who is calling.
    pub(crate) fn customer(&self) -> Option<&pb::Customer> {
        self.customer_context()?.customer.as_ref()
    }

    /// The customer's pseudonym. Empty if nobody is known.
    pub(crate) fn customer_id(&self) -> &str {
        self.customer().map_or("", |customer| &customer.customer_id)
    }

    /// The name to use in a sentence.
    pub(crate) fn first_name(&self) -> &str {
        let name = self.customer().map_or("", |customer| &customer.short_name);
        match name {
            "" if self.last_name.is_empty() => copy::THEM,
            "" => &self.last_name,
            name => name,
        }
    }

    /// What the agent may give.
    pub(crate) fn headroom(&self) -> Option<&pb::Headroom> {
        self.panel.as_ref()?.headroom.as_ref()
    }

    /// Why nothing new may be given. Absent while giving goes on.
    pub(crate) fn pause(&self) -> Option<&pb::Pause> {
        self.headroom()?.pause.as_ref()
    }

    /// The part of the policy that the panel shows.
    pub(crate) fn policy(&self) -> Option<&pb::PolicyView> {
        self.panel.as_ref()?.policy.as_ref()
    }

    /// How the customer was found.
    pub(crate) fn status(&self) -> pb::MatchStatus {
        self.panel.as_ref().map_or(pb::MatchStatus::Unspecified, pb::Panel::match_status)
    }

    /// Customers who may be the caller, without those whom the agent has ruled out.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = &pb::Candidate> {
        let known = self.panel.as_ref().map_or(&[][..], |panel| &panel.candidates);
        let found = &self.search.found;
        let list = if found.is_empty() { known } else { found };
        list.iter().filter(|candidate| !self.rejected.contains(&candidate.customer_id))
    }

    /// How many customers fit.
    pub(crate) fn match_count(&self) -> i64 {
        if self.customer().is_some() {
            return 1;
        }
        let mut count = 0;
        for _ in self.candidates() {
            count += 1;
        }
        count
    }

    /// Whether agent and customer are still in touch.
    pub(crate) fn is_live(&self) -> bool {
        use pb::CallState::{Connected, Offered, OnHold};
        matches!(self.state, Offered | Connected | OnHold)
    }

    /// Whether the host has not ended it.
    pub(crate) fn is_open(&self) -> bool {
        self.state != pb::CallState::Ended
    }

    /// Whether the sidecar has this customer bound to this interaction.
    pub(super) fn is_bound(&self) -> bool {
        let bound = |panel: &pb::Panel| {
            panel.interaction.as_ref().map_or("", |interaction| &interaction.customer_id).to_owned()
        };
        let sure = matches!(self.status(), pb::MatchStatus::Exact | pb::MatchStatus::Confirmed);
        sure && !self.customer_id().is_empty()
            && self.panel.as_ref().is_some_and(|panel| bound(panel) == self.customer_id())
    }

    /// Whether this panel may move money on this interaction, as far as the call itself goes.
    pub(super) fn may_spend(&self) -> bool {
        self.acting == Acting::Here && !self.signed_out && self.is_bound()
    }

    /// The currency in which the panel gives.
    pub(crate) fn currency(&self) -> &str {
        let of_headroom = self.headroom().map_or("", |headroom| &headroom.currency_code);
        let of_policy = self.policy().map_or("", |policy| &policy.currency_code);
        if of_headroom.is_empty() { of_policy } else { of_headroom }
    }

    /// The newest hold.
    pub(crate) fn held_line(&self) -> Option<&Line> {
        self.lines.iter().find(|line| line.is_held())
    }

    /// All that is held here, in minor units.
    pub(crate) fn held_minor(&self) -> i64 {
        let mut held = 0;
        for line in &self.lines {
            held += line.held_minor();
        }
        held
    }

    /// All that is held, as an amount in words. `None` if nothing is.
    pub(crate) fn held_text(&self, fmt: &dyn Format) -> Option<String> {
        let held = self.held_minor();
        (held > 0).then(|| fmt.money(held, self.currency()))
    }

    /// Whether the outcome of something is open.
    pub(super) fn has_unsettled_line(&self) -> bool {
        self.lines.iter().any(Line::is_pending)
    }

    /// Takes everything of the customer off the screen.
    pub(super) fn clear_customer(&mut self) {
        self.panel = None;
        self.announced = false;
        self.lines.clear();
        self.draft = None;
        self.form = None;
        self.log_open = false;
        self.remember_open = false;
        self.race = String::new();
        self.more = More::default();
        self.gate = false;
        self.notice = String::new();
    }

    /// Shows for some seconds what has ended well.
    pub(super) fn notify(&mut self, words: &str, now: i64) {
        words.clone_into(&mut self.notice);
        self.notice_until = now + NOTICE_MS;
    }

    pub(super) fn sign_out(&mut self) {
        if self.signed_out {
            return;
        }
        let name = self.customer().map_or_else(String::new, |customer| customer.short_name.clone());
        self.last_name = name;
        self.signed_out = true;
        // A line whose outcome is open stays, without being shown, to be asked for afterwards.
        let mut lines = std::mem::take(&mut self.lines);
        self.clear_customer();
        while let Some(line) = lines.pop() {
            if line.is_pending() {
                self.lines.insert(0, line);
            }
        }
        self.search = Search::default();
        self.revision = Revision::default();
    }
}
