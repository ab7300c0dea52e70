//! A call at an agent's desk: the requests that a panel makes.

use makegood_proto::v1;
use tonic::{Response, Status};

use super::Client;

/// A call whose customer is bound.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) client: Client,
    pub(crate) interaction: String,
    /// The customer's pseudonym.
    pub(crate) customer: String,
}

/// A new id, as clients make them.
pub(crate) fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// An amount in US cents.
pub(crate) fn usd(amount_minor: i64) -> v1::Money {
    v1::Money { currency_code: "USD".to_owned(), amount_minor }
}

type Answer<T> = Result<T, Status>;

impl Call {
    /// Lets a customer of the CRM call, who must be found.
    pub(crate) async fn ring(client: Client, interaction: &str, customer: &str) -> Self {
        let request = Self::start(interaction, customer);
        let started = client.interactions.clone().start_interaction(request).await;
        let started = started.unwrap().into_inner().interaction.unwrap();
        assert_eq!(started.match_status(), v1::MatchStatus::Exact);
        Self { client, interaction: interaction.to_owned(), customer: started.customer_id }
    }

    /// The request that starts a call.
    pub(crate) fn start(interaction: &str, customer: &str) -> v1::StartInteractionRequest {
        v1::StartInteractionRequest {
            interaction_id: interaction.to_owned(),
            channel: v1::Channel::Phone.into(),
            lookup: Some(lookup(customer)),
            call_state: v1::CallState::Connected.into(),
            ..v1::StartInteractionRequest::default()
        }
    }

    /// A request to give, under a new id.
    pub(crate) fn gift(&self, amount_minor: i64) -> v1::GiveSpendRequest {
        v1::GiveSpendRequest {
            spend_id: id(),
            customer_id: self.customer.clone(),
            interaction_id: self.interaction.clone(),
            amount: Some(usd(amount_minor)),
            reason_code: "delay".to_owned(),
            gesture_code: "credit".to_owned(),
            ..v1::GiveSpendRequest::default()
        }
    }

    /// A request to hold, under a new id.
    pub(crate) fn hold(&self, amount_minor: i64) -> v1::ReserveSpendRequest {
        v1::ReserveSpendRequest {
            spend_id: id(),
            customer_id: self.customer.clone(),
            interaction_id: self.interaction.clone(),
            amount: Some(usd(amount_minor)),
            reason_code: "delay".to_owned(),
            gesture_code: "credit".to_owned(),
            ..v1::ReserveSpendRequest::default()
        }
    }

    pub(crate) async fn give(
        &self,
        request: v1::GiveSpendRequest,
    ) -> Answer<v1::GiveSpendResponse> {
        inner(self.client.budget.clone().give_spend(request).await)
    }

    /// Gives under a new id; the spend's id, and the proof.
    pub(crate) async fn given(&self, amount_minor: i64) -> (String, v1::Receipt) {
        let gift = self.gift(amount_minor);
        let spend_id = gift.spend_id.clone();
        let given = self.give(gift).await.unwrap();
        (spend_id, given.receipt.unwrap())
    }

    pub(crate) async fn reserve(
        &self,
        request: v1::ReserveSpendRequest,
    ) -> Answer<v1::ReserveSpendResponse> {
        inner(self.client.budget.clone().reserve_spend(request).await)
    }

    /// Gives all or part of a hold, under a new id; the rest is released.
    pub(crate) async fn commit(
        &self,
        spend_id: &str,
        amount_minor: i64,
    ) -> Answer<v1::CommitSpendResponse> {
        let request = v1::CommitSpendRequest {
            request_id: id(),
            spend_id: spend_id.to_owned(),
            amount: Some(usd(amount_minor)),
            keep_rest: false,
        };
        self.commit_as(request).await
    }

    pub(crate) async fn commit_as(
        &self,
        request: v1::CommitSpendRequest,
    ) -> Answer<v1::CommitSpendResponse> {
        inner(self.client.budget.clone().commit_spend(request).await)
    }

    pub(crate) async fn void(&self, spend_id: &str) -> Answer<v1::VoidSpendResponse> {
        let request = v1::VoidSpendRequest {
            request_id: id(),
            spend_id: spend_id.to_owned(),
            reason: v1::VoidReason::CustomerDeclined.into(),
        };
        inner(self.client.budget.clone().void_spend(request).await)
    }

    pub(crate) async fn extend(&self, spend_id: &str) -> Answer<v1::ExtendSpendResponse> {
        let request = v1::ExtendSpendRequest { request_id: id(), spend_id: spend_id.to_owned() };
        inner(self.client.budget.clone().extend_spend(request).await)
    }

    /// Takes back what was given, as a slip.
    pub(crate) async fn undo(
        &self,
        spend_id: &str,
        amount_minor: i64,
    ) -> Answer<v1::ReverseSpendResponse> {
        let request = v1::ReverseSpendRequest {
            request_id: id(),
            spend_id: spend_id.to_owned(),
            amount: Some(usd(amount_minor)),
            reason: v1::ReverseReason::MisEntry.into(),
            ..v1::ReverseSpendRequest::default()
        };
        self.reverse_as(request).await
    }

    pub(crate) async fn reverse_as(
        &self,
        request: v1::ReverseSpendRequest,
    ) -> Answer<v1::ReverseSpendResponse> {
        inner(self.client.budget.clone().reverse_spend(request).await)
    }

    pub(crate) async fn spend(&self, spend_id: &str) -> Answer<v1::Spend> {
        let request = v1::GetSpendRequest { spend_id: spend_id.to_owned() };
        let answer = inner(self.client.budget.clone().get_spend(request).await)?;
        Ok(answer.spend.unwrap())
    }

    /// What the agent may give this customer now.
    pub(crate) async fn headroom(&self) -> v1::Headroom {
        let request = v1::GetHeadroomRequest {
            customer_id: self.customer.clone(),
            interaction_id: self.interaction.clone(),
            currency_code: "USD".to_owned(),
        };
        let answer = self.client.budget.clone().get_headroom(request).await;
        answer.unwrap().into_inner().headroom.unwrap()
    }

    /// What is left, in minor units.
    pub(crate) async fn available(&self) -> i64 {
        self.headroom().await.available_minor
    }

    pub(crate) async fn panel(&self) -> v1::Panel {
        self.try_panel().await.unwrap()
    }

    pub(crate) async fn try_panel(&self) -> Answer<v1::Panel> {
        let request = v1::GetPanelRequest {
            interaction_id: self.interaction.clone(),
            ..v1::GetPanelRequest::default()
        };
        let answer = inner(self.client.customers.clone().get_panel(request).await)?;
        Ok(answer.panel.unwrap())
    }
}

fn inner<T>(answer: Result<Response<T>, Status>) -> Answer<T> {
    answer.map(Response::into_inner)
}

fn lookup(customer: &str) -> v1::Lookup {
    v1::Lookup { by: Some(v1::lookup::By::ExternalId(customer.to_owned())) }
}
