//! What was verified and what was found, for people and for programs.

use std::fmt;
use std::path::PathBuf;

use makegood_ledger::tree::Hash;
use serde_json::{Value, json};

use crate::problem::Problem;

/// What a folder was recognised as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tenant's data folder.
    DataFolder,
    /// A folder with a tree's tiles.
    TileFolder,
    /// An audit pack.
    AuditPack,
}

/// What was verified and what was found.
#[derive(Debug)]
pub struct Report {
    /// The folder.
    pub folder: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// How many entries could be read.
    pub entry_count: u64,
    /// How many decisions were made again.
    pub decision_count: u64,
    /// The root over the entries.
    pub root: Hash,
    /// How many checkpoints there were.
    pub checkpoint_count: u64,
    /// How many entries the newest of them is over.
    pub signed_size: Option<u64>,
    /// The witnesses that cosigned, by name.
    pub witnesses: Vec<String>,
    /// How many files of the tree there were.
    pub tile_count: usize,
    /// What is wrong, those of the earliest entries first.
    pub problems: Vec<Problem>,
    /// What was not verified, and why.
    pub warnings: Vec<String>,
}

impl Kind {
    /// What it is called in messages and in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DataFolder => "data_folder",
            Self::TileFolder => "tile_folder",
            Self::AuditPack => "audit_pack",
        }
    }
}

impl Report {
    /// The first thing that is wrong.
    pub fn first(&self) -> Option<&Problem> {
        self.problems.first()
    }

    /// The report for programs.
    pub fn json(&self) -> Value {
        let problem = |problem: &Problem| {
            json!({
                "file": problem.file.display().to_string(),
                "byte": problem.byte,
                "position": problem.position,
                "what": problem.what,
            })
        };
        json!({
            "ok": self.problems.is_empty(),
            "folder": self.folder.display().to_string(),
            "kind": self.kind.code(),
            "entry_count": self.entry_count,
            "decision_count": self.decision_count,
            "root_sha256": hex(&self.root),
            "checkpoint_count": self.checkpoint_count,
            "signed_size": self.signed_size,
            "witnesses": self.witnesses,
            "tile_count": self.tile_count,
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry_count, decision_count, checkpoint_count, tile_count, .. } = self;
        let kind = self.kind.code().replace('_', " ");
        writeln!(f, "{kind:<14} {}", self.folder.display())?;
        writeln!(f, "entries        {entry_count}, of which {decision_count} decided again")?;
        writeln!(f, "root           {}", hex(&self.root))?;
        write!(f, "checkpoints    {checkpoint_count}")?;
        match self.signed_size {
            Some(size) => writeln!(f, ", the newest over {size} entries")?,
            None => writeln!(f)?,
        }
        if !self.witnesses.is_empty() {
            writeln!(f, "cosigned by    {}", self.witnesses.join(", "))?;
        }
        writeln!(f, "tiles          {tile_count}")?;
        for warning in &self.warnings {
            writeln!(f, "not verified   {warning}")?;
        }
        for problem in &self.problems {
            writeln!(f, "WRONG          {problem}")?;
        }
        match self.first().map(|first| first.position) {
            None => write!(f, "verified: nothing is wrong"),
            Some(Some(position)) => {
                write!(f, "NOT VERIFIED: the first bad position is {position}")
            }
            Some(None) => write!(f, "NOT VERIFIED"),
        }
    }
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
    bytes.iter().flat_map(digits).collect()
}
