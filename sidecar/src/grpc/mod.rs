//! The adapters: from a request's message to the house and back. They convert and call; rules live
//! elsewhere.

mod advocacy;
mod budget;
mod consult;
mod customer;
mod desk;
mod encoded;
mod experience;
mod governance;
mod interaction;
mod ledger;
mod page;
mod review;
mod shape;
pub mod status;
mod subject;

use std::sync::Arc;

use makegood_core::ledger::Access;
use makegood_proto::v1::advocacy_service_server::AdvocacyServiceServer;
use makegood_proto::v1::budget_service_server::BudgetServiceServer;
use makegood_proto::v1::consult_service_server::ConsultServiceServer;
use makegood_proto::v1::customer_service_server::CustomerServiceServer;
use makegood_proto::v1::desk_service_server::DeskServiceServer;
use makegood_proto::v1::experience_service_server::ExperienceServiceServer;
use makegood_proto::v1::governance_service_server::GovernanceServiceServer;
use makegood_proto::v1::interaction_service_server::InteractionServiceServer;
use makegood_proto::v1::ledger_service_server::LedgerServiceServer;
use makegood_proto::v1::review_service_server::ReviewServiceServer;
use makegood_proto::v1::subject_service_server::SubjectServiceServer;
use tonic::service::Routes;
use tonic::{Request, Status};

use crate::house::{House, Visitor};
use crate::token::{self, Identity};

pub use desk::Desks;
use encoded::CustomerRoutes;

/// Every service over one house.
#[derive(Clone)]
pub(crate) struct Service {
    house: Arc<House>,
    desks: Arc<Desks>,
}

/// The routes of every service; messages of at most `message_bytes` are taken.
pub fn routes(house: &Arc<House>, desks: &Arc<Desks>, message_bytes: usize) -> Routes {
    let service = Service { house: Arc::clone(house), desks: Arc::clone(desks) };
    macro_rules! bounded {
        ($server:ident) => {
            $server::new(service.clone())
                .max_decoding_message_size(message_bytes)
                .max_encoding_message_size(REPLY_BYTES)
        };
    }
    let customers = bounded!(CustomerServiceServer);
    Routes::new(CustomerRoutes::new(&service, message_bytes, customers))
        .add_service(bounded!(InteractionServiceServer))
        .add_service(bounded!(BudgetServiceServer))
        .add_service(bounded!(ConsultServiceServer))
        .add_service(bounded!(AdvocacyServiceServer))
        .add_service(bounded!(ExperienceServiceServer))
        .add_service(bounded!(DeskServiceServer))
        .add_service(bounded!(LedgerServiceServer))
        .add_service(bounded!(SubjectServiceServer))
        .add_service(bounded!(GovernanceServiceServer))
        .add_service(bounded!(ReviewServiceServer))
}

/// The largest reply: a full page of the longest rows stays far below it.
const REPLY_BYTES: usize = 4 << 20;

impl Service {
    /// Who calls, as an employee of the house.
    fn visitor<T>(&self, request: &Request<T>) -> Result<Visitor, Status> {
        let identity = request.extensions().get::<Arc<Identity>>();
        let identity = identity.ok_or_else(status::not_signed_in)?;
        let interaction = identity.interaction.clone();
        self.house
            .visitor(&identity.agent, access(identity.access), interaction)
            .map_err(|error| status::from_house(&error))
    }

    /// As [`Service::visitor`], for those who may see customers.
    fn serving<T>(&self, request: &Request<T>) -> Result<Visitor, Status> {
        let visitor = self.visitor(request)?;
        match visitor.access {
            Access::Agent | Access::Supervisor => Ok(visitor),
            _ => Err(status::not_allowed("the token of an agent or a supervisor")),
        }
    }
}

fn access(access: token::Access) -> Access {
    match access {
        token::Access::Agent => Access::Agent,
        token::Access::Supervisor => Access::Supervisor,
        token::Access::Auditor => Access::Auditor,
        token::Access::Admin => Access::Admin,
    }
}
