//! Questions that wait for this agent: they come without a call, are answered once, and say how they
//! ended.

use makegood_proto::v1 as pb;
use makegood_proto::v1::{ConsultAnswer, ConsultState, SpendState};

use crate::model::link::DESK;
use crate::model::testing::{Rig, consult, refusal, spend};
use crate::model::{Action, Effect, Event, Field, Focus, Host, Tell};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};

fn is_decision(request: &Request) -> bool {
    matches!(request, Request::Decide(_))
}

/// Sam's question to this agent.
fn question(id: &str) -> pb::Consult {
    let own = spend("s-9", SpendState::Reserved, 164_000);
    let spend = pb::Spend { own: false, ..own };
    pb::Consult { own: false, ..consult(id, ConsultState::Open, spend) }
}

/// A rig without a call, whose agent is asked.
fn asked() -> Rig {
    let mut rig = Rig::new();
    rig.feed(Event::Host(Host::NoInteraction));
    rig.feed(Event::Lead);
    rig.stream(Vec::new());
    rig.waiting(vec![question("k-1")]);
    rig
}

fn decision(rig: &Rig) -> pb::AnswerConsultRequest {
    let sent = rig.sent();
    let found = sent.iter().rev().find_map(|request| match &**request {
        Request::Decide(request) => Some(request.clone()),
        _ => None,
    });
    found.expect("an answer was sent")
}

#[test]
fn the_desk_is_open_before_anybody_calls() {
    let mut rig = Rig::new();
    assert!(rig.effects.contains(&Effect::Meet), "the agent is met without a call");
    rig.feed(Event::Lead);
    let opened = |effect: &Effect| {
        matches!(effect, Effect::OpenStream { call, request }
        if call == DESK && request.topics.is_empty())
    };
    assert!(rig.effects.iter().any(opened));
}

#[test]
fn a_desk_that_cannot_be_opened_is_left_in_peace() {
    let mut rig = Rig::new();
    rig.feed(Event::Lead);
    rig.feed(Event::StreamClosed { going_away: false });
    rig.effects.clear();
    let opened = |effect: &&Effect| matches!(effect, Effect::OpenStream { .. });
    rig.wait(9_000);
    assert_eq!(rig.effects.iter().filter(opened).count(), 0);
    rig.wait(1_000);
    assert_eq!(rig.effects.iter().filter(opened).count(), 1);
}

#[test]
fn a_panel_that_comes_later_asks_what_waits() {
    let mut rig = Rig::new();
    rig.feed(Event::Desk { desk_id: "d".to_owned() });
    let waiting = pb::ConsultQueue { waiting: vec![question("k-1")] };
    let ask = |request: &Request| matches!(request, Request::Waiting(_));
    rig.answer(ask, Ok(Reply::Waiting(waiting)));
    assert!(rig.text().contains("Sam asks for $1,860 for Maria Okafor"), "{}", rig.text());
}

#[test]
fn a_question_reads_from_top_to_bottom() {
    let mut rig = asked();
    rig.wait(18_000);
    let expected = "\
No call right now [?]
For you to answer
Sam asks for $1,860 for Maria Okafor 0:42 left
$220 above this stay · Service failed
“Third time this year.”
<Amount: 1860> [Decline] [Approve $1,860]
No call right now
The next caller appears here as it rings.";
    let text = rig.text();
    assert!(text.starts_with(expected), "{text}");
    assert!(rig.told().contains(&Tell::new("attention").number("count", 1)));
}

#[test]
fn a_new_question_is_said_once() {
    let mut rig = asked();
    assert_eq!(rig.model.polite, "Sam asks for $1,860 for Maria Okafor");
    rig.wait(11_000);
    rig.waiting(vec![question("k-1")]);
    assert_eq!(rig.model.polite, "");
    let focused = rig.effects.iter().any(|effect| matches!(effect, Effect::Focus(_)));
    assert!(!focused, "the focus stays where it is");
}

#[test]
fn less_can_be_approved_and_never_more() {
    let cases = [
        ("1860", "[Approve $1,860]"),
        ("1,800.50", "[Approve $1,800.50]"),
        ("1640.01", "[Approve $1,640.01]"),
        ("1640", "[-Approve]"),
        ("1860.01", "[-Approve]"),
        ("", "[-Approve]"),
        ("x", "[-Approve]"),
    ];
    let mut rig = asked();
    for (typed, button) in cases {
        rig.act(Action::Edit(Field::Approval(0), typed.to_owned()));
        let text = rig.text();
        assert!(text.contains(button), "{typed}: {text}");
        let refused = text.contains("More than $1,640, at most $1,860.");
        assert_eq!(refused, button == "[-Approve]", "{text}");
    }
    rig.effects.clear();
    rig.act(Action::Decide(0, ConsultAnswer::Approve));
    assert!(rig.sent().is_empty(), "what the button does not say is not sent");
}

