//! Unary and streaming gRPC over bare HTTP/2: requests are encoded beforehand, and an answer is read
//! no further than its status asks for.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{BufMut as _, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{RecvStream, client};
use http::{HeaderMap, HeaderValue, Request};
use prost::Message;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What stands before a message: a flag and its length.
pub(crate) const PREFIX_BYTES: usize = 5;
/// Larger than any answer, so that the flow is never held up by us.
const WINDOW_BYTES: u32 = 16 * 1024 * 1024;
/// A call that takes longer is lost; the sidecar's own deadlines are shorter.
const LOST_AFTER: Duration = Duration::from_secs(15);
/// Status details come with or without padding.
const DETAILS: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A request: its head, and its message as it goes over the wire.
pub(crate) type Ask = (Request<()>, Bytes);

/// A connection; clones share it.
#[derive(Clone)]
pub(crate) struct Link(SendRequest<Bytes>);

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answered; the message without its prefix.
    Done(Bytes),
    /// Refused with a status.
    Refused(Refused),
    /// No answer: the connection broke, or it took too long.
    Lost,
}

/// A status that is not OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The canonical code's number.
    pub(crate) code: i32,
    /// The reason of its `ErrorInfo`; the code's number where it has none.
    pub(crate) reason: String,
}

impl Outcome {
    /// The message of the answer.
    ///
    /// # Errors
    /// The call was refused or lost, or the answer is no such message.
    pub(crate) fn message<M: Message + Default>(self, what: &str) -> anyhow::Result<M> {
        match self {
            Self::Done(bytes) => M::decode(bytes).with_context(|| format!("{what}: odd answer")),
            Self::Refused(refused) => {
                anyhow::bail!("{what} was refused: {} (code {})", refused.reason, refused.code)
            }
            Self::Lost => anyhow::bail!("{what} got no answer; is the sidecar still there?"),
        }
    }
}

/// The head of a request to a method, with a token where one is needed.
///
/// # Errors
/// The token has characters that no header may have.
pub(crate) fn head(
    address: SocketAddr,
    path: &str,
    token: Option<&str>,
) -> anyhow::Result<Request<()>> {
    let request = Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let request = match token {
        Some(token) => {
            request.header("authorization", HeaderValue::from_str(&format!("Bearer {token}"))?)
        }
        None => request,
    };
    Ok(request.body(())?)
}

/// A message with its prefix, as it goes over the wire.
pub(crate) fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + length);
    bytes.put_u8(0);
    // Messages of ours are kilobytes at most.
    bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    bytes.extend_from_slice(&message.encode_to_vec());
    bytes.freeze()
}

impl Link {
    /// Connects to a port.
    ///
    /// # Errors
    /// Nobody listens there, or what listens does not speak HTTP/2.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("connect to {address}; is the sidecar serving there?"))?;
        stream.set_nodelay(true)?;
        let (send, connection) = client::Builder::new()
            .initial_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .enable_push(false)
            .handshake::<_, Bytes>(stream)
            .await
            .context("speak HTTP/2")?;
        // A connection that ends shows as lost calls.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self(send))
    }

    /// Makes a unary call.
    pub(crate) async fn call(&self, ask: Ask) -> Outcome {
        match timeout(LOST_AFTER, self.exchange(ask)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Outcome::Lost,
        }
    }

    async fn exchange(&self, ask: Ask) -> Result<Outcome, h2::Error> {
        let (head, mut answer) = self.begin(ask).await?;
        if let Some(status) = head.get("grpc-status") {
            return Ok(judge(status, &head, &Bytes::new()));
        }
        let mut message = Bytes::new();
        while let Some(chunk) = answer.data().await {
            let chunk = chunk?;
            answer.flow_control().release_capacity(chunk.len())?;
            message = joined(message, chunk);
        }
        let trailers = answer.trailers().await?.unwrap_or_default();
        Ok(match trailers.get("grpc-status") {
            Some(status) => judge(status, &trailers, &message),
            None => Outcome::Lost,
        })
    }

    /// Sends a request and waits for the head of its answer.
    async fn begin(&self, (head, body): Ask) -> Result<(HeaderMap, RecvStream), h2::Error> {
        let mut send = self.0.clone().ready().await?;
        let (answer, mut stream) = send.send_request(head, false)?;
        stream.send_data(body, true)?;
        let (parts, body) = answer.await?.into_parts();
        Ok((parts.headers, body))
    }

    /// Opens a server stream.
    ///
    /// # Errors
    /// The connection broke, or the stream was refused; the reason is named.
    pub(crate) async fn watch(&self, ask: Ask) -> anyhow::Result<Messages> {
        let (head, answer) = timeout(LOST_AFTER, self.begin(ask)).await??;
        if let Some(status) = head.get("grpc-status")
            && let Outcome::Refused(refused) = judge(status, &head, &Bytes::new())
        {
            anyhow::bail!("stream was refused: {} (code {})", refused.reason, refused.code);
        }
        Ok(Messages { answer, waiting: BytesMut::new() })
    }
}

