//! The calls that the panel makes: their paths, their bytes, and what their replies hold.

use makegood_proto::v1 as pb;
use prost::{DecodeError, Message as _};

/// What a note writes down. The order is the number that is kept across a reload: only ever add at
/// the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoteKind {
    /// An action that was logged.
    LogAction,
    /// A promise that was made.
    MakePromise,
    /// A promise that was kept.
    KeepPromise,
    /// A preference that was learned.
    SavePreference,
    /// A preference that is not true any more.
    RetirePreference,
}

impl NoteKind {
    /// Every kind, by its number.
    pub(crate) const ALL: [NoteKind; 5] = [
        NoteKind::LogAction,
        NoteKind::MakePromise,
        NoteKind::KeepPromise,
        NoteKind::SavePreference,
        NoteKind::RetirePreference,
    ];

    fn path(self) -> &'static str {
        match self {
            NoteKind::LogAction => "AdvocacyService/LogAction",
            NoteKind::MakePromise => "AdvocacyService/MakePromise",
            NoteKind::KeepPromise => "AdvocacyService/KeepPromise",
            NoteKind::SavePreference => "CustomerService/SavePreference",
            NoteKind::RetirePreference => "CustomerService/RetirePreference",
        }
    }
}

/// Declares one variant, one path and one encoding for each call.
macro_rules! requests {
    ($($name:ident($message:ident) = $path:literal,)*) => {
        /// A unary call with its fields.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum Request {
            $(
                #[doc = concat!("`", $path, "`.")]
                $name(pb::$message),
            )*
            /// A note, encoded when it was written.
            Note(NoteKind, Vec<u8>),
        }

        impl Request {
            /// The path of the method, without the package.
            pub(crate) fn path(&self) -> &'static str {
                match self {
                    $(Request::$name(_) => $path,)*
                    Request::Note(kind, _) => kind.path(),
                }
            }

            /// The encoded message.
            pub(crate) fn encode(&self) -> Vec<u8> {
                match self {
                    $(Request::$name(message) => message.encode_to_vec(),)*
                    Request::Note(_, body) => body.clone(),
                }
            }
        }
    };
}

requests! {
    GetPanel(GetPanelRequest) = "CustomerService/GetPanel",
    Identify(IdentifyCallerRequest) = "CustomerService/IdentifyCaller",
    Timeline(ListTimelineRequest) = "CustomerService/ListTimeline",
    Start(StartInteractionRequest) = "InteractionService/StartInteraction",
    Update(UpdateInteractionRequest) = "InteractionService/UpdateInteraction",
    Confirm(ConfirmCustomerRequest) = "InteractionService/ConfirmCustomer",
    Reject(RejectCustomerRequest) = "InteractionService/RejectCustomer",
    End(EndInteractionRequest) = "InteractionService/EndInteraction",
    Reserve(ReserveSpendRequest) = "BudgetService/ReserveSpend",
    Give(GiveSpendRequest) = "BudgetService/GiveSpend",
    Extend(ExtendSpendRequest) = "BudgetService/ExtendSpend",
    Commit(CommitSpendRequest) = "BudgetService/CommitSpend",
    Void(VoidSpendRequest) = "BudgetService/VoidSpend",
    Reverse(ReverseSpendRequest) = "BudgetService/ReverseSpend",
    GetSpend(GetSpendRequest) = "BudgetService/GetSpend",
    AddTopic(AddTopicRequest) = "DeskService/AddTopic",
    DropTopic(DropTopicRequest) = "DeskService/DropTopic",
}

/// What a reply holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    /// A panel.
    Panel(Box<pb::Panel>),
    /// Customers who may be the caller.
    Candidates(Vec<pb::Candidate>),
    /// A page of a timeline.
    Timeline(pb::ListTimelineResponse),
    /// The interaction as it stands.
    Interaction(Box<pb::Interaction>),
    /// A spend as it stands, with what came with it.
    Spend(Box<SpendReply>),
    /// The action that was logged.
    Action(Box<pb::AdvocacyAction>),
    /// Nothing that the panel needs: the stream brings the new state.
    Done,
}

/// What every reply about a spend holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SpendReply {
    /// The spend.
    pub(crate) spend: Option<pb::Spend>,
    /// The headroom after it. Absent where the call does not say.
    pub(crate) headroom: Option<pb::Headroom>,
    /// The proof. Absent where the call only reads.
    pub(crate) receipt: Option<pb::Receipt>,
}

