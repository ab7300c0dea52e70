//! Capacity: so many calls at work at once; more are refused at once and told when to come back.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use futures_util::future::{BoxFuture, Either, Ready, ready};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service};

use super::Inner;
use super::peer::Peer;
use super::refuse::Refusal;
use super::route::{Effect, Route, Target};
use crate::config::Limits;

/// When a refused caller may try again: about the time that the work at hand takes.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The places of the whole port.
#[derive(Debug)]
pub(super) struct Capacity {
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
}

/// The places that a call holds while it is at work.
struct Places {
    _port: OwnedSemaphorePermit,
    _connection: Option<OwnedSemaphorePermit>,
}

impl Capacity {
    pub(super) fn new(limits: &Limits) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self { reads: places(limits.reads), writes: places(limits.writes) }
    }

    /// `Ok(None)` for what needs no place; `Err` where there is none left.
    fn take(&self, request: &Request<Body>) -> Result<Option<Places>, Refusal> {
        let target = request.extensions().get::<Route>().map(|route| route.target);
        let Some(Target::Method { effect, may_shed: true }) = target else {
            return Ok(None);
        };
        let overloaded = |_| Refusal::Overloaded { retry_after: RETRY_AFTER };
        let port = match effect {
            Effect::Read | Effect::Stream | Effect::Export => &self.reads,
            Effect::Write => &self.writes,
        };
        let peer = request.extensions().get::<Peer>();
        let connection = peer.map(|peer| Arc::clone(&peer.places).try_acquire_owned());
        Ok(Some(Places {
            _connection: connection.transpose().map_err(overloaded)?,
            _port: Arc::clone(port).try_acquire_owned().map_err(overloaded)?,
        }))
    }
}

/// The answer, which gives its places back; an export keeps them until its last byte is sent, or
/// nobody wants it any more.
fn done(effect: Option<Effect>, answer: Response<Body>, places: Places) -> Response<Body> {
    if effect != Some(Effect::Export) {
        return answer;
    }
    answer.map(|body| {
        Body::new(body.inspect_frame(move |_| {
            let _held = &places;
        }))
    })
}

#[derive(Clone)]
pub(super) struct CapacityLayer(pub(super) Arc<Inner>);

impl<S> Layer<S> for CapacityLayer {
    type Service = CapacityService<S>;

    fn layer(&self, next: S) -> CapacityService<S> {
        CapacityService { inner: Arc::clone(&self.0), next }
    }
}

#[derive(Clone)]
pub(super) struct CapacityService<S> {
    inner: Arc<Inner>,
    next: S,
}

type Answer = Result<Response<Body>, Infallible>;

impl<S> Service<Request<Body>> for CapacityService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<Either<S::Future, BoxFuture<'static, Answer>>, Ready<Answer>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.next.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let effect = request.extensions().get::<Route>().and_then(Route::effect);
        match self.inner.capacity.take(&request) {
            Ok(None) => Either::Left(Either::Left(self.next.call(request))),
            Ok(Some(places)) => {
                let work = self.next.call(request);
                Either::Left(Either::Right(Box::pin(async move {
                    Ok(done(effect, work.await?, places))
                })))
            }
            Err(refusal) => {
                self.inner.count(&refusal);
                let route = request.extensions().get::<Route>();
                let dialect = route.map_or(super::refuse::Dialect::Grpc, |route| route.dialect);
                Either::Right(ready(Ok(self.inner.refuse(dialect, &refusal))))
            }
        }
    }
}
