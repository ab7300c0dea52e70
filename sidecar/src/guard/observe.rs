//! Counts and logs every request: method, code and time, and nothing about people.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use tower::{Layer, Service};
use tracing::Instrument as _;

use super::Inner;
use super::route::{Route, Target};

#[derive(Clone)]
pub(super) struct ObserveLayer(pub(super) Arc<Inner>);

impl<S> Layer<S> for ObserveLayer {
    type Service = ObserveService<S>;

    fn layer(&self, next: S) -> ObserveService<S> {
        ObserveService { inner: Arc::clone(&self.0), next }
    }
}

#[derive(Clone)]
pub(super) struct ObserveService<S> {
    inner: Arc<Inner>,
    next: S,
}

impl<S> Service<Request<Body>> for ObserveService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.next.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let start = Instant::now();
        let inner = Arc::clone(&self.inner);
        let route = inner.methods.route(request.uri().path(), request.headers());
        request.extensions_mut().insert(route.clone());
        let span = tracing::info_span!("request", method = &*route.label);
        let work = self.next.call(request).instrument(span.clone());
        Box::pin(async move {
            let response = work.await?;
            let took = start.elapsed();
            let code = code(&route, &response);
            inner.metrics.answered(&route.label, code, took);
            let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            tracing::debug!(parent: &span, code, took_us, "answered");
            Ok(response)
        })
    }
}

/// The name of a method's gRPC code, or the HTTP status of anything else. A stream counts by how it
/// opened.
fn code(route: &Route, response: &Response<Body>) -> &'static str {
    /// By number, as gRPC has them.
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    if let Some(status) = response.headers().get("grpc-status") {
        let number: Option<usize> = status.to_str().ok().and_then(|text| text.parse().ok());
        return number.and_then(|number| NAMES.get(number)).map_or("UNKNOWN", |name| *name);
    }
    match (route.target, response.status()) {
        (Target::Method { .. }, StatusCode::OK) => "OK",
        (_, StatusCode::OK) => "200",
        (_, StatusCode::NOT_MODIFIED) => "304",
        (_, StatusCode::UNAUTHORIZED) => "401",
        (_, StatusCode::FORBIDDEN) => "403",
        (_, StatusCode::NOT_FOUND) => "404",
        (_, StatusCode::METHOD_NOT_ALLOWED) => "405",
        (_, StatusCode::UNSUPPORTED_MEDIA_TYPE) => "415",
        (_, StatusCode::INTERNAL_SERVER_ERROR) => "500",
        (_, StatusCode::SERVICE_UNAVAILABLE) => "503",
        _ => "other",
    }
}
