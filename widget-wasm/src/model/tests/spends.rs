//! Holding, giving, releasing, undoing; and every way in which an answer can fail to come.

use makegood_proto::v1 as pb;
use makegood_proto::v1::SpendState;

use crate::model::testing::{NOON, Rig, headroom, proven, quiet_panel, refusal, seen, spend};
use crate::model::{Action, Effect, Event, Field, Focus, Host, Tell};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request, SpendReply};

fn is_reserve(request: &Request) -> bool {
    matches!(request, Request::Reserve(_))
}

fn is_commit(request: &Request) -> bool {
    matches!(request, Request::Commit(_))
}

fn is_ask(request: &Request) -> bool {
    matches!(request, Request::GetSpend(_))
}

fn paths(rig: &Rig) -> Vec<&'static str> {
    rig.sent().iter().map(|request| request.path()).collect()
}

/// The id of the newest line.
fn line_id(rig: &Rig) -> String {
    rig.model.shown().unwrap().lines[0].spend_id.clone()
}

/// A rig on which $45 is held for Maria.
fn holding() -> (Rig, String) {
    let mut rig = Rig::on_call();
    rig.press("1");
    let id = line_id(&rig);
    let held =
        proven(spend(&id, SpendState::Reserved, 4_500), headroom(159_500, 36_000, 4_500), 10);
    rig.answer(is_reserve, Ok(held));
    rig.effects.clear();
    (rig, id)
}

/// A rig on which $45 has just been given.
fn given() -> (Rig, String) {
    let (mut rig, id) = holding();
    rig.act(Action::Give(id.clone()));
    let given = spend(&id, SpendState::Committed, 4_500);
    rig.answer(is_commit, Ok(proven(given, headroom(159_500, 40_500, 0), 11)));
    (rig, id)
}

#[test]
fn keeps_the_id_before_it_sends() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let saved = rig.effects.iter().position(|effect| matches!(effect, Effect::Save(_)));
    let sent = rig.effects.iter().position(|effect| matches!(effect, Effect::Send { .. }));
    assert!(saved.unwrap() < sent.unwrap());
}

#[test]
fn holds_then_gives_then_undoes() {
    let (mut rig, id) = holding();
    let text = rig.text();
    assert!(text.contains("Held for Maria: fee waiver, $45"), "{text}");
    assert!(text.contains("Offer it, then confirm. Held while the call lasts."));
    assert!(text.contains("$1,595 after this"), "{text}");
    rig.act(Action::Give(id.clone()));
    assert!(rig.text().contains("Giving $45…"));
    let given = spend(&id, SpendState::Committed, 4_500);
    rig.answer(is_commit, Ok(proven(given, headroom(159_500, 40_500, 0), 11)));
    assert!(rig.text().contains("Given. Undo for 30 s MG-7Q2K"), "{}", rig.text());
    let told = Tell::new("commit").text("ref", "MG-7Q2K").number("amount_minor", 4_500);
    let told = told.text("currency", "USD").text("reason_code", "FAILED");
    assert!(rig.told().contains(&told));
    rig.wait(3_000);
    assert!(rig.text().contains("Given. Undo for 27 s"));
    rig.act(Action::Undo(id.clone()));
    let back = proven(spend(&id, SpendState::Reversed, 4_500), headroom(164_000, 36_000, 0), 12);
    rig.answer(|request| matches!(request, Request::Reverse(_)), Ok(back));
    assert!(rig.text().contains("Taken back."));
    assert!(rig.text().contains("$1,640 of $2,000"));
}

#[test]
fn the_amount_on_the_button_is_the_amount_that_is_sent() {
    let (mut rig, id) = holding();
    rig.act(Action::Give(id));
    let sent = rig.sent();
    let Some(Request::Commit(commit)) = sent.last().map(|request| &**request) else {
        panic!("no commit was sent")
    };
    assert_eq!(commit.amount.as_ref().unwrap().amount_minor, 4_500);
}

#[test]
fn without_a_receipt_nothing_counts_as_given() {
    let (mut rig, id) = holding();
    rig.act(Action::Give(id.clone()));
    let bare = SpendReply {
        spend: Some(spend(&id, SpendState::Committed, 4_500)),
        headroom: None,
        receipt: Some(pb::Receipt { leaf_hash: vec![1; 31], ..pb::Receipt::default() }),
        consult: None,
    };
    rig.answer(is_commit, Ok(Reply::Spend(Box::new(bare))));
    assert!(rig.text().contains("Checking if that went through… don’t repeat it."));
    assert!(!rig.text().contains("Given."));
}

