//! `makegood audit`: what auditors take away.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use makegood_core::ids::{Digest, RequestId};
use makegood_core::ledger::ExportPurpose;
use makegood_ledger::codec::codes::export_purpose;
use makegood_proto::v1;

use super::days::Days;
use super::remote::{Door, ServerArgs, answered, digest_text, new_request_id};
use super::{codes, findings, sample, say, setup};
use crate::audit::{self, Export, Exported};
use crate::config::ConfigFlags;

/// The commands for auditors.
#[derive(Debug, clap::Subcommand)]
pub(super) enum AuditCommand {
    /// Export the ledger of some days: tables, books, a report, and the proof that nothing is
    /// missing. Reads the journal, also beside a sidecar that serves it.
    #[command(after_help = "\
With --server and --token an entry of the ledger says who exported which entries and why, and names
the pack by its manifest; a pack that cannot be written down is not handed out. Without them the pack
is made from the journal alone, and nothing says that it was.")]
    Export(Box<ExportArgs>),
    /// Find what a reviewer should look at, by rules over the entries.
    Findings(Box<findings::FindingsArgs>),
    /// Draw a sample for review that anybody can draw again.
    Sample(Box<sample::SampleArgs>),
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    days: Days,
    /// The folder for the pack; it must be new or empty.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Look at so many entries of the ledger only, to make an earlier pack again.
    #[arg(long, value_name = "ENTRIES")]
    size: Option<u64>,
    /// Why: `audit`, `accounting`, `subject` (the person whom it is about asked for it), `order` of a
    /// court or an authority, or `other`; in the ledger's entry about it.
    #[arg(long, value_name = "PURPOSE", value_parser = codes::purpose, default_value = "audit")]
    purpose: ExportPurpose,
    #[command(flatten)]
    server: ServerArgs,
    /// The id of an earlier try to write the entry, to repeat that very request.
    #[arg(long, value_name = "UUID", requires = "server")]
    request_id: Option<RequestId>,
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
        AuditCommand::Sample(args) => sample::run(args),
    }
}

fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let config = setup::config(&args.config)?;
    // Before the work of making a pack: a sidecar that is named wrongly is told at once.
    let door = args.server.door()?;
    let export = Export {
        tenant_folder: config.tenant_folder(),
        tenant: config.tenant.clone(),
        period: args.days.period()?,
        size: args.size,
        out: args.out.clone(),
    };
    let made = audit::make(&export, &mut *audit::on_stderr());
    let made = made.with_context(|| setup::reading(&config))?;
    let receipt = door.map(|door| write_down(args, &made.exported, door)).transpose()?;
    let exported = made.keep()?;
    if args.json {
        say(json(args, &exported, receipt.as_ref()));
    } else {
        say(words(args, &exported, receipt.as_ref()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Enters who exported what, and why, before there is a pack to take away.
fn write_down(args: &ExportArgs, exported: &Exported, door: Door) -> anyhow::Result<v1::Receipt> {
    let request_id = args.request_id.map_or_else(new_request_id, |id| Ok(id.to_string()))?;
    let message = v1::RecordExportRequest {
        request_id: request_id.clone(),
        first_position: exported.first.cast_signed(),
        end_position: exported.end.cast_signed(),
        tree_size: exported.tree_size.cast_signed(),
        manifest_sha256: exported.manifest.to_vec(),
        purpose: export_purpose(args.purpose).into(),
    };
    let recorded = door.with(async |mut it| {
        let request = it.ask(message);
        answered(it.reviews.record_export(request).await)
    });
    let recorded = recorded.with_context(|| {
        let size = exported.tree_size;
        format!(
            "no pack is handed out, because no entry says that it was made; try again with \
             --size {size} --request-id {request_id}"
        )
    })?;
    recorded.receipt.context("the sidecar answers without a receipt")
}

fn words(args: &ExportArgs, exported: &Exported, receipt: Option<&v1::Receipt>) -> String {
    let Exported { first, end, tree_size, manifest } = exported;
    let entries = match end - first {
        0 => "no entries".to_owned(),
        count => format!("{count} entries ({first} to {})", end - 1),
    };
    let written = match receipt {
        Some(receipt) => format!(
            "entry {} of the ledger says so, leaf {}",
            receipt.ledger_position,
            digest_text(&receipt.leaf_hash)
        ),
        None => "no entry about this export was written; name --server and --token for one".into(),
    };
    format!(
        "{entries} of {tree_size} exported to {}\nmanifest {}\n{written}",
        args.out.display(),
        Digest::from_bytes(*manifest),
    )
}

fn json(
    args: &ExportArgs,
    exported: &Exported,
    receipt: Option<&v1::Receipt>,
) -> serde_json::Value {
    let Exported { first, end, tree_size, manifest } = exported;
    serde_json::json!({
        "out": args.out.display().to_string(),
        "first_position": first,
        "end_position": end,
        "tree_size": tree_size,
        "manifest_sha256": Digest::from_bytes(*manifest).to_string(),
        "purpose": args.purpose.code(),
        "ledger_position": receipt.map(|receipt| receipt.ledger_position),
        "leaf_hash": receipt.map(|receipt| digest_text(&receipt.leaf_hash)),
    })
}
