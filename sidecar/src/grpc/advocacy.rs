//! `AdvocacyService`: what agents do for a customer's good.

use makegood_core::time::Time;
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;
use makegood_proto::v1::advocacy_service_server::AdvocacyService;
use tonic::{Request, Response, Status};

use super::page::Page;
use super::shape::Shape;
use super::{Service, status};
use crate::clock::wall_time;
use crate::house::{ActionIn, PromiseIn};

const COUNTERPART_CHARACTERS: usize = 80;
const PROMISE_CHARACTERS: usize = 200;

#[tonic::async_trait]
impl AdvocacyService for Service {
    async fn log_action(
        &self,
        request: Request<v1::LogActionRequest>,
    ) -> Result<Response<v1::LogActionResponse>, Status> {
        let visitor = self.serving(&request)?;
        let action = action_in(request.into_inner(), self.house.note_characters())?;
        let logged = self.house.log_action(&visitor, action).await;
        let action = Some(logged.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::LogActionResponse { action }))
    }

    async fn list_actions(
        &self,
        request: Request<v1::ListActionsRequest>,
    ) -> Result<Response<v1::ListActionsResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ListActionsRequest { customer_id, page_size, page_token } = request.into_inner();
        let mut shape = Shape::default();
        let customer = shape.customer(&customer_id);
        let page = Page::read(&mut shape, page_size, &page_token);
        let customer = shape.build(customer)?;
        let rows =
            self.house.actions(&visitor, customer).map_err(|error| status::from_house(&error))?;
        let (actions, next_page_token) = page.cut(rows);
        Ok(Response::new(v1::ListActionsResponse { actions, next_page_token }))
    }

    async fn make_promise(
        &self,
        request: Request<v1::MakePromiseRequest>,
    ) -> Result<Response<v1::MakePromiseResponse>, Status> {
        let visitor = self.serving(&request)?;
        let promise = promise_in(request.into_inner(), wall_time())?;
        let made = self.house.make_promise(&visitor, promise).await;
        let promise = Some(made.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::MakePromiseResponse { promise }))
    }

    async fn keep_promise(
        &self,
        request: Request<v1::KeepPromiseRequest>,
    ) -> Result<Response<v1::KeepPromiseResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::KeepPromiseRequest { promise_id, customer_id } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.host_id("promise_id", &promise_id);
        let customer = shape.customer(&customer_id);
        let (id, customer) = shape.build(id.zip(customer))?;
        let kept = self.house.keep_promise(&visitor, customer, &id).await;
        let promise = Some(kept.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::KeepPromiseResponse { promise }))
    }

    async fn list_promises(
        &self,
        request: Request<v1::ListPromisesRequest>,
    ) -> Result<Response<v1::ListPromisesResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ListPromisesRequest { customer_id, page_size, page_token } = request.into_inner();
        let mut shape = Shape::default();
        let customer = shape.customer(&customer_id);
        let page = Page::read(&mut shape, page_size, &page_token);
        let customer = shape.build(customer)?;
        let rows =
            self.house.promises(&visitor, customer).map_err(|error| status::from_house(&error))?;
        let (promises, next_page_token) = page.cut(rows);
        Ok(Response::new(v1::ListPromisesResponse { promises, next_page_token }))
    }
}

fn action_in(request: v1::LogActionRequest, note_characters: usize) -> Result<ActionIn, Status> {
    let v1::LogActionRequest {
        action_id,
        interaction_id,
        customer_id,
        kind,
        note,
        customer_value,
        margin_given_up,
        counterpart,
        blocker,
        suggestion_code,
        act_time,
    } = request;
    let mut shape = Shape::default();
    let id = shape.request_id_named("action_id", &action_id);
    let interaction_id = shape.host_id("interaction_id", &interaction_id);
    let customer = shape.optional("customer_id", &customer_id);
    let kind = shape.choice::<v1::ActionKind>("kind", kind);
    if matches!(kind, Some(v1::ActionKind::Gesture | v1::ActionKind::Promised)) {
        shape.note("kind", "gestures are given with GiveSpend, promises made with MakePromise");
    }
    let note = shape.words("note", &note, note_characters);
    let value = shape.optional_money("customer_value", customer_value.as_ref());
    let margin = shape.optional_money("margin_given_up", margin_given_up.as_ref());
    if let (Some(value), Some(margin)) = (value, margin)
        && value.currency != margin.currency
    {
        shape.note("margin_given_up.currency_code", "use the currency of customer_value");
    }
    let counterpart = shape.words("counterpart", &counterpart, COUNTERPART_CHARACTERS);
    let blocker = v1::Blocker::try_from(blocker).unwrap_or_default();
    let suggestion =
        shape.optional::<makegood_core::ids::GestureCode>("suggestion_code", &suggestion_code);
    let act_time = shape.time("act_time", act_time.as_ref());
    let currency = value.or(margin).map(|money| money.currency.code().to_owned());
    let build = || {
        Some(ActionIn {
            action_id: id?,
            customer,
            act_time,
            record: pb::AdvocacyAction {
                kind: kind?.into(),
                note: note?,
                currency_code: currency.unwrap_or_default(),
                customer_value_minor: value.map_or(0, |money| money.amount_minor),
                margin_given_up_minor: margin.map_or(0, |money| money.amount_minor),
                counterpart: counterpart?,
                blocker: blocker.into(),
                suggestion_code: suggestion.map(|code| code.to_string()).unwrap_or_default(),
                interaction_id: interaction_id?,
                ..pb::AdvocacyAction::default()
            },
        })
    };
    shape.build(build())
}

fn promise_in(request: v1::MakePromiseRequest, now: Time) -> Result<PromiseIn, Status> {
    let v1::MakePromiseRequest { promise_id, customer_id, interaction_id, text, due_time } =
        request;
    let mut shape = Shape::default();
    let id = shape.request_id_named("promise_id", &promise_id);
    let customer = shape.customer(&customer_id);
    let interaction_id = shape.host_id("interaction_id", &interaction_id);
    let text = shape.some_words("text", &text, PROMISE_CHARACTERS);
    let due_at = shape.time("due_time", due_time.as_ref());
    if due_at.is_none_or(|due_at| due_at <= now) {
        shape.note("due_time", "give a time in the future");
    }
    let build = || {
        Some(PromiseIn {
            promise_id: id?,
            customer: customer?,
            interaction_id: interaction_id?,
            text: text?,
            due_at: due_at?,
        })
    };
    shape.build(build())
}
