//! `SubjectService`: what is held about a person, and their erasure.

use std::pin::Pin;
use std::sync::Arc;

use makegood_core::ids::AgentPid;
use makegood_core::ledger::{Access, ErasureBasis, Person};
use makegood_proto::ledger::v1 as ledger_pb;
use makegood_proto::v1;
use makegood_proto::v1::subject_service_server::SubjectService;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::shape::Shape;
use super::{Service, status};
use crate::clock::wall_time;

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
        let v1::ExportSubjectRequest { subject } = request.into_inner();
        let mut shape = Shape::default();
        let who = subject_by(&mut shape, subject);
        let person = self.subject(&shape.build(who)?)?;
        // Who asked is written down, and about whom is not.
        let agent = AgentPid::from_bytes(visitor.agent.pid);
        tracing::info!(%agent, "what is held about a person was asked for");
        let (sender, receiver) = mpsc::channel(IN_FLIGHT);
        let house = Arc::clone(&self.house);
        tokio::task::spawn_blocking(move || {
            let mut take = |part| sender.blocking_send(Ok(part)).is_ok();
            if let Err(error) = house.export_subject(&person, &mut take) {
                // Nobody may be reading any more.
                drop(sender.blocking_send(Err(status::from_house(&error))));
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn erase_subject(
        &self,
        request: Request<v1::EraseSubjectRequest>,
    ) -> Result<Response<v1::EraseSubjectResponse>, Status> {
        let visitor = self.visitor(&request)?;
        if visitor.access != Access::Admin {
            return Err(status::not_allowed("the token of an administrator"));
        }
        let v1::EraseSubjectRequest { request_id, subject, basis } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let who = subject_by(&mut shape, subject);
        let basis = shape.choice::<ledger_pb::ErasureBasis>("basis", basis);
        let basis = basis.and_then(erasure_basis);
        let build = || Some((id?, who?, basis?));
        let (id, who, basis) = shape.build(build())?;
        let person = self.subject(&who)?;
        let caller = visitor.agent.caller(visitor.access, wall_time());
        let erased = self.house.erase_subject(caller, Some(id), (person, basis)).await;
        Ok(Response::new(erased.map_err(|error| status::from_house(&error))?))
    }
}

impl Service {
    fn subject(&self, who: &v1::subject_ref::By) -> Result<Person, Status> {
        self.house.subject(who).map_err(|error| status::from_house(&error))
    }
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

fn erasure_basis(number: ledger_pb::ErasureBasis) -> Option<ErasureBasis> {
    match number {
        ledger_pb::ErasureBasis::Unspecified => None,
        ledger_pb::ErasureBasis::Request => Some(ErasureBasis::Request),
        ledger_pb::ErasureBasis::Retention => Some(ErasureBasis::Retention),
        ledger_pb::ErasureBasis::Order => Some(ErasureBasis::Order),
        ledger_pb::ErasureBasis::Consent => Some(ErasureBasis::Consent),
    }
}
