//! Writes stories as the entries that a ledger would have: with limits, postings and refusals.

mod asking;
mod counts;
mod live;

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::slice::Iter;

use makegood_core::ids::{AgentPid, Digest, RequestId, SpendId};
use makegood_core::ledger::{
    Access, Caller, Entry, EntryBody, GestureRequest, LimitTrace, Operation, Posting,
    RULES_VERSION, Refusal, ReverseReason, SpendAbout, VoidReason,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::GestureKind;
use makegood_core::time::Time;

use super::amounts::{GESTURES, REASONS};
use super::office::{Office, Purpose, code, random};
use super::story::{Consult, Life, Story};
use crate::generate::calendar::{MINUTE, SECOND};
use counts::{Counts, Room, case_pid, interaction_pid};
use live::Live;

/// How long a hold lives.
const HOLD_NS: i64 = 10 * MINUTE;

/// What comes next for a gesture.
#[derive(Debug, Clone, Copy)]
enum Step {
    Commit,
    Void,
    TakeBack,
    Expire,
    Pass(Consult),
    Answer(Consult),
}

/// Writes.
pub(super) struct Clerk<'a> {
    office: &'a Office,
    put: &'a mut dyn FnMut(Entry),
    counts: Counts,
    live: BTreeMap<u32, Live>,
    /// What is still to come, by time and order.
    later: BTreeMap<(i64, u64), (u32, Step)>,
    step_count: u64,
    policy: Digest,
    entry_count: u64,
    last_at: i64,
    request_count: u64,
    positions: BTreeMap<u32, Vec<u64>>,
}

/// An entry without its number, time and policy.
struct Draft {
    caller: Caller,
    trace: Vec<LimitTrace>,
    postings: Vec<Posting>,
    body: EntryBody,
}

impl Draft {
    /// What the sidecar itself writes.
    fn system(body: EntryBody) -> Self {
        let caller = Caller {
            agent: AgentPid::from_bytes([0; 15]),
            access: Access::System,
            role: code("system"),
            team: None,
            tenure_days: 0,
        };
        Self { caller, trace: Vec::new(), postings: Vec::new(), body }
    }
}

impl<'a> Clerk<'a> {
    pub(super) fn new(office: &'a Office, put: &'a mut dyn FnMut(Entry)) -> Self {
        Self {
            office,
            put,
            counts: Counts::default(),
            live: BTreeMap::new(),
            later: BTreeMap::new(),
            step_count: 0,
            policy: office.policy(),
            entry_count: 0,
            last_at: 0,
            request_count: 0,
            positions: BTreeMap::new(),
        }
    }

    /// Writes stories, which are in order of time.
    pub(super) fn tell(&mut self, stories: &[Story]) {
        self.open();
        let mut coming = stories.iter().peekable();
        let mut number = 0;
        while let Some(is_story) = self.is_story_next(&mut coming) {
            if !is_story {
                self.next_step();
            } else if let Some(story) = coming.next() {
                self.begin(number, story);
                number += 1;
            }
        }
    }

    /// How many entries there are, and the positions of each plant.
    pub(super) fn done(self, plant_count: usize) -> (u64, Vec<Vec<u64>>) {
        let mut of_plants = vec![Vec::new(); plant_count];
        for (plant, positions) in self.positions {
            if let Some(place) = of_plants.get_mut(plant as usize) {
                *place = positions;
            }
        }
        (self.entry_count, of_plants)
    }

    /// Whether a story comes before what is still to come; `None` at the end of both.
    fn is_story_next(&self, coming: &mut Peekable<Iter<'_, Story>>) -> Option<bool> {
        let story = coming.peek().map(|story| story.at);
        let step = self.later.keys().next().map(|(at, _)| *at);
        match (story, step) {
            (None, None) => None,
            (Some(story), Some(step)) => Some(story <= step),
            (story, None) => Some(story.is_some()),
            (None, Some(_)) => Some(false),
        }
    }

    fn open(&mut self) {
        let at = Office::midnight(0);
        let policy = EntryBody::PolicyActivated {
            name: "year".to_owned(),
            version: "1".to_owned(),
            previous: None,
        };
        let pool = EntryBody::PoolOpened {
            pool: code("house"),
            team: None,
            allotted_minor: None,
            previous_minor: None,
        };
        for body in [policy, pool] {
            self.write(at, None, Draft::system(body));
        }
    }

