//! As much of the API's messages as the benches send and look at; the field numbers are the API's.
//!
//! The generated types are not taken: this tool generates them, and so has to build without them.

use prost::Message;

pub(super) const START_INTERACTION: &str = "/makegood.v1.InteractionService/StartInteraction";
pub(super) const GET_PANEL: &str = "/makegood.v1.CustomerService/GetPanel";
pub(super) const GIVE_SPEND: &str = "/makegood.v1.BudgetService/GiveSpend";

/// `CHANNEL_PHONE`.
const CHANNEL_PHONE: i32 = 1;

/// `StartInteractionRequest`.
#[derive(PartialEq, Message)]
pub(super) struct Start {
    #[prost(string, tag = "1")]
    pub(super) interaction_id: String,
    #[prost(int32, tag = "2")]
    pub(super) channel: i32,
    #[prost(message, optional, tag = "3")]
    pub(super) lookup: Option<Lookup>,
}

/// `Lookup`; one of its fields is not empty.
#[derive(PartialEq, Message)]
pub(super) struct Lookup {
    #[prost(string, tag = "1")]
    phone: String,
    #[prost(string, tag = "3")]
    external_id: String,
}

/// `StartInteractionResponse`.
#[derive(PartialEq, Message)]
pub(super) struct Started {
    #[prost(message, optional, tag = "1")]
    pub(super) interaction: Option<Interaction>,
}

/// `Interaction`.
#[derive(PartialEq, Message)]
pub(super) struct Interaction {
    #[prost(string, tag = "7")]
    pub(super) customer_id: String,
}

/// `GetPanelRequest`.
#[derive(PartialEq, Message)]
pub(super) struct GetPanel {
    #[prost(string, tag = "1")]
    pub(super) interaction_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) lookup: Option<Lookup>,
}

/// `GetPanelResponse`.
#[derive(PartialEq, Message)]
pub(super) struct GotPanel {
    #[prost(message, optional, tag = "1")]
    pub(super) panel: Option<Panel>,
}

/// `Panel`; both parts are there once a customer is.
#[derive(PartialEq, Message)]
pub(super) struct Panel {
    #[prost(bytes = "vec", tag = "1")]
    context: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    headroom: Vec<u8>,
}

/// `GiveSpendRequest`.
#[derive(PartialEq, Message)]
pub(super) struct Give {
    #[prost(string, tag = "1")]
    pub(super) spend_id: String,
    #[prost(string, tag = "2")]
    pub(super) customer_id: String,
    #[prost(string, tag = "3")]
    pub(super) interaction_id: String,
    #[prost(message, optional, tag = "4")]
    pub(super) amount: Option<Money>,
    #[prost(string, tag = "5")]
    pub(super) reason_code: String,
    #[prost(string, tag = "6")]
    pub(super) gesture_code: String,
}

/// `Money`.
#[derive(PartialEq, Message)]
pub(super) struct Money {
    #[prost(string, tag = "1")]
    pub(super) currency_code: String,
    #[prost(int64, tag = "2")]
    pub(super) amount_minor: i64,
}

/// `GiveSpendResponse`.
#[derive(PartialEq, Message)]
pub(super) struct Given {
    #[prost(bytes = "vec", tag = "3")]
    pub(super) receipt: Vec<u8>,
    #[prost(bool, tag = "4")]
    pub(super) replayed: bool,
}

impl Start {
    /// A call on the phone.
    pub(super) fn phone_call(interaction_id: &str, lookup: Lookup) -> Self {
        Self {
            interaction_id: interaction_id.to_owned(),
            channel: CHANNEL_PHONE,
            lookup: Some(lookup),
        }
    }
}

impl Lookup {
    /// By a telephone number.
    pub(super) fn phone(phone: &str) -> Self {
        Self { phone: phone.to_owned(), external_id: String::new() }
    }

    /// By the id in the system that the customer was imported from.
    pub(super) fn external(id: &str) -> Self {
        Self { phone: String::new(), external_id: id.to_owned() }
    }
}

impl Panel {
    /// Whether it shows a customer and what may be given.
    pub(super) fn is_whole(&self) -> bool {
        !self.context.is_empty() && !self.headroom.is_empty()
    }
}