#[test]
fn an_answer_goes_out_with_the_desks_own_token_and_says_what_was_answered() {
    let mut rig = asked();
    rig.act(Action::Edit(Field::Approval(0), "1800".to_owned()));
    rig.act(Action::Decide(0, ConsultAnswer::Approve));
    let sent = decision(&rig);
    assert_eq!(sent.consult_id, "k-1");
    assert_eq!(sent.approved.unwrap().amount_minor, 180_000);
    let by_desk = |effect: &Effect| {
        matches!(effect, Effect::Send { call, request }
        if call == DESK && is_decision(request))
    };
    assert!(rig.effects.iter().any(by_desk));
    rig.effects.clear();
    rig.act(Action::Decide(0, ConsultAnswer::Decline));
    assert!(rig.sent().is_empty(), "one answer at a time");
    let mut again = rig;
    again.feed(answered(sent.request_id.clone(), Ok(Reply::Done)));
    assert!(again.text().contains("You approved $1,800 for Sam."), "{}", again.text());
    again.waiting(Vec::new());
    assert!(again.text().contains("You approved $1,800 for Sam."));
    again.wait(6_000);
    assert!(!again.text().contains("For you to answer"));
}

fn answered(request_id: String, result: Result<Reply, Fault>) -> Event {
    let request = Request::Decide(pb::AnswerConsultRequest {
        request_id,
        consult_id: "k-1".to_owned(),
        answer: ConsultAnswer::Approve as i32,
        approved: Some(pb::Money { currency_code: "USD".to_owned(), amount_minor: 180_000 }),
    });
    Event::Answer { call: DESK.to_owned(), request: request.into(), result: Box::new(result) }
}

#[test]
fn declining_sends_no_amount() {
    let mut rig = asked();
    rig.act(Action::Decide(0, ConsultAnswer::Decline));
    let sent = decision(&rig);
    assert_eq!((sent.answer, sent.approved), (ConsultAnswer::Decline as i32, None));
    rig.answer(is_decision, Ok(Reply::Done));
    assert!(rig.text().contains("You declined."));
    assert_eq!(rig.model.polite, "You declined.");
}

#[test]
fn a_refused_answer_can_be_given_again() {
    let cases = [
        (
            Fault {
                words: "That is above your own limit.".to_owned(),
                ..refusal("LIMIT_EXCEEDED")
            },
            "That is above your own limit.",
        ),
        (refusal("NO_AUTHORITY"), "That could not be done. Nothing was spent."),
        (Fault::unknown(), "No reply. Answer again: only one counts."),
    ];
    for (fault, words) in cases {
        let mut rig = asked();
        rig.act(Action::Decide(0, ConsultAnswer::Approve));
        assert!(rig.text().contains("[-Approve $1,860]"));
        rig.answer(is_decision, Err(fault));
        assert!(rig.text().contains(words), "{}", rig.text());
        assert!(rig.text().contains("[Decline] [Approve $1,860]"));
    }
}

#[test]
fn a_question_that_waits_no_more_says_so_and_goes() {
    let mut rig = asked();
    rig.waiting(Vec::new());
    assert!(rig.text().contains("This question is over."));
    assert!(rig.effects.contains(&Effect::Focus(Focus::Rest)), "its field may have had the focus");
    assert!(!rig.text().contains("[Approve"));
    rig.wait(6_000);
    assert!(!rig.text().contains("Maria"), "nothing of her is left");
}

#[test]
fn a_question_that_ends_while_its_answer_travels_goes_with_the_reply() {
    let cases = [
        Fault::unknown(),
        Fault { words: "It has ended.".to_owned(), ..refusal("CONSULT_OVER") },
        Fault { reason: "CONSULT_NOT_FOUND".to_owned(), ..Fault::new(Code::NotFound) },
    ];
    for fault in cases {
        let mut rig = asked();
        rig.act(Action::Decide(0, ConsultAnswer::Approve));
        if fault.is_unknown() {
            rig.waiting(Vec::new());
            assert!(!rig.text().contains("This question is over."), "the reply may say more");
        }
        rig.answer(is_decision, Err(fault));
        assert!(rig.text().contains("This question is over."), "{}", rig.text());
        rig.wait(6_000);
        assert!(!rig.text().contains("Maria"), "{}", rig.text());
    }
}

