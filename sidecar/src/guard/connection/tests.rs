//! Tests of connections: over real sockets, and over pipes whose time is wound.

use std::num::NonZeroU32;

use axum::routing::get;
use futures_util::{FutureExt as _, future};
use tokio::io::AsyncWriteExt as _;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::*;
use crate::config::{Config, ConfigFlags};

fn server(connections: u32) -> Server {
    server_that_tells(connections, &Arc::default())
}

/// A server that tells when a request has come to the handler of `/waits`, which never answers.
fn server_that_tells(connections: u32, arrived: &Arc<Notify>) -> Server {
    let (config, _) = Config::load(&ConfigFlags::default(), &[]).unwrap();
    let limits = Limits { connections: NonZeroU32::new(connections), ..config.limits };
    let arrived = Arc::clone(arrived);
    let waits = || async move {
        arrived.notify_one();
        std::future::pending::<()>().await;
    };
    let router = Router::new().route("/livez", get(|| async { "ok" })).route("/waits", get(waits));
    Server::new(router, None, limits, Metrics::new())
}

async fn started(
    server: Server,
) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.serve(listener, async move {
        stopped.await.ok();
    }));
    (address, stop, serving)
}

async fn ask(stream: &mut TcpStream, text: &[u8]) -> String {
    stream.write_all(text).await.unwrap();
    let mut bytes = vec![0; 1024];
    let count = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

const GET: &[u8] = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn serves_http1_and_http2_on_one_port() {
    let (address, _stop, _serving) = started(server(8)).await;
    let mut one = TcpStream::connect(address).await.unwrap();
    let answer = ask(&mut one, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let mut two = TcpStream::connect(address).await.unwrap();
    two.write_all(&PREFACE[..10]).await.unwrap();
    let mut rest = PREFACE[10..].to_vec();
    rest.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    two.write_all(&rest).await.unwrap();
    let mut head = [0; 9];
    two.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "the first frame is SETTINGS");
    let mut settings = vec![0; usize::from(head[2])];
    two.read_exact(&mut settings).await.unwrap();
    let streams = [0, 3, 0, 0, 0, 64];
    let headers = [0, 6, 0, 0, 32, 0];
    for expected in [streams, headers] {
        assert!(settings.chunks(6).any(|setting| setting == expected), "{settings:?}");
    }
}

#[tokio::test]
async fn closes_what_comes_above_the_bound() {
    let (address, _stop, _serving) = started(server(1)).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut first, GET).await.starts_with("HTTP/1.1 200"));
    let mut second = TcpStream::connect(address).await.unwrap();
    assert_eq!(second.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert!(ask(&mut first, GET).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn closes_silent_connections() {
    let (address, _stop, _serving) = started(server(8)).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(silent.read(&mut [0; 8]).await.unwrap(), 0);
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(&PREFACE[..10]).await.unwrap();
    assert_eq!(half.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn stops_accepting_and_ends_idle_connections_on_drain() {
    let (address, stop, serving) = started(server(8)).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut idle, GET).await.starts_with("HTTP/1.1 200"));
    stop.send(()).unwrap();
    serving.await.unwrap();
    assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

/// Serves one end of a pipe, and says when it was over, by the wound clock.
fn piped(io: DuplexStream) -> tokio::task::JoinHandle<Duration> {
    let started = Instant::now();
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(1));
        let (_stop, stopped) = watch::channel(false);
        let ended = server(1).talk(io, Peer { places, source: None }, stopped).await;
        drop(ended);
        started.elapsed()
    })
}

#[tokio::test(start_paused = true)]
async fn closes_connections_whose_head_does_not_come() {
    let (mut client, io) = duplex(1024);
    let served = piped(io);
    client.write_all(&GET[..20]).await.unwrap();
    let took = served.await.unwrap();
    assert!((HEAD_MAX..2 * HEAD_MAX).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn closes_connections_that_give_no_sign_of_life() {
    let (mut client, io) = duplex(64 * 1024);
    let served = piped(io);
    client.write_all(PREFACE).await.unwrap();
    client.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    // The other end is there and swallows everything, as a middlebox does that lost its peer.
    let took = served.await.unwrap();
    let longest = KEEPALIVE_INTERVAL + KEEPALIVE_MAX + Duration::from_secs(1);
    assert!((KEEPALIVE_INTERVAL..longest).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn asks_old_connections_to_end_and_then_ends_them() {
    let (client, io) = duplex(64 * 1024);
    let served = piped(io);
    let (mut requests, connection) = h2::client::handshake(client).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://localhost/waits").body(()).unwrap();
    let (answer, _body) = requests.send_request(request, true).unwrap();
    assert!(answer.await.is_err(), "the stream ends with its connection");
    let took = served.await.unwrap();
    let ages = AGE_MAX.mul_f64(0.9)..=AGE_MAX.mul_f64(1.1) + AGE_GRACE + Duration::from_secs(1);
    assert!(ages.contains(&took), "{took:?}");
    let ages: std::collections::BTreeSet<_> = (0..16).map(|_| age()).collect();
    assert!(ages.len() > 1, "connections that came together do not go together");
}

#[tokio::test]
async fn asks_the_system_for_signs_of_life() {
    let (address, _stop, _serving) = started(server(1)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    keep_alive(&near).unwrap();
    assert!(sockopt::socket_keepalive(&near).unwrap());
    assert_eq!(sockopt::tcp_keepidle(&near).unwrap(), TCP_KEEPALIVE);
    let mut served = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut served, GET).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn ends_a_drain_after_its_time_and_sooner_when_asked_again() {
    let patient = future::pending().left_future();
    let hurried = future::ready(()).right_future();
    for (hurry, expected) in [(patient, DRAIN_MAX), (hurried, HURRIED_MAX)] {
        let arrived = Arc::<Notify>::default();
        let server = server_that_tells(8, &arrived);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(server.serve_until(listener, stopped, hurry));
        let mut waiting = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut waiting, GET).await.starts_with("HTTP/1.1 200"));
        waiting.write_all(b"GET /waits HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        arrived.notified().await;
        tokio::time::pause();
        let asked = Instant::now();
        stop.send(()).unwrap();
        serving.await.unwrap();
        assert_eq!(asked.elapsed().as_secs(), expected.as_secs());
        tokio::time::resume();
    }
}
