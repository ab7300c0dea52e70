//! Samples of gestures for review.

use std::collections::BTreeSet;

use makegood_core::findings::Facts;
use makegood_core::findings::sample::{Draw, Sample, draw};
use makegood_core::ids::{AgentPid, Digest};
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
    /// The people whom entries name; for a thread that may wait. Positions beyond the ledger name
    /// nobody.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn people_of(&self, positions: &[u64]) -> Result<BTreeSet<AgentPid>, HouseError> {
        let mut people = BTreeSet::new();
        let entry_count = self.entry_count();
        for position in positions.iter().filter(|position| **position < entry_count) {
            if let Some(record) = self.ledger().iter_from(*position).next() {
                let record = record.map_err(|error| unreadable(&error))?;
                let entry = codec::decode(&record.payload).map_err(|error| unreadable(&error))?;
                people.extend(entry.people());
            }
        }
        Ok(people)
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
        let mut facts = Facts::default();
        let count = usize::try_from(request.end).unwrap_or(usize::MAX);
        for record in self.ledger().iter_from(0).take(count) {
            let record = record.map_err(|error| unreadable(&error))?;
            facts.see(&codec::decode(&record.payload).map_err(|error| unreadable(&error))?);
        }
        Ok(draw(&facts, request.first, request.end, request.seed, request.how))
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> HouseError {
    tracing::error!(%error, "the ledger cannot be read for a review");
    HouseError::Stored
}
