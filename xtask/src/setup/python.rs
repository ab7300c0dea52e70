//! The virtual environments of the examples in Python, each with the packages that it names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::setup::apt;
use crate::workspace::Workspace;
use crate::{process, progress};

/// An example's environment.
#[derive(Clone, Copy)]
pub(crate) struct Environment {
    /// Its folder, below the target folder.
    folder: &'static str,
    /// What the example needs from the Python Package Index.
    requirements: &'static str,
}

/// Of the client in another language; other steps use it too where any Python will do.
pub(crate) const CLIENT: Environment =
    Environment { folder: "python", requirements: "examples/python/requirements.txt" };
/// Of the programs that read an audit pack.
pub(crate) const AUDITOR: Environment =
    Environment { folder: "python-audit", requirements: "examples/audit/requirements.txt" };

/// What grpcio of these requirements runs on.
const LEAST: &str = "3.10";
/// In an environment, a copy of the requirements that were installed.
const STAMP: &str = "requirements.txt";
/// Debian keeps the module `venv`, and pip for it, in a package of its own.
const DEBIAN_PACKAGES: [&str; 2] = ["python3", "python3-venv"];

/// The interpreter of the environment, once [`ensure`] has made it.
pub(crate) fn interpreter(workspace: &Workspace, environment: Environment) -> Option<PathBuf> {
    let folder = workspace.target(environment.folder);
    let made = fs::read(folder.join(STAMP)).ok()?;
    let wanted = fs::read(workspace.path(environment.requirements)).ok()?;
    (made == wanted).then(|| folder.join("bin/python"))
}

/// Makes the environment anew unless it holds what the requirements name.
pub(crate) fn ensure(workspace: &Workspace, environment: Environment) -> anyhow::Result<()> {
    let Environment { folder, requirements } = environment;
    if interpreter(workspace, environment).is_some() {
        progress::note("Python packages are up to date");
        return Ok(());
    }
    let python = find(workspace)?;
    let folder = workspace.target(folder);
    let made =
        process::run(workspace.command(&python).args(["-m", "venv", "--clear"]).arg(&folder));
    made.context("no virtual environment could be made; on Debian install `python3-venv`")?;
    install(workspace, &folder, requirements).with_context(|| {
        format!("{requirements} could not be installed; is PyPI, or a mirror of it, within reach?")
    })?;
    // Last, so that an interrupted install is repeated.
    fs::copy(workspace.path(requirements), folder.join(STAMP))?;
    progress::note(&format!("Python environment: {}", folder.display()));
    Ok(())
}

fn install(workspace: &Workspace, folder: &Path, requirements: &str) -> anyhow::Result<()> {
    let mut pip = workspace.command(&folder.join("bin/python").to_string_lossy());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    process::run(pip.args(["--only-binary", ":all:", "--requirement", requirements]))
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