/// The messages of a server stream.
pub(crate) struct Messages {
    answer: RecvStream,
    waiting: BytesMut,
}

impl Messages {
    /// The next message without its prefix; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(message) = self.take() {
                return Some(message);
            }
            let chunk = self.answer.data().await?.ok()?;
            self.answer.flow_control().release_capacity(chunk.len()).ok()?;
            self.waiting.extend_from_slice(&chunk);
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let [_, a, b, c, d] = *self.waiting.first_chunk::<PREFIX_BYTES>()?;
        let end = PREFIX_BYTES + u32::from_be_bytes([a, b, c, d]) as usize;
        (self.waiting.len() >= end)
            .then(|| self.waiting.split_to(end).freeze().slice(PREFIX_BYTES..))
    }
}

fn joined(first: Bytes, second: Bytes) -> Bytes {
    if first.is_empty() {
        return second;
    }
    if second.is_empty() {
        return first;
    }
    let mut whole = BytesMut::from(first);
    whole.extend_from_slice(&second);
    whole.freeze()
}

fn judge(status: &HeaderValue, headers: &HeaderMap, message: &Bytes) -> Outcome {
    if status.as_bytes() == b"0" {
        return Outcome::Done(message.slice(PREFIX_BYTES.min(message.len())..));
    }
    let code = status.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let reason = headers.get("grpc-status-details-bin").and_then(reason_of);
    Outcome::Refused(Refused { code, reason: reason.unwrap_or_else(|| format!("CODE_{code}")) })
}

/// `google.rpc.Status`, as far as it is of use here.
#[derive(Clone, PartialEq, Eq, Message)]
struct Status {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Eq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.ErrorInfo`, as far as it is of use here.
#[derive(Clone, PartialEq, Eq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
}

fn reason_of(details: &HeaderValue) -> Option<String> {
    let bytes = DETAILS.decode(details.as_bytes()).ok()?;
    let status = Status::decode(bytes.as_slice()).ok()?;
    let is_info = |it: &&Detail| it.type_url.ends_with("google.rpc.ErrorInfo");
    let info = status.details.iter().find(is_info)?;
    ErrorInfo::decode(info.value.as_slice()).ok().map(|info| info.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_reason_of_a_refusal_with_and_without_padding() {
        let info = ErrorInfo { reason: "OVERLOADED".to_owned() }.encode_to_vec();
        let type_url = "type.googleapis.com/google.rpc.ErrorInfo".to_owned();
        let status = Status { details: vec![Detail { type_url, value: info }] }.encode_to_vec();
        for text in [
            base64::engine::general_purpose::STANDARD.encode(&status),
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(&status),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status-details-bin", text.parse().unwrap());
            let outcome = judge(&HeaderValue::from_static("8"), &headers, &Bytes::new());
            let refused = Refused { code: 8, reason: "OVERLOADED".to_owned() };
            assert_eq!(outcome, Outcome::Refused(refused));
        }
    }

    #[test]
    fn names_the_code_where_there_is_no_reason() {
        let outcome = judge(&HeaderValue::from_static("14"), &HeaderMap::new(), &Bytes::new());
        let refused = Refused { code: 14, reason: "CODE_14".to_owned() };
        assert_eq!(outcome, Outcome::Refused(refused));
    }

    #[test]
    fn takes_the_prefix_off_an_answer() {
        let message = frame(&ErrorInfo { reason: "x".to_owned() });
        let outcome = judge(&HeaderValue::from_static("0"), &HeaderMap::new(), &message);
        assert_eq!(outcome, Outcome::Done(Bytes::from_static(&[10, 1, b'x'])));
    }
}
