//! `setup`: finds or installs what the other commands need, and prints what it chose.

pub(crate) mod apt;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod tools;

use anyhow::Context as _;

use crate::process;
use crate::progress::{self, Steps};
use crate::wasm::toolchain;
use crate::workspace::Workspace;

/// Everything that `ci` needs; repeating it changes nothing.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let mut steps = Steps::new(7);
    steps.run("rust", "the pinned toolchain with rustfmt and clippy", || rust(workspace))?;
    steps.run("wasm", "a way to compile the panel to WASM", || wasm(workspace))?;
    steps.run("node", "buf and the browser suite's packages", || node::install(workspace))?;
    steps.run("chromium", "the browser of the browser suite", || {
        tools::ensure_chromium(workspace)
    })?;
    steps.run("python", "the packages of the client in Python", || {
        python::ensure(workspace, python::CLIENT)
    })?;
    steps.run("audit", "the programs that read an audit pack", || auditor(workspace))?;
    steps.run("deny", "cargo-deny, for licences and sources", || tools::ensure_deny(workspace))?;
    progress::line("setup is complete");
    Ok(())
}

/// What the panel's build needs, and no more: all that the demo asks for.
pub(crate) fn wasm(workspace: &Workspace) -> anyhow::Result<()> {
    let toolchain = toolchain::ensure(workspace)?;
    progress::note(&format!("WASM toolchain: {}", toolchain.about()));
    Ok(())
}

fn auditor(workspace: &Workspace) -> anyhow::Result<()> {
    tools::ensure_accounting(workspace)?;
    python::ensure(workspace, python::AUDITOR)
}

fn rust(workspace: &Workspace) -> anyhow::Result<()> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let version =
            process::probe(workspace.cargo().args([tool, "--version"])).with_context(|| {
                format!("{component} is missing: `rustup component add {component}`")
            })?;
        progress::note(&version);
    }
    c_compiler(workspace)
}

/// Some crates bring C, and Rust itself links by it.
fn c_compiler(workspace: &Workspace) -> anyhow::Result<()> {
    const NAMES: [&str; 3] = ["cc", "gcc", "clang"];
    const DEBIAN_PACKAGES: [&str; 2] = ["gcc", "libc6-dev"];
    if process::find(&NAMES).is_some() {
        return Ok(());
    }
    if let Some(obstacle) = apt::obstacle(workspace) {
        let packages = DEBIAN_PACKAGES.join(" ");
        anyhow::bail!("no C compiler, and {obstacle}: install one (Debian: `{packages}`)");
    }
    apt::install(workspace, &DEBIAN_PACKAGES)?;
    process::find(&NAMES).context("there is still no C compiler on the PATH")?;
    Ok(())
}
