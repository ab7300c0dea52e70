//! The checks of duties, periods and digests find what is wrong: each case breaks one thing.

use makegood_core::ledger::duties::{check_balances, check_duties, check_periods};
use makegood_core::ledger::invariants::Violation;
use makegood_core::ledger::{
    Act, Action, Disposition, Entry, EntryBody, ErasureBasis, Operation, Person, ReverseReason,
    ReviewState,
};
use makegood_core::policy::Policy;

use super::{act, digest, finding, house_with_a_gift, named, period, pid};
use crate::support::{House, request_id, seconds, spend_id};

/// A house in which everything that takes two was done by two.
fn well_governed() -> House {
    let mut house = house_with_a_gift();
    let note = |state| Act::Note { spend: spend_id("S1"), state, note: None };
    let policy = digest(5);
    let (subject, basis) = (Person::Agent(pid("lea")), ErasureBasis::Retention);
    let steps = [
        ("adm", named(5)),
        ("adm", Act::PublishPolicy { digest: policy }),
        ("ada", Act::SchedulePolicy { digest: policy, effective_at: seconds(20) }),
        ("adm", Act::ClosePeriod(period(1, 9))),
        ("adm", Act::ReopenPeriod(period(1, 9))),
        ("rev", Act::SecondReopening(period(1, 9))),
        ("rev", note(ReviewState::Questioned)),
        ("ann", note(ReviewState::Answered)),
        ("rex", note(ReviewState::Cleared)),
        ("adm", Act::AskErasure { subject, basis }),
        ("ada", Act::EraseSubject { subject, basis, asked: Some(request_id("R9")) }),
        ("sys", Act::RaiseFinding(Box::new(finding(&[1], &["ann", "rex"])))),
    ];
    for (index, (caller, step)) in steps.into_iter().enumerate() {
        act(&mut house, (caller, 10), &format!("R{index}"), step).unwrap();
    }
    let raised = house.entries.last().unwrap().position;
    let dispose =
        Act::DisposeFinding { finding: raised, disposition: Disposition::Dismissed, note: None };
    act(&mut house, ("rev", 10), "RD", dispose).unwrap();
    act(&mut house, ("rev", 10), "RB", Act::DigestBalances).unwrap();
    house.policy = Policy { digest: policy, ..house.policy.clone() };
    let activate = Action::ActivatePolicy { digest: policy };
    house.submit(&house.command(seconds(20), "sys", activate)).unwrap();
    house
}

/// Changes the caller of the last entry of this kind.
fn by(kind: &str, caller: &str) -> Vec<Entry> {
    let mut entries = well_governed().entries;
    let entry = entries.iter_mut().rev().find(|entry| entry.body.kind() == kind).unwrap();
    entry.caller.agent = pid(caller);
    entries
}

fn without(kind: &str) -> Vec<Entry> {
    let mut entries = well_governed().entries;
    entries.retain(|entry| entry.body.kind() != kind);
    entries
}

/// The finding leaves out whom its entries name.
fn about_nobody() -> Vec<Entry> {
    let mut entries = well_governed().entries;
    for entry in &mut entries {
        if let EntryBody::Act { act: Act::RaiseFinding(finding), .. } = &mut entry.body {
            (finding.positions, finding.agents) = (vec![2], Vec::new());
        }
    }
    entries
}

#[test]
fn finds_what_was_done_alone() {
    let entries = well_governed().entries;
    assert_eq!(check_duties(&entries), Ok(()));
    let cases = [
        ("published by another", by("POLICY_PUBLISHED", "ada")),
        ("scheduled by its author", by("POLICY_SCHEDULED", "adm")),
        ("in force unscheduled", without("POLICY_SCHEDULED")),
        ("in force by its author", by("POLICY_ACTIVATED", "adm")),
        ("of nobody", without("POLICY_DRAFTED")),
        ("seconded by the same", by("PERIOD_REOPENED", "adm")),
        ("seconded unasked", without("REOPENING_ASKED")),
        ("cleared by its agent", by("REVIEW_NOTED", "ann")),
        ("cleared by the first reviewer", by("REVIEW_NOTED", "rev")),
        ("settled by one of them", by("FINDING_DISPOSED", "rex")),
        ("settled by its raiser", by("FINDING_RAISED", "rev")),
        ("settled unraised", without("FINDING_RAISED")),
        ("reviewed by a party", by("COMMITTED", "rex")),
        ("about nobody", about_nobody()),
        ("erased by who asked", by("SUBJECT_ERASED", "adm")),
        ("erased by the employee", by("SUBJECT_ERASED", "lea")),
        ("erased unasked", without("ERASURE_ASKED")),
    ];
    for (what, entries) in cases {
        let found = check_duties(&entries);
        assert!(matches!(found, Err(Violation::DutyBroken { .. })), "{what}: {found:?}");
    }
}

#[test]
fn finds_a_policy_in_force_before_its_time() {
    let mut entries = well_governed().entries;
    let is_scheduled = |body: &&mut EntryBody| body.kind() == "POLICY_SCHEDULED";
    let mut bodies = entries.iter_mut().map(|entry| &mut entry.body);
    let body = bodies.find(is_scheduled).unwrap();
    let EntryBody::Act { act: Act::SchedulePolicy { effective_at, .. }, .. } = body else {
        unreachable!()
    };
    *effective_at = seconds(21);
    assert!(matches!(check_duties(&entries), Err(Violation::DutyBroken { .. })));
}

#[test]
fn finds_a_digest_that_is_not_that_of_the_balances() {
    let mut entries = well_governed().entries;
    assert_eq!(check_balances(&entries), Ok(()));
    for entry in &mut entries {
        if let EntryBody::Act { balances: Some(balances), .. } = &mut entry.body {
            *balances = digest(7);
        }
    }
    assert!(matches!(check_balances(&entries), Err(Violation::BalancesDiffer { .. })));
}

type Change = fn(&mut Entry);

#[test]
fn finds_what_counts_for_a_closed_period() {
    let mut house = house_with_a_gift();
    act(&mut house, ("adm", 10), "R1", Act::ClosePeriod(period(1, 9))).unwrap();
    let (request, spend) = (request_id("R2"), spend_id("S1"));
    let reason = ReverseReason::Other;
    let reverse =
        Operation::Reverse { request, spend, amount_minor: 1, reason, effective_at: None };
    house.submit(&house.command(seconds(11), "ann", reverse.into())).unwrap();
    assert_eq!(check_periods(&house.entries), Ok(()));
    let changes: [(&str, Change); 3] = [
        ("for the closed period", |entry| entry.effective_at = Some(seconds(5))),
        ("flagged without a second person", |entry| {
            (entry.effective_at, entry.is_post_close) = (Some(seconds(5)), true);
        }),
        ("flagged for no reason", |entry| entry.is_post_close = true),
    ];
    for (what, change) in changes {
        let mut entries = house.entries.clone();
        change(entries.last_mut().unwrap());
        let found = check_periods(&entries);
        assert!(matches!(found, Err(Violation::InClosedPeriod { .. })), "{what}: {found:?}");
    }
}

#[test]
fn finds_an_allocation_that_took_what_a_pool_needs() {
    let mut house = super::pools::house();
    let take = super::pools::allocate(Some("north"), None, 400);
    act(&mut house, ("adm", 1), "R1", take).unwrap();
    assert_eq!(check_duties(&house.entries), Ok(()));
    let entry = house.entries.last_mut().unwrap();
    entry.trace[0].after_minor = entry.trace[0].cap_minor + 1;
    assert!(matches!(check_duties(&house.entries), Err(Violation::AboveCap { .. })));
}
