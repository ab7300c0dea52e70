//! The calls that the panel makes: their paths, their bytes, and what their replies hold.

use makegood_proto::v1 as pb;

use super::wire::{Malformed, Put, Value, Wire, decode, encode, kind, wire};

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
            /// `ConsultService/AskConsult`: the id of the consult, and what is wished.
            Ask(String, pb::ReserveSpendRequest),
            /// A note, encoded when it was written.
            Note(NoteKind, Vec<u8>),
        }

        impl Request {
            /// The path of the method, without the package.
            pub(crate) fn path(&self) -> &'static str {
                match self {
                    $(Request::$name(_) => $path,)*
                    Request::Ask(..) => "ConsultService/AskConsult",
                    Request::Note(kind, _) => kind.path(),
                }
            }

            /// The encoded message.
            pub(crate) fn encode(&self) -> Vec<u8> {
                match self {
                    $(Request::$name(message) => encode(message),)*
                    Request::Ask(consult_id, want) => encode(&Question(consult_id, want)),
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
    Preview(PreviewSpendRequest) = "BudgetService/PreviewSpend",
    Withdraw(WithdrawConsultRequest) = "ConsultService/WithdrawConsult",
    Decide(AnswerConsultRequest) = "ConsultService/AnswerConsult",
    Waiting(ListConsultsRequest) = "ConsultService/ListConsults",
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
    /// Whom a consult would ask. Empty if nobody is there.
    Approver(String),
    /// The questions that wait for this agent.
    Waiting(pb::ConsultQueue),
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
    /// The question to a second person. Absent where nobody was asked.
    pub(crate) consult: Option<pb::Consult>,
}

wire!(read SpendReply { 1 message spend, 2 message headroom, 3 message receipt, });

/// A reply whose first field is all that is read of it.
#[derive(Default)]
struct First<M>(M);

impl<M: Wire> Wire for First<M> {
    fn set(&mut self, tag: u64, value: Value<'_>) -> Result<(), Malformed> {
        if tag == 1 { value.read_into(&mut self.0) } else { Ok(()) }
    }
}

/// `ExtendSpendResponse`: it has no headroom.
#[derive(Default)]
struct Extended(SpendReply);

impl Wire for Extended {
    fn set(&mut self, tag: u64, value: Value<'_>) -> Result<(), Malformed> {
        match tag {
            1 => self.0.set(1, value),
            2 => self.0.set(3, value),
            _ => Ok(()),
        }
    }
}

/// `AskConsultResponse`: its second field is the consult.
#[derive(Default)]
struct Asked(SpendReply);

impl Wire for Asked {
    fn set(&mut self, tag: u64, value: Value<'_>) -> Result<(), Malformed> {
        match tag {
            1 => self.0.set(1, value),
            2 => kind::message::read(&mut self.0.consult, value),
            tag => self.0.set(tag - 1, value),
        }
    }
}

/// `PreviewSpendResponse`, as far as it is read.
#[derive(Default)]
struct Named {
    name: String,
}

wire!(read Named { 5 text name, });

/// `AskConsultRequest`: the fields of a hold come after the id of the consult.
struct Question<'a>(&'a str, &'a pb::ReserveSpendRequest);

impl Put for Question<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        let Question(consult_id, want) = self;
        kind::text::write(consult_id, 1, out);
        kind::text::write(&want.spend_id, 2, out);
        kind::text::write(&want.customer_id, 3, out);
        kind::text::write(&want.interaction_id, 4, out);
        kind::message::write(&want.amount, 5, out);
        kind::text::write(&want.reason_code, 6, out);
        kind::text::write(&want.gesture_code, 7, out);
        kind::text::write(&want.note, 8, out);
        kind::long::write(&want.decided_ms, 9, out);
        kind::text::write(&want.suggestion_code, 10, out);
    }
}

