//! Tiles hold the tree, under the names that other tools ask for.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::proof::{consistency, inclusion};
use crate::tree::{self, MemoryTree, leaf_hash};

fn entry(position: u64) -> Vec<u8> {
    format!("entry {position}").into_bytes()
}

fn grown(folder: &TileFolder, size: u64) -> Edge {
    let mut edge = Edge::new(folder.clone());
    for position in 0..size {
        edge.push(&entry(position)).unwrap();
    }
    edge.write_partials().unwrap();
    edge
}

#[test]
fn names_tiles_as_the_format_says() {
    let tile = |row, index, width| TilePath { row, index, width };
    let names = [
        (tile(Row::Hashes(0), 0, 256), "tile/0/000"),
        (tile(Row::Hashes(1), 0, 3), "tile/1/000.p/3"),
        (tile(Row::Hashes(0), 999, 256), "tile/0/999"),
        (tile(Row::Hashes(0), 1_000, 256), "tile/0/x001/000"),
        (tile(Row::Hashes(0), 1_234_067, 255), "tile/0/x001/x234/067.p/255"),
        (tile(Row::Entries, 273, 112), "tile/entries/273.p/112"),
        (tile(Row::Hashes(7), 0, 1), "tile/7/000.p/1"),
    ];
    for (tile, name) in names {
        assert_eq!(tile.to_string(), name);
        assert_eq!(TilePath::parse(name), Some(tile));
    }
}

#[test]
fn refuses_names_that_are_written_otherwise() {
    let names = [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/1",
        "tile/0/0001",
        "tile/00/000",
        "tile/8/000",
        "tile/x/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/+01",
        "tile/0/../../keys",
        "tile/entries/..",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000.p/1/2",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ];
    for name in names {
        assert_eq!(TilePath::parse(name), None, "{name:?}");
    }
}

#[test]
fn has_the_tiles_that_the_format_says() {
    // The example of the format: a tree of 70,000 entries.
    let width = |row, index| TilePath::in_tree(row, index, 70_000).map(|tile| tile.width);
    assert_eq!(width(Row::Hashes(0), 272), Some(256));
    assert_eq!(width(Row::Hashes(0), 273), Some(112));
    assert_eq!(width(Row::Hashes(0), 274), None);
    assert_eq!(width(Row::Hashes(1), 0), Some(256));
    assert_eq!(width(Row::Hashes(1), 1), Some(17));
    assert_eq!(width(Row::Hashes(2), 0), Some(1));
    assert_eq!(width(Row::Hashes(3), 0), None);
    assert_eq!(width(Row::Entries, 273), Some(112));
}

#[test]
fn grows_to_the_same_tree_from_any_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let folder = TileFolder::new(dir.path());
    let mut expected = MemoryTree::default();
    let mut edge = Edge::new(folder.clone());
    for position in 0..1_300 {
        edge.push(&entry(position)).unwrap();
        expected.push(leaf_hash(&entry(position)));
        if position % 37 == 0 || (position + 1) % 256 == 0 {
            edge.write_partials().unwrap();
            edge = Edge::open(folder.clone(), position + 1).unwrap();
        }
        assert_eq!((edge.size(), edge.root()), (position + 1, expected.root()));
    }
}

#[test]
fn keeps_every_entry_verbatim() {
    let dir = tempfile::tempdir().unwrap();
    let folder = TileFolder::new(dir.path());
    grown(&folder, 600);
    let mut read = Vec::new();
    for index in 0..3 {
        let tile = TilePath::in_tree(Row::Entries, index, 600).unwrap();
        read.extend(folder.entries(tile).unwrap());
    }
    assert_eq!(read, (0..600).map(entry).collect::<Vec<_>>());
}

