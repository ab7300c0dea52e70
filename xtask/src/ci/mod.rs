//! `ci`: every check, the cheapest first, each repeatable alone.

mod interop;
mod tally;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;

use crate::ci::tally::Tally;
use crate::progress::{self, Steps};
use crate::setup::{self, node, tools};
use crate::workspace::Workspace;
use crate::{codegen, process, sim, tidy, wasm};

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace, &mut Tally) -> anyhow::Result<()>,
}

/// The panel is built before anything compiles the sidecar, because the sidecar's build takes it
/// into the binary.
const STEPS: [Step; 14] = [
    Step { name: "tidy", about: "conventions", run: |workspace, _| tidy::run(workspace) },
    Step { name: "fmt", about: "rustfmt", run: |workspace, _| fmt(workspace) },
    Step {
        name: "codegen",
        about: "generated code",
        run: |workspace, _| codegen::check(workspace),
    },
    Step { name: "buf", about: "the .proto files", run: |workspace, _| buf(workspace) },
    Step { name: "deny", about: "licences, sources, bans", run: |workspace, _| deny(workspace) },
    Step {
        name: "wasm",
        about: "the panel and its budget",
        run: |workspace, _| wasm::run(workspace),
    },
    Step { name: "clippy", about: "lints, warnings denied", run: |workspace, _| clippy(workspace) },
    Step { name: "test", about: "unit and integration tests", run: test },
    Step {
        name: "sim",
        about: "a million commands on a disk that fails",
        run: |workspace, _| simulate(workspace),
    },
    Step { name: "browser", about: "the panel in Chromium", run: browser },
    Step { name: "python", about: "a client in another language", run: python },
    Step { name: "audit", about: "an audit pack in the programs of others", run: audit },
    Step { name: "interop", about: "proofs in Go", run: |workspace, _| interop::run(workspace) },
    Step { name: "doc", about: "rustdoc, warnings denied", run: |workspace, _| doc(workspace) },
];

/// The names that `--only` takes.
pub(crate) fn step_names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

/// Runs the steps that `only` names, or all; stops at the first that fails.
pub(crate) fn run(workspace: &Workspace, only: &[String]) -> anyhow::Result<()> {
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| only.is_empty() || only.iter().any(|name| name == step.name))
        .collect();
    let mut steps = Steps::new(chosen.len());
    let mut tally = Tally::default();
    let outcome = chosen.into_iter().try_for_each(|step| {
        steps.run(step.name, step.about, || (step.run)(workspace, &mut tally)).with_context(|| {
            let name = step.name;
            format!("step `{name}` failed; repeat it alone with `cargo xtask ci --only {name}`")
        })
    });
    steps.print_times();
    if outcome.is_ok() {
        progress::line("every step passed");
    }
    if let Some(line) = tally.line() {
        progress::line(&line);
    }
    outcome
}

fn fmt(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(workspace.cargo().args(["fmt", "--all", "--", "--check"]))
        .context("run `cargo fmt --all`")
}

fn buf(workspace: &Workspace) -> anyhow::Result<()> {
    let buf = node::program(workspace, "proto", "buf")
        .context("buf is not installed; run `cargo xtask setup`")?;
    let buf = buf.to_string_lossy().into_owned();
    process::run(workspace.command(&buf).args(["lint", "proto"]))?;
    breaking(workspace, &buf)
}

/// Compares with the last release; before the first there is nothing to break.
fn breaking(workspace: &Workspace, buf: &str) -> anyhow::Result<()> {
    let mut describe = workspace.command("git");
    describe.args(["describe", "--tags", "--abbrev=0", "--match", "v*"]);
    let Some(tag) = process::probe(&mut describe) else {
        progress::note("no release to compare the .proto files with");
        return Ok(());
    };
    let against = format!(".git#tag={tag},subdir=proto");
    process::run(workspace.command(buf).args(["breaking", "proto", "--against", &against]))
}

fn deny(workspace: &Workspace) -> anyhow::Result<()> {
    let deny = tools::deny(workspace).context("cargo-deny is missing; run `cargo xtask setup`")?;
    let mut command = workspace.command(&deny.to_string_lossy());
    // Not the advisories: their database is not within reach of every machine that runs this.
    process::run(command.args(["check", "bans", "licenses", "sources"]))
}

fn clippy(workspace: &Workspace) -> anyhow::Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    process::run(&mut cargo)
}

fn test(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    counted(&mut cargo, tally)
}

/// 200 seeds, and then each deliberate mistake.
fn simulate(workspace: &Workspace) -> anyhow::Result<()> {
    let play = sim::Play { seeds: 200, seed: None, commands: 5_000, mutants: false };
    sim::run(workspace, &play)?;
    sim::run(workspace, &sim::Play { mutants: true, ..play })
}

fn browser(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    let binary = tested_binary(workspace)?;
    let chromium = tools::chromium().context("no Chromium; run `cargo xtask setup`")?;
    let mut node = workspace.command("node");
    node.arg("widget-wasm/tests/run.mjs");
    node.env("MAKEGOOD_BIN", binary);
    node.env("CHROMIUM_BIN", chromium);
    counted(&mut node, tally)
}

fn python(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    let binary = tested_binary(workspace)?;
    let python = setup::python::interpreter(workspace, setup::python::CLIENT)
        .context("the Python packages are missing; run `cargo xtask setup`")?;
    let mut client = workspace.command(&python.to_string_lossy());
    // Written line by line, and nothing beside the sources.
    client.args(["-u", "-B", "examples/python/test_client.py"]).env("MAKEGOOD_BIN", binary);
    counted(&mut client, tally)
}

/// Has a test leave its packs, and the programs of auditors read them.
fn audit(workspace: &Workspace, tally: &mut Tally) -> anyhow::Result<()> {
    const TEST: &str = "audit::foreign::exports_packs_for_the_programs_of_others";
    let python = setup::python::interpreter(workspace, setup::python::AUDITOR)
        .context("the Python packages are missing; run `cargo xtask setup`")?;
    let folder = workspace.target("audit-packs");
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--test", "it", "--", "--exact", TEST]);
    process::run(cargo.env("MAKEGOOD_AUDIT_PACKS", &folder))?;
    let mut check = workspace.command(&python.to_string_lossy());
    check.args(["-u", "-B", "examples/audit/check_pack.py"]);
    check.args(["small", "busy"].map(|name| folder.join(name).join("pack")));
    counted(&mut check, tally)
}

/// The sidecar's binary, from the very units that the tests were built from, so that nothing is
/// compiled twice.
fn tested_binary(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let mut cargo = workspace.cargo();
    process::run(cargo.args(["build", "--workspace", "--bins", "--tests"]))?;
    Ok(workspace.target("debug/makegood"))
}

fn doc(workspace: &Workspace) -> anyhow::Result<()> {
    let mut cargo = workspace.cargo();
    cargo.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--workspace", "--no-deps"]);
    process::run(&mut cargo)
}

fn counted(command: &mut Command, tally: &mut Tally) -> anyhow::Result<()> {
    process::lines(command, |line| {
        progress::line(line);
        tally.read(line);
    })
}
