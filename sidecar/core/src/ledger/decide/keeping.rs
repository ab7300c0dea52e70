//! What is written down about exports and samples fits the ledger that they were made of, and nobody
//! erases an employee alone.

use super::acts::Office;
use crate::ids::RequestId;
use crate::ledger::{
    Access, Act, ActFault, Caller, ErasureBasis, Fault, Person, Read, SampleDrawn, SampleMethod,
};

pub(super) fn check_export(
    (first, end): (u64, u64),
    tree_size: u64,
    entry_count: u64,
) -> Result<(), Fault> {
    if end < first {
        return invalid("end_position", "lies before first_position");
    }
    if tree_size < end {
        return invalid("tree_size", "is smaller than end_position");
    }
    if tree_size > entry_count {
        return invalid("tree_size", "is larger than the ledger");
    }
    Ok(())
}

pub(super) fn check_sample(sample: &SampleDrawn, entry_count: u64) -> Result<(), Fault> {
    if sample.end <= sample.first {
        return invalid("end_position", "must be later than first_position");
    }
    if sample.end > entry_count {
        return invalid("end_position", "lies beyond the ledger");
    }
    if sample.spend_count > sample.population_count {
        return invalid("spend_count", "is more than what was drawn from");
    }
    let needs_interval = sample.method == SampleMethod::MonetaryUnit;
    if needs_interval != sample.interval.is_some() {
        return invalid("interval", "belongs to monetary unit samples, and only to those");
    }
    if sample.interval.is_some_and(|interval| interval.amount_minor <= 0) {
        return invalid("interval", "must be above zero");
    }
    Ok(())
}

/// Nobody asks for their own erasure, which would make them one of the two who agree to it.
pub(super) fn ask_erasure(caller: &Caller, subject: Person) -> Result<(), Fault> {
    if subject == Person::Agent(caller.agent) {
        let (duty, instead) = ("erasing an employee", "another administrator asks for it");
        return Err(ActFault::SecondPersonNeeded { duty, instead }.into());
    }
    Ok(())
}

/// An employee answers for what the ledger says of them: two persons agree to erase one, and neither
/// is that one. The sidecar itself acts for whoever has the data folder and its keys.
pub(super) fn erase(
    office: &Office<'_, impl Read>,
    (subject, basis): (Person, ErasureBasis),
    asked: Option<RequestId>,
) -> Result<(), Fault> {
    let caller = office.caller;
    let Person::Agent(employee) = subject else {
        return Ok(());
    };
    if caller.access == Access::System {
        return Ok(());
    }
    let second_needed =
        |instead| Err(ActFault::SecondPersonNeeded { duty: "erasing an employee", instead }.into());
    let Some(asked) = asked else {
        return second_needed("ask for it, and another administrator erases by your request's id");
    };
    let row = office.rows.act(asked);
    let Some(row) = row.filter(|row| row.act == Act::AskErasure { subject, basis }) else {
        return invalid(
            "asked_request_id",
            "names no request to erase this person for this reason",
        );
    };
    if row.agent == caller.agent {
        return second_needed("another administrator than the one who asked erases");
    }
    if employee == caller.agent {
        return second_needed("another administrator erases you");
    }
    Ok(())
}

fn invalid(field: &'static str, fix: &'static str) -> Result<(), Fault> {
    Err(ActFault::FieldInvalid { field, fix }.into())
}
