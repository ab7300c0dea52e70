//! The packed map: small items in key order, kept as chunks of some kilobytes each.
//!
//! sled holds some hundred bytes of memory for each of its keys and reads sixteen neighbours at
//! once, so that a key for each of millions of records costs gigabytes. Chunks are cut where they
//! get too large, as the leaves of a B-tree; each states the bounds of what it has, and together
//! they have no gap.

use std::collections::BTreeMap;
use std::iter::Peekable;

use super::chunk::{Chunk, bound_between, cuts, group, item_bytes};
use super::engine::{Change, Damaged, Engine, Pair};

/// What stands before the lower bound of a chunk in the engine.
const PREFIX: u8 = b'c';

/// About so many bytes go into one commit of the engine, for which its readers wait.
pub(super) const COMMIT_BYTES: usize = 256 * 1024;

/// A map over an engine.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Packed<'a> {
    pub(super) fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// What makes an engine without anything an empty map.
    pub(super) fn founding() -> Change {
        (vec![PREFIX], Some(Chunk::encode(&[], None, &[])))
    }

    pub(super) fn get(self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        let chunk = self.chunk_of(key)?;
        let mut items = chunk.items();
        while let Some((at, value)) = items.next()? {
            if at >= key {
                return Ok((at == key).then(|| value.to_vec()));
            }
        }
        Ok(None)
    }

    /// The values of `keys`, which are in order; each chunk is read once.
    pub(super) fn get_all(self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Damaged> {
        let mut values = Vec::with_capacity(keys.len());
        while let Some(first) = keys.get(values.len()) {
            let chunk = self.chunk_of(first)?;
            let items = chunk.to_map()?;
            let covered = keys[values.len()..].iter().take_while(|key| chunk.covers(key));
            let found: Vec<_> = covered.map(|key| items.get(key).cloned()).collect();
            values.extend(found);
        }
        Ok(values)
    }

    /// For each prefix the first `limit` pairs whose key starts with it, in the order of the keys.
    pub(super) fn scan_all(self, wanted: &[(Vec<u8>, usize)]) -> Result<Vec<Vec<Pair>>, Damaged> {
        let mut chunk: Option<Chunk> = None;
        let mut lists = Vec::with_capacity(wanted.len());
        for (prefix, limit) in wanted {
            let mut list = Vec::new();
            let mut next = Some(prefix.clone());
            while let Some(key) = next {
                let held = match chunk.take().filter(|it| it.covers(&key)) {
                    Some(held) => held,
                    None => self.chunk_of(&key)?,
                };
                take_from(&held, prefix, *limit, &mut list)?;
                let upper = held.upper().filter(|it| it.starts_with(prefix));
                next = upper.filter(|_| list.len() < *limit).map(<[u8]>::to_vec);
                chunk = Some(held);
            }
            lists.push(list);
        }
        Ok(lists)
    }

    /// Makes the chunks after `changes`, which are in the order of their keys, each key once.
    /// `commit` is called for about each `commit_bytes` of them, and has to put them into the engine
    /// before it returns, unless it is called but once, for all.
    pub(super) fn merge<E: From<Damaged>>(
        self,
        changes: impl Iterator<Item = Change>,
        commit_bytes: usize,
        mut commit: impl FnMut(Vec<Change>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut changes = changes.peekable();
        let mut pieces = Pieces::default();
        while let Some((first, _)) = changes.peek() {
            let chunk = self.chunk_of(first)?;
            let taken = take_covered(&chunk, &mut changes, commit_bytes);
            // Where there is more for this chunk, it is cut, and the rest follows in a new commit.
            let bound = match (taken.last(), changes.peek()) {
                (Some((last, _)), Some((next, _))) if chunk.covers(next) => {
                    Some(bound_between(last, next))
                }
                _ => None,
            };
            let mut items = chunk.to_map()?;
            let rest = bound.as_ref().map(|bound| items.split_off(bound));
            for (key, value) in taken {
                match value {
                    Some(value) => items.insert(key, value),
                    None => items.remove(&key),
                };
            }
            let upper = bound.as_deref().or(chunk.upper());
            pieces.cut(&chunk, (&chunk.low, upper), items);
            if let (Some(bound), Some(rest)) = (&bound, rest) {
                pieces.cut(&chunk, (bound, chunk.upper()), rest);
            }
            if bound.is_some() || pieces.bytes >= commit_bytes {
                commit(pieces.take())?;
            }
        }
        if pieces.changes.is_empty() { Ok(()) } else { commit(pieces.take()) }
    }

    /// The chunk in which `key` stands, if anywhere.
    fn chunk_of(self, key: &[u8]) -> Result<Chunk, Damaged> {
        let found = self.engine.floor(&[&[PREFIX], key].concat())?;
        if let Some((low, bytes)) = found
            && let Some((&PREFIX, low)) = low.split_first()
        {
            let chunk = Chunk::open(low.to_vec(), bytes)?;
            if chunk.covers(key) {
                return Ok(chunk);
            }
        }
        Err(Damaged("a chunk is missing".to_owned()))
    }
}

fn take_from(
    chunk: &Chunk,
    prefix: &[u8],
    limit: usize,
    list: &mut Vec<Pair>,
) -> Result<(), Damaged> {
    let mut items = chunk.items();
    while let Some((key, value)) = items.next()? {
        if list.len() >= limit || (key > prefix && !key.starts_with(prefix)) {
            break;
        }
        if key.starts_with(prefix) {
            list.push((key.to_vec(), value.to_vec()));
        }
    }
    Ok(())
}

/// The next changes that belong into a chunk, as many as go into one commit; what belongs together
/// is parted only where it is too much by itself.
fn take_covered(
    chunk: &Chunk,
    changes: &mut Peekable<impl Iterator<Item = Change>>,
    commit_bytes: usize,
) -> Vec<Change> {
    let mut taken: Vec<Change> = Vec::new();
    let mut bytes = 0;
    while let Some((key, value)) = changes.next_if(|(key, _)| {
        let belongs = || taken.last().is_some_and(|(last, _)| group(last) == group(key));
        let has_room = bytes < commit_bytes || (bytes / 4 < commit_bytes && belongs());
        has_room && chunk.covers(key)
    }) {
        bytes += item_bytes(&key, value.as_deref().unwrap_or_default());
        taken.push((key, value));
    }
    taken
}

/// New chunks on their way into the engine.
#[derive(Default)]
struct Pieces {
    changes: Vec<Change>,
    bytes: usize,
}

impl Pieces {
    /// Makes chunks of items that stand between two bounds; `old` is what the engine has there.
    fn cut(
        &mut self,
        old: &Chunk,
        (low, upper): (&[u8], Option<&[u8]>),
        items: BTreeMap<Vec<u8>, Vec<u8>>,
    ) {
        let items: Vec<Pair> = items.into_iter().collect();
        let cuts = cuts(&items);
        let mut low = low.to_vec();
        for (index, from) in cuts.iter().enumerate() {
            let until = cuts.get(index + 1).copied();
            let bound = until.map(|until| bound_between(&items[until - 1].0, &items[until].0));
            let items = &items[*from..until.unwrap_or(items.len())];
            let bytes = Chunk::encode(&low, bound.as_deref().or(upper), items);
            if !old.is(&low, &bytes) {
                self.bytes += bytes.len();
                self.changes.push(([&[PREFIX], low.as_slice()].concat(), Some(bytes)));
            }
            low = bound.unwrap_or_default();
        }
    }

    fn take(&mut self) -> Vec<Change> {
        self.bytes = 0;
        std::mem::take(&mut self.changes)
    }
}
