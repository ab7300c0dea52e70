//! `InteractionService`: a call from its ring to its end.

use makegood_proto::v1;
use makegood_proto::v1::interaction_service_server::InteractionService;
use tonic::{Request, Response, Status};

use super::shape::Shape;
use super::{Service, status};
use crate::house::Start;

const REASON_CHARACTERS: usize = 200;

#[tonic::async_trait]
impl InteractionService for Service {
    async fn start_interaction(
        &self,
        request: Request<v1::StartInteractionRequest>,
    ) -> Result<Response<v1::StartInteractionResponse>, Status> {
        let visitor = self.serving(&request)?;
        let start = start(request.into_inner())?;
        let started = self.house.start_interaction(&visitor, start).await;
        let (interaction, candidates) = started.map_err(|error| status::from_house(&error))?;
        let interaction = Some(interaction);
        Ok(Response::new(v1::StartInteractionResponse { interaction, candidates }))
    }

    async fn update_interaction(
        &self,
        request: Request<v1::UpdateInteractionRequest>,
    ) -> Result<Response<v1::UpdateInteractionResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::UpdateInteractionRequest { interaction_id, call_state } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.host_id("interaction_id", &interaction_id);
        let call_state = shape.choice::<v1::CallState>("call_state", call_state);
        let (id, call_state) = shape.build(id.zip(call_state))?;
        let updated = self.house.update_interaction(&visitor, &id, call_state).await;
        let interaction = Some(updated.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::UpdateInteractionResponse { interaction }))
    }

    async fn confirm_customer(
        &self,
        request: Request<v1::ConfirmCustomerRequest>,
    ) -> Result<Response<v1::ConfirmCustomerResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ConfirmCustomerRequest { interaction_id, customer_id } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.host_id("interaction_id", &interaction_id);
        let customer = shape.customer(&customer_id);
        let (id, customer) = shape.build(id.zip(customer))?;
        let confirmed = self.house.confirm_customer(&visitor, &id, customer).await;
        let interaction = Some(confirmed.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::ConfirmCustomerResponse { interaction }))
    }

    async fn reject_customer(
        &self,
        request: Request<v1::RejectCustomerRequest>,
    ) -> Result<Response<v1::RejectCustomerResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::RejectCustomerRequest { interaction_id, customer_id } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.host_id("interaction_id", &interaction_id);
        let customer = shape.customer(&customer_id);
        let (id, customer) = shape.build(id.zip(customer))?;
        let rejected = self.house.reject_customer(&visitor, &id, customer).await;
        let (interaction, released) = rejected.map_err(|error| status::from_house(&error))?;
        Ok(Response::new(v1::RejectCustomerResponse {
            interaction: Some(interaction),
            voided_count: i32::try_from(released).unwrap_or(i32::MAX),
        }))
    }

    async fn end_interaction(
        &self,
        request: Request<v1::EndInteractionRequest>,
    ) -> Result<Response<v1::EndInteractionResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::EndInteractionRequest { interaction_id, resolved } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.host_id("interaction_id", &interaction_id);
        let id = shape.build(id)?;
        let ended = self.house.end_interaction(&visitor, &id, resolved).await;
        let interaction = Some(ended.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::EndInteractionResponse { interaction }))
    }
}

fn start(request: v1::StartInteractionRequest) -> Result<Start, Status> {
    let v1::StartInteractionRequest {
        interaction_id,
        channel,
        lookup,
        case_id,
        reason,
        call_state,
    } = request;
    let mut shape = Shape::default();
    let id = shape.host_id("interaction_id", &interaction_id);
    let channel = shape.choice::<v1::Channel>("channel", channel);
    shape.lookup(lookup.as_ref());
    let case_id = shape.host_id_or_none("case_id", &case_id);
    let reason = shape.words("reason", &reason, REASON_CHARACTERS);
    let call_state = v1::CallState::try_from(call_state).unwrap_or_default();
    let build = || {
        Some(Start {
            interaction_id: id?,
            channel: channel?,
            lookup,
            case_id: case_id?,
            reason: reason?,
            call_state,
        })
    };
    shape.build(build())
}
