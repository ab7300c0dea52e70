//! Governing and reviewing through a sidecar that serves, from the command line.

use std::path::PathBuf;

use anyhow::Context as _;
use makegood_core::ids::{Digest, RequestId};
use makegood_core::time::Time;
use makegood_proto::v1;
use makegood_proto::v1::governance_service_client::GovernanceServiceClient;
use makegood_proto::v1::review_service_client::ReviewServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

use super::{say, serve};
use crate::config::read_secret;
use crate::house::{timestamp, timestamp_ns};
use crate::vault;

/// The sidecar to ask, and how its answer is told.
#[derive(Debug, clap::Args)]
pub(super) struct RemoteArgs {
    /// The sidecar that serves the house, such as `http://127.0.0.1:7070`.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The file with the token to show it.
    #[arg(long, value_name = "FILE")]
    token: PathBuf,
    /// The id of an earlier try, to repeat that very request.
    #[arg(long, value_name = "UUID")]
    request_id: Option<RequestId>,
    /// JSON, for programs.
    #[arg(long)]
    pub(super) json: bool,
}

/// The services of a sidecar, with a token to show it.
pub(super) struct Remote {
    pub(super) service: GovernanceServiceClient<Channel>,
    pub(super) reviews: ReviewServiceClient<Channel>,
    bearer: MetadataValue<Ascii>,
}

impl RemoteArgs {
    /// Does something with the sidecar, to its end.
    pub(super) fn with<T>(
        &self,
        work: impl AsyncFnOnce(Remote) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let endpoint = Endpoint::from_shared(self.server.clone()).context("read the URL")?;
        let token = read_secret(&self.token)?;
        let bearer = format!("Bearer {}", token.trim()).parse().context("read the token")?;
        serve::runtime()?.block_on(async {
            let channel = endpoint.connect().await;
            let channel = channel.with_context(|| format!("reach {}", endpoint.uri()))?;
            let service = GovernanceServiceClient::new(channel.clone());
            work(Remote { service, reviews: ReviewServiceClient::new(channel), bearer }).await
        })
    }

    /// The id to send: that of the earlier try, or a new one.
    pub(super) fn request_id(&self) -> anyhow::Result<String> {
        let id = match self.request_id {
            Some(id) => id,
            None => RequestId::from_bytes(vault::random()?),
        };
        Ok(id.to_string())
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

impl Remote {
    /// A request with the token.
    pub(super) fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }
}

/// The message of an answer, or why there is none, in the sidecar's words.
pub(super) fn answered<T>(answer: Result<Response<T>, Status>) -> anyhow::Result<T> {
    answer.map(Response::into_inner).map_err(|status| {
        anyhow::anyhow!("the sidecar answers {:?}: {}", status.code(), status.message())
    })
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
