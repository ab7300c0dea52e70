//! Asking second persons.

use makegood_core::ledger::{ConsultState, EntryBody, GestureRequest};

use super::counts::grants_trace;
use super::{Clerk, Draft, HOLD_NS, Step, time, usd};
use crate::generate::calendar::{MINUTE, SECOND};
use crate::generate::year::story::{Consult, Story};

/// How long a second person has to answer.
const ANSWER_NS: i64 = MINUTE;

impl Clerk<'_> {
    /// Holds what there is room for, and asks a second person for the rest.
    pub(super) fn ask(
        &mut self,
        number: u32,
        story: &Story,
        request: GestureRequest,
        consult: Consult,
    ) {
        let room = self.counts.room(story);
        let held = room.least().max(0);
        let id = self.next_request();
        let held_request = GestureRequest { amount: usd(held), ..request };
        self.hold(number, story, held_request, Some(id));
        let Some(live) = self.live.get_mut(&number) else { return };
        live.asked_at = story.at;
        let body = EntryBody::ConsultAsked {
            consult: id,
            about: Box::new(live.about.clone()),
            asked_minor: story.amount,
            held_minor: held,
            to: self.office.member(consult.to).pid,
            answer_at: time(story.at + ANSWER_NS),
            expire_at: time(story.at + ANSWER_NS + HOLD_NS),
            binding: room.tightest(),
        };
        let caller = self.office.caller(story.agent, story.at);
        let trace = self.counts.traces(self.office, story, 0, 0);
        let draft = Draft { caller, trace, postings: Vec::new(), body };
        self.write(story.at, story.plant, draft);
        if consult.passed_to.is_some() {
            self.plan(number, story.at + ANSWER_NS, Step::Pass(consult));
        } else {
            let at = story.at + consult.waited_ms * (SECOND / 1_000);
            self.plan(number, at, Step::Answer(consult));
        }
    }

    /// The question goes on to the next person.
    pub(super) fn pass(&mut self, number: u32, at: i64, consult: Consult) {
        let next = consult.passed_to.unwrap_or(consult.to);
        if let Some(live) = self.live.get(&number)
            && let Some(id) = live.consult
        {
            let body = EntryBody::ConsultPassed {
                consult: id,
                about: Box::new(live.about.clone()),
                from: self.office.member(consult.to).pid,
                to: self.office.member(next).pid,
                answer_at: time(at + ANSWER_NS),
                expire_at: time(at + ANSWER_NS + HOLD_NS),
            };
            let plant = live.story.plant;
            self.write(at, plant, Draft::system(body));
        }
        let consult = Consult { to: next, passed_to: None, ..consult };
        let at = at + consult.waited_ms * (SECOND / 1_000);
        self.plan(number, at, Step::Answer(consult));
    }

    /// The second person answers.
    pub(super) fn answer(&mut self, number: u32, at: i64, consult: Consult) {
        let Some(live) = self.live.get(&number) else { return };
        let approved = live.story.amount * consult.approved_permille / 1_000;
        if approved > live.held {
            self.approve(number, at, consult, approved);
        } else {
            self.decline(number, at, consult);
        }
    }

    fn approve(&mut self, number: u32, at: i64, consult: Consult, approved: i64) {
        let request = self.next_request();
        let Some(live) = self.live.get_mut(&number) else { return };
        let Some(id) = live.consult else { return };
        let added = approved - live.held;
        live.held = approved;
        let body = EntryBody::ConsultApproved {
            request,
            consult: id,
            about: Box::new(live.about.clone()),
            approved_minor: approved,
            added_minor: added,
            waited_ns: at - live.asked_at,
            expire_at: time(at + HOLD_NS),
        };
        let postings = live.holding(added);
        let (story, plant) = (live.story.clone(), live.story.plant);
        let mut trace = self.counts.charge(self.office, &story, added);
        let second = self.office.member(consult.to).pid;
        let before = self.counts.grant(consult.to, at, added);
        trace.push(grants_trace(second, at, before, added));
        let caller = self.office.caller(consult.to, at);
        self.write(at, plant, Draft { caller, trace, postings, body });
        self.plan(number, at + 20 * SECOND, Step::Commit);
    }

    fn decline(&mut self, number: u32, at: i64, consult: Consult) {
        let request = self.next_request();
        let Some(live) = self.live.get(&number) else { return };
        let Some(id) = live.consult else { return };
        let body = EntryBody::ConsultClosed {
            request: Some(request),
            consult: id,
            about: Box::new(live.about.clone()),
            end: ConsultState::Declined,
            waited_ns: at - live.asked_at,
        };
        let (story, held) = (live.story.clone(), live.held);
        let caller = self.office.caller(consult.to, at);
        let trace = self.counts.traces(self.office, &story, 0, 0);
        let postings = Vec::new();
        self.write(at, story.plant, Draft { caller, trace, postings, body });
        let gives = consult.gives_rest && held > 0;
        self.plan(number, at + 15 * SECOND, if gives { Step::Commit } else { Step::Void });
    }
}
