//! From the ring to a known customer, and to the next call.

use makegood_proto::v1 as pb;

use crate::model::testing::{NOON, Rig, candidate, full_panel, quiet_panel};
use crate::model::{Acting, Action, Desktop, Effect, Event, Field, Focus, Host, Tell};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};

fn paths(rig: &Rig) -> Vec<&'static str> {
    rig.sent().iter().map(|request| request.path()).collect()
}

fn no_customer(status: pb::MatchStatus) -> pb::Panel {
    let mut panel = quiet_panel();
    panel.context = None;
    panel.headroom = None;
    panel.match_status = status as i32;
    if let Some(interaction) = &mut panel.interaction {
        interaction.customer_id.clear();
    }
    panel
}

#[test]
fn asks_for_panel_and_start_at_once_and_opens_the_stream() {
    let mut rig = Rig::new();
    rig.feed(Event::Lead);
    rig.ring("c-1");
    assert_eq!(paths(&rig), ["CustomerService/GetPanel", "InteractionService/StartInteraction"]);
    let opened = |effect: &Effect| matches!(effect, Effect::OpenStream { .. });
    assert!(rig.effects.iter().any(opened));
    rig.stream(Vec::new());
    assert_eq!(paths(&rig).last(), Some(&"DeskService/AddTopic"));
    let lock = Effect::Acquire { call: "c-1".to_owned(), steal: false };
    assert!(rig.effects.contains(&lock));
}

#[test]
fn popping_the_same_call_again_changes_nothing() {
    let mut rig = Rig::on_call();
    rig.connect();
    assert_eq!(paths(&rig), Vec::<&str>::new());
    assert_eq!(rig.model.calls.len(), 1);
}

#[test]
fn says_once_who_is_calling() {
    let mut rig = Rig::on_call();
    assert_eq!(rig.model.polite, "Maria Okafor, last score 3, you can give $1,640");
    rig.model.polite.clear();
    rig.stream(vec![quiet_panel()]);
    assert_eq!(rig.model.polite, "");
}

#[test]
fn reports_each_state_of_the_call_once() {
    let mut rig = Rig::on_call();
    rig.state("c-1", pb::CallState::OnHold);
    rig.state("c-1", pb::CallState::OnHold);
    rig.state("c-1", pb::CallState::WrapUp);
    assert_eq!(paths(&rig), ["InteractionService/UpdateInteraction"; 2]);
    rig.state("c-1", pb::CallState::Ended);
    assert!(paths(&rig).contains(&"InteractionService/EndInteraction"));
    assert!(rig.effects.contains(&Effect::Abandon { call: "c-1".to_owned() }));
    assert!(rig.model.shown().is_none());
}

#[test]
fn keeps_the_state_for_a_sidecar_that_has_not_started_the_call_yet() {
    let mut rig = Rig::new();
    rig.ring("c-1");
    rig.connect();
    assert!(!paths(&rig).contains(&"InteractionService/UpdateInteraction"));
    rig.answer(|request| matches!(request, Request::Start(_)), Ok(Reply::Done));
    assert!(paths(&rig).contains(&"InteractionService/UpdateInteraction"));
}

#[test]
fn former_customer_leaves_the_screen_with_the_next_ring() {
    let mut rig = Rig::on_call();
    assert!(rig.text().contains("Maria"));
    rig.ring("c-2");
    let text = rig.text();
    for trace in ["Maria", "refund A-118", "Third late delivery", "Tea, never coffee", "$1,640"] {
        assert!(!text.contains(trace), "{trace} is still there: {text}");
    }
}

#[test]
fn late_answers_of_the_former_call_do_not_come_onto_the_screen() {
    let mut rig = Rig::on_call();
    rig.ring("c-2");
    let mut newer = quiet_panel();
    newer.revision = Some(pb::Revision { ledger_position: 99, record_position: 99 });
    rig.stream(vec![newer]);
    assert!(!rig.text().contains("Maria"));
    assert_eq!(rig.model.polite, "");
}

#[test]
fn going_back_to_a_call_shows_it_at_once() {
    let mut rig = Rig::on_call();
    rig.act(Action::Compose);
    rig.act(Action::Edit(Field::Amount, "12".to_owned()));
    rig.ring("c-2");
    rig.connect();
    assert!(rig.text().contains("Maria"));
    assert!(rig.text().contains("<Amount: 12>"), "the draft is kept with its call");
}

