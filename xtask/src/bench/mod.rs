//! `bench`: figures that a reader can check, each with its limit measured in the same run.
//!
//! A bench is one line in `BENCHES` and one function; what it measures lives in a file of its own
//! beside this one. Whatever is compared is measured in interleaved rounds ([`interleave`]), so that
//! a noisy machine disturbs both sides alike.

mod calls;
mod centre;
mod day;
mod figure;
mod findings;
mod full;
mod give;
mod import;
mod large;
mod load;
mod many;
mod messages;
mod overload;
mod panel_cpu;
mod postgres;
mod report;
mod ring;
mod rounds;
mod server;
mod sidecar;
mod size;
mod verify;
mod watch;
mod web;

use std::cell::OnceCell;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;

pub use crate::bench::figure::{Aim, Bench, Figure, Limit, Samples};
pub use crate::bench::rounds::{Contender, interleave, median, median_ratio};
use crate::process;
use crate::progress::{self, Steps};
use crate::setup::apt;
use crate::workspace::Workspace;

/// Enough for a median that one disturbed round does not move.
pub(crate) const ROUNDS_DEFAULT: usize = 7;

/// A part of the full size, for a trial run: `0.01` measures on ten thousand customers where a bench
/// wants a million.
const SCALE: &str = "MAKEGOOD_BENCH_SCALE";

/// A folder with builds to measure, such as those of an older release, instead of building them.
const BUILDS: &str = "MAKEGOOD_BENCH_BIN";

/// Every bench, in the order in which they run: the cheapest first.
const BENCHES: &[Bench] = &[
    size::PANEL,
    size::SHELL,
    verify::VERIFY,
    panel_cpu::CACHED,
    panel_cpu::SLED,
    give::ONE,
    many::AGAINST_EMPTY,
    many::AGAINST_POSTGRES,
    full::AGAINST_BEFORE,
    watch::WATCH,
    overload::OVERLOAD,
    ring::RING_TO_PAINT,
    findings::FINDINGS,
    import::IMPORT,
    large::LARGE_HOUSE,
    day::DAY,
];

/// What a bench may use while it runs.
pub struct Session<'a> {
    workspace: &'a Workspace,
    /// How many rounds to take.
    pub rounds: usize,
    /// The part of the full size that is measured, above 0 and at most 1.
    pub scale: f64,
    binaries: OnceCell<Binaries>,
}

/// The release builds that are measured.
#[derive(Clone)]
pub struct Binaries {
    /// The sidecar, panel included.
    pub makegood: PathBuf,
    /// The generator of load.
    pub load: PathBuf,
}

/// The names that the command line takes.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(aims().map(|aim| aim.name))
}

/// Prints every figure with its limit and what it measures.
pub(crate) fn list() {
    for Aim { name, about, limit } in aims() {
        progress::line(&format!("{name:<32} {:<10} {about}", limit.to_string()));
    }
}

/// Runs the benches that `names` names, or all, and goes on after one that fails.
pub(crate) fn run(workspace: &Workspace, names: &[String], rounds: usize) -> anyhow::Result<()> {
    let wanted = |aim: &Aim| names.is_empty() || names.iter().any(|name| name == aim.name);
    let chosen: Vec<&Bench> =
        BENCHES.iter().filter(|bench| bench.aims.iter().any(wanted)).collect();
    let session = Session { workspace, rounds, scale: scale()?, binaries: OnceCell::new() };
    let mut steps = Steps::new(chosen.len());
    let mut summary = Vec::new();
    let mut failed = 0;
    for bench in chosen {
        let [first, ..] = bench.aims else { continue };
        let found = steps.run(first.name, first.about, || measure(&session, bench));
        let figures = found.unwrap_or_else(|error| {
            progress::failure(&error);
            failed += 1;
            Vec::new()
        });
        let mut figures = figures.iter();
        summary.extend(bench.aims.iter().map(|aim| report::Line::new(aim, figures.next())));
    }
    report::print_summary(&summary);
    anyhow::ensure!(failed == 0, "{failed} benches failed");
    Ok(())
}

/// Runs one bench, and tells and keeps its figures.
fn measure(session: &Session<'_>, bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let figures = (bench.run)(session)?;
    for (aim, figure) in bench.aims.iter().zip(&figures) {
        report::print_table(aim, figure);
        report::append(session.workspace, aim, figure)?;
    }
    Ok(figures)
}

fn aims() -> impl Iterator<Item = &'static Aim> {
    BENCHES.iter().flat_map(|bench| bench.aims)
}

fn scale() -> anyhow::Result<f64> {
    let Some(text) = env::var_os(SCALE) else {
        return Ok(1.0);
    };
    let text = text.to_string_lossy();
    let scale = text.parse().ok().filter(|scale| *scale > 0.0 && *scale <= 1.0);
    scale.with_context(|| format!("{SCALE} is {text:?}; give a part such as 0.01"))
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

    /// So much of a full size as the scale leaves, and at least one.
    pub fn scaled(&self, full: u32) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a u32 is a u32"
        )]
        let part = (f64::from(full) * self.scale).round() as u32;
        part.max(1)
    }

    /// What the note of a figure says of the scale; empty at full size.
    pub fn scale_note(&self) -> String {
        if self.scale < 1.0 {
            format!("measured at {} of the full size ({SCALE})", self.scale)
        } else {
            String::new()
        }
    }

    /// The sidecar, panel included, and the generator of load, built once in the release profile.
    ///
    /// # Errors
    ///
    /// When something does not compile.
    pub fn binaries(&self) -> anyhow::Result<Binaries> {
        if let Some(binaries) = self.binaries.get() {
            return Ok(binaries.clone());
        }
        let folder = match env::var_os(BUILDS) {
            Some(folder) => fs::canonicalize(&folder)
                .with_context(|| format!("{BUILDS} is {}", folder.display()))?,
            None => self.build()?,
        };
        let built =
            Binaries { makegood: folder.join("makegood"), load: folder.join("makegood-load") };
        Ok(self.binaries.get_or_init(|| built).clone())
    }

    /// Builds both, and returns their folder.
    fn build(&self) -> anyhow::Result<PathBuf> {
        crate::wasm::run(self.workspace)?;
        let mut cargo = self.workspace.cargo();
        // Both at once, so that they are built from the same units.
        cargo.args(["build", "--release", "--bins"]);
        process::run(cargo.args(["-p", "makegood-sidecar", "-p", "makegood-examples"]))?;
        Ok(self.workspace.target("release"))
    }

    /// A program on the PATH, installed from its Debian package where that is possible.
    ///
    /// # Errors
    ///
    /// Says which package to install when it is not there and cannot be installed.
    pub fn program(&self, name: &str, debian_package: &str) -> anyhow::Result<PathBuf> {
        if process::find(&[name]).is_none() {
            self.install(name, debian_package)?;
        }
        process::find(&[name]).with_context(|| format!("{debian_package} brought no {name}"))
    }

    /// Installs a Debian package for a program that is missing.
    ///
    /// # Errors
    ///
    /// Says which package to install when that is not possible here.
    pub fn install(&self, name: &str, debian_package: &str) -> anyhow::Result<()> {
        if let Some(obstacle) = apt::obstacle(self.workspace) {
            anyhow::bail!("{name} is missing and {obstacle}: install `{debian_package}`");
        }
        apt::install(self.workspace, &[debian_package])
    }
}
