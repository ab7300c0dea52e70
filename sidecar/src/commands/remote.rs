//! Asking a sidecar that serves, from the command line.

mod door;

use std::path::PathBuf;

use makegood_core::ids::{Digest, RequestId};
use makegood_core::time::Time;
use makegood_proto::v1;
use makegood_proto::v1::consult_service_client::ConsultServiceClient;
use makegood_proto::v1::governance_service_client::GovernanceServiceClient;
use makegood_proto::v1::review_service_client::ReviewServiceClient;
use makegood_proto::v1::subject_service_client::SubjectServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use super::say;
use crate::house::{timestamp, timestamp_ns};
use crate::vault;
pub(super) use door::Door;
use door::TrustArgs;

/// Rows of a page; the most that a sidecar answers with.
const PAGE_SIZE: i32 = 200;

/// The sidecar to ask, and how its answer is told.
#[derive(Debug, clap::Args)]
pub(super) struct RemoteArgs {
    /// The sidecar that serves the house: `http://127.0.0.1:7070`, or `https://` and its name where
    /// it has TLS.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The file with the token to show it.
    #[arg(long, value_name = "FILE")]
    token: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// The id of an earlier try, to repeat that very request.
    #[arg(long, value_name = "UUID")]
    request_id: Option<RequestId>,
    /// JSON, for programs.
    #[arg(long)]
    pub(super) json: bool,
}

/// The sidecar to ask; without it, the data folder is used by itself.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArgs {
    /// The sidecar that serves the house: `http://127.0.0.1:7070`, or `https://` and its name where
    /// it has TLS.
    #[arg(long, value_name = "URL", requires = "token")]
    server: Option<String>,
    /// The file with the token to show it.
    #[arg(long, value_name = "FILE", requires = "server")]
    token: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// The services of a sidecar, with a token to show it.
pub(super) struct Remote {
    pub(super) governance: GovernanceServiceClient<Channel>,
    pub(super) reviews: ReviewServiceClient<Channel>,
    pub(super) subjects: SubjectServiceClient<Channel>,
    pub(super) consults: ConsultServiceClient<Channel>,
    bearer: MetadataValue<Ascii>,
}

impl RemoteArgs {
    /// Does something with the sidecar, to its end.
    pub(super) fn with<T>(
        &self,
        work: impl AsyncFnOnce(Remote) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        Door::new(&self.server, &self.token, &self.trust)?.with(work)
    }

    /// The id to send: that of the earlier try, or a new one.
    pub(super) fn request_id(&self) -> anyhow::Result<String> {
        match self.request_id {
            Some(id) => Ok(id.to_string()),
            None => new_request_id(),
        }
    }

    /// Tells that something is done, and which entry says so.
    pub(super) fn tell(&self, what: &str, receipt: Option<&v1::Receipt>, replayed: bool) {
        let position = receipt.map_or(0, |receipt| receipt.ledger_position);
        let leaf = receipt.map(|receipt| digest_text(&receipt.leaf_hash)).unwrap_or_default();
        if self.json {
            say(serde_json::json!({
                "done": what,
                "ledger_position": position,
                "leaf_hash": leaf,
                "replayed": replayed,
            }));
        } else {
            let when = if replayed { " before" } else { "" };
            say(format!("{what}{when}: entry {position} of the ledger, leaf {leaf}"));
        }
    }
}

impl ServerArgs {
    /// The way to the sidecar, where one is named.
    pub(super) fn door(&self) -> anyhow::Result<Option<Door>> {
        let given = self.server.as_ref().zip(self.token.as_ref());
        given.map(|(url, token)| Door::new(url, token, &self.trust)).transpose()
    }
}

impl Remote {
    /// A request with the token.
    pub(super) fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }

    /// Every row of a list; `page` asks for one page and answers with its rows and the next token.
    pub(super) async fn pages<T>(
        &mut self,
        mut page: impl AsyncFnMut(&mut Self, i32, String) -> anyhow::Result<(Vec<T>, String)>,
    ) -> anyhow::Result<Vec<T>> {
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let (rows, next) = page(self, PAGE_SIZE, token).await?;
            all.extend(rows);
            if next.is_empty() {
                return Ok(all);
            }
            token = next;
        }
    }
}

/// The message of an answer, or why there is none, in the sidecar's words.
pub(super) fn answered<T>(answer: Result<Response<T>, Status>) -> anyhow::Result<T> {
    answer.map(Response::into_inner).map_err(|status| refused(&status))
}

/// The message of an answer; none where another person has sent this very request before.
pub(super) fn answered_unless_known<T>(
    answer: Result<Response<T>, Status>,
) -> anyhow::Result<Option<T>> {
    match answer {
        Err(status) if status.code() == Code::AlreadyExists => Ok(None),
        answer => answered(answer).map(Some),
    }
}

/// What the sidecar answers instead, in its own words.
pub(super) fn refused(status: &Status) -> anyhow::Error {
    anyhow::anyhow!("the sidecar answers {:?}: {}", status.code(), status.message())
}

/// A new id of a request.
pub(super) fn new_request_id() -> anyhow::Result<String> {
    Ok(RequestId::from_bytes(vault::random()?).to_string())
}

/// Hexadecimal digits of 32 bytes; empty for anything else.
pub(super) fn digest_text(bytes: &[u8]) -> String {
    let digest = <[u8; 32]>::try_from(bytes).map(Digest::from_bytes);
    digest.map(|digest| digest.to_string()).unwrap_or_default()
}

/// An instant as people write it.
pub(super) fn instant(text: &str) -> Result<Time, String> {
    let at: Result<jiff::Timestamp, _> = text.parse();
    let nanos = at.ok().and_then(|at| i64::try_from(at.as_nanosecond()).ok());
    nanos
        .map(Time::from_nanos)
        .ok_or_else(|| format!("{text:?} is no instant; write one such as 2027-01-31T00:00:00Z"))
}

/// An instant as the API has it.
pub(super) fn wire(at: Time) -> prost_types::Timestamp {
    timestamp(at.as_nanos())
}

/// An instant of the API for people; empty where there is none.
pub(super) fn shown(at: Option<prost_types::Timestamp>) -> String {
    let at = at.map(|at| jiff::Timestamp::from_nanosecond(timestamp_ns(at).into()));
    at.and_then(Result::ok).map(|at| at.to_string()).unwrap_or_default()
}
