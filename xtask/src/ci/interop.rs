//! The ledger's proofs in Go: every checkpoint and every proof of small trees, read by others.

use std::path::Path;

use crate::setup::apt;
use crate::workspace::Workspace;
use crate::{process, progress};

/// Where Debian keeps the sources of Go packages.
const GO_PATH: &str = "/usr/share/gocode";
const PACKAGES: [&str; 2] = ["golang-go", "golang-golang-x-mod-dev"];

/// Writes the proofs and has Go verify them; says so where Go cannot be had.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    if !is_there() {
        if let Some(obstacle) = apt::obstacle(workspace) {
            let packages = PACKAGES.join(" and ");
            progress::note(&format!("SKIPPED: Go is missing and {obstacle}: install {packages}"));
            return Ok(());
        }
        apt::install(workspace, &PACKAGES)?;
    }
    let folder = workspace.target("interop");
    std::fs::create_dir_all(&folder)?;
    let proofs = folder.join("proofs.txt");
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "--package", "makegood-verify", "--example", "interop", "--"]);
    process::run(cargo.arg(&proofs))?;
    let mut go = workspace.command("go");
    go.env("GO111MODULE", "off").env("GOPATH", GO_PATH).env("GOCACHE", folder.join("go"));
    process::run(go.args(["run", "examples/interop/main.go"]).arg(&proofs))
}

fn is_there() -> bool {
    let package = Path::new(GO_PATH).join("src/golang.org/x/mod/sumdb/tlog");
    process::find(&["go"]).is_some() && package.is_dir()
}