#[test]
fn undo_ends_with_its_time() {
    let (mut rig, id) = given();
    rig.wait(30_000);
    assert!(!rig.text().contains("Undo for"));
    assert!(rig.text().contains("fee waiver, $45 MG-7Q2K [Take back…]"), "{}", rig.text());
    rig.act(Action::AskBack(id.clone()));
    assert!(rig.text().contains("Why is it taken back?"));
    rig.act(Action::TakeBack(id, pb::ReverseReason::CustomerReturned as i32));
    assert!(paths(&rig).contains(&"BudgetService/ReverseSpend"));
}

#[test]
fn releases_without_spending() {
    let (mut rig, id) = holding();
    rig.act(Action::Release(id.clone()));
    let free = proven(spend(&id, SpendState::Voided, 4_500), headroom(164_000, 36_000, 0), 11);
    rig.answer(|request| matches!(request, Request::Void(_)), Ok(free));
    assert!(rig.text().contains("Released. Nothing was spent."));
    assert!(rig.told().contains(&Tell::new("void").text("spend_id", &id)));
    rig.wait(11_000);
    assert!(!rig.text().contains("Released."));
}

#[test]
fn a_line_in_flight_is_not_asked_twice() {
    let (mut rig, id) = holding();
    rig.act(Action::Give(id.clone()));
    rig.act(Action::Give(id.clone()));
    rig.act(Action::Release(id));
    assert_eq!(paths(&rig), ["BudgetService/CommitSpend"]);
}

#[test]
fn composer_says_what_would_be_left_and_what_is_too_much() {
    let mut rig = Rig::on_call();
    rig.press("g");
    rig.act(Action::Edit(Field::Amount, "45".to_owned()));
    assert!(rig.text().contains("Leaves you $1,595. Pick a reason."), "{}", rig.text());
    rig.act(Action::Edit(Field::Amount, "1,860".to_owned()));
    assert!(rig.text().contains("$220 more than today’s room. You can give $1,640 now."));
    assert!(rig.text().contains("[-Hold $1,640]"), "a reason is missing");
    rig.act(Action::Reason(0));
    assert!(rig.text().contains("[Hold $1,640]"));
    rig.effects.clear();
    rig.act(Action::Hold);
    let sent = rig.sent();
    let Some(Request::Reserve(want)) = sent.first().map(|request| &**request) else {
        panic!("nothing was held")
    };
    assert_eq!(want.amount.as_ref().unwrap().amount_minor, 164_000);
    assert_eq!((want.reason_code.as_str(), want.gesture_code.as_str()), ("FAILED", "CREDIT"));
}

#[test]
fn composer_refuses_what_is_not_an_amount() {
    for (typed, words) in [
        ("12.345", "Too many decimals."),
        ("lots", "That is not an amount."),
        ("99999999999999999", "That is too much."),
    ] {
        let mut rig = Rig::on_call();
        rig.act(Action::Compose);
        rig.act(Action::Reason(0));
        rig.act(Action::Edit(Field::Amount, typed.to_owned()));
        assert!(rig.text().contains(words), "{typed}: {}", rig.text());
        rig.effects.clear();
        rig.act(Action::Hold);
        assert_eq!(paths(&rig), Vec::<&str>::new());
    }
}

#[test]
fn a_card_without_room_opens_the_composer() {
    let mut rig = Rig::on_call();
    let mut panel = quiet_panel();
    panel.headroom = Some(headroom(1_000, 199_000, 0));
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 20 });
    rig.stream(vec![panel]);
    rig.effects.clear();
    rig.press("1");
    assert_eq!(paths(&rig), ["BudgetService/PreviewSpend"], "nothing is held");
    assert!(
        rig.text().contains("$35 more than today’s room. You can give $10 now."),
        "{}",
        rig.text()
    );
}

#[test]
fn a_used_up_limit_is_said_without_blame() {
    let mut rig = Rig::on_call();
    let mut panel = quiet_panel();
    panel.headroom = Some(headroom(0, 200_000, 0));
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 20 });
    rig.stream(vec![panel]);
    assert!(rig.text().contains("You’ve used your room with Maria until day 9."));
}

#[test]
fn a_refused_hold_leaves_the_draft_for_another_try_under_a_new_id() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let first = line_id(&rig);
    rig.effects.clear();
    rig.answer_reserve(&first, refusal("LIMIT_EXCEEDED"));
    assert!(rig.text().contains("<Amount: 45>"));
    assert!(rig.text().contains("That’s more than today’s room."));
    assert!(paths(&rig).contains(&"CustomerService/GetPanel"));
    rig.act(Action::Hold);
    assert_ne!(line_id(&rig), first, "a refusal sticks to its id");
}

