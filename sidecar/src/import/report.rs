//! What an import did: the counts, and the table that shows them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::progress::grouped;
use super::rows::{Kind, Put};

/// The counts of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// The counts by kind; a kind that did not occur is absent.
    pub kinds: BTreeMap<Kind, Counts>,
    /// The records read from the files, whatever became of them.
    pub line_count: u64,
    /// Those of them that were read before the run was interrupted.
    pub earlier_line_count: u64,
    /// The lines that are no record at all.
    pub broken_count: u64,
    /// How long the run took.
    pub elapsed: Duration,
    /// Whether nothing was written.
    pub is_dry_run: bool,
    /// The first refusals, ready to print; at most five.
    pub examples: Vec<String>,
    /// Where the refused lines are kept; absent if there are none.
    pub rejects_file: Option<PathBuf>,
}

/// The counts of one kind of record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that were not there before.
    pub new: u64,
    /// Records that say something else now.
    pub changed: u64,
    /// Records that say the same.
    pub same: u64,
    /// Records that a dry run found good.
    pub checked: u64,
    /// Records that were refused, and their lines with them.
    pub rejected: u64,
}

/// The most refusals that a report quotes.
const MAX_EXAMPLES: usize = 5;

impl Report {
    /// The counts of a kind.
    pub fn counts(&self, kind: Kind) -> Counts {
        self.kinds.get(&kind).copied().unwrap_or_default()
    }

    /// How many records and lines were refused.
    pub fn rejected_count(&self) -> u64 {
        self.broken_count + self.kinds.values().map(|it| it.rejected).sum::<u64>()
    }

    /// The exit code of the command: 0 if all was taken, 3 if something was refused and all else
    /// was taken. (1 is a run that ended early, 2 a command line that cannot be read.)
    pub fn exit_code(&self) -> u8 {
        if self.rejected_count() == 0 { 0 } else { 3 }
    }

    pub(super) fn add(&mut self, kind: Kind, put: Put) {
        let counts = self.kinds.entry(kind).or_default();
        match put {
            Put::New => counts.new += 1,
            Put::Changed => counts.changed += 1,
            Put::Same => counts.same += 1,
        }
    }

    pub(super) fn add_checked(&mut self, kind: Kind) {
        self.kinds.entry(kind).or_default().checked += 1;
    }

    /// Counts a refusal; no kind stands for a broken line.
    pub(super) fn add_rejected(&mut self, kind: Option<Kind>, example: impl FnOnce() -> String) {
        match kind {
            Some(kind) => self.kinds.entry(kind).or_default().rejected += 1,
            None => self.broken_count += 1,
        }
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(example());
        }
    }

    fn fmt_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_dry_run {
            writeln!(f, "{:<16}{:>10}{:>10}", "", "good", "rejected")?;
        } else {
            writeln!(
                f,
                "{:<16}{:>10}{:>10}{:>10}{:>10}",
                "", "new", "changed", "same", "rejected"
            )?;
        }
        for (kind, counts) in &self.kinds {
            let Counts { new, changed, same, checked, rejected } = *counts;
            write!(f, "{:<16}", format!("{}s", kind.name()))?;
            if self.is_dry_run {
                writeln!(f, "{checked:>10}{rejected:>10}")?;
            } else {
                writeln!(f, "{new:>10}{changed:>10}{same:>10}{rejected:>10}")?;
            }
        }
        if self.broken_count > 0 {
            let width = if self.is_dry_run { 20 } else { 40 };
            writeln!(f, "{:<16}{:>width$}", "broken lines", self.broken_count)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    /// A table, the first refusals, and where the others are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_table(f)?;
        let seconds = self.elapsed.as_secs_f64();
        write!(f, "{} lines", grouped(self.line_count))?;
        if self.earlier_line_count > 0 {
            let earlier = grouped(self.earlier_line_count);
            write!(f, ", {earlier} of them before the interruption, the others")?;
        }
        writeln!(f, " in {seconds:.1} s")?;
        if self.is_dry_run {
            writeln!(f, "dry run: nothing was written")?;
        }
        for example in &self.examples {
            writeln!(f, "refused: {example}")?;
        }
        if let Some(path) = &self.rejects_file {
            writeln!(f, "refused lines with their reasons: {}", path.display())?;
            writeln!(f, "mend the column `raw` there and import that file by the same mapping")?;
        }
        Ok(())
    }
}