/// The four writes whose replies have the same fields.
macro_rules! written {
    ($message:ident, $bytes:expr) => {{
        let pb::$message { spend, headroom, receipt, replayed: _ } =
            pb::$message::decode($bytes)?;
        Ok(Reply::Spend(Box::new(SpendReply { spend, headroom, receipt })))
    }};
}

impl Request {
    /// Reads the reply to this request.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Reply, DecodeError> {
        match self {
            Request::GetPanel(_) => {
                let reply = pb::GetPanelResponse::decode(bytes)?;
                Ok(Reply::Panel(Box::new(reply.panel.unwrap_or_default())))
            }
            Request::Identify(_) => {
                Ok(Reply::Candidates(pb::IdentifyCallerResponse::decode(bytes)?.candidates))
            }
            Request::Timeline(_) => {
                Ok(Reply::Timeline(pb::ListTimelineResponse::decode(bytes)?))
            }
            Request::Start(_)
            | Request::Update(_)
            | Request::Confirm(_)
            | Request::Reject(_)
            | Request::End(_) => {
                // Each of these replies has the interaction as its first field.
                let reply = pb::EndInteractionResponse::decode(bytes)?;
                Ok(Reply::Interaction(Box::new(reply.interaction.unwrap_or_default())))
            }
            Request::Reserve(_) => written!(ReserveSpendResponse, bytes),
            Request::Give(_) => written!(GiveSpendResponse, bytes),
            Request::Commit(_) => written!(CommitSpendResponse, bytes),
            Request::Void(_) => written!(VoidSpendResponse, bytes),
            Request::Reverse(_) => written!(ReverseSpendResponse, bytes),
            Request::Extend(_) => {
                let reply = pb::ExtendSpendResponse::decode(bytes)?;
                let pb::ExtendSpendResponse { spend, receipt, replayed: _ } = reply;
                Ok(Reply::Spend(Box::new(SpendReply { spend, headroom: None, receipt })))
            }
            Request::GetSpend(_) => {
                let spend = pb::GetSpendResponse::decode(bytes)?.spend;
                Ok(Reply::Spend(Box::new(SpendReply { spend, ..SpendReply::default() })))
            }
            Request::Note(NoteKind::LogAction, _) => {
                let action = pb::LogActionResponse::decode(bytes)?.action;
                Ok(Reply::Action(Box::new(action.unwrap_or_default())))
            }
            Request::Note(..) | Request::AddTopic(_) | Request::DropTopic(_) => Ok(Reply::Done),
        }
    }

    /// For how long an answer is waited for, in milliseconds.
    pub(crate) fn time_limit_ms(&self) -> u32 {
        match self {
            Request::GetSpend(_) => 2_000,
            _ => 5_000,
        }
    }

    /// Whether the call can move money, so that silence leaves its outcome unknown.
    pub(crate) fn spend_id(&self) -> Option<&str> {
        match self {
            Request::Reserve(request) => Some(&request.spend_id),
            Request::Give(request) => Some(&request.spend_id),
            Request::Commit(request) => Some(&request.spend_id),
            Request::Void(request) => Some(&request.spend_id),
            Request::Reverse(request) => Some(&request.spend_id),
            Request::Extend(request) => Some(&request.spend_id),
            Request::GetSpend(request) => Some(&request.spend_id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_interaction_of_every_reply_that_has_one() {
        let interaction =
            pb::Interaction { interaction_id: "c-1".to_owned(), ..pb::Interaction::default() };
        let start = pb::StartInteractionResponse {
            interaction: Some(interaction.clone()),
            candidates: vec![pb::Candidate::default()],
        };
        let reject = pb::RejectCustomerResponse {
            interaction: Some(interaction.clone()),
            voided_count: 2,
        };
        let expected = Ok(Reply::Interaction(Box::new(interaction)));
        let request = Request::Start(pb::StartInteractionRequest::default());
        assert_eq!(request.decode(&start.encode_to_vec()), expected);
        let request = Request::Reject(pb::RejectCustomerRequest::default());
        assert_eq!(request.decode(&reject.encode_to_vec()), expected);
    }

    #[test]
    fn refuses_a_reply_that_is_not_a_message() {
        let request = Request::GetPanel(pb::GetPanelRequest::default());
        assert!(request.decode(&[0xff, 0xff]).is_err());
    }
}