#[test]
fn what_somebody_else_gave_is_named() {
    let mut rig = Rig::on_call();
    let mut panel = quiet_panel();
    panel.headroom = Some(headroom(134_000, 66_000, 0));
    let other = pb::Spend { own: false, ..spend("s-7", SpendState::Committed, 30_000) };
    panel.spends = vec![other];
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 20 });
    rig.stream(vec![panel]);
    assert!(
        rig.text().contains("Sam just gave Maria $300. You now have $1,340."),
        "{}",
        rig.text()
    );
    assert!(rig.text().contains("fee waiver, $300 by Sam"));
}

#[test]
fn what_this_agent_holds_is_no_race() {
    let (mut rig, id) = holding();
    let mut panel = quiet_panel();
    panel.headroom = Some(headroom(159_500, 36_000, 4_500));
    panel.spends = vec![spend(&id, SpendState::Reserved, 4_500)];
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 20 });
    rig.stream(vec![panel]);
    assert!(!rig.text().contains("You now have"), "{}", rig.text());
}

#[test]
fn an_unknown_outcome_is_asked_for_and_blocks_its_line_alone() {
    let (mut rig, id) = holding();
    rig.act(Action::Give(id.clone()));
    rig.answer(is_commit, Err(Fault::unknown()));
    assert_eq!(rig.model.urgent, "Checking if that went through… don’t repeat it.");
    assert!(paths(&rig).contains(&"BudgetService/GetSpend"));
    rig.effects.clear();
    rig.act(Action::Give(id.clone()));
    assert_eq!(paths(&rig), Vec::<&str>::new(), "not repeated");
    rig.act(Action::Compose);
    assert!(rig.model.shown().unwrap().draft.is_some(), "something else can be held");
    rig.wait(1_000);
    // It has happened: the same request brings its receipt.
    rig.answer(is_ask, Ok(seen(spend(&id, SpendState::Committed, 4_500))));
    assert_eq!(paths(&rig).last(), Some(&"BudgetService/CommitSpend"));
    let given = spend(&id, SpendState::Committed, 4_500);
    rig.answer(is_commit, Ok(proven(given, headroom(159_500, 40_500, 0), 11)));
    assert!(rig.text().contains("Given. Undo for"));
}

#[test]
fn what_did_not_happen_is_said_and_sent_again_under_the_same_id() {
    let (mut rig, id) = holding();
    rig.act(Action::Give(id.clone()));
    let first = request_id(&rig);
    rig.answer(is_commit, Err(Fault::unknown()));
    let held = || Ok(seen(spend(&id, SpendState::Reserved, 4_500)));
    rig.answer(is_ask, held());
    assert!(!rig.text().contains("Not given"), "the request may still be on its way");
    rig.wait(3_000);
    rig.answer(is_ask, held());
    assert!(rig.text().contains("Not given. Nothing was spent."));
    rig.act(Action::Give(id.clone()));
    assert_eq!(request_id(&rig), first);
}

fn request_id(rig: &Rig) -> String {
    let sent = rig.sent();
    let last = sent.iter().rev().find_map(|request| match &**request {
        Request::Commit(request) => Some(request.request_id.clone()),
        _ => None,
    });
    last.unwrap()
}

#[test]
fn a_hold_that_never_came_to_be_can_be_tried_again() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let id = line_id(&rig);
    rig.answer(is_reserve, Err(Fault::unknown()));
    rig.wait(3_000);
    rig.answer(is_ask, Err(Fault::new(Code::NotFound)));
    assert!(rig.text().contains("Not held. Nothing was spent."));
    rig.effects.clear();
    rig.act(Action::HoldAgain(id.clone()));
    assert_eq!(paths(&rig), ["BudgetService/ReserveSpend"]);
    assert_eq!(line_id(&rig), id);
}

#[test]
fn gives_up_asking_after_ten_seconds_and_asks_again_when_the_sidecar_is_back() {
    let (mut rig, id) = holding();
    rig.act(Action::Give(id.clone()));
    rig.answer(is_commit, Err(Fault::unknown()));
    rig.wait(11_000);
    assert!(rig.text().contains("Still not sure if that went through."));
    rig.effects.clear();
    rig.act(Action::CheckAgain(id));
    assert_eq!(paths(&rig), ["BudgetService/GetSpend"]);
}

#[test]
fn the_stream_can_answer_for_a_lost_reply() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let id = line_id(&rig);
    rig.answer(is_reserve, Err(Fault::unknown()));
    let mut panel = quiet_panel();
    panel.spends = vec![spend(&id, SpendState::Reserved, 4_500)];
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 20 });
    rig.stream(vec![panel]);
    assert!(rig.text().contains("Held for Maria: fee waiver, $45"));
}