impl Request {
    /// Reads the reply to this request.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Reply, Malformed> {
        let reply = match self {
            Request::GetPanel(_) => Reply::Panel(Box::new(decode::<First<pb::Panel>>(bytes)?.0)),
            Request::Identify(_) => {
                let reply: pb::IdentifyCallerResponse = decode(bytes)?;
                Reply::Candidates(reply.candidates)
            }
            Request::Timeline(_) => Reply::Timeline(decode(bytes)?),
            // The replies to these have the same fields, and to read a spend is the first of them.
            Request::Reserve(_)
            | Request::Give(_)
            | Request::Commit(_)
            | Request::Void(_)
            | Request::Reverse(_)
            | Request::GetSpend(_) => Reply::Spend(Box::new(decode(bytes)?)),
            Request::Extend(_) => Reply::Spend(Box::new(decode::<Extended>(bytes)?.0)),
            Request::Ask(..) => Reply::Spend(Box::new(decode::<Asked>(bytes)?.0)),
            // A page of consults has them where the queue of a desk has them.
            Request::Waiting(_) => Reply::Waiting(decode(bytes)?),
            Request::Preview(_) => Reply::Approver(decode::<Named>(bytes)?.name),
            Request::Note(NoteKind::LogAction, _) => {
                Reply::Action(Box::new(decode::<First<pb::AdvocacyAction>>(bytes)?.0))
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
            Request::Ask(_, want) => Some(&want.spend_id),
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
            consult: None,
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
    fn a_question_and_its_reply_are_what_prost_writes_and_reads() {
        let want = crate::model::testing::full_want();
        let request = Request::Ask("c".to_owned(), want.clone());
        let question = pb::AskConsultRequest::decode(request.encode().as_slice()).unwrap();
        assert_eq!((&*question.consult_id, &question.spend_id), ("c", &want.spend_id));
        assert_eq!(question.encode_to_vec(), request.encode());
        let consult = Some(pb::Consult { consult_id: "c".to_owned(), ..Default::default() });
        let spend = Some(pb::Spend { spend_id: "s".to_owned(), ..Default::default() });
        let headroom = Some(pb::Headroom { available_minor: 7, ..Default::default() });
        let receipt = Some(pb::Receipt { ledger_position: 3, ..Default::default() });
        let expected = SpendReply { spend, headroom, receipt, consult };
        let SpendReply { spend, headroom, receipt, consult } = expected.clone();
        let replayed = true;
        let reply = pb::AskConsultResponse { spend, consult, headroom, receipt, replayed };
        assert_eq!(
            request.decode(&reply.encode_to_vec()),
            Ok(Reply::Spend(Box::new(expected.clone())))
        );

        let SpendReply { spend, receipt, .. } = expected.clone();
        let reply = pb::ExtendSpendResponse { spend, receipt, replayed };
        let expected = SpendReply { headroom: None, consult: None, ..expected };
        assert_eq!(
            Request::Extend(pb::ExtendSpendRequest::default()).decode(&reply.encode_to_vec()),
            Ok(Reply::Spend(Box::new(expected)))
        );

        let consults = vec![pb::Consult { consult_id: "c".to_owned(), ..Default::default() }];
        let waiting = pb::ConsultQueue { waiting: consults.clone() };
        let reply = pb::ListConsultsResponse { consults, ..Default::default() };
        assert_eq!(
            Request::Waiting(pb::ListConsultsRequest::default()).decode(&reply.encode_to_vec()),
            Ok(Reply::Waiting(waiting))
        );

        let approver_name = "Maya".to_owned();
        let reply = pb::PreviewSpendResponse { approver_name, ..Default::default() };
        assert_eq!(
            Request::Preview(pb::PreviewSpendRequest::default()).decode(&reply.encode_to_vec()),
            Ok(Reply::Approver("Maya".to_owned()))
        );
    }

    #[test]
    fn refuses_a_reply_that_is_not_a_message() {
        let request = Request::GetPanel(pb::GetPanelRequest::default());
        assert_eq!(request.decode(&[0xff, 0xff]), Err(Malformed));
    }
}
