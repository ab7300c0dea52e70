//! The calls that the panel makes: their paths, their bytes, and what their replies hold.

use makegood_proto::v1 as pb;

use super::wire::{Malformed, decode, encode};

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
                    $(Request::$name(message) => encode(message),)*
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
    Give(ReserveSpendRequest) = "BudgetService/GiveSpend",
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

impl Request {
    /// Reads the reply to this request.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Reply, Malformed> {
        let reply = match self {
            Request::GetPanel(_) => {
                let reply: pb::GetPanelResponse = decode(bytes)?;
                Reply::Panel(Box::new(reply.panel.unwrap_or_default()))
            }
            Request::Identify(_) => {
                let reply: pb::IdentifyCallerResponse = decode(bytes)?;
                Reply::Candidates(reply.candidates)
            }
            Request::Timeline(_) => Reply::Timeline(decode(bytes)?),
            // The replies to these have the same fields.
            Request::Reserve(_)
            | Request::Give(_)
            | Request::Commit(_)
            | Request::Void(_)
            | Request::Reverse(_) => {
                let reply: pb::ReserveSpendResponse = decode(bytes)?;
                let pb::ReserveSpendResponse { spend, headroom, receipt, replayed: _ } = reply;
                Reply::Spend(Box::new(SpendReply { spend, headroom, receipt }))
            }
            Request::Extend(_) => {
                let reply: pb::ExtendSpendResponse = decode(bytes)?;
                let pb::ExtendSpendResponse { spend, receipt, replayed: _ } = reply;
                Reply::Spend(Box::new(SpendReply { spend, headroom: None, receipt }))
            }
            Request::GetSpend(_) => {
                let reply: pb::GetSpendResponse = decode(bytes)?;
                Reply::Spend(Box::new(SpendReply { spend: reply.spend, ..SpendReply::default() }))
            }
            Request::Note(NoteKind::LogAction, _) => {
                let reply: pb::LogActionResponse = decode(bytes)?;
                Reply::Action(Box::new(reply.action.unwrap_or_default()))
            }
            _ => Reply::Done,
        };
        Ok(reply)
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
            Request::Reserve(request) | Request::Give(request) => Some(&request.spend_id),
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
    use prost::Message as _;

    use super::*;

    #[test]
    fn every_write_of_a_spend_has_the_same_reply() {
        let spend = Some(pb::Spend { spend_id: "s".to_owned(), ..pb::Spend::default() });
        let headroom = Some(pb::Headroom { available_minor: 7, ..pb::Headroom::default() });
        let receipt = Some(pb::Receipt { ledger_position: 3, ..pb::Receipt::default() });
        let expected = SpendReply {
            spend: spend.clone(),
            headroom: headroom.clone(),
            receipt: receipt.clone(),
        };
        macro_rules! assert_same {
            ($($request:ident, $message:ident, $reply:ident;)*) => {$(
                let bytes = pb::$reply {
                    spend: spend.clone(),
                    headroom: headroom.clone(),
                    receipt: receipt.clone(),
                    replayed: true,
                }
                .encode_to_vec();
                let request = Request::$request(pb::$message::default());
                assert_eq!(request.decode(&bytes), Ok(Reply::Spend(Box::new(expected.clone()))));
            )*};
        }
        assert_same! {
            Reserve, ReserveSpendRequest, ReserveSpendResponse;
            Give, ReserveSpendRequest, GiveSpendResponse;
            Commit, CommitSpendRequest, CommitSpendResponse;
            Void, VoidSpendRequest, VoidSpendResponse;
            Reverse, ReverseSpendRequest, ReverseSpendResponse;
        }
    }

    #[test]
    fn refuses_a_reply_that_is_not_a_message() {
        let request = Request::GetPanel(pb::GetPanelRequest::default());
        assert_eq!(request.decode(&[0xff, 0xff]), Err(Malformed));
    }
}
