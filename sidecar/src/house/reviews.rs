//! Reviews: samples, notes about gestures, and findings; each an entry of the ledger.

use makegood_core::findings::Facts;
use makegood_core::findings::sample::{Draw, Sample, draw};
use makegood_core::ids::{Digest, RequestId};
use makegood_core::ledger::{Act, Action};
use makegood_ledger::codec;
use makegood_proto::v1;

use super::view::timestamp;
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;
use crate::ledger::writer::Work;

/// What is to be drawn, and from which entries.
#[derive(Debug, Clone, Copy)]
pub struct SampleRequest {
    /// The first position.
    pub first: u64,
    /// The position after the last.
    pub end: u64,
    /// The seed.
    pub seed: Digest,
    /// How.
    pub how: Draw,
}

/// That something is written.
#[derive(Debug, Clone)]
pub struct ActAnswer {
    /// The proof.
    pub receipt: v1::Receipt,
    /// Whether this id was answered before.
    pub replayed: bool,
}

impl House {
    /// Writes an act of somebody's; the rules decide who may.
    ///
    /// # Errors
    /// A fault of the ledger; that it could not be written.
    pub async fn write_review(
        &self,
        visitor: &Visitor,
        request: RequestId,
        act: Act,
    ) -> Result<ActAnswer, HouseError> {
        let caller = visitor.agent.caller(visitor.access, wall_time());
        let ask = Some((caller, Action::Act { request: Some(request), act }));
        let done = self.shared.writer.submit(Work { ask, ..Work::default() }).await?;
        let outcome = done.outcome.ok_or(HouseError::Stored)?;
        let receipt = v1::Receipt {
            ledger_position: outcome.position.cast_signed(),
            leaf_hash: self.shared.state.leaf(outcome.position).unwrap_or_default().to_vec(),
            record_time: Some(timestamp(outcome.at.as_nanos())),
        };
        Ok(ActAnswer { receipt, replayed: outcome.replayed })
    }

    /// How many entries the ledger has.
    pub fn entry_count(&self) -> u64 {
        self.shared.state.entry_count()
    }

    /// Draws a sample. Reads the ledger from its beginning, so it is for a thread that may wait.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn draw_sample(&self, request: &SampleRequest) -> Result<Sample, HouseError> {
        let stored = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "the ledger cannot be read for a sample");
            HouseError::Stored
        };
        let mut facts = Facts::default();
        let count = usize::try_from(request.end).unwrap_or(usize::MAX);
        for record in self.ledger().iter_from(0).take(count) {
            let record = record.map_err(|error| stored(&error))?;
            facts.see(&codec::decode(&record.payload).map_err(|error| stored(&error))?);
        }
        Ok(draw(&facts, request.first, request.end, request.seed, request.how))
    }
}
