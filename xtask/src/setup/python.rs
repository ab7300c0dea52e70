//! The virtual environment of the client in Python, with the packages that its example names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::setup::apt;
use crate::workspace::Workspace;
use crate::{process, progress};

/// The example, and what it needs from the Python Package Index.
const REQUIREMENTS: &str = "examples/python/requirements.txt";
/// What grpcio of these requirements runs on.
const LEAST: &str = "3.10";
/// Debian keeps the module `venv`, and pip for it, in a package of its own.
const DEBIAN_PACKAGES: [&str; 2] = ["python3", "python3-venv"];

/// The interpreter of the environment, once [`ensure`] has made it.
pub(crate) fn interpreter(workspace: &Workspace) -> Option<PathBuf> {
    let made = fs::read(stamp(workspace)).ok()?;
    let wanted = fs::read(workspace.path(REQUIREMENTS)).ok()?;
    (made == wanted).then(|| folder(workspace).join("bin/python"))
}

/// Makes the environment anew unless it holds what the requirements name.
pub(crate) fn ensure(workspace: &Workspace) -> anyhow::Result<()> {
    if interpreter(workspace).is_some() {
        progress::note("Python packages are up to date");
        return Ok(());
    }
    let python = find(workspace)?;
    let folder = folder(workspace);
    let made =
        process::run(workspace.command(&python).args(["-m", "venv", "--clear"]).arg(&folder));
    made.context("no virtual environment could be made; on Debian install `python3-venv`")?;
    install(workspace, &folder).with_context(|| {
        format!("{REQUIREMENTS} could not be installed; is PyPI, or a mirror of it, within reach?")
    })?;
    // Last, so that an interrupted install is repeated.
    fs::copy(workspace.path(REQUIREMENTS), stamp(workspace))?;
    progress::note(&format!("Python environment: {}", folder.display()));
    Ok(())
}

fn install(workspace: &Workspace, folder: &Path) -> anyhow::Result<()> {
    let mut pip = workspace.command(&folder.join("bin/python").to_string_lossy());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    process::run(pip.args(["--only-binary", ":all:", "--requirement", REQUIREMENTS]))
}

/// A Python that is recent enough and can make environments.
fn find(workspace: &Workspace) -> anyhow::Result<String> {
    if let Some(python) = able(workspace) {
        return Ok(python);
    }
    if let Some(obstacle) = apt::obstacle(workspace) {
        anyhow::bail!("no Python {LEAST} or later with `venv`, and {obstacle}: install it");
    }
    apt::install(workspace, &DEBIAN_PACKAGES)?;
    able(workspace).with_context(|| {
        format!("no Python {LEAST} or later with `venv`, and Debian's is none either: install it")
    })
}

fn able(workspace: &Workspace) -> Option<String> {
    let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    // The second is Debian's, where the PATH leads to another one that lacks something.
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(|python| process::probe(workspace.command(python).args(["-c", check])).is_some())
        .map(str::to_owned)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target("python")
}

/// A copy of the requirements that were installed.
fn stamp(workspace: &Workspace) -> PathBuf {
    folder(workspace).join("requirements.txt")
}
