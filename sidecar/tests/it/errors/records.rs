//! What is written down, and who is looked up: forms that cannot be, and things that are not there.

use makegood_proto::v1;
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{INVALID_FIELDS, expected};
use crate::support::{Call, Place, Rules, assert_refused, id, usd};

#[tokio::test]
async fn refuses_lookups_that_nobody_can_be_found_by() {
    use v1::lookup::By;
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let phones = [
        "",
        "abc",
        "12",
        "+99",
        "1+2025550101",
        "+1 202 555 0101 0101 0101 01",
        "???",
        &"1".repeat(33),
    ];
    let phones = phones.map(|text| ("lookup.phone", By::Phone(text.to_owned())));
    let long_mail = format!("{}@example.com", "m".repeat(254));
    let mails = ["", "maria", &long_mail].map(|it| ("lookup.email", By::Email(it.to_owned())));
    let others = [
        ("lookup.external_id", By::ExternalId("c".repeat(129))),
        ("lookup.account_number", By::AccountNumber(String::new())),
    ];
    for (field, by) in phones.into_iter().chain(mails).chain(others) {
        let what = format!("{by:?}");
        for status in look_up(&call, v1::Lookup { by: Some(by) }).await {
            assert_refused(&what, &status, INVALID_FIELDS);
            let named = &status.get_details_error_info().unwrap().metadata["fields"];
            assert_eq!(named, field, "{what}");
            assert!(!status.message().contains("0101"), "a number in a message: {status:?}");
        }
    }
    served.stop().await;
}

/// The refusals of both ways to look somebody up.
async fn look_up(call: &Call, lookup: v1::Lookup) -> [Status; 2] {
    let identify = v1::IdentifyCallerRequest { lookup: Some(lookup.clone()) };
    let identified = call.client.customers.clone().identify_caller(identify).await;
    let start =
        v1::StartInteractionRequest { lookup: Some(lookup), ..Call::start("call-1", "unused") };
    let started = call.client.interactions.clone().start_interaction(start).await;
    [identified.unwrap_err(), started.unwrap_err()]
}

type SpoilPromise = fn(&mut v1::MakePromiseRequest);

const PROMISES: [(&str, SpoilPromise); 5] = [
    ("a long promise", |it| it.text = "x".repeat(201)),
    ("an empty promise", |it| "  ".clone_into(&mut it.text)),
    ("a promise for yesterday", |it| {
        it.due_time = Some(Timestamp::default());
    }),
    ("a promise without a day", |it| it.due_time = None),
    ("a time that is none", |it| {
        it.due_time = Some(Timestamp { seconds: i64::from(u32::MAX), nanos: -1 });
    }),
];

type SpoilAction = fn(&mut v1::LogActionRequest);

const ACTIONS: [(&str, SpoilAction); 6] = [
    ("no kind", |it| it.kind = 0),
    ("a kind of the future", |it| it.kind = 999),
    ("a gesture as an action", |it| {
        it.kind = v1::ActionKind::Gesture.into();
    }),
    ("a long note", |it| it.note = "x".repeat(501)),
    ("a long counterpart", |it| it.counterpart = "x".repeat(81)),
    ("no value", |it| it.customer_value = Some(usd(0))),
];

#[tokio::test]
async fn refuses_records_at_fault_and_keeps_none_of_them() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let before = call.panel().await;
    for (what, spoil) in PROMISES {
        let mut request = v1::MakePromiseRequest {
            promise_id: id(),
            customer_id: call.customer.clone(),
            interaction_id: call.interaction.clone(),
            text: "call back".to_owned(),
            due_time: Some(Timestamp { seconds: i64::from(u32::MAX), nanos: 0 }),
        };
        spoil(&mut request);
        let made = call.client.advocacy.clone().make_promise(request).await;
        assert_refused(what, &made.unwrap_err(), INVALID_FIELDS);
    }
    for (what, spoil) in ACTIONS {
        let mut request = v1::LogActionRequest {
            action_id: id(),
            interaction_id: call.interaction.clone(),
            customer_id: call.customer.clone(),
            kind: v1::ActionKind::Explained.into(),
            ..v1::LogActionRequest::default()
        };
        spoil(&mut request);
        let logged = call.client.advocacy.clone().log_action(request).await;
        assert_refused(what, &logged.unwrap_err(), INVALID_FIELDS);
    }
    assert_eq!(call.panel().await.revision, before.revision, "something was kept");
    served.stop().await;
}

#[tokio::test]
async fn names_what_is_not_there() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let not_found = |reason| expected(Code::NotFound, reason, &[]);
    let keep = v1::KeepPromiseRequest { promise_id: id(), customer_id: call.customer.clone() };
    let kept = call.client.advocacy.clone().keep_promise(keep).await;
    assert_refused("a promise", &kept.unwrap_err(), not_found("PROMISE_NOT_FOUND"));
    let retire =
        v1::RetirePreferenceRequest { preference_id: id(), customer_id: call.customer.clone() };
    let retired = call.client.customers.clone().retire_preference(retire).await;
    assert_refused("a preference", &retired.unwrap_err(), not_found("PREFERENCE_NOT_FOUND"));
    let status = call.spend(&id()).await.unwrap_err();
    assert_refused("a spend", &status, not_found("SPEND_NOT_FOUND"));
    let listed = v1::ListTimelineRequest {
        customer_id: "A".repeat(24),
        ..v1::ListTimelineRequest::default()
    };
    let listed = call.client.customers.clone().list_timeline(listed).await;
    assert_refused("a customer", &listed.unwrap_err(), not_found("CUSTOMER_NOT_FOUND"));
    for (page_size, page_token) in [(-1, ""), (0, "next")] {
        let request = v1::ListTimelineRequest {
            customer_id: call.customer.clone(),
            page_size,
            page_token: page_token.to_owned(),
        };
        let listed = call.client.customers.clone().list_timeline(request).await;
        assert_refused("a page", &listed.unwrap_err(), INVALID_FIELDS);
    }
    served.stop().await;
}
