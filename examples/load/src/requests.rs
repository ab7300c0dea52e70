//! What agents ask, encoded: the parts that stay the same once, the rest written over them.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use makegood_proto::v1;
use uuid::Uuid;

use crate::wire::{Ask, PREFIX_BYTES, frame, head};

pub(crate) const EMPTY: &str = "/grpc.health.v1.Health/Check";
pub(crate) const PANEL: &str = "/makegood.v1.CustomerService/GetPanel";
pub(crate) const PREVIEW: &str = "/makegood.v1.BudgetService/PreviewSpend";
pub(crate) const GIVE: &str = "/makegood.v1.BudgetService/GiveSpend";
pub(crate) const HOLD: &str = "/makegood.v1.BudgetService/ReserveSpend";
pub(crate) const COMMIT: &str = "/makegood.v1.BudgetService/CommitSpend";
pub(crate) const RELEASE: &str = "/makegood.v1.BudgetService/VoidSpend";
pub(crate) const START: &str = "/makegood.v1.InteractionService/StartInteraction";
pub(crate) const END: &str = "/makegood.v1.InteractionService/EndInteraction";
pub(crate) const ACTION: &str = "/makegood.v1.AdvocacyService/LogAction";
pub(crate) const WATCH: &str = "/makegood.v1.DeskService/WatchDesk";
pub(crate) const ADD_TOPIC: &str = "/makegood.v1.DeskService/AddTopic";
pub(crate) const DROP_TOPIC: &str = "/makegood.v1.DeskService/DropTopic";

/// The reason and the gesture, which the standard policy has too.
const REASON: &str = "delay";
const GESTURE: &str = "credit";
const CURRENCY: &str = "USD";

/// An empty message.
pub(crate) const NOTHING: Bytes = Bytes::from_static(&[0; PREFIX_BYTES]);

/// A request that is sent again and again under new ids.
#[derive(Debug, Clone)]
pub(crate) struct Repeated {
    head: Request<()>,
    body: Vec<u8>,
    /// Where the id stands in the body.
    id_at: usize,
}

impl Repeated {
    /// The request under an id.
    pub(crate) fn with(&self, id: Uuid) -> Ask {
        let mut body = self.body.clone();
        let place = self.id_at..self.id_at + uuid::fmt::Hyphenated::LENGTH;
        if let Some(place) = body.get_mut(place) {
            id.hyphenated().encode_lower(place);
        }
        (self.head.clone(), body.into())
    }
}

/// A call of an agent with a customer: everything that is asked about it.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    address: SocketAddr,
    token: String,
    pub(crate) interaction_id: String,
    pub(crate) customer_id: String,
}

impl Conversation {
    pub(crate) fn new(address: SocketAddr, token: String, interaction_id: String) -> Self {
        Self { address, token, interaction_id, customer_id: String::new() }
    }

    fn ask(&self, path: &str, message: &impl prost::Message) -> anyhow::Result<Ask> {
        Ok((head(self.address, path, Some(&self.token))?, frame(message)))
    }

    /// Lets a customer call who is known by the source's id.
    pub(crate) fn start(&self, external_id: &str) -> anyhow::Result<Ask> {
        let by = Some(v1::lookup::By::ExternalId(external_id.to_owned()));
        self.ask(
            START,
            &v1::StartInteractionRequest {
                interaction_id: self.interaction_id.clone(),
                channel: v1::Channel::Phone.into(),
                lookup: Some(v1::Lookup { by }),
                // A case of its own, so that a run finds every budget unspent.
                case_id: self.case_id(),
                call_state: v1::CallState::Connected.into(),
                ..v1::StartInteractionRequest::default()
            },
        )
    }

    /// The call's id with letters for its digits, so that none of it looks like a card's number.
    fn case_id(&self) -> String {
        let letter = |it: char| match it {
            '0'..='9' => {
                char::from_u32(u32::from(it) - u32::from('0') + u32::from('g')).unwrap_or(it)
            }
            other => other,
        };
        self.interaction_id.chars().map(letter).collect()
    }

    pub(crate) fn end(&self) -> anyhow::Result<Ask> {
        let interaction_id = self.interaction_id.clone();
        self.ask(END, &v1::EndInteractionRequest { interaction_id, resolved: true })
    }

    pub(crate) fn panel(&self) -> anyhow::Result<Ask> {
        let interaction_id = self.interaction_id.clone();
        self.ask(PANEL, &v1::GetPanelRequest { interaction_id, ..v1::GetPanelRequest::default() })
    }

    pub(crate) fn preview(&self, amount_minor: i64) -> anyhow::Result<Ask> {
        self.ask(
            PREVIEW,
            &v1::PreviewSpendRequest {
                customer_id: self.customer_id.clone(),
                interaction_id: self.interaction_id.clone(),
                amount: Some(usd(amount_minor)),
                reason_code: REASON.to_owned(),
                gesture_code: GESTURE.to_owned(),
            },
        )
    }

    pub(crate) fn action(&self, id: Uuid) -> anyhow::Result<Ask> {
        self.ask(
            ACTION,
            &v1::LogActionRequest {
                action_id: id.to_string(),
                interaction_id: self.interaction_id.clone(),
                customer_id: self.customer_id.clone(),
                kind: v1::ActionKind::Listened.into(),
                ..v1::LogActionRequest::default()
            },
        )
    }

