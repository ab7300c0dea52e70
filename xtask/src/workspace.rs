//! Where things are: the root of the checkout, its target folder, and the cargo in use.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use crate::process;

/// The checkout that the tool works on.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> anyhow::Result<Self> {
        // Set by `cargo run`; the built-in path serves a binary that is started by hand.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
        let root = Path::new(&manifest).parent().context("xtask has no parent folder")?.to_owned();
        let metadata = metadata(&root, &["--no-deps"])?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target folder")?;
        Ok(Self { root, target: PathBuf::from(target) })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path below the target folder.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        self.target.join(relative)
    }

    /// A command that runs in the root, with nothing on its standard input.
    pub(crate) fn command(&self, program: &str) -> Command {
        process::command(program, &self.root)
    }

    /// The cargo that started us, in the root.
    pub(crate) fn cargo(&self) -> Command {
        cargo(&self.root)
    }
}

fn cargo(root: &Path) -> Command {
    let program = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = process::command(&program, root);
    // What cargo set for xtask itself would otherwise look like a change to build scripts below.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(name);
        }
    }
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_MANIFEST_PATH");
    command
}

fn metadata(root: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let mut command = cargo(root);
    command.args(["metadata", "--format-version", "1"]).args(arguments);
    let output = process::output(&mut command)?;
    serde_json::from_str(&output).context("cargo metadata did not print JSON")
}
