//! Connections: accepted up to a bound, held to their times, and drained at the end.
//!
//! The bounds of HTTP/2 are set here one by one, because several are unlimited by default.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use ipnet::IpNet;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use super::open_files;
use super::peer::{Addresses, Peer};
use crate::config::Limits;
use crate::telemetry::Metrics;

/// The first bytes of a client, TLS included, must be here by then; silence would hold a place.
const OPENING_MAX: Duration = Duration::from_secs(5);
/// The head of an HTTP/1.1 request must be here by then.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// A quiet HTTP/2 connection is asked for a sign of life this often: connections that are half open
/// swallow calls otherwise.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long a sign of life may take.
const KEEPALIVE_MAX: Duration = Duration::from_secs(20);
/// A connection is asked to end at about this age, so that load spreads over new sidecars.
const AGE_MAX: Duration = Duration::from_mins(20);
/// The streams of a connection that was asked to end may go on for this long.
const AGE_GRACE: Duration = Duration::from_secs(30);
/// At the end of the process all connections together have this long.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// What they have left once the process was asked again.
const HURRIED_MAX: Duration = Duration::from_secs(2);
/// The system asks a quiet peer for a sign of life after this long, below TLS and HTTP/1.1 too.
const TCP_KEEPALIVE: Duration = Duration::from_mins(1);
/// Bytes of a request's headers: a token of 4 KB and the rest.
const HEADERS_MAX: u32 = 8 * 1024;
/// Bytes of HTTP/1.1 that are kept until they are read: a head, or a part of a body.
const HTTP1_BUFFER_MAX: usize = 16 * 1024;
/// Bytes that a client may send before we have read them, on a stream and on a connection, and
/// that we keep for it until it reads them: with the count of connections they bound memory.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;
const SEND_BUFFER_MAX: usize = 64 * 1024;
/// Resets that wait to be seen, and resets for faults of the client: above these the connection is
/// closed, because they cost us more than the client. The callers of an honest back end may all
/// hang up at once under load, so the first are as many as a connection has streams.
const PENDING_RESETS_MAX: usize = 64;
const ERROR_RESETS_MAX: usize = 256;
/// What an HTTP/2 client says first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Becomes true when the process is to end.
type Stop = watch::Receiver<bool>;

/// Serves a router on a port.
#[derive(Clone)]
pub struct Server {
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    addresses: Addresses,
    metrics: Metrics,
    http: Builder<TokioExecutor>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Server {
    /// A server of this router; with TLS where an acceptor is given.
    pub fn new(router: Router, tls: Option<TlsAcceptor>, limits: Limits, metrics: Metrics) -> Self {
        let addresses = Addresses::new(limits.address_connections, &[]);
        Self { router, tls, limits, addresses, metrics, http: http(&limits) }
    }

    /// With networks behind which many callers share an address.
    #[must_use]
    pub fn with_proxies(self, proxies: &[IpNet]) -> Self {
        let addresses = Addresses::new(self.limits.address_connections, proxies);
        Self { addresses, ..self }
    }

    /// As [`Server::serve_until`], for those who never hurry.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        self.serve_until(listener, stop, std::future::pending()).await;
    }

    /// Accepts and serves until `stop` is ready; then lets the requests at hand finish, for 20
    /// seconds at most, or for 2 once `hurry` is ready too. It is not polled before.
    ///
    /// Streams have to be ended by those who feed them.
    pub async fn serve_until(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
        hurry: impl Future<Output = ()>,
    ) {
        let room = open_files::make_room(self.limits.connections);
        if let Some(advice) = room.advice() {
            tracing::warn!("{advice}");
        }
        let places = Arc::new(Semaphore::new(room.connections));
        let (stopping, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let (stream, address) = tokio::select! {
                () = &mut stop => break,
                // Ended connections are taken out as they end, so that the set stays small.
                Some(_) = connections.join_next() => continue,
                accepted = accept(&listener) => accepted,
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                self.metrics.shed("CONNECTIONS");
                continue;
            };
            let source = self.addresses.source(address);
            let Some(counted) = self.addresses.enter(source) else {
                self.metrics.shed("ADDRESS_CONNECTIONS");
                continue;
            };
            let server = self.clone();
            let stopped = stopped.clone();
            connections.spawn(async move {
                server.connection(stream, source, stopped).await;
                drop((place, counted));
            });
        }
        drop(listener);
        stopping.send_replace(true);
        let drained = async { while connections.join_next().await.is_some() {} };
        let hurried = async {
            hurry.await;
            tracing::warn!("asked to end again; closing connections soon");
            tokio::time::sleep(HURRIED_MAX).await;
        };
        tokio::select! {
            () = drained => return,
            () = hurried => {}
            () = tokio::time::sleep(DRAIN_MAX) => {}
        }
        tracing::warn!("connections were still open after the drain; closing them");
    }

    async fn connection(&self, stream: TcpStream, source: Option<IpAddr>, stop: Stop) {
        let _open = self.metrics.connection_opened();
        if let Err(error) = self.open(stream, source, stop).await {
            tracing::debug!(error = %error, "connection ended");
        }
    }

    async fn open(&self, stream: TcpStream, source: Option<IpAddr>, stop: Stop) -> io::Result<()> {
        stream.set_nodelay(true)?;
        keep_alive(&stream)?;
        let places = Arc::new(Semaphore::new(self.limits.connection_requests));
        let peer = Peer { places, source };
        match &self.tls {
            Some(tls) => {
                let stream = timeout(OPENING_MAX, tls.accept(stream)).await??;
                self.talk(stream, peer, stop).await
            }
            None => self.talk(stream, peer, stop).await,
        }
    }

    async fn talk(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        mut stop: Stop,
    ) -> io::Result<()> {
        let (mut read, write) = tokio::io::split(stream);
        let opening = timeout(OPENING_MAX, opening(&mut read)).await??;
        let stream = tokio::io::join(io::Cursor::new(opening).chain(read), write);
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            let answer = self.router.clone().call(request.map(Body::new));
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let mut talk = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            ended = talk.as_mut() => return ended.map_err(io::Error::other),
            () = tokio::time::sleep(age()) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        talk.as_mut().graceful_shutdown();
        timeout(AGE_GRACE, talk).await?.map_err(io::Error::other)
    }
}

fn http(limits: &Limits) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HTTP1_BUFFER_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(HEADERS_MAX)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER_MAX)
        .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
        .max_local_error_reset_streams(ERROR_RESETS_MAX)
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_MAX);
    http
}

/// The next connection. Some errors are the client's; the others, such as too many open files, pass
/// with time, and until then there is nothing to do but wait.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address.ip()),
            Err(error) => {
                tracing::warn!(error = %error, "connection not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    Ok(sockopt::set_tcp_keepidle(stream, TCP_KEEPALIVE)?)
}

/// The first bytes: enough to tell HTTP/2 from anything else.
async fn opening(read: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(PREFACE.len());
    while bytes.len() < PREFACE.len() && PREFACE.starts_with(&bytes) {
        let wanted = u64::try_from(PREFACE.len() - bytes.len()).unwrap_or(0);
        if read.take(wanted).read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    Ok(bytes)
}

/// The age at which a connection is asked to end: a tenth more or less, so that connections that
/// were opened together do not end together.
fn age() -> Duration {
    let jitter = getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX));
    AGE_MAX.mul_f64(0.9 + 0.2 * jitter)
}

#[cfg(test)]
mod tests;
