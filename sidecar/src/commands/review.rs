//! `makegood review`: how reviews and findings stand, by the journal; notes about gestures and the
//! settling of findings, through a sidecar that serves, as the person whose token it is.

mod read;

use makegood_core::ids::SpendId;
use makegood_core::ledger as core;
use makegood_proto::ledger::v1::{Disposition, ReviewState};
use makegood_proto::v1;

use super::remote::{RemoteArgs, answered};
use crate::config::ConfigFlags;

/// The commands about reviews.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ReviewCommand {
    /// List the gestures that are being reviewed. Reads the journal.
    List(ListArgs),
    /// Show one gesture: its entries, the notes about it, and the findings that name it.
    Show(ShowArgs),
    /// List the findings that the ledger keeps. Reads the journal.
    Findings(FindingsArgs),
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
pub(super) struct ListArgs {
    /// Those that stand like this.
    #[arg(long, value_enum)]
    state: Option<Stands>,
    /// Those that are settled, too.
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// One JSON object a line, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// The gesture.
    #[arg(value_name = "SPEND")]
    spend: SpendId,
    /// One JSON object, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, clap::Args)]
pub(super) struct FindingsArgs {
    /// Those that are settled, too.
    #[arg(long)]
    all: bool,
    /// One JSON object a line, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

/// How the review of a gesture stands.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Stands {
    Noted,
    Questioned,
    Answered,
    Escalated,
    Cleared,
    Praised,
}

impl Stands {
    fn core(self) -> core::ReviewState {
        match self {
            Self::Noted => core::ReviewState::Noted,
            Self::Questioned => core::ReviewState::Questioned,
            Self::Answered => core::ReviewState::Answered,
            Self::Escalated => core::ReviewState::Escalated,
            Self::Cleared => core::ReviewState::Cleared,
            Self::Praised => core::ReviewState::Praised,
        }
    }
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

pub(super) fn run(command: &ReviewCommand) -> anyhow::Result<()> {
    match command {
        ReviewCommand::List(args) => read::list(args),
        ReviewCommand::Show(args) => read::show(args),
        ReviewCommand::Findings(args) => read::findings(args),
        ReviewCommand::Note(args) => note(args, ReviewState::Noted, "noted"),
        ReviewCommand::Question(args) => note(args, ReviewState::Questioned, "questioned"),
        ReviewCommand::Answer(args) => note(args, ReviewState::Answered, "answered"),
        ReviewCommand::Escalate(args) => note(args, ReviewState::Escalated, "passed on"),
        ReviewCommand::Clear(args) => note(args, ReviewState::Cleared, "cleared"),
        ReviewCommand::Praise(args) => note(args, ReviewState::Praised, "praised"),
        ReviewCommand::Dispose(args) => dispose(args),
    }
}

/// Moves the review of a gesture on; `word` says how it stands then.
fn note(args: &NoteArgs, state: ReviewState, word: &str) -> anyhow::Result<()> {
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
    let what = format!("gesture {spend} is {word}");
    remote.tell(&what, noted.receipt.as_ref(), noted.replayed);
    Ok(())
}

fn dispose(args: &DisposeArgs) -> anyhow::Result<()> {
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
    Ok(())
}
