//! `LedgerService`: the entries, for those who review them, and what proves them.

use std::sync::Arc;

use makegood_core::ids::SpendId;
use makegood_core::ledger::Access;
use makegood_ledger::codec;
use makegood_ledger::tree::{Hash, leaf_hash};
use makegood_proto::v1;
use makegood_proto::v1::get_receipt_request::Entry;
use makegood_proto::v1::ledger_service_server::LedgerService;
use tonic::{Request, Response, Status};

use super::page::Page;
use super::shape::Shape;
use super::{Service, status};
use crate::house::Visitor;
use crate::proofs::{Book, ProveError};

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

    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::GetCheckpointResponse>, Status> {
        self.visitor(&request)?;
        let book = self.book()?;
        let newest = book.newest().ok_or_else(|| unproved(&ProveError::NotCovered { size: 0 }))?;
        let head = newest.head();
        Ok(Response::new(v1::GetCheckpointResponse {
            checkpoint: newest.to_string(),
            size: head.size.cast_signed(),
            root_hash: head.root.to_vec(),
            cosigned_checkpoint: book.cosigned().map(|it| it.to_string()).unwrap_or_default(),
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<v1::GetInclusionProofRequest>,
    ) -> Result<Response<v1::GetInclusionProofResponse>, Status> {
        self.visitor(&request)?;
        let v1::GetInclusionProofRequest { position, size } = request.into_inner();
        let mut shape = Shape::default();
        let asked = (at(&mut shape, "position", position), size_of(&mut shape, size));
        let (position, size) = shape.build(asked.0.zip(asked.1))?;
        let book = self.covering(position).await?;
        let leaf = self.house.ledger_state().leaf(position);
        let leaf = leaf.ok_or_else(|| unproved(&ProveError::NotCovered { size: book.size() }))?;
        let (path, head) = prove(move || book.inclusion(position, &leaf, size)).await?;
        Ok(Response::new(v1::GetInclusionProofResponse {
            hashes: hashes(&path),
            size: head.size.cast_signed(),
            root_hash: head.root.to_vec(),
            leaf_hash: leaf.to_vec(),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<v1::GetConsistencyProofRequest>,
    ) -> Result<Response<v1::GetConsistencyProofResponse>, Status> {
        self.visitor(&request)?;
        let v1::GetConsistencyProofRequest { old_size, size } = request.into_inner();
        let mut shape = Shape::default();
        let asked = (at(&mut shape, "old_size", old_size), size_of(&mut shape, size));
        let (old_size, size) = shape.build(asked.0.zip(asked.1))?;
        let book = self.book()?;
        let (path, old, head) = prove(move || book.consistency(old_size, size)).await?;
        Ok(Response::new(v1::GetConsistencyProofResponse {
            hashes: hashes(&path),
            old_root_hash: old.root.to_vec(),
            size: head.size.cast_signed(),
            root_hash: head.root.to_vec(),
        }))
    }

    async fn get_receipt(
        &self,
        request: Request<v1::GetReceiptRequest>,
    ) -> Result<Response<v1::GetReceiptResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::GetReceiptRequest { entry } = request.into_inner();
        let mut shape = Shape::default();
        let position = match entry {
            Some(Entry::Position(position)) => {
                let position = at(&mut shape, "position", position);
                shape.build(position)?
            }
            Some(Entry::SpendId(id)) => {
                let spend = shape.parse("spend_id", &id);
                let spend = shape.build(spend)?;
                self.position_of(&visitor, spend).await?
            }
            None => {
                shape.note("entry", "give a position or a spend_id");
                shape.build(None)?
            }
        };
        let stored = self.own_entry(&visitor, position)?;
        let leaf = leaf_hash(&stored);
        let book = self.covering(position).await?;
        let receipt = prove(move || book.receipt(position, stored)).await?;
        Ok(Response::new(v1::GetReceiptResponse {
            receipt: receipt.to_string(),
            position: position.cast_signed(),
            leaf_hash: leaf.to_vec(),
        }))
    }
}

impl Service {
    fn book(&self) -> Result<Arc<Book>, Status> {
        self.house.book().ok_or_else(|| unproved(&ProveError::NotCovered { size: 0 }))
    }

    /// What is published, once it covers an entry that is there.
    async fn covering(&self, position: u64) -> Result<Arc<Book>, Status> {
        let book = self.book()?;
        if position < self.house.ledger_state().entry_count() {
            book.wait_for(position).await;
        }
        Ok(book)
    }

    /// The entry that a spend's receipt is about, looked for away from the runtime.
    async fn position_of(&self, visitor: &Visitor, spend: SpendId) -> Result<u64, Status> {
        let (house, visitor) = (Arc::clone(&self.house), visitor.clone());
        let found = tokio::task::spawn_blocking(move || house.position_of(&visitor, spend)).await;
        let found = found.map_err(|error| status::internal(&error))?;
        found.map_err(|error| status::from_house(&error))
    }

    /// The stored bytes of an entry that the visitor may read.
    fn own_entry(&self, visitor: &Visitor, position: u64) -> Result<Vec<u8>, Status> {
        let stored = self.house.stored_entry(position);
        let stored = stored.map_err(|error| status::internal(&error))?;
        let stored = stored.ok_or_else(status::entry_not_found)?;
        if visitor.access == Access::Agent {
            let entry = codec::message(&stored).map_err(|error| status::internal(&error))?;
            if entry.agent_pid != visitor.agent.pid {
                return Err(status::entry_not_found());
            }
        }
        Ok(stored)
    }
}

/// Makes a proof away from the runtime: it reads files.
async fn prove<T: Send + 'static>(
    make: impl FnOnce() -> Result<T, ProveError> + Send + 'static,
) -> Result<T, Status> {
    let proof = tokio::task::spawn_blocking(make).await;
    proof.map_err(|error| status::internal(&error))?.map_err(|error| unproved(&error))
}

fn unproved(error: &ProveError) -> Status {
    status::from_proof(error)
}

/// A position or size.
fn at(shape: &mut Shape, field: &str, number: i64) -> Option<u64> {
    let number = u64::try_from(number).ok();
    if number.is_none() {
        shape.note(field, "0 or more");
    }
    number
}

/// A size, where zero stands for the newest checkpoint's.
#[expect(clippy::option_option, reason = "outside: did it parse; inside: is there any")]
fn size_of(shape: &mut Shape, size: i64) -> Option<Option<u64>> {
    at(shape, "size", size).map(|size| (size > 0).then_some(size))
}

fn hashes(path: &[Hash]) -> Vec<Vec<u8>> {
    path.iter().map(|hash| hash.to_vec()).collect()
}
