//! `demo`: from a fresh clone to a running demo in one command.

use std::process::Command;

use anyhow::Context as _;

use crate::progress::Steps;
use crate::workspace::Workspace;
use crate::{process, setup, wasm};

/// The panel comes first: the sidecar's build takes it into the binary.
pub(crate) fn run(workspace: &Workspace, release: bool, passed: &[String]) -> anyhow::Result<()> {
    let mut steps = Steps::new(3);
    steps.run("setup", "a way to compile the panel to WASM", || setup::wasm(workspace))?;
    steps.run("wasm", "the panel", || wasm::run(workspace))?;
    steps.run("build", "the sidecar and the verifier", || build(workspace, release))?;
    let profile = if release { "release" } else { "debug" };
    let binary = workspace.target(profile).join("makegood");
    let mut makegood = workspace.command(&binary.to_string_lossy());
    makegood.arg("demo").args(passed);
    become_it(&mut makegood)
}

fn build(workspace: &Workspace, release: bool) -> anyhow::Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "makegood-sidecar", "--bin", "makegood"]);
    // The page shows how to verify by hand, beside the program that it is served by.
    cargo.args(["--package", "makegood-verify", "--bin", "makegood-verify"]);
    if release {
        cargo.arg("--release");
    }
    process::run(&mut cargo)
}

/// Takes this process's place, so that an interrupt reaches the demo alone and it can drain.
#[cfg(unix)]
fn become_it(command: &mut Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt as _;

    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", process::shown(command)))
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> anyhow::Result<()> {
    process::run(command).context("the demo ended")
}
