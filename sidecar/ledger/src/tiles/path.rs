//! How tiles are named: `tile/<level>/<number>`, with `.p/<width>` behind a partial one.

use std::fmt;

use super::WIDTH;
use crate::checkpoint::decimal;

/// A row of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// Hashes of the tree's level `8 * n`, with `n` below 8.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// The name of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePath {
    /// Its row.
    pub row: Row,
    /// Its number in the row.
    pub index: u64,
    /// How many hashes or entries it holds: 1 to 256.
    pub width: u16,
}

/// The width of a full tile.
const FULL_WIDTH: u16 = 256;
const _: () = assert!(FULL_WIDTH as u64 == WIDTH);

/// Levels above this would need more entries than a position can number.
const MAX_LEVEL: u64 = 7;

impl TilePath {
    /// The tile of `row` with number `index` in the tree of `size` entries; nothing where the tree
    /// does not reach it.
    pub fn in_tree(row: Row, index: u64, size: u64) -> Option<Self> {
        let level = match row {
            Row::Hashes(level) => u32::from(level),
            Row::Entries => 0,
        };
        let in_row = size.checked_shr(8 * level).unwrap_or(0);
        let width = in_row.checked_sub(index.checked_mul(WIDTH)?)?.min(WIDTH);
        let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
        Some(Self { row, index, width })
    }

    /// Whether nothing will be added to it.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == WIDTH
    }

    /// The same tile, full.
    #[must_use]
    pub fn full(self) -> Self {
        Self { width: FULL_WIDTH, ..self }
    }

    /// Reads a name.
    pub fn parse(path: &str) -> Option<Self> {
        let (row, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let row = match row {
            "entries" => Row::Entries,
            level => Row::Hashes(decimal(level).filter(|it| *it <= MAX_LEVEL)?.try_into().ok()?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => {
                (number, decimal(width).filter(|width| (1..WIDTH).contains(width))?)
            }
            None => (rest, WIDTH),
        };
        let tile = Self { row, index: parse_number(number)?, width: width.try_into().ok()? };
        // Every tile has one name.
        (tile.to_string() == path).then_some(tile)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Hashes(level) => write!(formatter, "tile/{level}/")?,
            Row::Entries => formatter.write_str("tile/entries/")?,
        }
        let mut groups = vec![format!("{:03}", self.index % 1_000)];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        groups.reverse();
        formatter.write_str(&groups.join("/"))?;
        if self.is_full() { Ok(()) } else { write!(formatter, ".p/{}", self.width) }
    }
}

/// Reads groups of three digits, all but the last with an `x` before them.
fn parse_number(text: &str) -> Option<u64> {
    let mut number = 0_u64;
    for group in text.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        number = number.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(number)
}
