//! Which fields the messages have that the panel reads and writes, by their numbers in the API.

use makegood_proto::v1 as pb;
use makegood_proto::v1::lookup::By;
use prost_types::Timestamp;

use super::wire::{Put, kind, wire};

// What is read: only what the panel shows or goes by. Everything else is skipped.

wire!(read Timestamp { 1 long seconds, 2 int nanos, });
wire!(read pb::Money { 1 text currency_code, 2 long amount_minor, });
wire!(read pb::Revision { 1 long ledger_position, 2 long record_position, });
wire!(read pb::Receipt { 1 long ledger_position, 2 bytes leaf_hash, });
wire!(read pb::Reason { 1 text code, 2 text label, 3 text standard, });
wire!(read pb::WatchDeskResponse {
    1 list panels, 3 message server_time, 4 flag going_away, 5 message consults,
});
wire!(read pb::ConsultQueue { 1 list waiting, });
wire!(read pb::Consult {
    1 text consult_id, 2 int state, 3 message spend, 4 message asked, 5 long approved_minor,
    6 text approver_name, 7 text agent_name, 8 flag own, 10 message ask_time,
    11 message answer_expire_time, 16 text limit_label, 17 text customer_name,
    18 text reason_label, 19 text note,
});
wire!(read pb::Panel {
    1 message context, 2 message policy, 3 message interaction, 4 int match_status,
    5 list candidates, 6 message headroom, 7 list spends, 8 list actions,
    9 message as_of_time, 10 message revision, 11 int history_state,
    12 text requested_interaction_id, 13 list consults,
});
wire!(read pb::CustomerContext {
    1 message customer, 2 list recent_scores, 3 int trend, 4 message owed,
    5 list preferences, 6 list timeline, 7 int gesture_count, 8 int repeat_contact_count,
});
wire!(read pb::Customer {
    1 text customer_id, 2 text display_name, 3 text short_name, 4 text tier,
    5 message customer_since_time, 8 text phone,
});
wire!(read pb::Score {
    2 int kind, 3 int value, 4 int max_value, 5 int band, 6 message respond_time,
    7 maybe_int previous_value, 8 text words,
});
wire!(read pb::Promise { 1 text promise_id, 2 text text, 3 message due_time, 6 int late_days, });
wire!(read pb::Preference {
    1 text preference_id, 2 int kind, 3 text text, 4 int source, 5 message learned_time,
    6 message confirmed_time, 7 message expire_time, 8 flag situational,
});
wire!(read pb::TimelineItem {
    1 text item_id, 3 message occur_time, 4 text title, 5 text quote, 6 flag open,
    7 message score,
});
wire!(read pb::Candidate {
    1 text customer_id, 2 text display_name, 3 text tier, 4 message last_contact_time,
});
wire!(read pb::Interaction { 1 text interaction_id, 7 text customer_id, });
wire!(read pb::Headroom {
    1 text currency_code, 2 long available_minor, 3 long cap_minor, 4 long given_minor,
    5 long held_minor, 6 text limit_id, 7 text label, 8 message reset_time, 9 list limits,
    10 message pause,
});
wire!(read pb::LimitState {
    1 text limit_id, 3 long cap_minor, 4 long given_minor, 5 long held_minor, 8 int counts,
});
wire!(read pb::Pause { 1 int reason, 2 message start_time, });
wire!(read pb::GestureCard {
    1 text code, 2 text label, 3 message amount, 4 text reason_code, 5 text why, 6 int value,
    7 int action_kind,
});
wire!(read pb::PolicyView {
    3 text vision, 4 text currency_code, 5 list reasons, 6 list gestures,
    9 int note_max_characters,
});
wire!(read pb::Spend {
    1 text spend_id, 2 int state, 3 message amount, 4 long held_minor, 5 long committed_minor,
    6 long reversed_minor, 7 text reason_code, 8 text gesture_code, 9 text gesture_label,
    10 text customer_id, 11 text interaction_id, 13 message expire_time,
    14 message undo_expire_time, 15 text agent_name, 16 flag own, 17 text reference,
    18 text consult_id,
});
wire!(read pb::AdvocacyAction {
    1 text action_id, 2 int kind, 4 text note, 5 message customer_value,
    6 message margin_given_up, 7 text counterpart,
});
wire!(read pb::ReserveSpendRequest {
    1 text spend_id, 2 text customer_id, 3 text interaction_id, 4 message amount,
    5 text reason_code, 6 text gesture_code, 7 text note, 8 long decided_ms,
    9 text suggestion_code,
});
wire!(read pb::IdentifyCallerResponse { 2 list candidates, });
wire!(read pb::ListTimelineResponse { 1 list items, 2 text next_page_token, });

