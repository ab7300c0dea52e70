//! The packed map against a plain one.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::chunk::CHUNK_BYTES_MAX;
use super::super::engine::Damaged;
use super::*;

/// Keys of a few groups, so that they collide, with values of all lengths.
fn change() -> impl Strategy<Value = Change> {
    let key = (0..3u8, 0..40u8, 0..30u8).prop_map(|(letter, group, item)| {
        [[b'p', b'q', b'r'][usize::from(letter)]]
            .into_iter()
            .chain([group; 15])
            .chain([item, 7])
            .collect::<Vec<u8>>()
    });
    let length = prop_oneof![4 => 0..400usize, 1 => 3_000..4_090usize];
    let value = prop_oneof![
        3 => (any::<u8>(), length).prop_map(|(byte, length)| Some(vec![byte; length])),
        1 => Just(None),
    ];
    (key, value)
}

fn apply(model: &mut BTreeMap<Vec<u8>, Vec<u8>>, (key, value): &Change) {
    match value {
        Some(value) => model.insert(key.clone(), value.clone()),
        None => model.remove(key),
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_packed_map_is_a_map(batches in vec(vec(change(), 0..120), 1..12)) {
        let memory = founded();
        let mut model = BTreeMap::new();
        for batch in batches {
            for change in &batch {
                apply(&mut model, change);
            }
            put_items(&memory, batch);
        }
        let all: Vec<Pair> = model.clone().into_iter().collect();
        prop_assert_eq!(&items(&memory), &all);

        let packed = Packed::new(&memory);
        let keys: Vec<_> =
            (0..40u8).flat_map(|group| [vec![b'q'; 3], [vec![b'r'], vec![group; 15], vec![3, 7]].concat()])
            .collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        let each: Vec<_> = keys.iter().map(|key| packed.get(key).unwrap()).collect();
        prop_assert_eq!(&each, &keys.iter().map(|key| model.get(key).cloned()).collect::<Vec<_>>());
        prop_assert_eq!(each, packed.get_all(&keys).unwrap());

        let prefix = |group: u8| [vec![b'r'], vec![group; 15]].concat();
        let wanted: Vec<_> = (0..41u8).map(|group| (prefix(group), usize::from(group % 7))).collect();
        for ((prefix, limit), found) in wanted.iter().zip(packed.scan_all(&wanted).unwrap()) {
            let own = all.iter().filter(|(key, _)| key.starts_with(prefix));
            prop_assert_eq!(found, own.take(*limit).cloned().collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_chunk_is_larger_than_it_may_be(batches in vec(vec(change(), 0..200), 1..6)) {
        let memory = founded();
        for batch in batches {
            put_items(&memory, batch);
        }
        let mut key = vec![u8::MAX];
        while let Some((low, bytes)) = memory.floor(&key).unwrap() {
            prop_assert!(bytes.len() <= CHUNK_BYTES_MAX + 64, "{}", bytes.len());
            let Some((last, rest)) = low.split_last() else { break };
            key = match last.checked_sub(1) {
                Some(before) => [rest, &[before, u8::MAX]].concat(),
                None => rest.to_vec(),
            };
            if low == b"c" { break }
        }
    }
}

/// An engine that notes how large its largest commit was.
struct Measured {
    memory: Memory,
    largest: AtomicUsize,
    count: AtomicUsize,
}

impl Measured {
    fn new() -> Self {
        let (largest, count) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { memory: founded(), largest, count }
    }
}

impl Engine for Measured {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        self.memory.get(key)
    }

    fn floor(&self, key: &[u8]) -> Result<Option<Pair>, Damaged> {
        self.memory.floor(key)
    }

    fn commit(&self, changes: Vec<Change>) -> Result<(), Damaged> {
        let bytes = changes.iter().map(|(_, value)| value.as_ref().map_or(0, Vec::len)).sum();
        self.largest.fetch_max(bytes, Ordering::SeqCst);
        self.count.fetch_add(1, Ordering::SeqCst);
        self.memory.commit(changes)
    }

    fn sync(&self) -> Result<(), Damaged> {
        Ok(())
    }
}

/// Much about a few, and more about one of them.
fn very_much() -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    let item = |it: u32| {
        let subject = if it.is_multiple_of(3) { it } else { 1 };
        let key = [b"r".as_slice(), &subject.to_be_bytes(), &[0; 11], &it.to_be_bytes()].concat();
        (key, Some(vec![1; 300]))
    };
    (0..20_000).map(item).collect()
}

#[test]
fn very_much_is_committed_in_parts() {
    let engine = Measured::new();
    put_items(&engine, very_much());
    assert_eq!(items(&engine).len(), 20_000);
    assert!(engine.largest.load(Ordering::SeqCst) < 2 << 20);
}

#[test]
fn what_belongs_together_is_committed_together() {
    let engine = Measured::new();
    let all = very_much().into_iter();
    Packed::new(&engine).merge(all, usize::MAX, |changes| engine.commit(changes)).unwrap();
    assert_eq!(items(&engine).len(), 20_000);
    assert_eq!(engine.count.load(Ordering::SeqCst), 1);
}
