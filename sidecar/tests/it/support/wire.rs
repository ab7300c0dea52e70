//! HTTP/1.1 by hand, to say what no client library would.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Instead of the address.
    pub(crate) host: Option<&'a str>,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl<'a> Ask<'a> {
    /// For a page or file.
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: "GET", path, host: None, headers: Vec::new(), body: Vec::new() }
    }

    /// A gRPC-Web call with one message, as `fetch` sends it.
    pub(crate) fn grpc_web(path: &'a str, token: &str, message: &impl prost::Message) -> Self {
        let message = message.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap();
        let body = [&[0], length.to_be_bytes().as_slice(), &message].concat();
        Self {
            method: "POST",
            path,
            host: None,
            headers: vec![
                ("content-type", "application/grpc-web+proto".to_owned()),
                ("x-grpc-web", "1".to_owned()),
                ("authorization", format!("Bearer {token}")),
            ],
            body,
        }
    }

    /// With another header.
    pub(crate) fn with(mut self, name: &'a str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends it over a connection of its own and reads the answer to its end.
    pub(crate) async fn send(&self, address: SocketAddr) -> Answer {
        let own_host = address.to_string();
        let host = self.host.unwrap_or(&own_host);
        let (method, path, length) = (self.method, self.path, self.body.len());
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-length: {length}\r\n"
        );
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&self.body).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.trim().to_owned())
        });
        let mut answer = Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunk(&answer.body);
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The messages and the trailers of a gRPC-Web answer.
    pub(crate) fn grpc_web<M: prost::Message + Default>(&self) -> (Vec<M>, String) {
        const TRAILERS: u8 = 0x80;
        let (mut messages, mut trailers) = (Vec::new(), String::new());
        let mut rest = self.body.as_slice();
        while let Some((&[flag, a, b, c, d], tail)) = rest.split_first_chunk() {
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            let (frame, tail) = tail.split_at(length);
            if flag & TRAILERS == 0 {
                messages.push(M::decode(frame).unwrap());
            } else {
                trailers = String::from_utf8(frame.to_vec()).unwrap();
            }
            rest = tail;
        }
        (messages, trailers)
    }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|it| it == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        let start = end + 2;
        whole.extend_from_slice(&body[start..start + size]);
        body = &body[start + size + 2..];
    }
}