// What is written: every field that the panel ever sets.

wire!(write Timestamp { 1 long seconds, 2 int nanos, });
wire!(write pb::Money { 1 text currency_code, 2 long amount_minor, });
wire!(write pb::GetPanelRequest { 1 text interaction_id, 2 message lookup, });
wire!(write pb::IdentifyCallerRequest { 1 message lookup, });
wire!(write pb::ListTimelineRequest { 1 text customer_id, 2 int page_size, 3 text page_token, });
wire!(write pb::SavePreferenceRequest {
    1 text preference_id, 2 text customer_id, 3 int kind, 4 text text, 7 text interaction_id,
});
wire!(write pb::RetirePreferenceRequest { 1 text preference_id, 2 text customer_id, });
wire!(write pb::StartInteractionRequest {
    1 text interaction_id, 2 int channel, 3 message lookup, 4 text case_id, 5 text reason,
    6 int call_state,
});
wire!(write pb::UpdateInteractionRequest { 1 text interaction_id, 2 int call_state, });
wire!(write pb::ConfirmCustomerRequest { 1 text interaction_id, 2 text customer_id, });
wire!(write pb::RejectCustomerRequest { 1 text interaction_id, 2 text customer_id, });
wire!(write pb::EndInteractionRequest { 1 text interaction_id, 2 flag resolved, });
wire!(write pb::ReserveSpendRequest {
    1 text spend_id, 2 text customer_id, 3 text interaction_id, 4 message amount,
    5 text reason_code, 6 text gesture_code, 7 text note, 8 long decided_ms,
    9 text suggestion_code,
});
wire!(write pb::ExtendSpendRequest { 1 text request_id, 2 text spend_id, });
wire!(write pb::CommitSpendRequest {
    1 text request_id, 2 text spend_id, 3 message amount,
});
wire!(write pb::VoidSpendRequest { 1 text request_id, 2 text spend_id, 3 int reason, });
wire!(write pb::ReverseSpendRequest {
    1 text request_id, 2 text spend_id, 3 message amount, 4 int reason,
});
wire!(write pb::GetSpendRequest { 1 text spend_id, });
wire!(write pb::PreviewSpendRequest {
    1 text customer_id, 2 text interaction_id, 3 message amount, 4 text reason_code,
    5 text gesture_code,
});
wire!(write pb::ListConsultsRequest { 1 int filter, });
wire!(write pb::WithdrawConsultRequest { 1 text request_id, 2 text consult_id, });
wire!(write pb::AnswerConsultRequest {
    1 text request_id, 2 text consult_id, 3 int answer, 4 message approved,
});
wire!(write pb::LogActionRequest {
    1 text action_id, 2 text interaction_id, 3 text customer_id, 4 int kind, 5 text note,
    6 message customer_value, 7 message margin_given_up, 8 text counterpart,
    10 text suggestion_code, 11 message act_time,
});
wire!(write pb::MakePromiseRequest {
    1 text promise_id, 2 text customer_id, 3 text interaction_id, 4 text text, 5 message due_time,
});
wire!(write pb::KeepPromiseRequest { 1 text promise_id, 2 text customer_id, });
wire!(write pb::DeskTopic { 1 text interaction_id, 2 message lookup, });
// Without a revision to go on from, the stream begins with the whole state.
wire!(write pb::WatchDeskRequest { 1 text desk_id, 2 list topics, });
wire!(write pb::AddTopicRequest { 1 text desk_id, 2 message topic, });
wire!(write pb::DropTopicRequest { 1 text desk_id, 2 text interaction_id, });

impl Put for pb::Lookup {
    fn put(&self, out: &mut Vec<u8>) {
        match &self.by {
            Some(By::Phone(text)) => kind::text::write(text, 1, out),
            Some(By::Email(text)) => kind::text::write(text, 2, out),
            Some(By::ExternalId(text)) => kind::text::write(text, 3, out),
            Some(By::AccountNumber(text)) => kind::text::write(text, 4, out),
            None => {}
        }
    }
}
