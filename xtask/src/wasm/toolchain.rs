//! Which compiler makes the panel's WASM, and how to get it.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::setup::apt;
use crate::workspace::Workspace;
use crate::{process, progress};

/// Forces one of the two ways.
const CHOICE: &str = "MAKEGOOD_WASM_TOOLCHAIN";

const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's own compiler, which has no WASM target but its library's source to build one from.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LINKER: &str = "/usr/bin/rust-lld";
const DEBIAN_PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];
const DEBIAN_MINOR_MIN: u32 = 95;

/// A way to compile the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The toolchain in use has the target.
    Rustup,
    /// Debian's compiler builds the standard library too.
    Debian,
}

impl Toolchain {
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Rustup => "rustup (the toolchain in use has the target)",
            Self::Debian => "debian (Debian's compiler, standard library built from source)",
        }
    }

    /// The folder below the target folder: the two must not overwrite each other.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Rustup => "wasm-rustup",
            Self::Debian => "wasm-debian",
        }
    }

    /// `cargo build` for the WASM target, without a package.
    pub(crate) fn cargo_build(self, workspace: &Workspace) -> Command {
        let mut command = match self {
            Self::Rustup => workspace.cargo(),
            Self::Debian => debian_cargo(workspace),
        };
        command.args(["build", "--target", TARGET, "--target-dir"]);
        command.arg(workspace.target(self.folder()));
        if self == Self::Debian {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        command
    }
}

/// The way that is ready now; installs nothing.
pub(crate) fn find(workspace: &Workspace) -> anyhow::Result<Toolchain> {
    let (rustup, debian) = match forced()? {
        Some(Toolchain::Rustup) => (true, false),
        Some(Toolchain::Debian) => (false, true),
        None => (true, true),
    };
    if rustup && target_installed(workspace) {
        Ok(Toolchain::Rustup)
    } else if debian && debian_ready(workspace) {
        Ok(Toolchain::Debian)
    } else {
        anyhow::bail!("nothing here compiles to {TARGET}; run `cargo xtask setup`")
    }
}

/// The way that is ready, or can be made ready: the toolchain in use first, then Debian's.
pub(crate) fn ensure(workspace: &Workspace) -> anyhow::Result<Toolchain> {
    match forced()? {
        Some(Toolchain::Rustup) => ensure_rustup(workspace),
        Some(Toolchain::Debian) => ensure_debian(workspace),
        None => ensure_either(workspace),
    }
    .with_context(|| format!("no way to compile to {TARGET}"))
}

fn forced() -> anyhow::Result<Option<Toolchain>> {
    let Some(choice) = env::var_os(CHOICE) else {
        return Ok(None);
    };
    match choice.to_str() {
        Some("") => Ok(None),
        Some("rustup") => Ok(Some(Toolchain::Rustup)),
        Some("debian") => Ok(Some(Toolchain::Debian)),
        _ => {
            anyhow::bail!("{CHOICE} is neither `rustup` nor `debian`: set one of them, or neither")
        }
    }
}

fn ensure_either(workspace: &Workspace) -> anyhow::Result<Toolchain> {
    let rustup = match ensure_rustup(workspace) {
        Ok(toolchain) => return Ok(toolchain),
        Err(error) => error,
    };
    progress::note(&format!("not by rustup: {rustup:#}"));
    ensure_debian(workspace).map_err(|debian| {
        anyhow::anyhow!(
            "{debian:#}\n  remedy 1: rustup target add {TARGET}\n  remedy 2: on Debian 12 or later, \
             as root: apt-get update && apt-get install {}",
            DEBIAN_PACKAGES.join(" ")
        )
    })
}

fn ensure_rustup(workspace: &Workspace) -> anyhow::Result<Toolchain> {
    if target_installed(workspace) {
        return Ok(Toolchain::Rustup);
    }
    anyhow::ensure!(process::find(&["rustup"]).is_some(), "rustup is not installed");
    let may_fetch = env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0");
    anyhow::ensure!(may_fetch, "RUSTUP_AUTO_INSTALL=0 says that it must not fetch {TARGET}");
    progress::note(&format!("fetching with rustup: target {TARGET}"));
    process::run(workspace.command("rustup").args(["target", "add", TARGET]))?;
    anyhow::ensure!(target_installed(workspace), "the toolchain in use still has no {TARGET}");
    Ok(Toolchain::Rustup)
}

fn ensure_debian(workspace: &Workspace) -> anyhow::Result<Toolchain> {
    if !debian_ready(workspace) {
        if let Some(obstacle) = apt::obstacle(workspace) {
            anyhow::bail!("not by Debian's packages: {obstacle}");
        }
        apt::install(workspace, &DEBIAN_PACKAGES)?;
        anyhow::ensure!(
            debian_ready(workspace),
            "Debian's packages are installed, but {DEBIAN_RUSTC} is older than 1.{DEBIAN_MINOR_MIN} \
             or lacks its library's source"
        );
    }
    Ok(Toolchain::Debian)
}

/// Holds for rustup's toolchains and for any other that ships the target.
fn target_installed(workspace: &Workspace) -> bool {
    let mut rustc = workspace.command("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    process::probe(&mut rustc).is_some_and(|folder| Path::new(&folder).is_dir())
}

fn debian_ready(workspace: &Workspace) -> bool {
    let minor = process::probe(workspace.command(DEBIAN_RUSTC).arg("--version"))
        .and_then(|version| minor_version(&version));
    let sysroot = process::probe(workspace.command(DEBIAN_RUSTC).args(["--print", "sysroot"]));
    let source = sysroot.map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library"));
    minor.is_some_and(|minor| minor >= DEBIAN_MINOR_MIN)
        && source.is_some_and(|source| source.is_dir())
        && Path::new(DEBIAN_CARGO).is_file()
        && Path::new(DEBIAN_LINKER).is_file()
}

/// 96 of `rustc 1.96.0 (…)`.
fn minor_version(version: &str) -> Option<u32> {
    let number = version.strip_prefix("rustc 1.")?;
    number.split('.').next()?.parse().ok()
}

/// Leaves out of the WASM what only a panic's message would show: it traps either way, and the
/// panel shows its fallback. Takes about a fifth off; these flags need the library's source.
const SMALL: &str =
    "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

fn debian_cargo(workspace: &Workspace) -> Command {
    let mut command = workspace.command(DEBIAN_CARGO);
    // Building the standard library is a nightly feature; this opens it in a release compiler.
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", DEBIAN_RUSTC).env("RUSTFLAGS", SMALL);
    // What rustup's cargo left in the environment names the other toolchain.
    for name in ["RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "RUSTDOC", "LD_LIBRARY_PATH", "CARGO"] {
        command.env_remove(name);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_minor_version_of_a_compiler() {
        assert_eq!(minor_version("rustc 1.96.0 (abc 2026-05-01)"), Some(96));
        assert_eq!(minor_version("clang 14"), None);
    }
}
