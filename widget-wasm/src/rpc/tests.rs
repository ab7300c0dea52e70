//! Every table of fields against what prost itself reads and writes.

use makegood_proto::v1 as pb;
use prost::Message;
use prost_types::Timestamp;

use super::wire::{Malformed, Put, Wire, decode, encode, text};
use crate::model::testing;

fn assert_reads<M: Message + Wire + Default + PartialEq + std::fmt::Debug>(message: &M) {
    let bytes = message.encode_to_vec();
    assert_eq!(decode::<M>(&bytes).unwrap(), *message);
    for length in 0..bytes.len() {
        // Cut anywhere it is an error or a smaller message, and never a panic.
        drop(decode::<M>(&bytes[..length]));
    }
}

#[test]
fn reads_what_prost_writes() {
    let panel = testing::full_panel();
    assert_reads(&panel);
    assert_reads(&testing::full_want());
    assert_reads(&pb::WatchDeskResponse {
        panels: vec![panel.clone(), panel],
        revision: None,
        server_time: Some(Timestamp { seconds: 1, nanos: 2 }),
        going_away: true,
        consults: Some(pb::ConsultQueue { waiting: testing::full_panel().consults }),
    });
    let limit = pb::LimitState {
        limit_id: id("times"),
        cap_minor: 3,
        given_minor: 2,
        held_minor: 1,
        counts: pb::LimitCounts::Times as i32,
        ..pb::LimitState::default()
    };
    let start_time = Some(Timestamp { seconds: 1, nanos: 0 });
    assert_reads(&pb::Headroom {
        limits: vec![limit],
        pause: Some(pb::Pause { reason: pb::PauseReason::System as i32, start_time }),
        ..testing::headroom(1, 2, 3)
    });
    assert_reads(&pb::Revision { ledger_position: -1, record_position: i64::MAX });
    assert_reads(&pb::Receipt { ledger_position: 7, leaf_hash: vec![1; 32], record_time: None });
    assert_reads(&Timestamp { seconds: -1, nanos: 999_999_999 });
    assert_reads(&pb::ListTimelineResponse {
        items: vec![pb::TimelineItem::default()],
        next_page_token: "next".to_owned(),
    });
}

fn assert_writes<M: Message + Put>(message: &M) {
    assert_eq!(encode(message), message.encode_to_vec());
}

fn id(text: &str) -> String {
    text.to_owned()
}

#[test]
fn writes_what_prost_writes_about_calls() {
    use pb::lookup::By;
    for by in [By::Phone, By::Email, By::ExternalId, By::AccountNumber] {
        let lookup = Some(pb::Lookup { by: Some(by(id("x"))) });
        let interaction_id = id("c-1");
        assert_writes(&pb::GetPanelRequest {
            interaction_id,
            lookup: lookup.clone(),
            customer_id: id(""),
        });
        assert_writes(&pb::IdentifyCallerRequest { lookup: lookup.clone() });
        let topic = pb::DeskTopic { interaction_id: id("c-1"), lookup: lookup.clone() };
        let topics = vec![topic.clone(), topic.clone()];
        assert_writes(&pb::WatchDeskRequest { desk_id: id("d"), topics, resume_revision: None });
        assert_writes(&pb::AddTopicRequest { desk_id: id("d"), topic: Some(topic) });
        assert_writes(&pb::StartInteractionRequest {
            interaction_id: id("c-1"),
            channel: 3,
            lookup,
            case_id: id("case"),
            reason: id("late"),
            call_state: 2,
        });
    }
    assert_writes(&pb::UpdateInteractionRequest { interaction_id: id("c-1"), call_state: 4 });
    assert_writes(&pb::EndInteractionRequest { interaction_id: id("c-1"), resolved: true });
    let (interaction_id, customer_id) = (id("c-1"), id("maria"));
    assert_writes(&pb::ConfirmCustomerRequest { interaction_id, customer_id });
    let (interaction_id, customer_id) = (id("c-1"), id("maria"));
    assert_writes(&pb::RejectCustomerRequest { interaction_id, customer_id });
    assert_writes(&pb::DropTopicRequest { desk_id: id("d"), interaction_id: id("c-1") });
    let (customer_id, page_token) = (id("maria"), id("next"));
    assert_writes(&pb::ListTimelineRequest { customer_id, page_size: -20, page_token });
}

