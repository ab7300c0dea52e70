//! The files of a tree, held against the entries that the tree is over.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use makegood_ledger::tiles::{Row, TileFolder, TilePath, WIDTH};
use makegood_ledger::tree::{Hashes as _, MemoryTree};

use crate::problem::{Problem, Unreadable, unreadable};

/// The bytes of a hash.
const HASH_BYTES: u64 = 32;
/// How many levels of the tree a row of tiles skips, as a power of two of entries.
const LEVELS_PER_ROW: u8 = 8;

/// The tiles of a folder, and the bundle of entries that is being compared.
#[derive(Debug)]
pub(crate) struct Tiles {
    folder: TileFolder,
    found: BTreeMap<TilePath, PathBuf>,
    /// The bundle that the entries so far make, from the last multiple of the width on.
    bundle: Vec<u8>,
    /// Where each of its entries ends.
    ends: Vec<usize>,
    /// The number of the bundle.
    index: u64,
    /// The content of the file that was last read.
    content: Vec<u8>,
    problems: Vec<Problem>,
}

impl Tiles {
    /// Lists the tiles of a folder with a tree.
    pub(crate) fn list(dir: &Path) -> Result<Self, Unreadable> {
        let mut tiles = Self {
            folder: TileFolder::new(dir),
            found: BTreeMap::new(),
            bundle: Vec::new(),
            ends: Vec::new(),
            index: 0,
            content: Vec::new(),
            problems: Vec::new(),
        };
        tiles.list_below(&dir.join("tile"))?;
        Ok(tiles)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    fn list_below(&mut self, dir: &Path) -> Result<(), Unreadable> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable("list", dir, &error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| unreadable("list", dir, &error))?.path();
            if path.is_dir() {
                self.list_below(&path)?;
            } else if path.extension().is_none_or(|extension| extension != "part") {
                // What ends in `.part` is a tile that a crash kept from being one.
                self.add(path);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf) {
        let relative = path.strip_prefix(self.folder.dir()).unwrap_or(&path);
        match relative.to_str().and_then(TilePath::parse) {
            Some(tile) => {
                self.found.insert(tile, path);
            }
            None => self.problems.push(Problem::of(&path, "is not named like a tile")),
        }
    }

    /// Takes the next entry of the ledger.
    pub(crate) fn take(&mut self, entry: &[u8]) -> Result<(), Unreadable> {
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        self.bundle.extend(length.to_be_bytes());
        self.bundle.extend(entry);
        self.ends.push(self.bundle.len());
        if self.ends.len() as u64 == WIDTH { self.next_bundle() } else { Ok(()) }
    }

    fn next_bundle(&mut self) -> Result<(), Unreadable> {
        let bundle = |width| TilePath { row: Row::Entries, index: self.index, width };
        let full = u16::try_from(WIDTH).unwrap_or(u16::MAX);
        let files = self.found.range(bundle(1)..=bundle(full));
        for (tile, path) in files {
            let first = tile.index * WIDTH;
            let end = usize::from(tile.width).checked_sub(1).and_then(|at| self.ends.get(at));
            let Some(expected) = end.and_then(|end| self.bundle.get(..*end)) else {
                let what = "holds entries that the ledger does not have";
                let position = first + self.ends.len() as u64;
                self.problems.push(Problem::of(path, what).at_position(position));
                continue;
            };
            read(path, &mut self.content)?;
            let Some(wrong) = first_wrong(*tile, &self.content, expected) else { continue };
            let what = "holds another entry than the ledger";
            self.problems.push(wrong.in_file(path, what));
        }
        self.bundle.clear();
        self.ends.clear();
        self.index += 1;
        Ok(())
    }

    /// Takes the end of the ledger, and answers with everything that is wrong. `size` is the size
    /// that all tiles have to be there for; `known_bad` the first entry that is known to be wrong.
    pub(crate) fn finish(
        mut self,
        tree: &MemoryTree,
        size: u64,
        known_bad: Option<u64>,
    ) -> Result<Vec<Problem>, Unreadable> {
        self.next_bundle()?;
        for (tile, path) in &self.found {
            match tile.row {
                Row::Hashes(row) => {
                    let problem = compare(*tile, row, path, tree)?;
                    let known = known_bad.into_iter().chain(positions(&self.problems)).min();
                    self.problems.extend(problem.map(|problem| problem.narrowed(known, row)));
                }
                Row::Entries if tile.index >= self.index => {
                    let problem = Problem::of(path, "holds entries that the ledger does not have");
                    self.problems.push(problem.at_position(tree.size()));
                }
                Row::Entries => {}
            }
        }
        let missing = self.missing(size);
        self.problems.extend(missing);
        Ok(self.problems)
    }

    /// The first tile of each row that a tree of this size has and the folder has not.
    fn missing(&self, size: u64) -> Vec<Problem> {
        let rows = (0..LEVELS_PER_ROW).map(Row::Hashes).chain([Row::Entries]);
        let first = rows.filter_map(|row| {
            let level = if let Row::Hashes(row) = row { row } else { 0 };
            let tiles = (0..).map_while(|index| TilePath::in_tree(row, index, size));
            let tile = tiles.into_iter().find(|tile| !self.has(*tile))?;
            let position = (tile.index * WIDTH) << (LEVELS_PER_ROW * level);
            let path = self.folder.path(tile);
            Some(Problem::of(&path, "is missing").at_position(position))
        });
        first.collect()
    }

    /// Whether a tile is there, as it is or as the wider one that took its place.
    fn has(&self, tile: TilePath) -> bool {
        self.found.range(tile..=tile.full()).next().is_some()
    }
}

/// The entries that problems touch.
fn positions(problems: &[Problem]) -> impl Iterator<Item = u64> {
    problems.iter().filter_map(|problem| problem.position)
}

impl Problem {
    /// A hash of a higher row stands for many entries; where one of those is known to be wrong, it
    /// is that one.
    fn narrowed(self, known_bad: Option<u64>, row: u8) -> Self {
        let Some(first) = self.position else { return self };
        let end = first.saturating_add(1 << (LEVELS_PER_ROW * row));
        let known = known_bad.filter(|position| (first..end).contains(position));
        self.at_position(known.unwrap_or(first))
    }
}

/// Compares a tile of hashes with those of the tree.
fn compare(
    tile: TilePath,
    row: u8,
    path: &Path,
    tree: &MemoryTree,
) -> Result<Option<Problem>, Unreadable> {
    let level = LEVELS_PER_ROW * row;
    // A name can say any number.
    let first = tile.index.saturating_mul(WIDTH);
    let mut expected = Vec::new();
    for index in first..first.saturating_add(u64::from(tile.width)) {
        let Ok(hash) = tree.hash(level, index) else {
            let what = "holds hashes of entries that the ledger does not have";
            return Ok(Some(Problem::of(path, what).at_position(tree.size())));
        };
        expected.extend(hash);
    }
    let mut content = Vec::new();
    read(path, &mut content)?;
    let wrong = first_wrong(tile, &content, &expected);
    let what = "holds another hash than that of the ledger's entries";
    Ok(wrong.map(|wrong| wrong.in_file(path, what)))
}

/// Where a tile is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The first byte that is not as it should be.
    pub byte: u64,
    /// The first entry that it stands for.
    pub position: u64,
}