#[test]
fn a_reload_finds_what_was_open() {
    let mut rig = Rig::on_call();
    rig.press("1");
    let id = line_id(&rig);
    let saved = rig.effects.iter().find_map(|effect| match effect {
        Effect::Save(bytes) => Some(bytes.clone()),
        _ => None,
    });
    let mut rig = Rig::new();
    rig.feed(Event::Restored(crate::model::kept::Kept::decode_or_empty(&saved.unwrap())));
    rig.ring("c-1");
    rig.effects.clear();
    rig.wait(1_000);
    let asked = rig.sent();
    let asks = asked
        .iter()
        .any(|request| matches!(&**request, Request::GetSpend(request) if request.spend_id == id));
    assert!(asks);
}

#[test]
fn a_hold_is_prolonged_well_before_it_ends_while_the_call_lasts() {
    let (mut rig, _) = holding();
    for _ in 0..15 {
        rig.wait(20_000);
        rig.stream(Vec::new());
    }
    assert_eq!(paths(&rig), ["BudgetService/ExtendSpend"]);
}

#[test]
fn a_hold_is_not_prolonged_in_wrap_up_but_on_request() {
    let (mut rig, id) = holding();
    rig.state("c-1", pb::CallState::WrapUp);
    rig.effects.clear();
    for _ in 0..20 {
        rig.wait(20_000);
        rig.stream(Vec::new());
    }
    assert_eq!(paths(&rig), Vec::<&str>::new());
    assert!(rig.text().contains("[Keep holding]"));
    rig.act(Action::KeepHolding(id));
    assert_eq!(paths(&rig), ["BudgetService/ExtendSpend"]);
}

#[test]
fn a_hold_that_ended_can_be_made_again_without_typing() {
    let (mut rig, id) = holding();
    let mut panel = quiet_panel();
    panel.spends = vec![spend(&id, SpendState::Expired, 4_500)];
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 20 });
    rig.stream(vec![panel]);
    assert!(rig.text().contains("The hold ended. Hold again?"));
    rig.effects.clear();
    rig.act(Action::HoldAgain(id.clone()));
    let sent = rig.sent();
    let Some(Request::Reserve(want)) = sent.first().map(|request| &**request) else {
        panic!("nothing was held")
    };
    assert_ne!(want.spend_id, id);
    assert_eq!(want.amount.as_ref().unwrap().amount_minor, 4_500);
}

#[test]
fn a_state_that_is_past_is_never_gone_back_to() {
    let (mut rig, id) = given();
    let mut late = quiet_panel();
    late.spends = vec![spend(&id, SpendState::Reserved, 4_500)];
    late.revision = Some(pb::Revision { ledger_position: 12, record_position: 20 });
    rig.stream(vec![late]);
    assert!(rig.text().contains("Given. Undo for"));
}

#[test]
fn the_call_cannot_be_completed_while_something_is_held() {
    let (mut rig, _) = holding();
    rig.feed(Event::Host(Host::WrapUpGate { rid: "r1".to_owned() }));
    let gate = |rid, allow| Tell::new("wrapupgate").text("rid", rid).flag("allow", allow);
    let reason = "$45 is still held for Maria. Give it, or release it?";
    assert!(rig.told().contains(&gate("r1", false).text("reason", reason)));
    assert!(rig.text().contains("$45 is still held for Maria. Give it, or release it?"));
    assert!(rig.effects.contains(&Effect::Focus(Focus::Tray)));
    let mut rig = Rig::on_call();
    rig.feed(Event::Host(Host::WrapUpGate { rid: "r2".to_owned() }));
    assert!(rig.told().contains(&gate("r2", true).text("reason", "")));
}

#[test]
fn holding_and_giving_in_one_step() {
    let mut rig = Rig::on_call();
    rig.act(Action::Compose);
    rig.act(Action::Preset(2_500));
    rig.act(Action::Reason(1));
    rig.effects.clear();
    rig.act(Action::GiveNow);
    assert_eq!(paths(&rig), ["BudgetService/GiveSpend"]);
    let id = line_id(&rig);
    let given = spend(&id, SpendState::Committed, 2_500);
    let give = |request: &Request| matches!(request, Request::Give(_));
    rig.answer(give, Ok(proven(given, headroom(161_500, 38_500, 0), 10)));
    assert!(rig.text().contains("Given. Undo for 30 s"));
    assert_eq!(rig.now, NOON);
}

impl Rig {
    fn answer_reserve(&mut self, id: &str, fault: Fault) {
        let want = self.model.shown().unwrap().lines.iter().find(|line| line.spend_id == id);
        let request = Request::Reserve(want.unwrap().want.clone());
        self.feed(Event::Answer {
            call: "c-1".to_owned(),
            request: request.into(),
            result: Box::new(Err(fault)),
        });
    }
}