#[test]
fn writes_what_prost_writes_about_spends() {
    let want = testing::full_want();
    let (request_id, spend_id, amount) = (id("r"), id("s"), want.amount.clone());
    assert_writes(&want);
    assert_writes(&pb::GetSpendRequest { spend_id: spend_id.clone() });
    assert_writes(&pb::ExtendSpendRequest {
        request_id: request_id.clone(),
        spend_id: spend_id.clone(),
    });
    assert_writes(&pb::VoidSpendRequest {
        request_id: request_id.clone(),
        spend_id: spend_id.clone(),
        reason: 2,
    });
    assert_writes(&pb::ReverseSpendRequest {
        request_id: request_id.clone(),
        spend_id: spend_id.clone(),
        amount: amount.clone(),
        reason: 1,
        ..pb::ReverseSpendRequest::default()
    });
    let consult_id = id("k");
    assert_writes(&pb::WithdrawConsultRequest {
        request_id: request_id.clone(),
        consult_id: consult_id.clone(),
    });
    assert_writes(&pb::ListConsultsRequest { filter: 1, ..pb::ListConsultsRequest::default() });
    assert_writes(&pb::AnswerConsultRequest {
        request_id: request_id.clone(),
        consult_id,
        answer: pb::ConsultAnswer::Approve as i32,
        approved: amount.clone(),
    });
    assert_writes(&pb::PreviewSpendRequest {
        customer_id: id("maria"),
        interaction_id: id("c-1"),
        amount: amount.clone(),
        reason_code: id("FAILED"),
        gesture_code: id("WAIVE"),
    });
    assert_writes(&pb::CommitSpendRequest { request_id, spend_id, amount, keep_rest: false });
    // Holding and giving have the same fields, and the panel writes both as the same message.
    let give = pb::GiveSpendRequest::decode(encode(&want).as_slice()).unwrap();
    assert_eq!(give.encode_to_vec(), want.encode_to_vec());
}

#[test]
fn writes_what_prost_writes_about_notes() {
    let value = testing::full_want().amount;
    assert_writes(&pb::LogActionRequest {
        action_id: id("a"),
        interaction_id: id("c-1"),
        customer_id: id("maria"),
        kind: 5,
        note: id("note"),
        customer_value: value.clone(),
        margin_given_up: value,
        counterpart: id("Logistics"),
        blocker: 0,
        suggestion_code: id("WAIVE"),
        act_time: Some(Timestamp { seconds: 5, nanos: 6 }),
    });
    assert_writes(&pb::MakePromiseRequest {
        promise_id: id("p"),
        customer_id: id("maria"),
        interaction_id: id("c-1"),
        text: id("call back"),
        due_time: Some(Timestamp { seconds: 5, nanos: 0 }),
    });
    assert_writes(&pb::SavePreferenceRequest {
        preference_id: id("p"),
        customer_id: id("maria"),
        kind: 6,
        text: id("tea"),
        expire_time: None,
        situational: false,
        interaction_id: id("c-1"),
    });
    let (preference_id, customer_id) = (id("p"), id("maria"));
    assert_writes(&pb::RetirePreferenceRequest { preference_id, customer_id });
    assert_writes(&pb::KeepPromiseRequest { promise_id: id("p"), customer_id: id("maria") });
}

#[test]
fn skips_fields_that_it_does_not_know() {
    // Field 100: a number, eight bytes, a text, four bytes.
    let mut bytes = vec![0xa0, 6, 5, 0xa1, 6, 1, 2, 3, 4, 5, 6, 7, 8];
    bytes.extend([0xa2, 6, 1, b'x', 0xa5, 6, 1, 2, 3, 4]);
    let money = pb::Money { currency_code: id("USD"), amount_minor: -3 };
    bytes.extend(money.encode_to_vec());
    assert_eq!(decode::<pb::Money>(&bytes), Ok(money));
}

#[test]
fn reads_text_as_the_standard_library_does() {
    let texts: [&[u8]; 14] = [
        b"",
        b"Maria",
        "Zoë, 90 €, 𝄞, العربية".as_bytes(),
        b"\x80",
        b"\xc0\x80",
        b"\xc3",
        b"\xc3(",
        b"\xe2\x82",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
    ];
    for bytes in texts {
        assert_eq!(text(bytes).as_deref(), str::from_utf8(bytes).ok(), "{bytes:?}");
    }
    for point in 0..=0x11_0000 {
        if let Some(letter) = char::from_u32(point) {
            assert_eq!(text(letter.to_string().as_bytes()), Some(letter.to_string()));
        }
    }
}

#[test]
fn refuses_what_is_not_a_message() {
    let cases: [&[u8]; 5] =
        [&[0x0a], &[0x0a, 5, b'x'], &[0x0b], &[0x0a, 1, 0xff], &[0x10, 0x80, 0x80]];
    for bytes in cases {
        assert_eq!(decode::<pb::Money>(bytes), Err(Malformed), "{bytes:?}");
    }
    assert_eq!(decode::<pb::Money>(&[0x08, 1]), Err(Malformed), "a number for a text");
}
