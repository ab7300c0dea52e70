//! Reviews and findings: by others than those whom they are about, and settled by a second one.

use makegood_core::ledger::{Act, Disposition, Key, Read as _, ReviewState, Row, Write as _};

use super::{act, fault, finding, house_with_a_gift, pid};
use crate::support::{House, caller_named, request_id, seconds, spend_id};

fn note(state: ReviewState) -> Act {
    Act::Note { spend: spend_id("S1"), state, note: None }
}

fn play(house: &mut House, steps: &[(&str, ReviewState)]) -> Option<&'static str> {
    let mut last = None;
    for (at, (caller, state)) in (10..).zip(steps) {
        last = fault(act(house, (caller, at), &format!("R{at}"), note(*state)));
    }
    last
}

#[test]
fn goes_from_a_question_to_a_second_person_who_clears() {
    use ReviewState::{Answered, Cleared, Questioned};
    let mut house = house_with_a_gift();
    let steps = [("rev", Questioned), ("ann", Answered), ("rex", Cleared)];
    assert_eq!(play(&mut house, &steps), None);
    let row = house.rows.review(spend_id("S1")).unwrap();
    assert_eq!((row.state, &row.reviewers), (Cleared, &vec![pid("rev"), pid("rex")]));
}

#[test]
fn refuses_reviews_out_of_order_or_by_the_wrong_person() {
    use ReviewState::{Answered, Cleared, Escalated, Noted, Praised, Questioned};
    let cases: Vec<(&str, Vec<(&str, ReviewState)>)> = vec![
        ("REVIEW_OUT_OF_ORDER", vec![("rev", Cleared)]),
        ("REVIEW_OUT_OF_ORDER", vec![("ann", Answered)]),
        ("REVIEW_OUT_OF_ORDER", vec![("rev", Noted), ("ann", Answered)]),
        ("NOT_YOUR_SPEND", vec![("rev", Questioned), ("ben", Answered)]),
        ("NOT_YOUR_SPEND", vec![("rev", Questioned), ("sue", Answered)]),
        ("SECOND_PERSON_NEEDED", vec![("rev", Noted), ("rev", Cleared)]),
        ("SECOND_PERSON_NEEDED", vec![("rev", Noted), ("rex", Praised), ("rex", Cleared)]),
        ("REVIEW_OUT_OF_ORDER", vec![("rev", Noted), ("rex", Cleared), ("rev", Escalated)]),
        ("REVIEW_OUT_OF_ORDER", vec![("rev", Questioned), ("rex", Cleared), ("ann", Answered)]),
    ];
    for (expected, steps) in cases {
        let mut house = house_with_a_gift();
        assert_eq!(play(&mut house, &steps), Some(expected), "{steps:?}");
    }
    let nowhere = Act::Note { spend: spend_id("S9"), state: Noted, note: None };
    let answer = act(&mut house_with_a_gift(), ("rev", 10), "R1", nowhere);
    assert_eq!(fault(answer), Some("SPEND_NOT_FOUND"));
}

/// An auditor who gave or approved in an earlier role does not review that.
#[test]
fn nobody_reviews_what_they_gave_or_approved() {
    let mut house = house_with_a_gift();
    let mut command = house.command(
        seconds(10),
        "rev",
        makegood_core::ledger::Action::Act {
            request: Some(request_id("R1")),
            act: note(ReviewState::Noted),
        },
    );
    command.caller.agent = pid("ann");
    assert_eq!(fault(house.submit(&command)), Some("SECOND_PERSON_NEEDED"));
    let key = Key::Spend(spend_id("S1"));
    let Some(Row::Spend(mut row)) = house.rows.get(&key).cloned() else { unreachable!() };
    row.approvers.push(pid("rev"));
    let mut rows = house.rows.clone();
    rows.put(key, Row::Spend(row));
    command.caller = caller_named("rev");
    let answer = makegood_core::ledger::decide(&rows, &house.policy, &command);
    assert_eq!(fault(answer), Some("SECOND_PERSON_NEEDED"));
}

#[test]
fn settles_findings_by_those_whom_they_are_not_about() {
    use Disposition::{Confirmed, Dismissed, Escalated};
    let steps: [(&str, Disposition, Option<&str>); 6] = [
        ("rex", Dismissed, Some("SECOND_PERSON_NEEDED")),
        ("rev", Escalated, None),
        ("rev", Confirmed, Some("SECOND_PERSON_NEEDED")),
        ("ray", Confirmed, None),
        ("rev", Dismissed, Some("FINDING_DISPOSED")),
        ("ray", Confirmed, Some("FINDING_DISPOSED")),
    ];
    let mut house = house_with_a_gift();
    let raise = Act::RaiseFinding(Box::new(finding(&[2, 3], &["ann", "rex"])));
    let raised = act(&mut house, ("sys", 10), "", raise).unwrap().outcome.position;
    for (at, (caller, disposition, expected)) in (11..).zip(steps) {
        let dispose = |finding| Act::DisposeFinding { finding, disposition, note: None };
        let answer = act(&mut house, (caller, at), &format!("R{at}"), dispose(raised));
        assert_eq!(fault(answer), expected, "{caller} {disposition:?}");
        let nowhere = act(&mut house, (caller, at), &format!("N{at}"), dispose(0));
        assert_eq!(fault(nowhere), Some("FINDING_NOT_FOUND"));
    }
    let row = house.rows.finding(raised).unwrap();
    assert_eq!(row.disposed, Some((Confirmed, pid("ray"))));
}
