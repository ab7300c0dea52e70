//! What must always hold of those who govern and review, told from the entries alone: nobody does
//! alone what takes two, closed periods stay closed, and digests are those of the balances.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AgentPid, Digest, RequestId, SpendId};
use crate::time::Time;

use super::balances::balances_digest;
use super::violation::Violation;
use super::{
    Access, Act, Disposition, Entry, EntryBody, ErasureBasis, FindingRaised, Period, Person,
    ReviewState, Rows, apply,
};

/// Checks that no policy came into force by its author alone, that nobody approved, reviewed or
/// settled what is their own, and that no allocation took what a pool needs.
///
/// # Errors
/// The first violation.
pub fn check_duties<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), Violation> {
    let mut seen = Seen::default();
    for entry in entries {
        seen.check(entry)
            .map_err(|duty| Violation::DutyBroken { position: entry.position, duty })?;
        check_allocation(entry)?;
        seen.note(entry);
    }
    Ok(())
}

/// Checks that after a period was closed nothing counts for it, unless two persons had opened it
/// again and the entry says so.
///
/// # Errors
/// The first violation.
pub fn check_periods<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), Violation> {
    let mut closed: Option<Period> = None;
    let mut asked_by: Option<AgentPid> = None;
    let mut is_open_again = false;
    for entry in entries {
        let counts_at = entry.effective_at.unwrap_or(entry.at);
        let in_closed = closed.is_some_and(|period| counts_at < period.end);
        let in_reopened = is_open_again && closed.is_some_and(|period| counts_at >= period.start);
        let is_right = entry.is_post_close == in_closed && (!in_closed || in_reopened);
        if !is_right || counts_at > entry.at {
            return Err(Violation::InClosedPeriod { position: entry.position });
        }
        let caller = entry.caller.agent;
        match act_of(entry) {
            Some(Act::ClosePeriod(period)) => {
                (closed, asked_by, is_open_again) = (Some(*period), None, false);
            }
            Some(Act::ReopenPeriod(_)) => asked_by = Some(caller),
            Some(Act::SecondReopening(_)) => {
                is_open_again = asked_by.is_some_and(|asked_by| asked_by != caller);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks that every digest of balances is that of what the entries before it add up to.
///
/// # Errors
/// The first violation.
pub fn check_balances<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), Violation> {
    let mut rows = Rows::default();
    for entry in entries {
        if let EntryBody::Act { balances: Some(taken), .. } = &entry.body
            && *taken != balances_digest(&rows)
        {
            return Err(Violation::BalancesDiffer { position: entry.position });
        }
        apply(&mut rows, entry);
    }
    Ok(())
}

/// Who did what so far, as far as it forbids them something later.
#[derive(Default)]
struct Seen {
    authors: BTreeMap<Digest, AgentPid>,
    scheduled: BTreeMap<Digest, (AgentPid, Time)>,
    has_policy: bool,
    /// Who took part in each gesture, and whose it is.
    parties: BTreeMap<SpendId, BTreeSet<AgentPid>>,
    agents: BTreeMap<SpendId, AgentPid>,
    reviewers: BTreeMap<SpendId, BTreeSet<AgentPid>>,
    people: People,
    /// Who raised each finding, and whom it is about.
    findings: BTreeMap<u64, (AgentPid, Vec<AgentPid>)>,
    reopening_asked_by: Option<AgentPid>,
    /// Who asked to erase whom, and why, by the request.
    erasures_asked: BTreeMap<RequestId, (AgentPid, Person, ErasureBasis)>,
}

/// Whom each entry names, so that findings leave nobody out.
#[derive(Debug, Default)]
pub struct People(Vec<(u64, AgentPid)>);

impl People {
    /// Notes the people of the next entry.
    pub fn note(&mut self, entry: &Entry) {
        self.0.extend(entry.people().into_iter().map(|person| (entry.position, person)));
    }

    /// Whether a finding is about everybody whom its entries name.
    pub fn are_named(&self, finding: &FindingRaised) -> bool {
        finding.positions.iter().all(|position| {
            let first = self.0.partition_point(|(at, _)| at < position);
            let of_entry = self.0.iter().skip(first).take_while(|(at, _)| at == position);
            of_entry.into_iter().all(|(_, person)| finding.agents.contains(person))
        })
    }
}

impl Seen {
    /// The duty that an entry breaks.
    fn check(&self, entry: &Entry) -> Result<(), &'static str> {
        let caller = entry.caller.agent;
        match &entry.body {
            EntryBody::PolicyActivated { .. } if self.has_policy => self.check_activation(entry),
            EntryBody::ConsultApproved { about, .. } if about.agent == caller => {
                Err("nobody approves their own gesture")
            }
            EntryBody::Act { act: Act::EraseSubject { subject, basis, asked }, .. }
                if entry.caller.access != Access::System =>
            {
                self.check_erasure(caller, (*subject, *basis), *asked)
            }
            EntryBody::Act { act, .. } => self.check_act(act, caller),
            _ => Ok(()),
        }
    }

    fn check_activation(&self, entry: &Entry) -> Result<(), &'static str> {
        if entry.caller.is_in_development() {
            return Ok(());
        }
        let author = self.authors.get(&entry.policy);
        match self.scheduled.get(&entry.policy) {
            None => Err("a policy comes into force once another person has scheduled it"),
            Some((by, _)) if author.is_none_or(|author| by == author) => {
                Err("the author of a policy does not schedule it")
            }
            Some((_, effective_at)) if *effective_at > entry.at => {
                Err("a policy comes into force at its time")
            }
            Some(_) if author == Some(&entry.caller.agent) => {
                Err("the author of a policy does not put it in force")
            }
            Some(_) => Ok(()),
        }
    }

    fn check_act(&self, act: &Act, caller: AgentPid) -> Result<(), &'static str> {
        let is_own = |spend| self.agents.get(spend) == Some(&caller);
        let took_part = |spend| self.parties.get(spend).is_some_and(|of| of.contains(&caller));
        let reviewed = |spend| self.reviewers.get(spend).is_some_and(|of| of.contains(&caller));
        match act {
            Act::PublishPolicy { digest } if self.authors.get(digest) != Some(&caller) => {
                Err("the author of a policy publishes it")
            }
            Act::SchedulePolicy { digest, .. } if self.authors.get(digest) == Some(&caller) => {
                Err("the author of a policy does not schedule it")
            }
            Act::SecondReopening(_) if self.reopening_asked_by.is_none_or(|by| by == caller) => {
                Err("opening a closed period takes two")
            }
            Act::Note { spend, state: ReviewState::Answered, .. } if !is_own(spend) => {
                Err("the agent of a gesture answers for it")
            }
            Act::Note { state: ReviewState::Answered, .. } => Ok(()),
            Act::Note { spend, .. } if took_part(spend) => {
                Err("nobody reviews a gesture that they took part in")
            }
            Act::Note { spend, state: ReviewState::Cleared, .. } if reviewed(spend) => {
                Err("a second person clears a review")
            }
            Act::RaiseFinding(finding) if !self.people.are_named(finding) => {
                Err("a finding is about everybody whom its entries name")
            }
            Act::DisposeFinding { finding, disposition, .. } => match self.findings.get(finding) {
                Some((raised_by, _))
                    if *raised_by == caller && *disposition != Disposition::Escalated =>
                {
                    Err("another person settles a finding than the one who raised it")
                }
                Some((_, agents)) if !agents.contains(&caller) => Ok(()),
                _ => Err("nobody settles a finding about themselves"),
            },
            _ => Ok(()),
        }
    }

    fn check_erasure(
        &self,
        caller: AgentPid,
        (subject, basis): (Person, ErasureBasis),
        asked: Option<RequestId>,
    ) -> Result<(), &'static str> {
        let Person::Agent(employee) = subject else {
            return Ok(());
        };
        let asked = asked.and_then(|asked| self.erasures_asked.get(&asked));
        let is_asked =
            |(by, who, why): &(AgentPid, _, _)| *by != caller && (*who, *why) == (subject, basis);
        let is_another = |(by, _, _): &(AgentPid, _, _)| *by != employee;
        if employee != caller && asked.is_some_and(|asked| is_asked(asked) && is_another(asked)) {
            return Ok(());
        }
        Err("erasing an employee takes two others")
    }

    fn note(&mut self, entry: &Entry) {
        let caller = entry.caller.agent;
        self.people.note(entry);
        if let Some(spend) = entry.body.spend().filter(|_| makes_parties(&entry.body)) {
            self.parties.entry(spend).or_default().extend(entry.people());
        }
        match &entry.body {
            EntryBody::PolicyActivated { .. } => {
                self.has_policy = true;
                self.scheduled.remove(&entry.policy);
            }
            EntryBody::Reserved { request, .. } => {
                self.agents.insert(request.spend, caller);
            }
            EntryBody::Act {
                request: Some(request),
                act: Act::AskErasure { subject, basis },
                ..
            } => {
                self.erasures_asked.insert(*request, (caller, *subject, *basis));
            }
            EntryBody::Act { act, .. } => self.note_act(act, entry),
            _ => {}
        }
    }

    fn note_act(&mut self, act: &Act, entry: &Entry) {
        let caller = entry.caller.agent;
        match act {
            Act::DraftPolicy(named) => {
                self.authors.insert(named.digest, caller);
                self.scheduled.remove(&named.digest);
            }
            Act::SchedulePolicy { digest, effective_at } => {
                self.scheduled.insert(*digest, (caller, *effective_at));
            }
            Act::WithdrawPolicy { digest } => {
                self.scheduled.remove(digest);
            }
            Act::ReopenPeriod(_) => self.reopening_asked_by = Some(caller),
            Act::SecondReopening(_) | Act::ClosePeriod(_) => self.reopening_asked_by = None,
            Act::Note { state: ReviewState::Answered, .. } => {}
            Act::Note { spend, .. } => {
                self.reviewers.entry(*spend).or_default().insert(caller);
            }
            Act::RaiseFinding(finding) => {
                self.findings.insert(entry.position, (caller, finding.agents.clone()));
            }
            _ => {}
        }
    }
}

/// Whether those whom an entry names take part in its gesture: not by a refusal or a review.
fn makes_parties(body: &EntryBody) -> bool {
    !matches!(body, EntryBody::Refused { .. } | EntryBody::Act { .. })
}

/// A pool that authority is taken from keeps what covers its holds and gifts.
fn check_allocation(entry: &Entry) -> Result<(), Violation> {
    let Some(Act::Allocate { from: Some(_), .. }) = act_of(entry) else {
        return Ok(());
    };
    match entry.trace.iter().find(|trace| trace.after_minor > trace.cap_minor) {
        None => Ok(()),
        Some(trace) => Err(Violation::AboveCap {
            position: entry.position,
            limit: trace.limit.clone(),
            after_minor: trace.after_minor,
            cap_minor: trace.cap_minor,
        }),
    }
}

fn act_of(entry: &Entry) -> Option<&Act> {
    match &entry.body {
        EntryBody::Act { act, .. } => Some(act),
        _ => None,
    }
}
