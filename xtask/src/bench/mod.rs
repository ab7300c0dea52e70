//! `bench`: figures that a reader can check, each with its limit measured in the same run.
//!
//! A bench is one line in `BENCHES` and one function; what it measures lives in a file of its own
//! beside this one. Whatever is compared is measured in interleaved rounds ([`interleave`]), so that
//! a noisy machine disturbs both sides alike.

mod calls;
mod give;
mod messages;
mod panel_cpu;
mod ring;
mod rounds;
mod server;
mod size;
mod web;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use serde_json::json;

pub use crate::bench::rounds::{Contender, Samples, interleave, median, median_ratio};
use crate::process;
use crate::progress::{self, Steps};
use crate::setup::apt;
use crate::workspace::Workspace;

/// Enough for a median that one disturbed round does not move.
pub(crate) const ROUNDS_DEFAULT: usize = 7;

/// Every bench, in the order in which they run: the cheapest first.
const BENCHES: &[Bench] =
    &[size::PANEL, size::SHELL, panel_cpu::GET_PANEL, give::GIVE_SPEND, ring::RING_TO_PAINT];

/// One figure and how to get it.
pub struct Bench {
    /// The figure's name, in `snake_case` with its unit last.
    pub name: &'static str,
    /// What it measures, in one line.
    pub about: &'static str,
    /// Measures it.
    pub run: fn(&Session<'_>) -> anyhow::Result<Figure>,
}

/// What a bench has found.
pub struct Figure {
    /// The figure: the median over the rounds, or a ratio of medians.
    pub value: f64,
    /// `bytes`, `microseconds`, `ratio`, …
    pub unit: &'static str,
    /// The limit that was measured beside it: the name of one of `samples`, or a constant's.
    pub paired_with: Option<&'static str>,
    /// Over how many rounds the figure was taken.
    pub rounds: usize,
    /// What was measured, for the table.
    pub samples: Vec<Samples>,
}

/// What a bench may use while it runs.
pub struct Session<'a> {
    workspace: &'a Workspace,
    /// How many rounds to take.
    pub rounds: usize,
}

/// The names that the command line takes.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(BENCHES.iter().map(|bench| bench.name))
}

/// Runs the benches that `names` names, or all.
pub(crate) fn run(workspace: &Workspace, names: &[String], rounds: usize) -> anyhow::Result<()> {
    let chosen: Vec<&Bench> = BENCHES
        .iter()
        .filter(|bench| names.is_empty() || names.iter().any(|name| name == bench.name))
        .collect();
    let session = Session { workspace, rounds };
    let mut steps = Steps::new(chosen.len());
    for bench in chosen {
        let figure = steps.run(bench.name, bench.about, || (bench.run)(&session))?;
        print_table(bench, &figure);
        append(workspace, bench, &figure)?;
    }
    Ok(())
}

fn print_table(bench: &Bench, figure: &Figure) {
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
    progress::line(&format!("  {} = {:.2} {}", bench.name, figure.value, figure.unit));
}

/// One JSON line a run, so that the file is the figure's history on this machine.
fn append(workspace: &Workspace, bench: &Bench, figure: &Figure) -> anyhow::Result<()> {
    let folder = workspace.target("bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.jsonl", bench.name));
    let line = json!({
        "name": bench.name,
        "value": figure.value,
        "unit": figure.unit,
        "paired_with": figure.paired_with,
        "rounds": figure.rounds,
    });
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    writeln!(file, "{line}").with_context(|| format!("cannot write {}", path.display()))
}

impl Session<'_> {
    /// A path below the root of the checkout.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.workspace.path(relative)
    }

    /// A folder below the target folder for a bench's own data; empty.
    ///
    /// # Errors
    ///
    /// When it cannot be emptied or made.
    pub fn scratch(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.workspace.target("bench/scratch").join(name);
        crate::files::recreate(&folder)?;
        Ok(folder)
    }

    /// Builds the `makegood` binary in the release profile, panel included, and returns its path.
    ///
    /// # Errors
    ///
    /// When something does not compile.
    pub fn release_binary(&self) -> anyhow::Result<PathBuf> {
        crate::wasm::run(self.workspace)?;
        let mut cargo = self.workspace.cargo();
        cargo.args(["build", "--release", "--package", "makegood-sidecar", "--bin", "makegood"]);
        process::run(&mut cargo)?;
        Ok(self.workspace.target("release/makegood"))
    }

    /// A program on the PATH, installed from its Debian package where that is possible.
    ///
    /// # Errors
    ///
    /// Says which package to install when it is not there and cannot be installed.
    pub fn program(&self, name: &str, debian_package: &str) -> anyhow::Result<PathBuf> {
        if process::find(&[name]).is_none() {
            if let Some(obstacle) = apt::obstacle(self.workspace) {
                anyhow::bail!("{name} is missing and {obstacle}: install `{debian_package}`");
            }
            apt::install(self.workspace, &[debian_package])?;
        }
        process::find(&[name]).with_context(|| format!("{debian_package} brought no {name}"))
    }
}
