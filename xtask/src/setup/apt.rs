//! Installing Debian packages, where that is possible without asking.

use std::path::Path;

use crate::workspace::Workspace;
use crate::{process, progress};

/// Says why nothing can be installed here; `None` when it can.
pub(crate) fn obstacle(workspace: &Workspace) -> Option<&'static str> {
    let debian_like = Path::new("/etc/debian_version").is_file();
    if !debian_like || process::find(&["apt-get"]).is_none() {
        return Some("this is no Debian-like system");
    }
    let user = process::probe(workspace.command("id").arg("-u"));
    (user.as_deref() != Some("0")).then_some("only root may install packages")
}

/// Brings the package lists up to date and installs `packages`.
pub(crate) fn install(workspace: &Workspace, packages: &[&str]) -> anyhow::Result<()> {
    progress::note(&format!("installing with apt-get: {}", packages.join(" ")));
    process::run(apt_get(workspace).args(["update", "-qq"]))?;
    let options = ["install", "-qq", "-y", "--no-install-recommends"];
    process::run(apt_get(workspace).args(options).args(packages))
}

fn apt_get(workspace: &Workspace) -> std::process::Command {
    let mut command = workspace.command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    // The package manager's own progress is hundreds of lines; its errors are not lost.
    command.stdout(std::process::Stdio::null());
    command
}