    fn begin(&mut self, number: u32, story: &Story) {
        let request = self.request(number, story);
        let room = self.counts.room(story);
        match story.life {
            Life::Consult(consult) if room.least() < story.amount => {
                self.ask(number, story, request, consult);
            }
            _ if room.least() < story.amount => self.refuse(story, request, &room),
            Life::Give | Life::TakeBack { .. } | Life::Consult(_) => {
                self.give(number, story, request);
            }
            Life::Hold { commit_after_s } => {
                self.hold(number, story, request, None);
                self.plan(number, story.at + commit_after_s * SECOND, Step::Commit);
            }
            Life::Void { after_s } => {
                self.hold(number, story, request, None);
                self.plan(number, story.at + after_s * SECOND, Step::Void);
            }
            Life::Forget => {
                self.hold(number, story, request, None);
                self.plan(number, story.at + HOLD_NS, Step::Expire);
            }
        }
    }

    fn give(&mut self, number: u32, story: &Story, request: GestureRequest) {
        self.hold(number, story, request, None);
        self.commit(number, story.at, None);
        match story.life {
            Life::TakeBack { after_s } => {
                self.plan(number, story.at + after_s * SECOND, Step::TakeBack);
            }
            _ => drop(self.live.remove(&number)),
        }
    }

    fn hold(
        &mut self,
        number: u32,
        story: &Story,
        request: GestureRequest,
        consult: Option<RequestId>,
    ) {
        let about = about(&request, self.office.member(story.agent).pid, kind(story));
        let held = request.amount.amount_minor;
        let trace = self.counts.charge(self.office, story, held);
        let is_give = matches!(story.life, Life::Give | Life::TakeBack { .. });
        let body = EntryBody::Reserved {
            request: Box::new(request),
            kind: about.kind,
            pool: about.pool.clone(),
            expire_at: time(story.at + HOLD_NS),
            is_give,
            consult,
        };
        let live = Live { story: story.clone(), about, held, given: 0, consult, asked_at: 0 };
        let postings = live.holding(held);
        let caller = self.office.caller(story.agent, story.at);
        self.live.insert(number, live);
        self.write(story.at, story.plant, Draft { caller, trace, postings, body });
    }

    fn refuse(&mut self, story: &Story, request: GestureRequest, room: &Room) {
        let refusal = Refusal::LimitExceeded {
            limit: room.tightest(),
            label: "left".to_owned(),
            available_minor: room.least(),
            requested_minor: story.amount,
            currency: Currency::USD,
        };
        let operation = Operation::Give(Box::new(request));
        let body = EntryBody::Refused { operation, refusal, about: None };
        let caller = self.office.caller(story.agent, story.at);
        let trace = self.counts.traces(self.office, story, story.amount, 0);
        let draft = Draft { caller, trace, postings: Vec::new(), body };
        self.write(story.at, story.plant, draft);
    }

    fn plan(&mut self, number: u32, at: i64, step: Step) {
        self.step_count += 1;
        self.later.insert((at, self.step_count), (number, step));
    }

    fn next_step(&mut self) {
        let Some(((at, _), (number, step))) = self.later.pop_first() else { return };
        match step {
            Step::Commit => {
                let request = self.next_request();
                self.commit(number, at, Some(request));
                self.live.remove(&number);
            }
            Step::Void | Step::Expire => self.end(number, at, step),
            Step::TakeBack => self.take_back(number, at),
            Step::Pass(consult) => self.pass(number, at, consult),
            Step::Answer(consult) => self.answer(number, at, consult),
        }
    }

    fn commit(&mut self, number: u32, at: i64, request: Option<RequestId>) {
        let Some(live) = self.live.get_mut(&number) else { return };
        let amount = live.held;
        (live.held, live.given) = (0, amount);
        let body = EntryBody::Committed {
            request,
            about: Box::new(live.about.clone()),
            amount_minor: amount,
            is_final: true,
            released_minor: 0,
        };
        let postings = live.giving(amount);
        let story = live.story.clone();
        self.record(at, &story, (0, postings), body);
    }

