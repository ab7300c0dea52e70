//! One person: what is told before, what is left after, and who may ask.

use makegood_core::ledger::{Act, EntryBody, ExportPurpose, Person};
use makegood_proto::v1;
use makegood_proto::v1::exported_record::Content;
use makegood_sidecar::token::Access;
use tonic::{Code, Streaming};

use super::{
    admin, agent, ask_erasure, customer, erase, erase_as_asked, export, exported, found, pid,
};
use crate::support::{Call, Expected, Place, Rules, StoredLedger, assert_refused, id};

const NOT_FOUND: Expected =
    Expected { code: Code::NotFound, reason: "SUBJECT_NOT_FOUND", keys: &[] };

/// One of each thing that is written down on a call.
async fn say_everything(call: &Call) {
    let gift = v1::GiveSpendRequest { note: "two parcels late".to_owned(), ..call.gift(4_500) };
    call.give(gift).await.unwrap();
    let action = v1::LogActionRequest {
        action_id: id(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::Explained.into(),
        note: "how returns work".to_owned(),
        ..v1::LogActionRequest::default()
    };
    call.client.advocacy.clone().log_action(action).await.unwrap();
    let promise = v1::MakePromiseRequest {
        promise_id: id(),
        customer_id: call.customer.clone(),
        interaction_id: call.interaction.clone(),
        text: "call back on Friday".to_owned(),
        due_time: Some(prost_types::Timestamp { seconds: i64::from(u32::MAX), nanos: 0 }),
    };
    call.client.advocacy.clone().make_promise(promise).await.unwrap();
    let preference = v1::SavePreferenceRequest {
        preference_id: id(),
        customer_id: call.customer.clone(),
        kind: v1::PreferenceKind::ContactHours.into(),
        text: "mornings".to_owned(),
        ..v1::SavePreferenceRequest::default()
    };
    call.client.customers.clone().save_preference(preference).await.unwrap();
}

#[tokio::test]
async fn tells_everything_that_is_held_about_a_person_and_nothing_of_others() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    say_everything(&call).await;
    let other = served.ring("A-2", "call-2", "C-2").await;
    say_everything(&other).await;
    let lead = served.client("L-1", Access::Supervisor, None);
    let told = export(&lead, customer("C-1")).await.unwrap();
    assert_eq!(told.subject.subject_id, call.customer);
    assert_eq!(told.subject.kind(), v1::SubjectKind::Customer);
    assert_eq!(told.subject.erasure, None);
    let contents: Vec<_> = told.records.iter().map(|it| it.content.as_ref().unwrap()).collect();
    let has = |is_it: &dyn Fn(&Content) -> bool| contents.iter().filter(|it| is_it(it)).count();
    assert_eq!(
        has(&|it| matches!(it, Content::Customer(it) if it.display_name == "Maria Okafor")),
        1
    );
    assert_eq!(has(&|it| matches!(it, Content::Interaction(it) if it.start_ns > 0)), 1);
    assert_eq!(has(&|it| matches!(it, Content::Action(it) if it.note == "how returns work")), 1);
    assert_eq!(
        has(&|it| matches!(it, Content::Promise(it) if it.text == "call back on Friday")),
        1
    );
    assert_eq!(has(&|it| matches!(it, Content::Preference(it) if it.text == "mornings")), 1);
    assert_eq!(
        has(&|it| matches!(it, Content::GestureNote(it) if it.note == "two parcels late")),
        1
    );
    assert_eq!(contents.len(), 6);
    assert_eq!(told.entries.len(), 2, "held and given");
    let by_phone = v1::lookup::By::Phone("(202) 555-0101".to_owned());
    let by_phone = super::By::Customer(v1::Lookup { by: Some(by_phone) });
    assert_eq!(export(&lead, by_phone).await.unwrap(), told);
    assert_eq!(export(&lead, pid(&call.customer)).await.unwrap(), told);

    let sam = export(&lead, agent("A-1")).await.unwrap();
    assert_eq!(sam.subject.kind(), v1::SubjectKind::Agent);
    assert!(
        matches!(&sam.records[0].content, Some(Content::Agent(it)) if it.display_name == "Sam Rivera")
    );
    assert_eq!(sam.entries, told.entries, "the gestures of the agent are those to this customer");
    served.stop().await;
}

