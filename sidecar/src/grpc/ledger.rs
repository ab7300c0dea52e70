//! `LedgerService`: the entries, for those who review them.

use makegood_core::ledger::Access;
use makegood_proto::v1;
use makegood_proto::v1::ledger_service_server::LedgerService;
use tonic::{Request, Response, Status};

use super::page::Page;
use super::shape::Shape;
use super::{Service, status};

#[tonic::async_trait]
impl LedgerService for Service {
    async fn list_entries(
        &self,
        request: Request<v1::ListEntriesRequest>,
    ) -> Result<Response<v1::ListEntriesResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::ListEntriesRequest { start_position, page_size, page_token } = request.into_inner();
        let mut shape = Shape::default();
        let page = Page::read(&mut shape, page_size, &page_token);
        let start = u64::try_from(start_position);
        if start.is_err() {
            shape.note("start_position", "0 or more");
        }
        let page = page.finish(shape)?;
        let start = if page_token.is_empty() { start.unwrap_or(0) } else { page.start() as u64 };
        let own = (visitor.access == Access::Agent).then_some(visitor.agent.pid);
        let listed = self.house.entries(start, page.size(), own);
        let (entries, next) = listed.map_err(|error| status::internal(&error))?;
        let next_page_token = next.map(|position| position.to_string()).unwrap_or_default();
        Ok(Response::new(v1::ListEntriesResponse { entries, next_page_token }))
    }
}