    fn end(&mut self, number: u32, at: i64, step: Step) {
        let Some(live) = self.live.remove(&number) else { return };
        let postings = live.releasing(live.held);
        let (about, released_minor) = (Box::new(live.about.clone()), live.held);
        let body = match step {
            Step::Void => {
                let request = self.next_request();
                let reason = VoidReason::CustomerDeclined;
                EntryBody::Voided { request, about, reason, released_minor }
            }
            _ => EntryBody::Expired { about, released_minor },
        };
        self.record(at, &live.story, (released_minor, postings), body);
    }

    fn take_back(&mut self, number: u32, at: i64) {
        let Some(live) = self.live.remove(&number) else { return };
        let is_slip = at - live.story.at < 30 * SECOND;
        let reason =
            if is_slip { ReverseReason::MisEntry } else { ReverseReason::CustomerReturned };
        let body = EntryBody::Reversed {
            request: self.next_request(),
            about: Box::new(live.about.clone()),
            amount_minor: live.given,
            reason,
        };
        let back = (live.given, live.taking_back(live.given));
        self.record(at, &live.story, back, body);
    }

    /// Writes what an agent does with a gesture of theirs, which gives an amount back.
    fn record(
        &mut self,
        at: i64,
        story: &Story,
        (released, postings): (i64, Vec<Posting>),
        body: EntryBody,
    ) {
        let trace = match released {
            0 => self.counts.traces(self.office, story, 0, 0),
            _ => self.counts.charge(self.office, story, -released),
        };
        let draft = if matches!(body, EntryBody::Expired { .. }) {
            Draft { trace, postings, ..Draft::system(body) }
        } else {
            let caller = self.office.caller(story.agent, at);
            Draft { caller, trace, postings, body }
        };
        self.write(at, story.plant, draft);
    }

    /// What a story asks for, in full.
    fn request(&self, number: u32, story: &Story) -> GestureRequest {
        let office = self.office;
        let seed = office.config.seed;
        GestureRequest {
            spend: SpendId::from_bytes(random(seed, Purpose::Spend, number.into())),
            customer: office.customer(story.customer),
            interaction: interaction_pid(office, story.interaction),
            case: story.case.map(|case| case_pid(office, case)),
            amount: usd(story.amount),
            reason: code(REASONS[usize::from(story.reason)]),
            gesture: code(GESTURES[usize::from(story.gesture)].0),
            note: None,
            // A customer talks for a minute before anybody decides.
            decided_ms: 60_000 + number % 90_000,
            suggestion: None,
        }
    }

    fn next_request(&mut self) -> RequestId {
        self.request_count += 1;
        let seed = self.office.config.seed;
        RequestId::from_bytes(random(seed, Purpose::Request, self.request_count))
    }

    fn write(&mut self, at: i64, plant: Option<u32>, draft: Draft) {
        let at = at.max(self.last_at + 1);
        let position = self.entry_count;
        if let Some(plant) = plant {
            self.positions.entry(plant).or_default().push(position);
        }
        (self.last_at, self.entry_count) = (at, position + 1);
        let has_amounts = draft.body.spend().is_some();
        (self.put)(Entry {
            position,
            at: time(at),
            caller: draft.caller,
            policy: self.policy,
            rules_version: RULES_VERSION,
            currency: has_amounts.then_some(Currency::USD),
            trace: draft.trace,
            postings: draft.postings,
            effective_at: None,
            is_post_close: false,
            body: draft.body,
        });
    }
}

fn about(request: &GestureRequest, agent: AgentPid, kind: GestureKind) -> SpendAbout {
    SpendAbout {
        spend: request.spend,
        agent,
        customer: request.customer,
        interaction: request.interaction,
        case: request.case,
        reason: request.reason.clone(),
        gesture: request.gesture.clone(),
        kind,
        pool: code("house"),
    }
}

fn kind(story: &Story) -> GestureKind {
    GESTURES[usize::from(story.gesture)].1
}

fn usd(amount_minor: i64) -> Money {
    Money::new(Currency::USD, amount_minor)
}

fn time(at_ns: i64) -> Time {
    Time::from_nanos(at_ns)
}