    pub(crate) fn give(&self, amount_minor: i64) -> anyhow::Result<Repeated> {
        let message = v1::GiveSpendRequest {
            spend_id: Uuid::nil().to_string(),
            customer_id: self.customer_id.clone(),
            interaction_id: self.interaction_id.clone(),
            amount: Some(usd(amount_minor)),
            reason_code: REASON.to_owned(),
            gesture_code: GESTURE.to_owned(),
            ..v1::GiveSpendRequest::default()
        };
        self.repeated(GIVE, &message)
    }

    pub(crate) fn hold(&self, amount_minor: i64) -> anyhow::Result<Repeated> {
        let message = v1::ReserveSpendRequest {
            spend_id: Uuid::nil().to_string(),
            customer_id: self.customer_id.clone(),
            interaction_id: self.interaction_id.clone(),
            amount: Some(usd(amount_minor)),
            reason_code: REASON.to_owned(),
            gesture_code: GESTURE.to_owned(),
            ..v1::ReserveSpendRequest::default()
        };
        self.repeated(HOLD, &message)
    }

    pub(crate) fn commit(&self, spend: Uuid, id: Uuid) -> anyhow::Result<Ask> {
        self.ask(
            COMMIT,
            &v1::CommitSpendRequest {
                request_id: id.to_string(),
                spend_id: spend.to_string(),
                amount: None,
                keep_rest: false,
            },
        )
    }

    pub(crate) fn release(&self, spend: Uuid, id: Uuid) -> anyhow::Result<Ask> {
        self.ask(
            RELEASE,
            &v1::VoidSpendRequest {
                request_id: id.to_string(),
                spend_id: spend.to_string(),
                reason: v1::VoidReason::CustomerDeclined.into(),
            },
        )
    }

    /// Opens the agent's stream with nothing on it.
    pub(crate) fn open_desk(&self, desk: Uuid) -> anyhow::Result<Ask> {
        let (topics, desk_id) = (Vec::new(), desk.to_string());
        self.ask(WATCH, &v1::WatchDeskRequest { desk_id, topics, resume_revision: None })
    }

    /// Opens the agent's stream with this call on it.
    pub(crate) fn watch(&self, desk: Uuid) -> anyhow::Result<Ask> {
        let topics = vec![self.topic()];
        let desk_id = desk.to_string();
        self.ask(WATCH, &v1::WatchDeskRequest { desk_id, topics, resume_revision: None })
    }

    pub(crate) fn add_topic(&self, desk: Uuid) -> anyhow::Result<Ask> {
        let topic = Some(self.topic());
        self.ask(ADD_TOPIC, &v1::AddTopicRequest { desk_id: desk.to_string(), topic })
    }

    pub(crate) fn drop_topic(&self, desk: Uuid) -> anyhow::Result<Ask> {
        let interaction_id = self.interaction_id.clone();
        self.ask(DROP_TOPIC, &v1::DropTopicRequest { desk_id: desk.to_string(), interaction_id })
    }

    fn topic(&self) -> v1::DeskTopic {
        v1::DeskTopic { interaction_id: self.interaction_id.clone(), lookup: None }
    }

    fn repeated(&self, path: &str, message: &impl prost::Message) -> anyhow::Result<Repeated> {
        let (head, body) = self.ask(path, message)?;
        // The id is the first field: after the prefix its tag and its length, a byte each.
        Ok(Repeated { head, body: body.into(), id_at: PREFIX_BYTES + 2 })
    }
}

fn usd(amount_minor: i64) -> v1::Money {
    v1::Money { currency_code: CURRENCY.to_owned(), amount_minor }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    fn conversation() -> Conversation {
        let address = "127.0.0.1:1".parse().unwrap();
        let mut conversation = Conversation::new(address, "t".to_owned(), "call-1".to_owned());
        conversation.customer_id = "somebody".to_owned();
        conversation
    }

    #[test]
    fn writes_each_id_where_the_first_one_stood() {
        let gift = conversation().give(45).unwrap();
        let hold = conversation().hold(45).unwrap();
        for id in [Uuid::from_u128(1), Uuid::from_u128(u128::MAX)] {
            let (_, body) = gift.with(id);
            let message = v1::GiveSpendRequest::decode(&body[PREFIX_BYTES..]).unwrap();
            assert_eq!(message.spend_id, id.to_string());
            assert_eq!(message.customer_id, "somebody");
            let (_, body) = hold.with(id);
            let message = v1::ReserveSpendRequest::decode(&body[PREFIX_BYTES..]).unwrap();
            assert_eq!(message.spend_id, id.to_string());
        }
    }

    #[test]
    fn gives_each_call_a_case_of_its_own_without_digits() {
        let mut other = conversation();
        other.interaction_id = "call-2".to_owned();
        assert_ne!(conversation().case_id(), other.case_id());
        assert!(!other.case_id().contains(|it: char| it.is_ascii_digit()));
    }

    #[test]
    fn says_how_long_a_message_is() {
        let (head, body) = conversation().panel().unwrap();
        assert_eq!(head.uri().path(), PANEL);
        let length = u32::from_be_bytes(body[1..PREFIX_BYTES].try_into().unwrap());
        assert_eq!(length as usize, body.len() - PREFIX_BYTES);
    }
}
