//! Reviews of gestures and the settling of findings: never by those whom they are about.

use super::acts::Office;
use crate::ids::SpendId;
use crate::ledger::{
    ActFault, Disposition, FINDING_AGENTS, FINDING_POSITIONS, Fault, FindingRaised, Read,
    ReviewRow, ReviewState, SpendRow,
};

/// The highest score of a finding.
const SCORE_MAX_PERMILLE: u32 = 1_000;

pub(super) fn check_finding(finding: &FindingRaised, entry_count: u64) -> Result<(), Fault> {
    let FindingRaised { score_permille, positions, agents, .. } = finding;
    let problem = if *score_permille > SCORE_MAX_PERMILLE {
        Some(("score_permille", "must be at most 1000"))
    } else if positions.is_empty() || positions.len() > FINDING_POSITIONS {
        Some(("positions", "must name 1 to 64 entries"))
    } else if !positions.is_sorted_by(|left, right| left < right) {
        Some(("positions", "must be in order, each once"))
    } else if positions.last().is_some_and(|last| *last >= entry_count) {
        Some(("positions", "lie beyond the ledger"))
    } else if agents.len() > FINDING_AGENTS {
        Some(("positions", "name more than 256 people; name fewer entries"))
    } else if !agents.is_sorted_by(|left, right| left < right) {
        Some(("agents", "must be in order, each once"))
    } else {
        None
    };
    match problem {
        None => Ok(()),
        Some((field, fix)) => Err(ActFault::FieldInvalid { field, fix }.into()),
    }
}

/// The agent of the gesture answers; everybody else reviews.
pub(super) fn note(
    office: &Office<'_, impl Read>,
    spend: SpendId,
    next: ReviewState,
) -> Result<(), Fault> {
    let row = office.rows.spend(spend).ok_or(Fault::SpendNotFound { spend })?;
    let review = office.rows.review(spend);
    if next == ReviewState::Answered {
        return answer(office, row, review);
    }
    check_stranger(office, row)?;
    let state = review.map(|review| review.state);
    let out_of_order = |fix| Err(ActFault::ReviewOutOfOrder { state, next, fix }.into());
    match (state, next) {
        (Some(ReviewState::Cleared), _) => out_of_order("it is settled"),
        (None, ReviewState::Cleared) => out_of_order("look at it first; a second person clears it"),
        (_, ReviewState::Cleared) => check_second(office, review),
        _ => Ok(()),
    }
}

fn answer(
    office: &Office<'_, impl Read>,
    row: &SpendRow,
    review: Option<&ReviewRow>,
) -> Result<(), Fault> {
    if row.about.agent != office.caller.agent {
        return Err(Fault::NotYourSpend { spend: row.about.spend });
    }
    let state = review.map(|review| review.state);
    if state == Some(ReviewState::Questioned) {
        return Ok(());
    }
    let (next, fix) = (ReviewState::Answered, "only a question can be answered");
    Err(ActFault::ReviewOutOfOrder { state, next, fix }.into())
}

/// Nobody reviews what they took any part in.
fn check_stranger(office: &Office<'_, impl Read>, row: &SpendRow) -> Result<(), Fault> {
    if !row.took_part(office.caller.agent) {
        return Ok(());
    }
    Err(ActFault::SecondPersonNeeded {
        duty: "reviewing a gesture",
        instead: "an auditor who took no part in it reviews it",
    }
    .into())
}

fn check_second(office: &Office<'_, impl Read>, review: Option<&ReviewRow>) -> Result<(), Fault> {
    if !review.is_some_and(|review| review.reviewers.contains(&office.caller.agent)) {
        return Ok(());
    }
    Err(ActFault::SecondPersonNeeded {
        duty: "clearing a review",
        instead: "an auditor who has not reviewed it yet clears it",
    }
    .into())
}

/// Passing a finding on is free to whoever raised it; settling it takes another person.
pub(super) fn dispose(
    office: &Office<'_, impl Read>,
    position: u64,
    disposition: Disposition,
) -> Result<(), Fault> {
    let row = office.rows.finding(position).ok_or(ActFault::FindingNotFound { position })?;
    let caller = office.caller.agent;
    let second_needed = |duty, instead| Err(ActFault::SecondPersonNeeded { duty, instead }.into());
    if row.agents.contains(&caller) {
        let instead = "an auditor whom it is not about settles it";
        return second_needed("settling a finding", instead);
    }
    if row.raised_by == caller && disposition != Disposition::Escalated {
        return second_needed("settling a finding", "an auditor who did not raise it settles it");
    }
    match row.disposed {
        Some((Disposition::Escalated, by)) if by == caller => {
            second_needed("settling what was passed on", "another auditor settles it")
        }
        None | Some((Disposition::Escalated, _)) => Ok(()),
        Some((disposition, _)) => Err(ActFault::FindingDisposed { position, disposition }.into()),
    }
}
