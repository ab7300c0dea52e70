//! Who may not do what, and which time may not be written to: checked from the entries alone, apart
//! from the rules that decided them.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use makegood_core::ids::{AgentPid, Digest, RequestId};
use makegood_core::ledger::duties::People;
use makegood_core::ledger::{
    Access, Act, Disposition, Entry, EntryBody, FindingRow, Key, Period, Person, Read, ReviewState,
    Row,
};
use makegood_core::time::Time;

/// What has to be remembered of earlier entries.
#[derive(Debug, Default)]
pub(crate) struct Duties {
    /// Who handed in each policy.
    authors: HashMap<Digest, AgentPid, RandomState>,
    /// The end of what is closed.
    closed_until: Option<Time>,
    /// The closed period that is asked to be open again, who asked, and whether a second agreed.
    reopening: Option<(Period, AgentPid, bool)>,
    /// Who asked to erase whom, by the request.
    erasures_asked: HashMap<RequestId, (AgentPid, Person), RandomState>,
    people: People,
}

impl Duties {
    /// Checks an entry against those before it; `rows` are as they were before it.
    pub(crate) fn check(&mut self, entry: &Entry, rows: &impl Read) -> Result<(), &'static str> {
        self.check_period(entry)?;
        self.people.note(entry);
        match &entry.body {
            EntryBody::Act {
                request: Some(request), act: Act::AskErasure { subject, .. }, ..
            } => {
                self.erasures_asked.insert(*request, (entry.caller.agent, *subject));
                Ok(())
            }
            EntryBody::Act { act, .. } => self.check_act(entry, act, rows),
            EntryBody::Expired { .. }
            | EntryBody::ConsultPassed { .. }
            | EntryBody::ConsultClosed { .. }
            | EntryBody::PolicyActivated { .. }
            | EntryBody::PoolOpened { .. } => Ok(()),
            EntryBody::ConsultAsked { about, to, .. } if *to == about.agent => {
                Err("asks an agent to approve their own gesture")
            }
            EntryBody::ConsultApproved { about, .. } if entry.caller.agent == about.agent => {
                Err("lets an agent approve their own gesture")
            }
            _ => match entry.caller.access {
                Access::Agent | Access::Supervisor => Ok(()),
                Access::Auditor | Access::Admin | Access::System => {
                    Err("lets somebody give who may only review or govern")
                }
            },
        }
    }

    /// After a period is closed, nothing counts for it but what is marked so, while two persons had
    /// it open again.
    fn check_period(&self, entry: &Entry) -> Result<(), &'static str> {
        let is_open_again = matches!(self.reopening, Some((_, _, true)));
        let counts_for = entry.effective_at.unwrap_or(entry.at);
        if counts_for > entry.at {
            return Err("counts for a time after its own");
        }
        let is_closed = self.closed_until.is_some_and(|end| counts_for < end);
        match (is_closed, entry.is_post_close) {
            (true, false) => Err("counts for a period that is closed"),
            (true, true) if !is_open_again => {
                Err("counts for a closed period that no two persons had opened again")
            }
            (false, true) => Err("says that it counts for a closed period, which it does not"),
            _ => Ok(()),
        }
    }

    fn check_act(
        &mut self,
        entry: &Entry,
        act: &Act,
        rows: &impl Read,
    ) -> Result<(), &'static str> {
        let caller = entry.caller.agent;
        match act {
            Act::DraftPolicy(named) => {
                self.authors.insert(named.digest, caller);
            }
            Act::SchedulePolicy { digest, .. } if self.authors.get(digest) == Some(&caller) => {
                return Err("lets the author of a policy put it in force");
            }
            Act::ClosePeriod(period) => {
                self.closed_until = self.closed_until.max(Some(period.end));
                self.reopening = None;
            }
            Act::ReopenPeriod(period) => self.reopening = Some((*period, caller, false)),
            Act::SecondReopening(period) => match &mut self.reopening {
                Some((asked, by, is_seconded)) if asked == period && *by != caller => {
                    *is_seconded = true;
                }
                _ => return Err("lets one person alone open a closed period again"),
            },
            Act::Note { spend, state, .. } => {
                let Some(row) = rows.spend(*spend) else {
                    return Err("reviews a gesture that is not there");
                };
                if row.took_part(caller) && *state != ReviewState::Answered {
                    return Err("lets somebody review a gesture that they took part in");
                }
            }
            Act::EraseSubject { subject: Person::Agent(employee), asked, .. }
                if entry.caller.access != Access::System
                    && !self.is_asked_by_another(caller, *employee, *asked) =>
            {
                return Err("erases an employee without two others who agree to it");
            }
            Act::RaiseFinding(finding) if !self.people.are_named(finding) => {
                return Err("raises a finding that leaves out somebody whom its entries name");
            }
            Act::DisposeFinding { finding, disposition, .. } => {
                if let Some(Row::Finding(row)) = rows.get(&Key::Finding(*finding)) {
                    return check_settling(row, caller, *disposition);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_asked_by_another(
        &self,
        caller: AgentPid,
        employee: AgentPid,
        asked: Option<RequestId>,
    ) -> bool {
        let asked = asked.and_then(|asked| self.erasures_asked.get(&asked));
        asked.is_some_and(|(by, subject)| {
            *subject == Person::Agent(employee) && ![caller, employee].contains(by)
        }) && caller != employee
    }
}

fn check_settling(
    row: &FindingRow,
    caller: AgentPid,
    disposition: Disposition,
) -> Result<(), &'static str> {
    if row.agents.contains(&caller) {
        Err("lets somebody settle a finding about themselves")
    } else if row.raised_by == caller && disposition != Disposition::Escalated {
        Err("lets somebody settle a finding that they raised")
    } else {
        Ok(())
    }
}
