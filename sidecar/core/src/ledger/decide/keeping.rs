//! What is written down about exports and samples fits the ledger that they were made of.

use crate::ledger::{ActFault, Fault, SampleDrawn, SampleMethod};

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

fn invalid(field: &'static str, fix: &'static str) -> Result<(), Fault> {
    Err(ActFault::FieldInvalid { field, fix }.into())
}
