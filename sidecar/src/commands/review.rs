//! `makegood review`: notes about gestures and the settling of findings, through a sidecar that
//! serves, as the person whose token it is.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use makegood_core::ids::{RequestId, SpendId};
use makegood_proto::ledger::v1::{Disposition, ReviewState};
use makegood_proto::v1;
use makegood_proto::v1::review_service_client::ReviewServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::{say, serve};
use crate::config::read_secret;
use crate::vault;

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
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct DisposeArgs {
    /// The position of the entry that raised the finding.
    finding: i64,
    /// How.
    #[arg(value_enum)]
    how: How,
    #[command(flatten)]
    server: ServerArgs,
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

#[derive(Debug, clap::Args)]
struct ServerArgs {
    /// The sidecar that serves the house, such as `http://127.0.0.1:7070`.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The file with the token to show it.
    #[arg(long, value_name = "FILE")]
    token: PathBuf,
    /// One JSON object, for programs.
    #[arg(long)]
    json: bool,
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
    let NoteArgs { spend, server } = args;
    let message = v1::NoteReviewRequest {
        request_id: request_id()?,
        spend_id: spend.to_string(),
        state: state.into(),
        note_commitment: Vec::new(),
    };
    let written = serve::runtime()?.block_on(async {
        let (mut client, bearer) = server.client().await?;
        let answer = client.note_review(signed(message, bearer)).await;
        anyhow::Ok(answer.map_err(|status| refused(&status))?.into_inner().receipt)
    })?;
    server.tell(written);
    Ok(ExitCode::SUCCESS)
}

fn dispose(args: &DisposeArgs) -> anyhow::Result<ExitCode> {
    let disposition = match args.how {
        How::Dismissed => Disposition::Dismissed,
        How::Confirmed => Disposition::Confirmed,
        How::Escalated => Disposition::Escalated,
    };
    let message = v1::DisposeFindingRequest {
        request_id: request_id()?,
        finding_position: args.finding,
        disposition: disposition.into(),
        note_commitment: Vec::new(),
    };
    let written = serve::runtime()?.block_on(async {
        let (mut client, bearer) = args.server.client().await?;
        let answer = client.dispose_finding(signed(message, bearer)).await;
        anyhow::Ok(answer.map_err(|status| refused(&status))?.into_inner().receipt)
    })?;
    args.server.tell(written);
    Ok(ExitCode::SUCCESS)
}

impl ServerArgs {
    async fn client(&self) -> anyhow::Result<(ReviewServiceClient<Channel>, MetadataValue<Ascii>)> {
        let endpoint =
            Endpoint::from_shared(self.server.clone()).context("read the sidecar's URL")?;
        let token = read_secret(&self.token)?;
        let bearer = format!("Bearer {}", token.trim()).parse().context("read the token")?;
        let channel = endpoint.connect().await;
        let channel = channel.with_context(|| format!("reach {}", self.server))?;
        Ok((ReviewServiceClient::new(channel), bearer))
    }

    fn tell(&self, receipt: Option<v1::Receipt>) {
        let position = receipt.map(|receipt| receipt.ledger_position);
        if self.json {
            say(serde_json::json!({ "ledger_position": position }));
        } else {
            say(format!("written as entry {}", position.unwrap_or_default()));
        }
    }
}

fn request_id() -> anyhow::Result<String> {
    Ok(RequestId::from_bytes(vault::random()?).to_string())
}

fn signed<T>(message: T, bearer: MetadataValue<Ascii>) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// What the sidecar answers instead, in its own words.
fn refused(status: &Status) -> anyhow::Error {
    anyhow::anyhow!("the sidecar answers {:?}: {}", status.code(), status.message())
}
