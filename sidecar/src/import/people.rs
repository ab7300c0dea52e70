//! What a run remembers of the people that it has seen.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use super::rows::{Content, Row};

/// How many people a run remembers: 16 bytes each and as much again for the table.
const MAX_REMEMBERED: usize = 1 << 20;

/// The customers and agents of the run, by hashes: in many files each line repeats them.
///
/// Beyond [`MAX_REMEMBERED`] all are forgotten, and put again when they come again.
#[derive(Debug, Default)]
pub(super) struct People {
    hasher: RandomState,
    by_id: HashMap<u64, u64>,
}

impl People {
    /// Whether the row is a person whose last row in this run said the same.
    pub(super) fn is_known(&mut self, row: &Row) -> bool {
        let content = match &row.content {
            Content::Customer(customer) => prost::Message::encode_to_vec(customer),
            Content::Agent(agent) => prost::Message::encode_to_vec(agent),
            _ => return false,
        };
        if self.by_id.len() >= MAX_REMEMBERED {
            self.by_id.clear();
        }
        let id = self.hasher.hash_one((row.kind(), &row.source_id));
        let content = self.hasher.hash_one(content);
        self.by_id.insert(id, content) == Some(content)
    }
}
