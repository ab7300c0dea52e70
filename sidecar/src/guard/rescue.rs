//! Panics: the caller gets an answer with an id, and the log gets the same id.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, Service};

use super::Inner;
use super::refuse::{Dialect, Refusal};
use super::route::Route;

#[derive(Clone)]
pub(super) struct RescueLayer(pub(super) Arc<Inner>);

impl<S> Layer<S> for RescueLayer {
    type Service = RescueService<S>;

    fn layer(&self, next: S) -> RescueService<S> {
        RescueService { inner: Arc::clone(&self.0), next }
    }
}

#[derive(Clone)]
pub(super) struct RescueService<S> {
    inner: Arc<Inner>,
    next: S,
}

impl<S> Service<Request<Body>> for RescueService<S>
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

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = Arc::clone(&self.inner);
        let route = request.extensions().get::<Route>();
        let dialect = route.map_or(Dialect::Plain, |route| route.dialect);
        let label = route.map(|route| Arc::clone(&route.label));
        // A handler shares nothing with us that a panic could leave half changed.
        let work = AssertUnwindSafe(self.next.call(request)).catch_unwind();
        Box::pin(async move {
            if let Ok(answer) = work.await {
                return answer;
            }
            let error_id = error_id();
            tracing::error!(method = label.as_deref(), error.id = error_id, "handler panicked");
            Ok(inner.refuse(dialect, &Refusal::Internal { error_id }))
        })
    }
}

/// An id to find the log line by; without randomness the line must do without.
fn error_id() -> String {
    getrandom::u64().map_or_else(|_| "none".to_owned(), |id| format!("{id:016x}"))
}
