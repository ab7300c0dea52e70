//! The rows that a load splits into files.
//!
//! A row is a position (8 bytes) and fields, each behind one byte with its length.

use std::io;

use super::spill::Spill;
use crate::read_model::journals::Stored;
use crate::read_model::keys;

/// The position of an item that is to be deleted: after every version that is put.
pub(super) const DELETED: u64 = u64::MAX;

const LETTER_BYTES: usize = 1;
/// The letter, and the kind of a term: only what follows is spread evenly.
const TERM_BYTES: usize = 2;

/// An item of the packed map.
pub(super) struct Item<'a> {
    pub(super) key: &'a [u8],
    /// Of the record. Of equal keys the one with the highest position counts.
    pub(super) position: u64,
    pub(super) payload: &'a [u8],
}

impl<'a> Item<'a> {
    /// A record or a gesture.
    pub(super) fn add_to(&self, spill: &mut Spill) -> io::Result<()> {
        self.add(spill, LETTER_BYTES)
    }

    /// A term by which somebody is found.
    pub(super) fn add_to_terms(&self, spill: &mut Spill) -> io::Result<()> {
        self.add(spill, TERM_BYTES)
    }

    fn add(&self, spill: &mut Spill, skip: usize) -> io::Result<()> {
        let spread = self.key.get(skip..).unwrap_or_default();
        let length = [length(self.key)?];
        spill.add(spread, &[&self.position.to_be_bytes(), &length, self.key, self.payload])
    }

    pub(super) fn read(row: &'a [u8]) -> Option<Self> {
        let (position, rest) = row.split_first_chunk()?;
        let (key, payload) = field(rest)?;
        Some(Self { key, position: u64::from_be_bytes(*position), payload })
    }
}

/// Where a version of a record stands, and the terms by which its subject is found.
pub(super) struct Version<'a> {
    pub(super) id: &'a [u8],
    pub(super) position: u64,
    /// The key of the record.
    pub(super) key: &'a [u8],
    terms: &'a [u8],
}

impl<'a> Version<'a> {
    pub(super) fn add_to(spill: &mut Spill, record: &Stored) -> io::Result<()> {
        let id = &record.envelope.record_id;
        let mut fields = Vec::new();
        let key = keys::record(&record.envelope);
        for field in [id.clone(), key].into_iter().chain(keys::indexes(&record.envelope)) {
            fields.push(length(&field)?);
            fields.extend(field);
        }
        spill.add(id, &[&record.position.to_be_bytes(), &fields])
    }

    pub(super) fn read(row: &'a [u8]) -> Option<Self> {
        let (position, rest) = row.split_first_chunk()?;
        let (id, rest) = field(rest)?;
        let (key, terms) = field(rest)?;
        Some(Self { id, position: u64::from_be_bytes(*position), key, terms })
    }

    /// The keys of the terms.
    pub(super) fn terms(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.terms;
        std::iter::from_fn(move || {
            let (term, after) = field(rest)?;
            rest = after;
            Some(term)
        })
    }
}

fn length(field: &[u8]) -> io::Result<u8> {
    u8::try_from(field.len()).map_err(io::Error::other)
}

fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}
