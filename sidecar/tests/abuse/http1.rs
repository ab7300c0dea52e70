//! HTTP/1.1 by hand; the other end may hang up whenever it likes.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing is answered later than this.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) host: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 where there was none.
    pub(crate) status: u16,
    /// All of it, head and body.
    pub(crate) text: String,
}

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        let line = format!("GET {path} HTTP/1.1");
        Self { line, host: None, headers: Vec::new(), body: Vec::new() }
    }

    /// A gRPC-Web call with this body.
    pub(crate) fn call(path: &str, token: &str, body: Vec<u8>) -> Self {
        let request = Self { line: format!("POST {path} HTTP/1.1"), body, ..Self::get(path) };
        request
            .with("content-type", "application/grpc-web+proto")
            .with("authorization", &format!("Bearer {token}"))
    }

    /// With this header instead of the one of that name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(it, _)| it != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The bytes of the request, for a body of this length.
    pub(crate) fn head(&self, address: SocketAddr, length: usize) -> Vec<u8> {
        let host = self.host.clone().unwrap_or_else(|| address.to_string());
        let mut head = format!(
            "{}\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n",
            self.line
        );
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    pub(crate) async fn send(&self, address: SocketAddr) -> Answer {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Whoever is refused early does not read the rest.
        drop(stream.write_all(&self.head(address, self.body.len())).await);
        drop(stream.write_all(&self.body).await);
        hear(&mut stream).await
    }
}

/// Listens until the other end hangs up, which it has to.
pub(crate) async fn hear(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let heard = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // An end that is not orderly is an end too.
    drop(heard.expect("the connection stays open"));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, text }
}

impl Answer {
    /// The gRPC code, from the headers or from the trailers behind the last frame.
    pub(crate) fn code(&self) -> Option<u32> {
        let (_, rest) = self.text.split_once("grpc-status:")?;
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }
}

/// A message in a gRPC-Web frame.
pub(crate) fn framed(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flags], length.as_slice(), message].concat()
}
