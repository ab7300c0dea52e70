//! The npm packages: buf for the `.proto` files, and the driver of the browser suite.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;

use crate::workspace::Workspace;
use crate::{process, progress};

const NODE_MAJOR_MIN: u32 = 20;

/// The folders with a lock file of their own.
const FOLDERS: [&str; 2] = ["proto", "widget-wasm"];

/// Installs each folder's packages exactly as locked; skips those that are up to date.
pub(crate) fn install(workspace: &Workspace) -> anyhow::Result<()> {
    let version = process::probe(workspace.command("node").arg("--version"))
        .with_context(|| format!("node is missing: install Node.js {NODE_MAJOR_MIN} or later"))?;
    let major =
        version.trim_start_matches('v').split('.').next().and_then(|text| text.parse().ok());
    anyhow::ensure!(
        major.is_some_and(|major: u32| major >= NODE_MAJOR_MIN),
        "node {version} is too old: install Node.js {NODE_MAJOR_MIN} or later"
    );
    progress::note(&format!("node {version}"));
    for folder in FOLDERS.map(|folder| workspace.path(folder)) {
        install_folder(workspace, &folder)?;
    }
    Ok(())
}

/// A program that one of the folders has installed.
pub(crate) fn program(workspace: &Workspace, folder: &str, name: &str) -> Option<PathBuf> {
    let path = workspace.path(folder).join("node_modules/.bin").join(name);
    path.is_file().then_some(path)
}

fn install_folder(workspace: &Workspace, folder: &Path) -> anyhow::Result<()> {
    let name = folder.strip_prefix(workspace.root()).unwrap_or(folder).display();
    let lock = folder.join("package-lock.json");
    if !lock.is_file() {
        progress::note(&format!("{name}: no npm packages"));
        return Ok(());
    }
    // npm writes this file last, so that an interrupted install is repeated.
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&lock) {
        progress::note(&format!("{name}: npm packages are up to date"));
        return Ok(());
    }
    progress::note(&format!("{name}: npm ci"));
    let mut npm = workspace.command("npm");
    npm.current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    process::run(&mut npm)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
