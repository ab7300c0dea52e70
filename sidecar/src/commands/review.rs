//! `makegood review`: notes about gestures and the settling of findings, through a sidecar that
//! serves, as the person whose token it is.

use std::process::ExitCode;

use makegood_core::ids::SpendId;
use makegood_proto::ledger::v1::{Disposition, ReviewState};
use makegood_proto::v1;

use super::remote::{RemoteArgs, answered};

/// The commands about reviews.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ReviewCommand {
    /// Say that a gesture was looked at.
    Note(NoteArgs),
    /// Ask the agent of a gesture something.
    Question(NoteArgs),
    /// Answer a question, as the gesture's own agent.
    Answer(NoteArgs),
    /// Pass a gesture on to somebody else.
    Escalate(NoteArgs),
    /// Settle the review of a gesture, as a second person.
    Clear(NoteArgs),
    /// Say that a gesture was done well.
    Praise(NoteArgs),
    /// Settle a finding.
    Dispose(DisposeArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct NoteArgs {
    /// The gesture.
    #[arg(value_name = "SPEND")]
    spend: SpendId,
    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct DisposeArgs {
    /// The position of the entry that raised the finding.
    finding: i64,
    /// How.
    #[arg(value_enum)]
    how: How,
    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum How {
    /// There is nothing to it.
    Dismissed,
    /// It is as the rule says.
    Confirmed,
    /// Somebody else settles it.
    Escalated,
}

impl ReviewCommand {
    /// How a gesture stands after it.
    fn word(&self) -> &'static str {
        match self {
            Self::Note(_) => "noted",
            Self::Question(_) => "questioned",
            Self::Answer(_) => "answered",
            Self::Escalate(_) => "passed on",
            Self::Clear(_) => "cleared",
            Self::Praise(_) => "praised",
            Self::Dispose(_) => "settled",
        }
    }
}

pub(super) fn run(command: &ReviewCommand) -> anyhow::Result<ExitCode> {
    let (args, state) = match command {
        ReviewCommand::Note(args) => (args, ReviewState::Noted),
        ReviewCommand::Question(args) => (args, ReviewState::Questioned),
        ReviewCommand::Answer(args) => (args, ReviewState::Answered),
        ReviewCommand::Escalate(args) => (args, ReviewState::Escalated),
        ReviewCommand::Clear(args) => (args, ReviewState::Cleared),
        ReviewCommand::Praise(args) => (args, ReviewState::Praised),
        ReviewCommand::Dispose(args) => return dispose(args),
    };
    let NoteArgs { spend, remote } = args;
    let message = v1::NoteReviewRequest {
        request_id: remote.request_id()?,
        spend_id: spend.to_string(),
        state: state.into(),
        note_commitment: Vec::new(),
    };
    let noted = remote.with(async |mut it| {
        let request = it.ask(message);
        answered(it.reviews.note_review(request).await)
    })?;
    let what = format!("gesture {spend} is {}", command.word());
    remote.tell(&what, noted.receipt.as_ref(), noted.replayed);
    Ok(ExitCode::SUCCESS)
}

fn dispose(args: &DisposeArgs) -> anyhow::Result<ExitCode> {
    let disposition = match args.how {
        How::Dismissed => Disposition::Dismissed,
        How::Confirmed => Disposition::Confirmed,
        How::Escalated => Disposition::Escalated,
    };
    let message = v1::DisposeFindingRequest {
        request_id: args.remote.request_id()?,
        finding_position: args.finding,
        disposition: disposition.into(),
        note_commitment: Vec::new(),
    };
    let settled = args.remote.with(async |mut it| {
        let request = it.ask(message);
        answered(it.reviews.dispose_finding(request).await)
    })?;
    let what = format!("finding {} is settled", args.finding);
    args.remote.tell(&what, settled.receipt.as_ref(), settled.replayed);
    Ok(ExitCode::SUCCESS)
}