impl Wrong {
    fn in_file(self, path: &Path, what: &str) -> Problem {
        Problem::of(path, what).at_byte(self.byte).at_position(self.position)
    }
}

/// Where the bytes of a tile are not those expected; nothing where they are.
pub fn first_wrong(tile: TilePath, found: &[u8], expected: &[u8]) -> Option<Wrong> {
    /// Compared at once, which is quicker than byte by byte.
    const CHUNK: usize = 4_096;
    if found == expected {
        return None;
    }
    let chunks = found.chunks(CHUNK).zip(expected.chunks(CHUNK));
    let same = chunks.take_while(|(found, expected)| found == expected).count() * CHUNK;
    let rest = found.iter().skip(same).zip(expected.iter().skip(same));
    let at = same + rest.take_while(|(found, expected)| found == expected).count();
    let last = u64::from(tile.width) - 1;
    let first = tile.index * WIDTH;
    let byte = at as u64;
    let position = match tile.row {
        Row::Hashes(row) => (first + (byte / HASH_BYTES).min(last)) << (LEVELS_PER_ROW * row),
        Row::Entries => first + entry_at(expected, at).min(last),
    };
    Some(Wrong { byte, position })
}

/// The number, from zero, of the entry of a bundle that a byte belongs to.
fn entry_at(bundle: &[u8], at: usize) -> u64 {
    let mut end = 0;
    let mut number = 0;
    while let Some(&[high, low]) = bundle.get(end..).and_then(|rest| rest.first_chunk::<2>()) {
        end += 2 + usize::from(u16::from_be_bytes([high, low]));
        if at < end {
            break;
        }
        number += 1;
    }
    number
}

/// Reads a file into room that is there already.
fn read(path: &Path, content: &mut Vec<u8>) -> Result<(), Unreadable> {
    let failed = |error| unreadable("read", path, &error);
    content.clear();
    let mut file = File::open(path).map_err(failed)?;
    file.read_to_end(content).map_err(failed)?;
    Ok(())
}
