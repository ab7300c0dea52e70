//! `makegood subject`: what is held about a person, and their erasure; through a sidecar that serves,
//! or on a data folder by itself.

mod json;
mod offline;
mod remote;
mod whom;

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use makegood_core::ledger::ErasureBasis;
use makegood_proto::v1;

use super::remote::{ServerArgs, digest_text};
use super::{say, setup};
use crate::config::ConfigFlags;
use whom::Whom;

/// The commands about people.
#[derive(Debug, clap::Subcommand)]
pub(super) enum SubjectCommand {
    /// Write everything that is held about a person as JSON.
    Export(ExportArgs),
    /// Erase people for good: their keys are destroyed, and the ledger says so.
    Erase(EraseArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    whom: Whom,
    /// The file to write; without it, standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, clap::Args)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    whom: Whom,
    /// Why: `request` of the person, `retention` (the time to keep it is over), `order` of a court or
    /// an authority, or `consent` that was taken back.
    #[arg(long, value_name = "BASIS", value_parser = basis)]
    basis: ErasureBasis,
    /// One JSON object a person, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    config: ConfigFlags,
}

pub(super) fn run(command: &SubjectCommand) -> anyhow::Result<ExitCode> {
    match command {
        SubjectCommand::Export(args) => export(args),
        SubjectCommand::Erase(args) => erase(args),
    }
}

fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let whom = args.whom.named()?;
    let [who] = whom.as_slice() else {
        anyhow::bail!("name one person; an export is about one");
    };
    let parts = match args.server.door()? {
        Some(door) => door.with(async |it| remote::export(it, who).await)?,
        None => offline::export(&setup::config(&args.config)?, who)?,
    };
    let text = format!("{:#}", json::document(parts)?);
    match &args.out {
        None => say(text),
        Some(path) => {
            write_private(path, &text).with_context(|| format!("write {}", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn erase(args: &EraseArgs) -> anyhow::Result<ExitCode> {
    let whom = args.whom.named()?;
    let mut tell = |erased: &v1::EraseSubjectResponse| say(told(erased, args.json));
    match args.server.door()? {
        Some(door) => {
            door.with(async |it| remote::erase(it, &whom, args.basis, &mut tell).await)?;
        }
        None => offline::erase(&setup::config(&args.config)?, &whom, args.basis, &mut tell)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn told(erased: &v1::EraseSubjectResponse, as_json: bool) -> String {
    let receipt = erased.receipt.clone().unwrap_or_default();
    let leaf = digest_text(&receipt.leaf_hash);
    let (who, position) = (&erased.subject_id, receipt.ledger_position);
    if as_json {
        let value = serde_json::json!({
            "subject_id": who,
            "ledger_position": position,
            "leaf_hash": leaf,
            "replayed": erased.replayed,
        });
        return value.to_string();
    }
    let when = if erased.replayed { "was erased before" } else { "is erased" };
    format!("{who} {when}: entry {position} of the ledger, leaf {leaf}")
}

/// What is personal is for its owner alone to read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

fn basis(text: &str) -> Result<ErasureBasis, String> {
    let names = || ErasureBasis::ALL.iter().map(|it| it.code()).collect::<Vec<_>>().join(", ");
    if text == "court" {
        return Ok(ErasureBasis::Order);
    }
    ErasureBasis::from_code(text).ok_or_else(|| format!("one of {}", names()))
}
