//! `makegood subject`: what is held about a person, and their erasure; through a sidecar that serves,
//! or on a data folder by itself.

mod json;
mod new_file;
mod offline;
mod remote;
mod whom;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use makegood_core::ids::RequestId;
use makegood_core::ledger::{ErasureBasis, ExportPurpose};
use makegood_ledger::codec::codes::{erasure_basis, export_purpose};
use makegood_proto::v1;
use makegood_proto::v1::subject_ref::By;

use super::remote::{Door, RemoteArgs, ServerArgs, answered, digest_text, new_request_id};
use super::{codes, note, say, setup};
use crate::config::ConfigFlags;
use new_file::NewFile;
use whom::Whom;

/// The commands about people.
#[derive(Debug, clap::Subcommand)]
pub(super) enum SubjectCommand {
    /// Write everything that is held about a person as JSON.
    #[command(after_help = "\
Through a sidecar an entry of the ledger says who asked, about whom and why. From the data folder by
itself nothing is written down.")]
    Export(ExportArgs),
    /// Ask for an employee to be erased, which another administrator then does.
    AskErasure(AskArgs),
    /// Erase people for good: their keys are destroyed, and the ledger says so.
    #[command(after_help = "\
Nobody erases an employee alone: one administrator asks by `makegood subject ask-erasure`, and another
erases with --asked. Whoever has the data folder and its keys can erase with the sidecar stopped.")]
    Erase(EraseArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    whom: Whom,
    /// The file to write, which must be new; without it, standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Why: `subject` (the person asked for it), `audit`, `order` of a court or an authority,
    /// `accounting` or `other`; in the ledger's entry about it.
    #[arg(long, value_name = "PURPOSE", value_parser = codes::purpose, default_value = "subject")]
    purpose: ExportPurpose,
    #[command(flatten)]
    server: ServerArgs,
    /// The id of an earlier try, to repeat that very request: the ledger then says it once.
    #[arg(long, value_name = "UUID", requires = "server")]
    request_id: Option<RequestId>,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, clap::Args)]
pub(super) struct AskArgs {
    /// The employee: a pseudonym, or the host's id.
    #[arg(long, value_name = "REF")]
    agent: String,
    /// Why, as for `makegood subject erase`.
    #[arg(long, value_name = "BASIS", value_parser = codes::basis)]
    basis: ErasureBasis,
    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    whom: Whom,
    /// Why: `request` of the person, `retention` (the time to keep it is over), `order` of a court or
    /// an authority, or `consent` that was taken back.
    #[arg(long, value_name = "BASIS", value_parser = codes::basis)]
    basis: ErasureBasis,
    /// The request by which another administrator asked for it; needed for an employee.
    #[arg(long, value_name = "UUID", requires = "server")]
    asked: Option<RequestId>,
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
        SubjectCommand::AskErasure(args) => ask_erasure(args),
        SubjectCommand::Erase(args) => erase(args),
    }
}

fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let whom = args.whom.named()?;
    let [who] = whom.as_slice() else {
        anyhow::bail!("name one person; an export is about one");
    };
    let door = args.server.door()?;
    // Before anything is asked: an entry about an export that nobody got would say what is not so.
    let out = args.out.as_deref().map(NewFile::create).transpose()?;
    let text = if let Some(door) = door {
        exported_by(args, who, door)?
    } else {
        let parts = offline::export(&setup::config(&args.config)?, who)?;
        note("no entry about this export was written; name --server and --token for one");
        document(parts)?
    };
    match out {
        None => say(text),
        Some(out) => out.keep(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What a sidecar that serves tells, once its ledger says so.
fn exported_by(args: &ExportArgs, who: &By, door: Door) -> anyhow::Result<String> {
    let id = args.request_id.map_or_else(new_request_id, |id| Ok(id.to_string()))?;
    let asked = v1::ExportSubjectRequest {
        subject: Some(v1::SubjectRef { by: Some(who.clone()) }),
        request_id: id.clone(),
        purpose: export_purpose(args.purpose).into(),
    };
    let parts = door.with(async |it| remote::export(it, asked).await);
    parts
        .and_then(document)
        .with_context(|| format!("nothing is handed out; to try again, add --request-id {id}"))
}

fn document(parts: Vec<v1::ExportSubjectResponse>) -> anyhow::Result<String> {
    Ok(format!("{:#}", json::document(parts)?))
}

fn ask_erasure(args: &AskArgs) -> anyhow::Result<ExitCode> {
    let AskArgs { agent, basis, remote } = args;
    let request_id = remote.request_id()?;
    let asked = remote.with(async |mut it| {
        let request = it.ask(v1::AskErasureRequest {
            request_id: request_id.clone(),
            subject: Some(v1::SubjectRef { by: Some(whom::agent(agent)) }),
            basis: erasure_basis(*basis).into(),
        });
        answered(it.subjects.ask_erasure(request).await)
    })?;
    let what = format!(
        "it is asked to erase {}; another administrator erases with --asked {request_id}",
        asked.subject_id
    );
    remote.tell(&what, asked.receipt.as_ref(), asked.replayed);
    Ok(ExitCode::SUCCESS)
}

fn erase(args: &EraseArgs) -> anyhow::Result<ExitCode> {
    let whom = args.whom.named()?;
    let mut tell = |erased: &v1::EraseSubjectResponse| say(told(erased, args.json));
    match args.server.door()? {
        Some(door) => {
            door.with(async |it| {
                remote::erase(it, &whom, (args.basis, args.asked), &mut tell).await
            })?;
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