#[tokio::test]
async fn forgets_an_erased_person_at_once_and_keeps_the_ledger() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    say_everything(&call).await;
    let hold = call.reserve(call.hold(1_000)).await.unwrap().spend.unwrap();
    let other = export(&admin(&served), customer("C-2")).await.unwrap();
    let before = StoredLedger::read(&place.tenant_folder());
    assert!(!found(&call.client, "C-1").await.is_empty());

    let erased = erase(&admin(&served), customer("C-1")).await.unwrap();
    assert_eq!((&erased.subject_id, erased.replayed), (&call.customer, false));
    assert!(found(&call.client, "C-1").await.is_empty());
    let told = format!("{:?}", call.try_panel().await);
    for word in ["Maria", "how returns work", "call back on Friday", "mornings"] {
        assert!(!told.contains(word), "{word} in {told}");
    }
    let gone = Expected { code: Code::NotFound, reason: "CUSTOMER_NOT_FOUND", keys: &[] };
    assert_refused("a gift", &call.give(call.gift(1)).await.unwrap_err(), gone);
    let after = StoredLedger::read(&place.tenant_folder());
    assert!(after.leaves.starts_with(&before.leaves));
    assert_eq!(after.entries.len(), before.entries.len() + 1);
    after.verify();
    let receipt = erased.receipt.clone().unwrap();
    let position = usize::try_from(receipt.ledger_position).unwrap();
    assert_eq!(receipt.leaf_hash, after.leaves[position]);
    assert_eq!(export(&admin(&served), customer("C-2")).await.unwrap(), other);

    // What was held when the person went can still be released.
    assert_eq!(call.spend(&hold.spend_id).await.unwrap().state(), v1::SpendState::Reserved);
    call.void(&hold.spend_id).await.unwrap();

    let again = erase(&admin(&served), pid(&call.customer)).await.unwrap();
    assert_eq!((again.receipt, again.replayed), (Some(receipt), true));
    let said = export(&admin(&served), pid(&call.customer)).await.unwrap();
    assert_eq!(said.records, []);
    assert_eq!(said.subject.kind(), v1::SubjectKind::Customer);
    let erasure = said.subject.erasure.unwrap();
    assert_eq!(erasure.ledger_position, i64::try_from(position).unwrap());
    assert_eq!(erasure.basis(), super::ErasureBasis::Request);
    let unknown = export(&admin(&served), customer("C-1")).await.unwrap_err();
    assert_refused("by the CRM's id", &unknown, NOT_FOUND);
    served.stop().await;
}

/// The stream of a desk that shows the call.
async fn watch(call: &Call) -> Streaming<v1::WatchDeskResponse> {
    let topic = v1::DeskTopic { interaction_id: call.interaction.clone(), lookup: None };
    let watch = v1::WatchDeskRequest { desk_id: id(), topics: vec![topic], resume_revision: None };
    call.client.desk.clone().watch_desk(watch).await.unwrap().into_inner()
}

#[tokio::test]
async fn tells_open_desks_that_a_person_is_gone() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let mut desk = watch(&call).await;
    let shown = desk.message().await.unwrap().unwrap();
    assert!(format!("{shown:?}").contains("Maria Okafor"));
    erase(&admin(&served), customer("C-1")).await.unwrap();
    let panel = loop {
        let message = desk.message().await.unwrap().unwrap();
        if let Some(panel) = message.panels.into_iter().next() {
            break panel;
        }
    };
    assert!(!format!("{panel:?}").contains("Maria"), "{panel:?}");
    drop(desk);
    served.stop().await;
}

#[tokio::test]
async fn an_erased_employee_signs_in_no_more_and_their_gestures_stand() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    say_everything(&call).await;
    let before = export(&admin(&served), customer("C-1")).await.unwrap();
    let mut desk = watch(&call).await;
    assert_eq!(desk.message().await.unwrap().unwrap().panels.len(), 1);
    let asked = ask_erasure(&admin(&served), agent("A-1")).await.unwrap();
    let second = served.client("L-1", Access::Admin, None);
    erase_as_asked(&second, agent("A-1"), asked).await.unwrap();
    let next = desk.message().await.unwrap().unwrap();
    assert_eq!(next.panels, [], "the desk that is open shows nothing more");
    drop(desk);
    let refused = call.try_panel().await.unwrap_err();
    let expected = Expected { code: Code::PermissionDenied, reason: "AGENT_NOT_FOUND", keys: &[] };
    assert_refused("a panel", &refused, expected);
    let after = export(&admin(&served), customer("C-1")).await.unwrap();
    assert_eq!(after, before, "what is the customer's stays");
    let other = served.ring("A-2", "call-2", "C-1").await;
    let panel = other.panel().await;
    assert!(!format!("{panel:?}").contains("Sam Rivera"));
    assert!(panel.context.unwrap().gesture_count > 0);
    served.stop().await;
}

