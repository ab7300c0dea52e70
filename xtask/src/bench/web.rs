//! gRPC-Web over one HTTP/1.1 connection, one call after another: a browser's way, with a request
//! of its own each time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use anyhow::Context as _;

/// The flag, the length: what comes before each message.
const PREFIX_BYTES: usize = 5;
/// The flag of the frame that ends an answer.
const TRAILERS: u8 = 0x80;

/// An open connection.
pub(super) struct Line {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Line {
    /// Connects to a sidecar, and calls as the agent of the token.
    ///
    /// # Errors
    ///
    /// When there is no connection.
    pub(super) fn open(authority: &str, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        let head = format!(
            "host: {authority}\r\nauthorization: Bearer {token}\r\ncontent-type: \
             application/grpc-web+proto\r\n",
        );
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// Calls once and returns the message of the answer.
    ///
    /// # Errors
    ///
    /// When the connection fails or the call does.
    pub(super) fn call(&mut self, path: &str, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        let length = u32::try_from(message.len())?;
        let content_length = PREFIX_BYTES + message.len();
        let head = &self.head;
        let mut request =
            format!("POST {path} HTTP/1.1\r\n{head}content-length: {content_length}\r\n\r\n")
                .into_bytes();
        request.push(0);
        request.extend(length.to_be_bytes());
        request.extend(message);
        self.stream.get_mut().write_all(&request)?;
        let body = self.answer()?;
        let first = body.first().filter(|flag| **flag != TRAILERS);
        let Some((_, (length, rest))) =
            first.zip(body.get(1..).and_then(<[u8]>::split_first_chunk))
        else {
            anyhow::bail!("{path} answered {:?}", String::from_utf8_lossy(&body));
        };
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let message = rest.get(..length).context("the answer is cut short")?;
        Ok(message.to_vec())
    }

    /// The body of the answer; its head is only as long as it has to be.
    fn answer(&mut self) -> anyhow::Result<Vec<u8>> {
        let status = self.line()?;
        anyhow::ensure!(status.starts_with("HTTP/1.1 200"), "answered {status:?}");
        let mut content_length = None;
        loop {
            let header = self.line()?.to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(length) = header.strip_prefix("content-length:") {
                content_length = Some(length.trim().parse()?);
            }
        }
        let mut body = Vec::new();
        if let Some(length) = content_length {
            self.take(length, &mut body)?;
            return Ok(body);
        }
        loop {
            let length = usize::from_str_radix(&self.line()?, 16)?;
            self.take(length, &mut body)?;
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        anyhow::ensure!(self.stream.read_line(&mut line)? > 0, "the server hung up");
        Ok(line.trim_end().to_owned())
    }

    fn take(&mut self, length: usize, into: &mut Vec<u8>) -> anyhow::Result<()> {
        let start = into.len();
        into.resize(start + length, 0);
        self.stream.read_exact(&mut into[start..])?;
        Ok(())
    }
}
