//! A client of every service, with a token.

use std::net::SocketAddr;

use makegood_proto::v1;
use makegood_proto::v1::advocacy_service_client::AdvocacyServiceClient;
use makegood_proto::v1::budget_service_client::BudgetServiceClient;
use makegood_proto::v1::consult_service_client::ConsultServiceClient;
use makegood_proto::v1::customer_service_client::CustomerServiceClient;
use makegood_proto::v1::desk_service_client::DeskServiceClient;
use makegood_proto::v1::experience_service_client::ExperienceServiceClient;
use makegood_proto::v1::governance_service_client::GovernanceServiceClient;
use makegood_proto::v1::interaction_service_client::InteractionServiceClient;
use makegood_proto::v1::ledger_service_client::LedgerServiceClient;
use makegood_proto::v1::review_service_client::ReviewServiceClient;
use makegood_proto::v1::subject_service_client::SubjectServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Puts the token into every request.
#[derive(Debug, Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Authorised = InterceptedService<Channel, Bearer>;

/// Every service under one token; clones share the connection.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) customers: CustomerServiceClient<Authorised>,
    pub(crate) interactions: InteractionServiceClient<Authorised>,
    pub(crate) budget: BudgetServiceClient<Authorised>,
    pub(crate) consults: ConsultServiceClient<Authorised>,
    pub(crate) advocacy: AdvocacyServiceClient<Authorised>,
    pub(crate) experience: ExperienceServiceClient<Authorised>,
    pub(crate) desk: DeskServiceClient<Authorised>,
    pub(crate) ledger: LedgerServiceClient<Authorised>,
    pub(crate) governance: GovernanceServiceClient<Authorised>,
    pub(crate) subjects: SubjectServiceClient<Authorised>,
    pub(crate) reviews: ReviewServiceClient<Authorised>,
}

/// A connection to a port of this machine.
pub(crate) async fn connect(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

impl Client {
    /// Over this connection, with this token.
    pub(crate) fn new(channel: &Channel, token: &str) -> Self {
        let bearer = Bearer(format!("Bearer {token}").parse().unwrap());
        macro_rules! with_token {
            ($client:ident) => {
                $client::with_interceptor(channel.clone(), bearer.clone())
            };
        }
        Self {
            customers: with_token!(CustomerServiceClient),
            interactions: with_token!(InteractionServiceClient),
            budget: with_token!(BudgetServiceClient),
            consults: with_token!(ConsultServiceClient),
            advocacy: with_token!(AdvocacyServiceClient),
            experience: with_token!(ExperienceServiceClient),
            desk: with_token!(DeskServiceClient),
            ledger: with_token!(LedgerServiceClient),
            governance: with_token!(GovernanceServiceClient),
            subjects: with_token!(SubjectServiceClient),
            reviews: with_token!(ReviewServiceClient),
        }
    }

    /// Every entry that the token may see, page by page.
    pub(crate) async fn entries(&self) -> Vec<v1::ListedEntry> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListEntriesRequest { start_position: 0, page_size: 200, page_token };
            let page = self.ledger.clone().list_entries(request).await;
            let page = page.unwrap().into_inner();
            all.extend(page.entries);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }
}