#[test]
fn older_states_do_not_replace_newer_ones() {
    let mut rig = Rig::on_call();
    let mut older = quiet_panel();
    older.revision = Some(pb::Revision { ledger_position: 9, record_position: 99 });
    older.headroom = Some(crate::model::testing::headroom(1, 0, 0));
    rig.stream(vec![older]);
    assert!(rig.text().contains("$1,640"));
}

#[test]
fn the_first_state_of_a_new_stream_stands_whatever_its_number() {
    let mut rig = Rig::on_call();
    rig.feed(Event::StreamClosed { going_away: true });
    rig.wait(3_000);
    let mut restored = quiet_panel();
    restored.revision = Some(pb::Revision { ledger_position: 1, record_position: 1 });
    restored.headroom = Some(crate::model::testing::headroom(7_700, 0, 0));
    rig.stream(vec![restored]);
    assert!(rig.text().contains("$77"));
}

#[test]
fn several_matches_wait_for_the_agent_and_nothing_can_be_given() {
    let mut rig = Rig::on_call();
    let mut panel = no_customer(pb::MatchStatus::Several);
    panel.candidates = vec![candidate("maria", "Maria Okafor"), candidate("mario", "Mario Okafor")];
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 21 });
    rig.stream(vec![panel]);
    assert!(rig.text().contains("Who is calling?"));
    assert!(rig.text().contains("[Mario Okafor"));
    rig.effects.clear();
    rig.act(Action::Card(0));
    rig.act(Action::Compose);
    rig.act(Action::Pick("mario".to_owned()));
    assert_eq!(paths(&rig), ["InteractionService/ConfirmCustomer"]);
    rig.answer(|request| matches!(request, Request::Confirm(_)), Ok(Reply::Done));
    let mut bound = quiet_panel();
    bound.match_status = pb::MatchStatus::Confirmed as i32;
    rig.answer(
        |request| matches!(request, Request::GetPanel(_)),
        Ok(Reply::Panel(Box::new(bound))),
    );
    assert!(rig.text().contains("confirmed by you"));
}

#[test]
fn nobody_with_the_number_lets_the_call_go_on() {
    let mut rig = Rig::on_call();
    let mut panel = no_customer(pb::MatchStatus::None);
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 21 });
    rig.stream(vec![panel]);
    assert!(rig.text().contains("No one with this number yet"));
    rig.act(Action::Without);
    assert!(rig.text().contains("No customer on this call. Notes still work."));
    assert!(rig.text().contains("[Just listened]"));
    assert!(!rig.text().contains("Make a promise"), "a promise is made to somebody");
}

#[test]
fn finds_a_customer_by_what_was_typed() {
    let mut rig = Rig::on_call();
    let mut panel = no_customer(pb::MatchStatus::Anonymous);
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 21 });
    rig.stream(vec![panel]);
    assert!(rig.text().contains("The caller withholds their number"));
    rig.act(Action::Edit(Field::Search, " A-118 ".to_owned()));
    rig.act(Action::Search);
    let identify = |request: &Request| matches!(request, Request::Identify(_));
    rig.answer(identify, Ok(Reply::Candidates(Vec::new())));
    assert!(!rig.text().contains("Nobody fits"), "what is no account may be an id of the CRM");
    rig.answer(identify, Ok(Reply::Candidates(vec![candidate("maria", "Maria Okafor")])));
    assert!(rig.text().contains("[Maria Okafor"));
    rig.act(Action::Search);
    rig.answer(identify, Ok(Reply::Candidates(Vec::new())));
    rig.answer(identify, Ok(Reply::Candidates(Vec::new())));
    assert!(rig.text().contains("Nobody fits."));
}

#[test]
fn wrong_customer_leaves_before_anything_is_sent() {
    let mut rig = Rig::on_call();
    rig.stream(vec![full_panel()]);
    rig.effects.clear();
    rig.act(Action::NotThem);
    let text = rig.text();
    for trace in ["Maria", "Okafor", "refund A-118", "fee waiver", "$1,640"] {
        assert!(!text.contains(trace), "{trace} is still there: {text}");
    }
    assert_eq!(rig.model.urgent, "Cleared. Who is calling?");
    assert!(paths(&rig).contains(&"InteractionService/RejectCustomer"));
    assert!(rig.effects.contains(&Effect::Focus(Focus::Search)));
}

#[test]
fn customer_who_was_ruled_out_does_not_come_back() {
    let mut rig = Rig::on_call();
    rig.act(Action::NotThem);
    let mut again = quiet_panel();
    again.revision = Some(pb::Revision { ledger_position: 50, record_position: 50 });
    rig.stream(vec![again]);
    assert!(!rig.text().contains("Maria"));
    rig.answer(|request| matches!(request, Request::Reject(_)), Ok(Reply::Done));
    let asked = rig.sent();
    let last = asked.iter().rev().find_map(|request| match &**request {
        Request::GetPanel(request) => Some(request.clone()),
        _ => None,
    });
    assert_eq!(last.unwrap().lookup, None, "the number would find the same customer");
}