#[test]
fn a_question_is_over_past_its_time_though_nobody_says_so() {
    let mut rig = asked();
    rig.wait(61_000);
    assert!(!rig.text().contains("This question is over."), "the sidecar may say so first");
    rig.wait(1_000);
    assert!(rig.text().contains("This question is over."), "{}", rig.text());
    rig.wait(6_000);
    assert!(!rig.text().contains("Maria"));
}

#[test]
fn the_same_answer_again_is_the_same_request() {
    let mut rig = asked();
    let mut send = |answer| {
        rig.act(Action::Decide(0, answer));
        let sent = decision(&rig).request_id;
        rig.answer(is_decision, Err(Fault::unknown()));
        sent
    };
    let first = send(ConsultAnswer::Approve);
    assert_eq!(send(ConsultAnswer::Approve), first);
    assert_ne!(send(ConsultAnswer::Decline), first);
}

#[test]
fn the_field_of_a_question_that_ended_stays_and_takes_nothing() {
    let mut rig = asked();
    rig.waiting(Vec::new());
    assert!(rig.text().contains("<Amount: 1860>"), "{}", rig.text());
    rig.act(Action::Edit(Field::Approval(0), "1".to_owned()));
    assert!(
        rig.text().contains("This question is over.\n“Third time this year.”\n<Amount: 1860>"),
        "{}",
        rig.text()
    );
    rig.effects.clear();
    rig.wait(6_000);
    assert!(rig.effects.contains(&Effect::Focus(Focus::Rest)), "its field may have had the focus");
}

#[test]
fn the_longest_waiting_comes_first() {
    let mut rig = asked();
    let ines = pb::Consult { customer_name: "Ines Duarte".to_owned(), ..question("k-3") };
    let yuki = pb::Consult { customer_name: "Yuki Tanaka".to_owned(), ..question("k-2") };
    rig.waiting(vec![question("k-1"), yuki, ines]);
    let text = rig.text();
    let at = |name| text.find(name).expect("it is shown");
    assert!(at("Maria Okafor") < at("Yuki Tanaka") && at("Yuki Tanaka") < at("Ines Duarte"));
}

#[test]
fn who_is_signed_out_sees_no_question() {
    let mut rig = asked();
    rig.act(Action::Decide(0, ConsultAnswer::Decline));
    rig.answer(is_decision, Err(Fault::new(Code::Unauthenticated)));
    assert!(!rig.text().contains("Maria"));
}

#[test]
fn during_a_call_nothing_that_a_question_moved_is_hit_by_mistake() {
    let mut rig = Rig::on_call();
    rig.wait(1_000);
    rig.effects.clear();
    rig.waiting(vec![question("k-1")]);
    rig.now += 600;
    rig.act(Action::Card(0));
    rig.act(Action::Decide(0, ConsultAnswer::Approve));
    assert!(rig.sent().is_empty(), "what was aimed at has moved");
    rig.act(Action::Edit(Field::Approval(0), "1800".to_owned()));
    assert!(rig.text().contains("<Amount: 1800>"), "typing is no aiming");
    rig.now += 100;
    rig.act(Action::Card(0));
    assert_eq!(rig.sent().len(), 1);
}

#[test]
fn what_is_typed_on_when_a_question_goes_is_no_command() {
    let mut rig = Rig::on_call();
    rig.waiting(vec![question("k-1")]);
    rig.waiting(Vec::new());
    rig.wait(6_000);
    assert!(!rig.text().contains("For you to answer"));
    rig.effects.clear();
    for _ in 0..4 {
        rig.now += 300;
        rig.press("1");
    }
    assert!(rig.sent().is_empty());
    rig.now += 700;
    rig.press("1");
    assert_eq!(rig.sent().len(), 1, "after a pause keys work again");
}

#[test]
fn a_panel_that_only_shows_answers_nothing() {
    let mut rig = asked();
    rig.feed(Event::Host(Host::ReadOnly(true)));
    assert!(rig.text().contains("[-Decline] [-Approve $1,860]"));
    rig.effects.clear();
    rig.act(Action::Decide(0, ConsultAnswer::Decline));
    assert!(rig.sent().is_empty());
}
