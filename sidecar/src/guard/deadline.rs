//! Deadlines: every call ends in time, with the answer that gRPC has for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use futures_util::future::{BoxFuture, Either};
use http::header::HeaderMap;
use http::{Request, Response};
use tower::{Layer, Service};

use super::Inner;
use super::refuse::Refusal;
use super::route::{Effect, Route, Target};
use crate::config::Limits;

/// How long calls may take.
#[derive(Debug)]
pub(super) struct Deadlines {
    read: Duration,
    write: Duration,
    longest: Duration,
}

impl Deadlines {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            read: limits.read_deadline,
            write: limits.write_deadline,
            longest: limits.longest_deadline,
        }
    }

    /// How long this call may take; `None` for pages. A stream has this long to open: until then
    /// it takes a place, and what comes after is bounded elsewhere.
    fn of(&self, target: Target, headers: &HeaderMap) -> Option<Duration> {
        let default = match target {
            Target::Method { effect: Effect::Read, .. } => self.read,
            Target::Method { effect: Effect::Write, .. } => self.write,
            // What it names is the time of the whole stream.
            Target::Method { effect: Effect::Stream | Effect::Export, .. } => {
                return Some(self.read);
            }
            Target::Page | Target::Unknown => return None,
        };
        let named = headers.get("grpc-timeout").and_then(|value| parse(value.as_bytes()));
        Some(named.map_or(default, |named| named.min(self.longest)))
    }
}

/// Reads a `grpc-timeout`: one to eight digits that are not all zero, and a unit; `None` for
/// anything else.
fn parse(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let duration = match unit {
        b'H' => Duration::from_secs(count.checked_mul(3600)?),
        b'M' => Duration::from_secs(count.checked_mul(60)?),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return None,
    };
    (count > 0).then_some(duration)
}

#[derive(Clone)]
pub(super) struct DeadlineLayer(pub(super) Arc<Inner>);

impl<S> Layer<S> for DeadlineLayer {
    type Service = DeadlineService<S>;

    fn layer(&self, next: S) -> DeadlineService<S> {
        DeadlineService { inner: Arc::clone(&self.0), next }
    }
}

#[derive(Clone)]
pub(super) struct DeadlineService<S> {
    inner: Arc<Inner>,
    next: S,
}

impl<S> Service<Request<Body>> for DeadlineService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.next.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let bounded = request.extensions().get::<Route>().and_then(|route| {
            let deadline = self.inner.deadlines.of(route.target, request.headers())?;
            Some((deadline, route.dialect))
        });
        let Some((deadline, dialect)) = bounded else {
            return Either::Left(self.next.call(request));
        };
        let inner = Arc::clone(&self.inner);
        // Dropping the handler undoes nothing: the writer finishes what it was given, and a retry
        // with the same id learns the outcome.
        let work = tokio::time::timeout(deadline, self.next.call(request));
        Either::Right(Box::pin(async move {
            match work.await {
                Ok(answer) => answer,
                Err(_) => Ok(inner.refuse(dialect, &Refusal::DeadlineExceeded)),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Target = Target::Method { effect: Effect::Read, may_shed: true };
    const WRITE: Target = Target::Method { effect: Effect::Write, may_shed: true };
    const STREAM: Target = Target::Method { effect: Effect::Stream, may_shed: true };

    fn deadlines() -> Deadlines {
        Deadlines {
            read: Duration::from_secs(2),
            write: Duration::from_secs(5),
            longest: Duration::from_secs(10),
        }
    }

    #[test]
    fn reads_timeouts_as_grpc_writes_them() {
        let default = Duration::from_secs(2);
        let cases = [
            ("1S", Duration::from_secs(1)),
            ("3000m", Duration::from_secs(3)),
            ("1500000u", Duration::from_millis(1500)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("1n", Duration::from_nanos(1)),
            ("1M", Duration::from_secs(10)),
            ("99999999H", Duration::from_secs(10)),
            ("", default),
            ("S", default),
            ("0S", default),
            ("1", default),
            ("1s", default),
            ("-1S", default),
            ("+1S", default),
            ("1.5S", default),
            ("123456789n", default),
            ("1 S", default),
            ("１S", default),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            assert_eq!(deadlines().of(READ, &headers), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn gives_writes_more_time_and_streams_the_time_to_open() {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", "1H".parse().unwrap());
        assert_eq!(deadlines().of(STREAM, &headers), Some(Duration::from_secs(2)));
        headers.clear();
        let deadlines = deadlines();
        assert_eq!(deadlines.of(READ, &headers), Some(Duration::from_secs(2)));
        assert_eq!(deadlines.of(WRITE, &headers), Some(Duration::from_secs(5)));
        for target in [Target::Page, Target::Unknown] {
            assert_eq!(deadlines.of(target, &headers), None);
        }
    }
}
