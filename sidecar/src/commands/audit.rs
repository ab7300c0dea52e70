//! `makegood audit`: what auditors take away.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{findings, say, setup};
use crate::audit::{self, Day, Export, Exported, Period};
use crate::config::ConfigFlags;
use makegood_core::ids::Digest;

/// The commands for auditors.
#[derive(Debug, clap::Subcommand)]
pub(super) enum AuditCommand {
    /// Export the ledger of some days: tables, books, a report, and the proof that nothing is
    /// missing. Reads the journal, also beside a sidecar that serves it.
    Export(Box<ExportArgs>),
    /// Find what a reviewer should look at, by rules over the entries.
    Findings(Box<findings::FindingsArgs>),
    /// Draw a sample for review that anybody can draw again.
    Sample(Box<findings::SampleArgs>),
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The first day, such as 2026-01-01; days are those of UTC.
    #[arg(long, value_name = "DATE")]
    from: Day,
    /// The last day, inclusive.
    #[arg(long, value_name = "DATE")]
    to: Day,
    /// The folder for the pack; it must be new or empty.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Look at so many entries of the ledger only, to make an earlier pack again.
    #[arg(long, value_name = "ENTRIES")]
    size: Option<u64>,
    /// Say what was made as one JSON object, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

pub(super) fn run(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Export(args) => export(args),
        AuditCommand::Findings(args) => findings::run(args),
        AuditCommand::Sample(args) => findings::run_sample(args),
    }
}

fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let config = setup::config(&args.config)?;
    let export = Export {
        tenant_folder: config.tenant_folder(),
        tenant: config.tenant.clone(),
        period: Period::new(args.from, args.to)?,
        size: args.size,
        out: args.out.clone(),
    };
    let exported = audit::export(&export, &mut *audit::on_stderr())?;
    if args.json {
        say(json(args, &exported));
    } else {
        say(words(args, &exported));
    }
    Ok(ExitCode::SUCCESS)
}

fn words(args: &ExportArgs, exported: &Exported) -> String {
    let Exported { first, end, tree_size, manifest } = exported;
    let entries = match end - first {
        0 => "no entries".to_owned(),
        count => format!("{count} entries ({first} to {})", end - 1),
    };
    format!(
        "{entries} of {tree_size} exported to {}\nmanifest {}\nno entry about this export was \
         written; a pack made from the journal leaves the ledger as it is",
        args.out.display(),
        Digest::from_bytes(*manifest),
    )
}

fn json(args: &ExportArgs, exported: &Exported) -> serde_json::Value {
    let Exported { first, end, tree_size, manifest } = exported;
    serde_json::json!({
        "out": args.out.display().to_string(),
        "first_position": first,
        "end_position": end,
        "tree_size": tree_size,
        "manifest_sha256": Digest::from_bytes(*manifest).to_string(),
        "entry_written": false,
    })
}
