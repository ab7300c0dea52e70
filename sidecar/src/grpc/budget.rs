//! `BudgetService`: discretionary money.

use makegood_core::ledger::{Operation, ReverseReason, SpendRow, VoidReason};
use makegood_proto::v1;
use makegood_proto::v1::budget_service_server::BudgetService;
use tonic::{Request, Response, Status};

use super::shape::Shape;
use super::{Service, status};
use crate::house::{SpendAnswer, SpendRequest};

/// The ledger's answer as one of the responses, which all have the same fields.
macro_rules! answered {
    ($response:ident, $answer:expr) => {{
        let answer = $answer.map_err(|error| status::from_house(&error))?;
        Ok(Response::new(v1::$response {
            spend: Some(answer.spend),
            headroom: answer.headroom,
            receipt: Some(answer.receipt),
            replayed: answer.replayed,
        }))
    }};
}

#[tonic::async_trait]
impl BudgetService for Service {
    async fn preview_spend(
        &self,
        request: Request<v1::PreviewSpendRequest>,
    ) -> Result<Response<v1::PreviewSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::PreviewSpendRequest {
            customer_id,
            interaction_id,
            amount,
            reason_code,
            gesture_code,
        } = request.into_inner();
        // A preview has no id of its own; everything else is judged as in a reservation.
        let nil = uuid::Uuid::nil().to_string();
        let request = self.spend_request(v1::ReserveSpendRequest {
            spend_id: nil,
            customer_id,
            interaction_id,
            amount,
            reason_code,
            gesture_code,
            ..v1::ReserveSpendRequest::default()
        })?;
        let preview = self.house.preview(&visitor, &request);
        Ok(Response::new(preview.map_err(|error| status::from_house(&error))?))
    }

    async fn reserve_spend(
        &self,
        request: Request<v1::ReserveSpendRequest>,
    ) -> Result<Response<v1::ReserveSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let request = self.spend_request(request.into_inner())?;
        let answer = self.house.reserve(&visitor, request, false).await;
        answered!(ReserveSpendResponse, answer)
    }

    async fn give_spend(
        &self,
        request: Request<v1::GiveSpendRequest>,
    ) -> Result<Response<v1::GiveSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::GiveSpendRequest {
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
        let request = self.spend_request(v1::ReserveSpendRequest {
            spend_id,
            customer_id,
            interaction_id,
            amount,
            reason_code,
            gesture_code,
            note,
            decided_ms,
            suggestion_code,
        })?;
        let answer = self.house.reserve(&visitor, request, true).await;
        answered!(GiveSpendResponse, answer)
    }

    async fn extend_spend(
        &self,
        request: Request<v1::ExtendSpendRequest>,
    ) -> Result<Response<v1::ExtendSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ExtendSpendRequest { request_id, spend_id } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let spend = shape.parse("spend_id", &spend_id);
        let (request, spend) = shape.build(id.zip(spend))?;
        let operation = Operation::Extend { request, spend };
        let answer = self.house.change_spend(&visitor, operation).await;
        let SpendAnswer { spend, receipt, replayed, .. } =
            answer.map_err(|error| status::from_house(&error))?;
        let (spend, receipt) = (Some(spend), Some(receipt));
        Ok(Response::new(v1::ExtendSpendResponse { spend, receipt, replayed }))
    }

    async fn increment_spend(
        &self,
        request: Request<v1::IncrementSpendRequest>,
    ) -> Result<Response<v1::IncrementSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::IncrementSpendRequest { request_id, spend_id, amount } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let spend = shape.parse("spend_id", &spend_id);
        let amount = shape.money("amount", amount.as_ref());
        let ((request, spend), amount) = shape.build(id.zip(spend).zip(amount))?;
        let amount_minor = self.house.amount_of((request, spend), Some(amount), |_| 0);
        let amount_minor = amount_minor.map_err(|error| status::from_house(&error))?;
        let operation = Operation::Increment { request, spend, amount_minor };
        let answer = self.house.change_spend(&visitor, operation).await;
        answered!(IncrementSpendResponse, answer)
    }

    async fn commit_spend(
        &self,
        request: Request<v1::CommitSpendRequest>,
    ) -> Result<Response<v1::CommitSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::CommitSpendRequest { request_id, spend_id, amount, keep_rest } =
            request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let spend = shape.parse("spend_id", &spend_id);
        let amount = amount.and_then(|amount| shape.money("amount", Some(&amount)));
        let (request, spend) = shape.build(id.zip(spend))?;
        let held = |row: &SpendRow| row.held_minor;
        let amount_minor = self.house.amount_of((request, spend), amount, held);
        let amount_minor = amount_minor.map_err(|error| status::from_house(&error))?;
        let operation = Operation::Commit { request, spend, amount_minor, is_final: !keep_rest };
        let answer = self.house.change_spend(&visitor, operation).await;
        answered!(CommitSpendResponse, answer)
    }

    async fn void_spend(
        &self,
        request: Request<v1::VoidSpendRequest>,
    ) -> Result<Response<v1::VoidSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::VoidSpendRequest { request_id, spend_id, reason } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let spend = shape.parse("spend_id", &spend_id);
        let reason = shape.choice::<v1::VoidReason>("reason", reason);
        let ((request, spend), reason) = shape.build(id.zip(spend).zip(reason))?;
        let operation = Operation::Void { request, spend, reason: void_reason(reason) };
        let answer = self.house.change_spend(&visitor, operation).await;
        answered!(VoidSpendResponse, answer)
    }

    async fn reverse_spend(
        &self,
        request: Request<v1::ReverseSpendRequest>,
    ) -> Result<Response<v1::ReverseSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ReverseSpendRequest { request_id, spend_id, amount, reason, effective_time } =
            request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let spend = shape.parse("spend_id", &spend_id);
        let amount = amount.and_then(|amount| shape.money("amount", Some(&amount)));
        let reason = shape.choice::<v1::ReverseReason>("reason", reason);
        let effective_at = shape.time("effective_time", effective_time.as_ref());
        let ((request, spend), reason) = shape.build(id.zip(spend).zip(reason))?;
        let amount_minor = self.house.amount_of((request, spend), amount, SpendRow::given_minor);
        let amount_minor = amount_minor.map_err(|error| status::from_house(&error))?;
        let reason = reverse_reason(reason);
        let operation = Operation::Reverse { request, spend, amount_minor, reason, effective_at };
        let answer = self.house.change_spend(&visitor, operation).await;
        answered!(ReverseSpendResponse, answer)
    }

    async fn correct_spend(
        &self,
        request: Request<v1::CorrectSpendRequest>,
    ) -> Result<Response<v1::CorrectSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::CorrectSpendRequest {
            request_id,
            spend_id,
            reason_code,
            gesture_code,
            effective_time,
        } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let spend = shape.parse("spend_id", &spend_id);
        let reason = shape.parse("reason_code", &reason_code);
        let gesture = shape.parse("gesture_code", &gesture_code);
        let effective_at = shape.time("effective_time", effective_time.as_ref());
        let ((request, spend), (reason, gesture)) =
            shape.build(id.zip(spend).zip(reason.zip(gesture)))?;
        let operation = Operation::Correct { request, spend, reason, gesture, effective_at };
        let answer = self.house.change_spend(&visitor, operation).await;
        answered!(CorrectSpendResponse, answer)
    }

    async fn get_spend(
        &self,
        request: Request<v1::GetSpendRequest>,
    ) -> Result<Response<v1::GetSpendResponse>, Status> {
        let visitor = self.serving(&request)?;
        let mut shape = Shape::default();
        let spend = shape.parse("spend_id", &request.get_ref().spend_id);
        let spend = self.house.spend(&visitor, shape.build(spend)?);
        let spend = Some(spend.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::GetSpendResponse { spend }))
    }

    async fn get_headroom(
        &self,
        request: Request<v1::GetHeadroomRequest>,
    ) -> Result<Response<v1::GetHeadroomResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::GetHeadroomRequest { customer_id, interaction_id, currency_code } =
            request.into_inner();
        let mut shape = Shape::default();
        let customer = shape.customer(&customer_id);
        let id = shape.host_id("interaction_id", &interaction_id);
        let currency = match currency_code.as_str() {
            "" => None,
            code => shape.currency("currency_code", code),
        };
        let (customer, id) = shape.build(customer.zip(id))?;
        let headroom = self.house.headroom(&visitor, &id, customer, currency);
        let headroom = Some(headroom.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::GetHeadroomResponse { headroom }))
    }
}

