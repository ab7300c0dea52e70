//! `verifier`: builds `makegood-verify` for a machine that has nothing else.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::workspace::Workspace;
use crate::{process, progress};

/// The C runtime is linked in, and the program lies at a fixed address, so that no loader of the
/// machine has a part in it.
const RUST_FLAGS: &str = "-C target-feature=+crt-static -C relocation-model=static";

/// Builds it in the release profile, puts it where it has the same path on every machine, and says
/// where that is.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let built = build(workspace)?;
    let folder = workspace.target("verifier");
    fs::create_dir_all(&folder)?;
    let path = folder.join("makegood-verify");
    fs::copy(&built, &path).with_context(|| format!("write {}", path.display()))?;
    progress::line(&format!("built {}", path.display()));
    Ok(())
}

/// Builds it in the release profile; it must not ask for any library of the machine.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let host = host(workspace)?;
    let mut cargo = workspace.cargo();
    // For a named target the flags reach what is built for it, and not the build scripts.
    cargo.env("RUSTFLAGS", RUST_FLAGS).args(["build", "--release", "--target", &host]);
    process::run(cargo.args(["--package", "makegood-verify", "--bin", "makegood-verify"]))?;
    let path = workspace.target(&host).join("release/makegood-verify");
    if process::find(&["ldd"]).is_some() {
        let needs = process::probe(workspace.command("ldd").arg(&path)).unwrap_or_default();
        anyhow::ensure!(!needs.contains("=>"), "{} needs libraries: {needs}", path.display());
    }
    Ok(path)
}

fn host(workspace: &Workspace) -> anyhow::Result<String> {
    let about = process::output(workspace.command("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}