#[test]
fn ruling_out_is_repeated_until_the_sidecar_has_heard() {
    let mut rig = Rig::on_call();
    rig.act(Action::NotThem);
    rig.answer(|request| matches!(request, Request::Reject(_)), Err(Fault::unknown()));
    rig.effects.clear();
    rig.wait(4_000);
    assert!(paths(&rig).contains(&"InteractionService/RejectCustomer"));
}

#[test]
fn mirror_shows_and_does_nothing_until_it_takes_over() {
    let mut rig = Rig::on_call();
    rig.feed(Event::Acting { call: "c-1".to_owned(), acting: Acting::Elsewhere });
    let text = rig.text();
    assert!(text.contains("Makegood is active in another tab."));
    assert!(text.contains("Maria Okafor"));
    assert!(text.contains("[- 1 Waive fee"), "{text}");
    rig.effects.clear();
    rig.press("1");
    rig.act(Action::Compose);
    rig.act(Action::NotThem);
    assert_eq!(paths(&rig), Vec::<&str>::new());
    rig.act(Action::UseHere);
    assert!(rig.effects.contains(&Effect::Acquire { call: "c-1".to_owned(), steal: true }));
    rig.feed(Event::Acting { call: "c-1".to_owned(), acting: Acting::Here });
    rig.press("1");
    assert_eq!(paths(&rig), ["BudgetService/ReserveSpend"]);
}

#[test]
fn signing_out_takes_everything_off_the_screen() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let unauthenticated = Err(Fault::new(Code::Unauthenticated));
    rig.answer(|request| matches!(request, Request::Reserve(_)), unauthenticated);
    let text = rig.text();
    assert!(text.contains("Sign in again to see Maria."));
    for trace in ["Okafor", "refund A-118", "$", "Tea"] {
        assert!(!text.contains(trace), "{trace} is still there: {text}");
    }
    assert!(rig.told().contains(&Tell::new("state").text("state", "blocked")));
    rig.effects.clear();
    rig.act(Action::SignIn);
    assert!(rig.effects.contains(&Effect::ForgetToken { call: "c-1".to_owned() }));
    rig.answer(
        |request| matches!(request, Request::GetPanel(_)),
        Ok(Reply::Panel(Box::new(quiet_panel()))),
    );
    assert!(rig.text().contains("Maria Okafor"));
}

#[test]
fn a_silent_desktop_is_named_after_five_seconds() {
    let mut rig = Rig::new();
    rig.wait(4_000);
    assert!(rig.text().contains("No call right now"));
    rig.wait(1_000);
    assert_eq!(rig.model.desktop, Desktop::Silent);
    assert!(rig.text().contains("Your desktop didn’t say who’s calling."));
    rig.act(Action::StartByHand);
    assert_eq!(paths(&rig), ["CustomerService/GetPanel", "InteractionService/StartInteraction"]);
    rig.ring("c-1");
    assert_eq!(rig.model.shown.as_deref(), Some("c-1"));
}

#[test]
fn no_call_is_no_silence() {
    let mut rig = Rig::new();
    rig.feed(Event::Host(Host::NoInteraction));
    rig.wait(9_000);
    assert_eq!(rig.model.desktop, Desktop::Spoken);
    assert!(rig.text().contains("No call right now"));
}

#[test]
fn says_what_it_looks_up_and_when_it_is_slow() {
    let mut rig = Rig::new();
    rig.ring("c-1");
    assert!(!rig.text().contains("Looking up"));
    rig.wait(400);
    assert!(rig.text().contains("Looking up +15550100…"));
    rig.wait(2_000);
    assert!(rig.text().contains("Still looking. You can start the call."));
    assert!(rig.now > NOON);
}

#[test]
fn a_refused_panel_is_named_and_can_be_asked_for_again() {
    let mut rig = Rig::new();
    rig.ring("c-1");
    let fault =
        Fault { words: "This call is not yours.".to_owned(), ..Fault::new(Code::PermissionDenied) };
    rig.answer(|request| matches!(request, Request::GetPanel(_)), Err(fault));
    assert!(rig.text().contains("This call is not yours."));
    rig.effects.clear();
    rig.act(Action::Retry);
    assert!(paths(&rig).contains(&"CustomerService/GetPanel"));
}