impl Service {
    fn spend_request(&self, request: v1::ReserveSpendRequest) -> Result<SpendRequest, Status> {
        let mut shape = Shape::default();
        let request = self.gesture(&mut shape, request);
        shape.build(request)
    }

    /// A gesture of value; none where something of it is at fault, which is noted.
    pub(super) fn gesture(
        &self,
        shape: &mut Shape,
        request: v1::ReserveSpendRequest,
    ) -> Option<SpendRequest> {
        let v1::ReserveSpendRequest {
            spend_id,
            customer_id,
            interaction_id,
            amount,
            reason_code,
            gesture_code,
            note,
            decided_ms,
            suggestion_code,
        } = request;
        let spend = shape.parse("spend_id", &spend_id);
        let customer = shape.customer(&customer_id);
        let interaction_id = shape.host_id("interaction_id", &interaction_id);
        let amount = shape.money("amount", amount.as_ref());
        let reason = shape.parse("reason_code", &reason_code);
        let gesture = shape.parse("gesture_code", &gesture_code);
        let note = shape.words("note", &note, self.house.note_characters());
        let decided_ms = shape.milliseconds("decided_ms", decided_ms);
        let suggestion = shape.optional("suggestion_code", &suggestion_code);
        Some(SpendRequest {
            spend: spend?,
            customer: customer?,
            interaction_id: interaction_id?,
            amount: amount?,
            reason: reason?,
            gesture: gesture?,
            note: note?,
            decided_ms: decided_ms?,
            suggestion,
        })
    }
}

fn void_reason(reason: v1::VoidReason) -> VoidReason {
    match reason {
        v1::VoidReason::CustomerDeclined => VoidReason::CustomerDeclined,
        v1::VoidReason::Misidentified => VoidReason::Misidentified,
        v1::VoidReason::Other | v1::VoidReason::Unspecified => VoidReason::Other,
    }
}

fn reverse_reason(reason: v1::ReverseReason) -> ReverseReason {
    match reason {
        v1::ReverseReason::MisEntry => ReverseReason::MisEntry,
        v1::ReverseReason::CustomerReturned => ReverseReason::CustomerReturned,
        v1::ReverseReason::Duplicate => ReverseReason::Duplicate,
        v1::ReverseReason::Other | v1::ReverseReason::Unspecified => ReverseReason::Other,
    }
}
