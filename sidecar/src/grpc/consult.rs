//! `ConsultService`: a second person where a limit leaves too little.

use makegood_proto::v1;
use makegood_proto::v1::consult_service_server::ConsultService;
use tonic::{Request, Response, Status};

use super::page::Page;
use super::shape::Shape;
use super::{Service, status};
use crate::house::AskAnswer;

/// The ledger's answer as one of the responses, which have the same fields.
macro_rules! answered {
    ($response:ident, $answer:expr) => {{
        let answer = $answer.map_err(|error| status::from_house(&error))?;
        Ok(Response::new(v1::$response {
            consult: Some(answer.consult),
            receipt: Some(answer.receipt),
            replayed: answer.replayed,
        }))
    }};
}

#[tonic::async_trait]
impl ConsultService for Service {
    async fn ask_consult(
        &self,
        request: Request<v1::AskConsultRequest>,
    ) -> Result<Response<v1::AskConsultResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::AskConsultRequest {
            consult_id,
            spend_id,
            customer_id,
            interaction_id,
            amount,
            reason_code,
            gesture_code,
            note,
            decided_ms,
            suggestion_code,
        } = request.into_inner();
        let mut shape = Shape::default();
        let consult = shape.parse("consult_id", &consult_id);
        let gesture = v1::ReserveSpendRequest {
            spend_id,
            customer_id,
            interaction_id,
            amount,
            reason_code,
            gesture_code,
            note,
            decided_ms,
            suggestion_code,
        };
        let request = self.gesture(&mut shape, gesture);
        let (consult, request) = shape.build(consult.zip(request))?;
        let answer = self.house.ask_consult(&visitor, consult, request).await;
        let answer = answer.map_err(|error| status::from_house(&error))?;
        let AskAnswer { spend, consult, headroom, receipt, replayed } = answer;
        let (spend, receipt) = (Some(spend), Some(receipt));
        Ok(Response::new(v1::AskConsultResponse { spend, consult, headroom, receipt, replayed }))
    }
    async fn answer_consult(
        &self,
        request: Request<v1::AnswerConsultRequest>,
    ) -> Result<Response<v1::AnswerConsultResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::AnswerConsultRequest { request_id, consult_id, answer, approved } =
            request.into_inner();
        let mut shape = Shape::default();
        let ids = shape.request_id(&request_id).zip(shape.parse("consult_id", &consult_id));
        let answer = shape.choice::<v1::ConsultAnswer>("answer", answer);
        let approved = match (answer, approved) {
            (Some(v1::ConsultAnswer::Approve), approved) => {
                shape.approved("approved", approved.as_ref())
            }
            (Some(v1::ConsultAnswer::Decline), Some(_)) => {
                shape.note("approved", "leave it out, or answer with APPROVE");
                None
            }
            _ => None,
        };
        let (ids, _) = shape.build(ids.zip(answer))?;
        let answer = self.house.answer_consult(&visitor, ids, approved).await;
        answered!(AnswerConsultResponse, answer)
    }

    async fn withdraw_consult(
        &self,
        request: Request<v1::WithdrawConsultRequest>,
    ) -> Result<Response<v1::WithdrawConsultResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::WithdrawConsultRequest { request_id, consult_id } = request.into_inner();
        let mut shape = Shape::default();
        let ids = shape.request_id(&request_id).zip(shape.parse("consult_id", &consult_id));
        let ids = shape.build(ids)?;
        let answer = self.house.withdraw_consult(&visitor, ids).await;
        answered!(WithdrawConsultResponse, answer)
    }

    async fn get_consult(
        &self,
        request: Request<v1::GetConsultRequest>,
    ) -> Result<Response<v1::GetConsultResponse>, Status> {
        let visitor = self.serving(&request)?;
        let mut shape = Shape::default();
        let consult = shape.parse("consult_id", &request.get_ref().consult_id);
        let consult = self.house.consult(&visitor, shape.build(consult)?);
        let consult = Some(consult.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::GetConsultResponse { consult }))
    }

    async fn list_consults(
        &self,
        request: Request<v1::ListConsultsRequest>,
    ) -> Result<Response<v1::ListConsultsResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ListConsultsRequest { filter, page_size, page_token } = request.into_inner();
        let mut shape = Shape::default();
        let page = Page::read(&mut shape, page_size, &page_token);
        let filter = shape.choice::<v1::ConsultFilter>("filter", filter);
        let listed = match shape.build(filter)? {
            v1::ConsultFilter::Asked => self.house.consults_asked(&visitor),
            v1::ConsultFilter::ToAnswer | v1::ConsultFilter::Unspecified => {
                self.house.consults_to_answer(&visitor)
            }
        };
        let (consults, next_page_token) =
            page.cut(listed.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::ListConsultsResponse { consults, next_page_token }))
    }
}
