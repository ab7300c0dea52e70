//! `makegood completions` and `makegood man`: what is installed beside the binary.

use std::path::PathBuf;

use anyhow::Context as _;
use clap_complete::Shell;

use super::{Cli, say};

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The folder for the pages; it is made where it is missing.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(super) fn completions(args: &CompletionsArgs) {
    let mut script = Vec::new();
    let mut command = Cli::illustrated();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    say(String::from_utf8_lossy(&script).trim_end());
}

pub(super) fn man(args: &ManArgs) -> anyhow::Result<()> {
    let out = &args.out;
    std::fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    clap_mangen::generate_to(Cli::illustrated(), out)
        .with_context(|| format!("write pages to {}", out.display()))?;
    let first = out.join("makegood.1");
    say(format!("the manual is in {}; read it by `man -l {}`", out.display(), first.display()));
    Ok(())
}
