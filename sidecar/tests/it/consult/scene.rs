//! An agent on a call, a lead at an open desk, and what they ask of the sidecar.

use std::time::Duration;

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tonic::{Response, Status, Streaming};

use crate::support::{Call, Client, Place, Rules, Served, id, usd};

/// 10.00 for each customer; leads, and then agents, grant each other's excess up to 100.00.
pub(crate) const RULES: Rules = Rules {
    cap: "10.00",
    limits: r#"{ id = "grants", label = "for others", counts = "grants", scope = ["agent"], window = "lifetime", roles = ["lead", "agent"], caps = { USD = "100.00", ZAR = "100.00" } },"#,
    consult: "[consult]\nanswer = \"60 s\"\nroles = [\"lead\", \"agent\"]",
    ..Rules::STANDARD
};

/// Longer than the stream may ever be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open desk.
pub(crate) struct Desk {
    stream: Streaming<v1::WatchDeskResponse>,
    pub(super) first: v1::WatchDeskResponse,
}

impl Desk {
    /// Opens somebody's desk, and takes its first message.
    pub(crate) async fn open(served: &Served<'_>, agent: &str, interactions: &[&str]) -> Self {
        Self::at(&served.client(agent, Access::Agent, None), interactions).await
    }

    /// Opens a client's desk, and takes its first message.
    pub(crate) async fn at(client: &Client, interactions: &[&str]) -> Self {
        let topic = |it: &&str| v1::DeskTopic { interaction_id: (*it).to_owned(), lookup: None };
        let request = v1::WatchDeskRequest {
            desk_id: id(),
            topics: interactions.iter().map(topic).collect(),
            resume_revision: None,
        };
        let stream = client.desk.clone().watch_desk(request).await.unwrap().into_inner();
        let mut desk = Self { stream, first: v1::WatchDeskResponse::default() };
        desk.first = desk.message().await;
        desk
    }

    async fn message(&mut self) -> v1::WatchDeskResponse {
        let message = tokio::time::timeout(PATIENCE, self.stream.message());
        message.await.unwrap_or_else(|_| panic!("the desk is silent")).unwrap().unwrap()
    }

    /// The next message that is no heartbeat.
    pub(crate) async fn next(&mut self) -> v1::WatchDeskResponse {
        loop {
            let message = self.message().await;
            if !message.panels.is_empty() || message.consults.is_some() {
                return message;
            }
        }
    }

    /// The next queue for which the condition holds.
    pub(super) async fn until(
        &mut self,
        condition: impl Fn(&[v1::Consult]) -> bool,
    ) -> Vec<v1::Consult> {
        loop {
            match self.next().await.consults {
                Some(queue) if condition(&queue.waiting) => return queue.waiting,
                _ => {}
            }
        }
    }
}

/// A call with a lead's desk open.
pub(super) struct Scene<'a> {
    served: Served<'a>,
    desk: Desk,
    pub(super) call: Call,
}

impl<'a> Scene<'a> {
    pub(super) async fn begin(place: &'a Place) -> Self {
        let served = place.serve().await;
        let desk = Desk::open(&served, "L-1", &[]).await;
        let call = served.ring("A-1", "call-1", "C-1").await;
        Self { served, desk, call }
    }

    pub(super) fn served(&self) -> &Served<'a> {
        &self.served
    }

    /// Asks for so much, which is more than the limits leave.
    pub(super) async fn asked(&self, amount_minor: i64) -> (v1::AskConsultRequest, v1::Consult) {
        let request = ask(&self.call, amount_minor);
        let answer = self.call.ask(request.clone()).await.unwrap();
        (request, answer.consult.unwrap())
    }

    pub(super) fn lead(&self) -> Call {
        by(&self.served, "L-1")
    }

    /// Closes the desk, and stops.
    pub(super) async fn end(self) {
        drop(self.desk);
        self.served.stop().await;
    }
}

/// Somebody away from any call.
pub(super) fn by(served: &Served<'_>, agent: &str) -> Call {
    let client = served.client(agent, Access::Agent, None);
    Call { client, interaction: String::new(), customer: String::new() }
}

/// A question about a new gesture, under new ids.
pub(crate) fn ask(call: &Call, amount_minor: i64) -> v1::AskConsultRequest {
    v1::AskConsultRequest {
        consult_id: id(),
        spend_id: id(),
        customer_id: call.customer.clone(),
        interaction_id: call.interaction.clone(),
        amount: Some(usd(amount_minor)),
        reason_code: "delay".to_owned(),
        gesture_code: "credit".to_owned(),
        ..v1::AskConsultRequest::default()
    }
}

/// An approval of so much in all, under a new id.
pub(super) fn approve(consult: &v1::Consult, amount_minor: i64) -> v1::AnswerConsultRequest {
    v1::AnswerConsultRequest {
        request_id: id(),
        consult_id: consult.consult_id.clone(),
        answer: v1::ConsultAnswer::Approve.into(),
        approved: Some(usd(amount_minor)),
    }
}

/// A no, under a new id.
pub(super) fn decline(consult: &v1::Consult) -> v1::AnswerConsultRequest {
    let answer = v1::ConsultAnswer::Decline.into();
    v1::AnswerConsultRequest { answer, approved: None, ..approve(consult, 0) }
}

/// The consults that a client's agent has asked.
pub(super) async fn asked(client: &Client) -> Vec<v1::Consult> {
    list(client, v1::ConsultFilter::Asked).await
}

async fn list(client: &Client, filter: v1::ConsultFilter) -> Vec<v1::Consult> {
    let request =
        v1::ListConsultsRequest { filter: filter.into(), ..v1::ListConsultsRequest::default() };
    client.consults.clone().list_consults(request).await.unwrap().into_inner().consults
}

type Answer<T> = Result<T, Status>;

impl Call {
    pub(crate) async fn ask(
        &self,
        request: v1::AskConsultRequest,
    ) -> Answer<v1::AskConsultResponse> {
        let answer = self.client.consults.clone().ask_consult(request).await;
        answer.map(Response::into_inner)
    }

    pub(super) async fn answer(
        &self,
        request: v1::AnswerConsultRequest,
    ) -> Answer<v1::AnswerConsultResponse> {
        let answer = self.client.consults.clone().answer_consult(request).await;
        answer.map(Response::into_inner)
    }

    pub(super) async fn withdraw(
        &self,
        request: v1::WithdrawConsultRequest,
    ) -> Answer<v1::WithdrawConsultResponse> {
        let answer = self.client.consults.clone().withdraw_consult(request).await;
        answer.map(Response::into_inner)
    }

    pub(super) async fn get(&self, consult_id: &str) -> Answer<v1::Consult> {
        let request = v1::GetConsultRequest { consult_id: consult_id.to_owned() };
        let answer = self.client.consults.clone().get_consult(request).await?;
        Ok(answer.into_inner().consult.unwrap())
    }

    pub(super) async fn waiting(&self) -> Vec<v1::Consult> {
        list(&self.client, v1::ConsultFilter::ToAnswer).await
    }

    pub(super) async fn asked(&self) -> Vec<v1::Consult> {
        asked(&self.client).await
    }
}
