//! Many small frames: each costs the sender little and could cost the other end much.

use std::net::SocketAddr;

use crate::Counts;
use crate::frames::{END_HEADERS, END_STREAM, Heard, Kind, Wire, call, field, frame};

const HEALTH: &str = "/grpc.health.v1.Health/Check";
const PANEL: &str = "/makegood.v1.CustomerService/GetPanel";
/// A client gave a stream up.
const CANCEL: [u8; 4] = [0, 0, 0, 8];
/// Frames that are sent at once.
const BATCH: u32 = 100;

/// Every flood, one after the other.
pub(crate) async fn all(address: SocketAddr, counts: Counts) {
    println!("rapid resets: {:?}", rapid_resets(address, counts.frames).await);
    let heard = faulty_streams(address, counts.frames).await;
    println!("streams at fault: {heard:?}");
    assert!(heard.gone.is_some(), "streams at fault are counted, and above a bound it is enough");
    let heard = endless_headers(address).await;
    println!("endless headers: {heard:?}");
    assert!(heard.gone.is_some(), "headers have an end");
    println!("empty data: {:?}", empty_data(address, counts.frames / 2).await);
    let heard = many_streams(address, counts.frames / 4).await;
    println!("many streams: {heard:?}");
    assert!(heard.gone.is_some() || heard.resets > 0, "more streams than are allowed");
    println!("large headers: {:?}", large_headers(address).await);
}

/// Sends frames made of a stream's number until there are enough or nobody takes them.
async fn flood(address: SocketAddr, count: u32, frames: impl Fn(u32) -> Vec<u8>) -> Heard {
    let mut wire = Wire::connect(address).await;
    for batch in 0..count / BATCH {
        let numbers = (batch * BATCH..(batch + 1) * BATCH).map(|index| 2 * index + 1);
        let bytes: Vec<u8> = numbers.flat_map(&frames).collect();
        if !wire.send(&bytes).await {
            break;
        }
    }
    wire.end().await
}

/// CVE-2023-44487: each stream is given up as soon as it was opened.
async fn rapid_resets(address: SocketAddr, count: u32) -> Heard {
    let head = call(address, HEALTH, &[]);
    let opened = |stream| {
        let open = frame(Kind::Headers, END_HEADERS, stream, &head);
        [open, frame(Kind::Reset, 0, stream, &CANCEL)].concat()
    };
    flood(address, count, opened).await
}

/// Each stream has a fault for which the other end has to reset it.
async fn faulty_streams(address: SocketAddr, count: u32) -> Heard {
    let head = call(address, HEALTH, &[("content-length", "5")]);
    let opened = |stream| frame(Kind::Headers, END_HEADERS | END_STREAM, stream, &head);
    flood(address, count, opened).await
}

/// Headers that go on and on (RUSTSEC-2024-0332).
async fn endless_headers(address: SocketAddr) -> Heard {
    const COUNT: usize = 2_000;
    let mut wire = Wire::connect(address).await;
    let more = field("x-more", &"x".repeat(1_000));
    let mut is_taken = wire.send(&frame(Kind::Headers, 0, 1, &call(address, HEALTH, &[]))).await;
    for _ in 0..COUNT {
        is_taken = is_taken && wire.send(&frame(Kind::Continuation, 0, 1, &more)).await;
    }
    wire.end().await
}

/// Data without any in it (RUSTSEC-2026-0258).
async fn empty_data(address: SocketAddr, count: u32) -> Heard {
    let mut wire = Wire::connect(address).await;
    let head = call(address, HEALTH, &[]);
    let mut is_taken = wire.send(&frame(Kind::Headers, END_HEADERS, 1, &head)).await;
    let empty = frame(Kind::Data, 0, 1, &[]).repeat(100);
    for _ in 0..count / BATCH {
        is_taken = is_taken && wire.send(&empty).await;
    }
    wire.end().await
}

/// Streams that stay open and send nothing.
async fn many_streams(address: SocketAddr, count: u32) -> Heard {
    let head = call(address, PANEL, &[("authorization", "Bearer none")]);
    flood(address, count, |stream| frame(Kind::Headers, END_HEADERS, stream, &head)).await
}

/// Headers with an end, far above what is taken.
async fn large_headers(address: SocketAddr) -> Heard {
    let mut wire = Wire::connect(address).await;
    let part = field("x-part", &"x".repeat(15_000));
    let head = [call(address, HEALTH, &[]), part.clone()].concat();
    let mut bytes = frame(Kind::Headers, END_STREAM, 1, &head);
    bytes.extend(frame(Kind::Continuation, 0, 1, &part));
    bytes.extend(frame(Kind::Continuation, END_HEADERS, 1, &part));
    wire.send(&bytes).await;
    wire.end().await
}
