//! How figures are told: a table for each bench, one for all at the end, and a line of JSON each.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use anyhow::Context as _;
use serde_json::json;

use crate::bench::figure::{Aim, Figure};
use crate::bench::rounds::median;
use crate::progress;
use crate::workspace::Workspace;

/// One line of the table at the end.
pub(super) struct Line {
    name: &'static str,
    value: String,
    limit: String,
    verdict: &'static str,
}

impl Line {
    /// What an aim has come to; without a figure its bench has failed.
    pub(super) fn new(aim: &Aim, figure: Option<&Figure>) -> Self {
        let (value, verdict) = match figure {
            None => ("-".to_owned(), "failed"),
            Some(figure) => {
                let note = if figure.note.is_empty() { "" } else { " *" };
                let verdict = aim
                    .limit
                    .is_met(figure.value)
                    .map_or("", |met| if met { "met" } else { "MISSED" });
                (format!("{:.2} {}{note}", figure.value, figure.unit), verdict)
            }
        };
        Self { name: aim.name, value, limit: aim.limit.to_string(), verdict }
    }
}

/// Every figure with its limit.
pub(super) fn print_summary(lines: &[Line]) {
    progress::line("");
    for Line { name, value, limit, verdict } in lines {
        progress::line(&format!("  {name:<32} {value:>24}   {limit:<10} {verdict}"));
    }
}

/// What was measured for a figure, and the figure.
pub(super) fn print_table(aim: &Aim, figure: &Figure) {
    progress::line(&format!(
        "  {:<36} {:>12} {:>12} {:>12}  unit",
        "measured", "median", "least", "most"
    ));
    for samples in &figure.samples {
        let (least, most) = samples.range();
        progress::line(&format!(
            "  {:<36} {:>12.2} {least:>12.2} {most:>12.2}  {}",
            samples.name,
            median(&samples.values),
            samples.unit
        ));
    }
    progress::line(&format!("  {} = {:.2} {}", aim.name, figure.value, figure.unit));
    if !figure.note.is_empty() {
        progress::line(&format!("  * {}", figure.note));
    }
}

/// One JSON line a run, so that the file is the figure's history on this machine.
pub(super) fn append(workspace: &Workspace, aim: &Aim, figure: &Figure) -> anyhow::Result<()> {
    let folder = workspace.target("bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.jsonl", aim.name));
    let medians: serde_json::Map<_, _> = figure
        .samples
        .iter()
        .map(|samples| (samples.name.to_owned(), json!(median(&samples.values))))
        .collect();
    let line = json!({
        "name": aim.name,
        "value": figure.value,
        "unit": figure.unit,
        "limit": aim.limit.to_string(),
        "met": aim.limit.is_met(figure.value),
        "paired_with": figure.paired_with,
        "rounds": figure.rounds,
        "measured": medians,
        "note": figure.note,
    });
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    writeln!(file, "{line}").with_context(|| format!("cannot write {}", path.display()))
}
