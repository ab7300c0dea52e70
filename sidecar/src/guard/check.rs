//! The layer of a step that only looks: it lets the request pass, or answers itself.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use futures_util::future::Either;
use http::{Request, Response};
use tower::{Layer, Service};

use super::Inner;

/// A step: `Err` is its answer. Boxed, because an answer is large and rare.
pub(super) type Check = fn(&Inner, &mut Request<Body>) -> Result<(), Box<Response<Body>>>;

#[derive(Clone)]
pub(super) struct CheckLayer {
    inner: Arc<Inner>,
    check: Check,
}

impl CheckLayer {
    pub(super) fn new(inner: &Arc<Inner>, check: Check) -> Self {
        Self { inner: Arc::clone(inner), check }
    }
}

impl<S> Layer<S> for CheckLayer {
    type Service = CheckService<S>;

    fn layer(&self, next: S) -> CheckService<S> {
        CheckService { step: self.clone(), next }
    }
}

#[derive(Clone)]
pub(super) struct CheckService<S> {
    step: CheckLayer,
    next: S,
}

impl<S> Service<Request<Body>> for CheckService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.next.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match (self.step.check)(&self.step.inner, &mut request) {
            Ok(()) => Either::Left(self.next.call(request)),
            Err(answer) => Either::Right(ready(Ok(*answer))),
        }
    }
}
