//! The shape of a request: a method of the table, called as gRPC calls it.

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};

use super::Inner;
use super::refuse::{Dialect, Refusal, plain};
use super::route::{Route, Target};

/// Refuses unknown paths, and methods that are called another way than gRPC does.
pub(super) fn check(inner: &Inner, request: &mut Request<Body>) -> Result<(), Box<Response<Body>>> {
    let Some(route) = request.extensions().get::<Route>() else {
        // The observer has put it there; without it nothing is known, so nothing is open.
        return Err(Box::new(plain(StatusCode::NOT_FOUND, "not found")));
    };
    let answer = match (route.target, route.dialect) {
        (Target::Unknown, Dialect::Plain) => plain(StatusCode::NOT_FOUND, "not found"),
        (Target::Unknown, dialect) => inner.refuse(dialect, &Refusal::UnknownMethod),
        (Target::Method { .. }, Dialect::Plain) => plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type is not grpc's; send application/grpc or application/grpc-web+proto",
        ),
        (Target::Method { .. }, _) if request.method() != Method::POST => {
            plain(StatusCode::METHOD_NOT_ALLOWED, "method is not POST; call with POST")
        }
        (Target::Method { .. } | Target::Page, _) => return Ok(()),
    };
    Err(Box::new(answer))
}
