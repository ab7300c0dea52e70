//! `SubjectService`: what is held about a person, and their erasure.

use std::pin::Pin;
use std::sync::Arc;

use makegood_core::ids::RequestId;
use makegood_core::ledger::{Access, Act, ErasureBasis, Person};
use makegood_ledger::codec::codes;
use makegood_proto::ledger::v1 as ledger_pb;
use makegood_proto::v1;
use makegood_proto::v1::export_subject_response::Part;
use makegood_proto::v1::subject_service_server::SubjectService;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::shape::Shape;
use super::{Service, status};
use crate::clock::wall_time;
use crate::house::{Governed, Visitor, customer_id};
use crate::ledger::erasure::pid_of;

/// Parts on their way to a slow reader; the journals are read on when there is room.
const IN_FLIGHT: usize = 16;

type Parts = Pin<Box<dyn Stream<Item = Result<v1::ExportSubjectResponse, Status>> + Send>>;

#[tonic::async_trait]
impl SubjectService for Service {
    type ExportSubjectStream = Parts;

    async fn export_subject(
        &self,
        request: Request<v1::ExportSubjectRequest>,
    ) -> Result<Response<Parts>, Status> {
        let visitor = self.visitor(&request)?;
        if !matches!(visitor.access, Access::Supervisor | Access::Admin) {
            return Err(status::not_allowed("the token of a supervisor or an administrator"));
        }
        let v1::ExportSubjectRequest { subject, request_id, purpose } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let who = subject_by(&mut shape, subject);
        let purpose = shape.choice::<ledger_pb::ExportPurpose>("purpose", purpose);
        let purpose = purpose.and_then(|it| codes::read_export_purpose(it).ok());
        let build = || Some((id?, who?, purpose?));
        let (id, who, purpose) = shape.build(build())?;
        let person = self.subject(&who)?;
        // Before anything leaves the house: what cannot be written down is not told.
        let act = Act::ExportSubject { subject: person, purpose };
        let mut receipt = Some(self.act_about(&visitor, id, act).await?.receipt);
        let (sender, receiver) = mpsc::channel(IN_FLIGHT);
        let house = Arc::clone(&self.house);
        tokio::task::spawn_blocking(move || {
            let mut take = |mut part: v1::ExportSubjectResponse| {
                if let Some(Part::Subject(subject)) = &mut part.part {
                    subject.receipt = receipt.take();
                }
                sender.blocking_send(Ok(part)).is_ok()
            };
            if let Err(error) = house.export_subject(&person, &mut take) {
                // Nobody may be reading any more.
                drop(sender.blocking_send(Err(status::from_house(&error))));
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn ask_erasure(
        &self,
        request: Request<v1::AskErasureRequest>,
    ) -> Result<Response<v1::AskErasureResponse>, Status> {
        let visitor = self.visitor(&request)?;
        check_admin(&visitor)?;
        let v1::AskErasureRequest { request_id, subject, basis } = request.into_inner();
        let (id, who, basis) = erasure(Shape::default(), &request_id, subject, basis)?;
        let subject = self.subject(&who)?;
        let act = Act::AskErasure { subject, basis };
        let Governed { receipt, replayed, .. } = self.act_about(&visitor, id, act).await?;
        let subject_id = customer_id(&pid_of(&subject));
        Ok(Response::new(v1::AskErasureResponse { subject_id, receipt: Some(receipt), replayed }))
    }

    async fn erase_subject(
        &self,
        request: Request<v1::EraseSubjectRequest>,
    ) -> Result<Response<v1::EraseSubjectResponse>, Status> {
        let visitor = self.visitor(&request)?;
        check_admin(&visitor)?;
        let v1::EraseSubjectRequest { request_id, subject, basis, asked_request_id } =
            request.into_inner();
        let mut shape = Shape::default();
        let asked = shape.optional("asked_request_id", &asked_request_id);
        let (id, who, basis) = erasure(shape, &request_id, subject, basis)?;
        let person = self.subject(&who)?;
        let caller = visitor.agent.caller(visitor.access, wall_time());
        let erased = self.house.erase_subject(caller, Some(id), (person, basis, asked)).await;
        Ok(Response::new(erased.map_err(|error| status::from_house(&error))?))
    }
}

impl Service {
    fn subject(&self, who: &v1::subject_ref::By) -> Result<Person, Status> {
        self.house.subject(who).map_err(|error| status::from_house(&error))
    }

    async fn act_about(
        &self,
        visitor: &Visitor,
        id: RequestId,
        act: Act,
    ) -> Result<Governed, Status> {
        let acted = self.house.govern(visitor, id, act).await;
        acted.map_err(|error| status::from_house(&error))
    }
}

fn check_admin(visitor: &Visitor) -> Result<(), Status> {
    if visitor.access == Access::Admin {
        return Ok(());
    }
    Err(status::not_allowed("the token of an administrator"))
}

/// The fields that an erasure and the question for one have in common.
fn erasure(
    mut shape: Shape,
    request_id: &str,
    subject: Option<v1::SubjectRef>,
    basis: i32,
) -> Result<(RequestId, v1::subject_ref::By, ErasureBasis), Status> {
    let id = shape.request_id(request_id);
    let who = subject_by(&mut shape, subject);
    let basis = shape.choice::<ledger_pb::ErasureBasis>("basis", basis);
    let basis = basis.and_then(|it| codes::read_erasure_basis(it).ok());
    let build = || Some((id?, who?, basis?));
    shape.build(build())
}

fn subject_by(shape: &mut Shape, subject: Option<v1::SubjectRef>) -> Option<v1::subject_ref::By> {
    use v1::subject_ref::By;
    let by = subject.and_then(|subject| subject.by);
    match &by {
        None => shape.note("subject", "say who is meant"),
        Some(By::SubjectId(text)) => {
            shape.parse::<makegood_core::ids::CustomerPid>("subject.subject_id", text);
        }
        Some(By::Customer(lookup)) => {
            if lookup.by.is_none() {
                shape.note("subject.customer", "say how the customer is known");
            }
            shape.lookup(Some(lookup));
        }
        Some(By::AgentId(text)) => {
            shape.host_id("subject.agent_id", text);
        }
    }
    by
}
