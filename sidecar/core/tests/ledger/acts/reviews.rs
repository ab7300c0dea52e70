//! Reviews and findings: by others than those whom they are about, and settled by a second one.

use makegood_core::ledger::duties::check_duties;
use makegood_core::ledger::{
    Act, Action, Disposition, Key, Read as _, ReviewState, Row, Write as _,
};
use makegood_core::policy::Window;

use super::{act, fault, finding, house_with_a_gift, pid};
use crate::script::run;
use crate::support::{
    House, caller_named, leads, limit, policy_with, request_id, seconds, spend_id,
};

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

/// Whoever was asked, answered, released, took back or corrected keeps out of the review.
#[test]
fn nobody_reviews_what_they_took_part_in() {
    let mut house = House::new(policy_with(vec![
        limit("ever", Window::Lifetime, 100),
        leads("grants", Window::Lifetime, 500),
    ]));
    run(
        &mut house,
        "
        0   ann ask C1 S1 cora 200 to=lea                -> consult=open
        60  sys pass C1 to=lou                           -> consult=open
        61  lou decline R1 C1 S1                         -> consult=declined
        62  ann ask C2 S1 cora 200 to=tom                -> consult=open
        63  ann commit R2 S1 50 more                     -> given=50
        64  sue reverse R3 S1 10 other                   -> back=10
        64  sup correct R4 S1 late upgrade               -> CONSULT_OPEN
        65  ann withdraw R5 C2 S1                        -> consult=withdrawn
        66  sup correct R6 S1 late upgrade               -> held=50
        67  sub void R7 S1 other                         -> voided
        ",
    );
    for (nth, (name, expected)) in [
        ("ann", Some("SECOND_PERSON_NEEDED")),
        ("lea", Some("SECOND_PERSON_NEEDED")),
        ("lou", Some("SECOND_PERSON_NEEDED")),
        ("tom", Some("SECOND_PERSON_NEEDED")),
        ("sue", Some("SECOND_PERSON_NEEDED")),
        ("sup", Some("SECOND_PERSON_NEEDED")),
        ("sub", Some("SECOND_PERSON_NEEDED")),
        ("rex", None),
    ]
    .into_iter()
    .enumerate()
    {
        let request = Some(request_id(&format!("N{nth}")));
        let action = Action::Act { request, act: note(ReviewState::Noted) };
        let mut command = house.command(seconds(100), "rev", action);
        command.caller.agent = pid(name);
        assert_eq!(fault(house.submit(&command)), expected, "{name}");
    }
    check_duties(&house.entries).unwrap();
}

#[test]
fn settles_a_finding_by_another_person_than_its_raiser() {
    use Disposition::{Confirmed, Dismissed, Escalated};
    for (disposition, expected) in [
        (Dismissed, Some("SECOND_PERSON_NEEDED")),
        (Confirmed, Some("SECOND_PERSON_NEEDED")),
        (Escalated, None),
    ] {
        let mut house = house_with_a_gift();
        let raise = Act::RaiseFinding(Box::new(finding(&[2], &["ann"])));
        let raised = act(&mut house, ("rev", 10), "R1", raise).unwrap().outcome.position;
        let dispose =
            |disposition| Act::DisposeFinding { finding: raised, disposition, note: None };
        let answer = act(&mut house, ("rev", 11), "R2", dispose(disposition));
        assert_eq!(fault(answer), expected, "{disposition:?}");
        assert_eq!(fault(act(&mut house, ("rex", 12), "R3", dispose(Dismissed))), None);
    }
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