#[test]
fn never_writes_a_full_tile_again_and_drops_its_partial_ones() {
    let dir = tempfile::tempdir().unwrap();
    let folder = TileFolder::new(dir.path());
    grown(&folder, 255);
    let partial = TilePath { row: Row::Entries, index: 0, width: 255 };
    assert!(folder.path(partial).is_file());
    let mut edge = Edge::open(folder.clone(), 255).unwrap();
    edge.push(&entry(255)).unwrap();
    assert!(!folder.path(partial).is_file());
    let marked = folder.path(partial.full());
    let mut mark = fs::metadata(&marked).unwrap().permissions();
    mark.set_readonly(true);
    fs::set_permissions(&marked, mark.clone()).unwrap();
    for position in 256..520 {
        edge.push(&entry(position)).unwrap();
        edge.write_partials().unwrap();
    }
    assert_eq!(fs::metadata(&marked).unwrap().permissions(), mark, "the file is still the same");
    let cut = folder.entries(partial).unwrap();
    assert_eq!(cut, (0..255).map(entry).collect::<Vec<_>>(), "a partial one is read off the full");
}

#[test]
fn names_the_tile_that_is_short_or_missing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = TileFolder::new(dir.path());
    grown(&folder, 300);
    for row in [Row::Hashes(0), Row::Entries] {
        let tile = TilePath::in_tree(row, 0, 300).unwrap();
        let path = folder.path(tile);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(matches!(folder.read(tile), Err(TileError::Form { .. })));
        fs::write(&path, [bytes.as_slice(), &[0]].concat()).unwrap();
        assert!(matches!(folder.read(tile), Err(TileError::Form { .. })));
        fs::remove_file(&path).unwrap();
        let error = folder.read(tile).unwrap_err();
        assert!(error.to_string().contains("000"), "{error}");
    }
}

#[test]
fn mends_what_was_damaged_and_touches_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let folder = TileFolder::new(dir.path());
    grown(&folder, 1_000);
    assert_eq!(grown(&folder, 1_000).mended(), 0);
    for (row, index) in [(Row::Hashes(0), 1), (Row::Entries, 2)] {
        let path = folder.path(TilePath::in_tree(row, index, 1_000).unwrap());
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        bytes[100] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(grown(&folder, 1_000).mended(), 1);
        assert_eq!(fs::read(&path).unwrap(), whole);
        fs::remove_file(&path).unwrap();
        grown(&folder, 1_000);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn opens_no_edge_whose_entries_are_not_those_of_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let folder = TileFolder::new(dir.path());
    grown(&folder, 300);
    let path = folder.path(TilePath::in_tree(Row::Entries, 1, 300).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[5] ^= 1;
    fs::write(&path, bytes).unwrap();
    let refused = Edge::open(folder, 300);
    assert!(matches!(refused, Err(TileError::OtherEntries { .. })));
}

#[test]
fn refuses_an_entry_that_no_bundle_takes() {
    let dir = tempfile::tempdir().unwrap();
    let mut edge = Edge::new(TileFolder::new(dir.path()));
    let refused = edge.push(&vec![0; 65_536]);
    assert!(matches!(refused, Err(TileError::EntryTooLong { bytes: 65_536 })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn proves_from_tiles_what_memory_proves(
        sizes in prop::collection::vec(1_u64..70_000, 2),
        index in any::<proptest::sample::Index>(),
    ) {
        // One tree for all cases: 70,000 entries have three rows of tiles.
        static TREE: std::sync::LazyLock<(tempfile::TempDir, TileFolder, MemoryTree)> =
            std::sync::LazyLock::new(|| {
                let dir = tempfile::tempdir().unwrap();
                let folder = TileFolder::new(dir.path());
                grown(&folder, 70_000);
                let tree = (0..70_000).map(|position| leaf_hash(&entry(position))).collect();
                (dir, folder, tree)
            });
        let (_, folder, tree) = &*TREE;
        let hashes = TileHashes::new(folder, 70_000);
        let (old, size) = (sizes[0].min(sizes[1]), sizes[0].max(sizes[1]));
        let index = index.index(usize::try_from(size).unwrap()) as u64;
        prop_assert_eq!(tree::root(&hashes, size).unwrap(), tree::root(tree, size).unwrap());
        prop_assert_eq!(
            inclusion(&hashes, index, size).unwrap(),
            inclusion(tree, index, size).unwrap()
        );
        prop_assert_eq!(
            consistency(&hashes, old, size).unwrap(),
            consistency(tree, old, size).unwrap()
        );
    }
}