#[tokio::test]
async fn an_employee_is_erased_by_two_administrators() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let (first, second) = (admin(&served), served.client("L-1", Access::Admin, None));
    let second_needed =
        Expected { code: Code::PermissionDenied, reason: "SECOND_PERSON_NEEDED", keys: &["duty"] };
    let alone = erase(&first, agent("A-1")).await.unwrap_err();
    assert_refused("alone", &alone, second_needed);
    assert!(alone.message().contains("another administrator"), "{}", alone.message());
    let asked = ask_erasure(&first, agent("A-1")).await.unwrap();
    let own = erase_as_asked(&first, agent("A-1"), asked.clone()).await.unwrap_err();
    assert_refused("the one who asked", &own, second_needed);
    for (who, request) in [("A-2", asked.clone()), ("A-1", id())] {
        let other = erase_as_asked(&second, agent(who), request).await.unwrap_err();
        assert_eq!(other.code(), Code::InvalidArgument, "{who}");
    }
    let of_the_second = ask_erasure(&first, agent("L-1")).await.unwrap();
    let own = erase_as_asked(&second, agent("L-1"), of_the_second).await.unwrap_err();
    assert_refused("of oneself", &own, second_needed);
    let reviewer = served.client("A-2", Access::Auditor, None);
    assert!(ask_erasure(&reviewer, agent("A-1")).await.is_err());

    let erased = erase_as_asked(&second, agent("A-1"), asked).await.unwrap();
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let position = usize::try_from(erased.receipt.unwrap().ledger_position).unwrap();
    assert_eq!(erased.subject_id, {
        let EntryBody::Act { act: Act::EraseSubject { subject: Person::Agent(pid), .. }, .. } =
            &ledger.entries[position].body
        else {
            panic!("{:?}", ledger.entries[position]);
        };
        pid.to_string()
    });
}

#[tokio::test]
async fn writes_down_who_asks_what_is_held_about_whom() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let lead = served.client("L-1", Access::Supervisor, None);
    let (told, receipt) = exported(&lead, customer("C-1")).await.unwrap();
    let before = served.house().ledger_state().entry_count();
    export(&lead, customer("C-99")).await.unwrap_err();
    assert_eq!(served.house().ledger_state().entry_count(), before, "nobody is no export");
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let entry = &ledger.entries[usize::try_from(receipt.ledger_position).unwrap()];
    let EntryBody::Act { act: Act::ExportSubject { subject, purpose }, .. } = &entry.body else {
        panic!("{entry:?}");
    };
    let Person::Customer(pid) = subject else { panic!("{subject:?}") };
    assert_eq!((pid.to_string(), *purpose), (told.subject.subject_id, ExportPurpose::Subject));
    assert_eq!(entry.caller.access, makegood_core::ledger::Access::Supervisor);
}

#[tokio::test]
async fn only_administrators_erase_and_only_who_answers_for_people_exports() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let not_allowed =
        Expected { code: Code::PermissionDenied, reason: "NOT_ALLOWED", keys: &["needed"] };
    for (who, access, may_export) in [
        ("A-1", Access::Agent, false),
        ("R-1", Access::Auditor, false),
        ("L-1", Access::Supervisor, true),
    ] {
        let interaction = (access == Access::Agent).then_some("call-1");
        let client = served.client(who, access, interaction);
        assert_refused(who, &erase(&client, customer("C-1")).await.unwrap_err(), not_allowed);
        match export(&client, customer("C-1")).await {
            Ok(_) => assert!(may_export, "{who}"),
            Err(status) => {
                assert!(!may_export, "{who}");
                assert_refused(who, &status, not_allowed);
            }
        }
    }
    let admin = admin(&served);
    let nobody = pid(&"A".repeat(24));
    for who in [customer("C-99"), agent("A-99"), nobody] {
        assert_refused("nobody", &erase(&admin, who.clone()).await.unwrap_err(), NOT_FOUND);
        assert_refused("nobody", &export(&admin, who).await.unwrap_err(), NOT_FOUND);
    }
    let shared = v1::lookup::By::Phone("+12025550199".to_owned());
    let shared = super::By::Customer(v1::Lookup { by: Some(shared) });
    let ambiguous =
        Expected { code: Code::FailedPrecondition, reason: "SUBJECT_AMBIGUOUS", keys: &[] };
    assert_refused("two", &erase(&admin, shared).await.unwrap_err(), ambiguous);
    assert_eq!(found(&served.client("A-1", Access::Supervisor, None), "C-1").await.len(), 1);
    served.stop().await;
}
