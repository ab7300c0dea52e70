//! HTTP/2 by hand, to send what no client library would.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A connection that is over takes no longer than this to say so.
const PATIENCE: Duration = Duration::from_secs(20);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// The types of frames.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Kind {
    Data = 0,
    Headers = 1,
    Reset = 3,
    Settings = 4,
    GoAway = 7,
    Continuation = 9,
}

/// A connection on which anything can be said.
pub(crate) struct Wire {
    write: OwnedWriteHalf,
    reading: JoinHandle<Heard>,
}

/// What the other end said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The code with which it went away.
    pub(crate) gone: Option<u32>,
    /// Streams that it reset.
    pub(crate) resets: usize,
    /// Answers that it began.
    pub(crate) answers: usize,
}

impl Wire {
    /// Connects, and says hello.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let (read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
        write.write_all(PREFACE).await.unwrap();
        write.write_all(&frame(Kind::Settings, 0, 0, &[])).await.unwrap();
        Self { write, reading: tokio::spawn(listen(read)) }
    }

    /// Sends bytes; false once the other end takes no more.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        let sent = timeout(PATIENCE, self.write.write_all(bytes)).await;
        sent.is_ok_and(|sent| sent.is_ok())
    }

    /// Says no more, and waits until the other end has no more to say either.
    pub(crate) async fn end(mut self) -> Heard {
        // It may have gone already, which is as good.
        drop(self.write.shutdown().await);
        timeout(PATIENCE, self.reading).await.expect("the connection stays open").unwrap()
    }
}

async fn listen(mut read: OwnedReadHalf) -> Heard {
    let mut heard = Heard::default();
    let mut frame_head = [0; 9];
    while read.read_exact(&mut frame_head).await.is_ok() {
        let length = u32::from_be_bytes([0, frame_head[0], frame_head[1], frame_head[2]]);
        let mut payload = vec![0; length as usize];
        if read.read_exact(&mut payload).await.is_err() {
            break;
        }
        match frame_head[3] {
            kind if kind == Kind::Reset as u8 => heard.resets += 1,
            kind if kind == Kind::Headers as u8 => heard.answers += 1,
            kind if kind == Kind::GoAway as u8 => {
                heard.gone = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
            _ => {}
        }
    }
    heard
}

/// A frame.
pub(crate) fn frame(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind as u8, flags];
    [&head, stream.to_be_bytes().as_slice(), payload].concat()
}

/// The headers of a call, and more.
pub(crate) fn call(address: SocketAddr, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let authority = address.to_string();
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", &authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    usual.iter().chain(more).flat_map(|(name, value)| field(name, value)).collect()
}

/// A header field as a literal that is not to be indexed (RFC 7541, 6.2.2).
pub(crate) fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.extend(length(text.len()));
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// An integer with a prefix of seven bits (RFC 7541, 5.1).
fn length(length: usize) -> Vec<u8> {
    const PREFIX: usize = 127;
    let Some(mut rest) = length.checked_sub(PREFIX) else {
        return vec![u8::try_from(length).unwrap()];
    };
    let mut bytes = vec![127];
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}
