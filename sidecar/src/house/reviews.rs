//! Samples of gestures for review.

use makegood_core::findings::Facts;
use makegood_core::findings::sample::{Draw, Sample, draw};
use makegood_core::ids::Digest;
use makegood_ledger::codec;

use super::{House, HouseError};

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

impl House {
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
