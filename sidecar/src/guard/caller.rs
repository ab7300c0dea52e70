//! Who calls: the bearer token becomes an [`Identity`] in the request's extensions.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use http::header::{AUTHORIZATION, HeaderMap};
use http::{Request, Response};

use super::Inner;
use super::refuse::{Dialect, Refusal};
use super::route::{Entry, Route};
use crate::config::Diagnostics;
use crate::token::{Access, Identity, TokenFault};

/// Refuses callers without a valid token where one is needed.
pub(super) fn check(inner: &Inner, request: &mut Request<Body>) -> Result<(), Box<Response<Body>>> {
    let route = request.extensions().get::<Route>();
    let entry = route.map_or(Entry::Token, |route| route.entry);
    let dialect = route.map_or(Dialect::Plain, |route| route.dialect);
    match enter(inner, entry, request.headers()) {
        Ok(None) => Ok(()),
        Ok(Some(identity)) => {
            request.extensions_mut().insert::<Arc<Identity>>(identity);
            Ok(())
        }
        Err(refusal) => Err(Box::new(inner.refuse(dialect, &refusal))),
    }
}

fn enter(
    inner: &Inner,
    entry: Entry,
    headers: &HeaderMap,
) -> Result<Option<Arc<Identity>>, Refusal> {
    match (entry, inner.diagnostics) {
        (Entry::Open, _) | (Entry::Diagnostics, Diagnostics::Open) => Ok(None),
        (Entry::Token, _) => identify(inner, headers).map(Some),
        (Entry::Diagnostics, Diagnostics::Admin) => {
            let identity = identify(inner, headers)?;
            if identity.access == Access::Admin {
                Ok(Some(identity))
            } else {
                Err(Refusal::NotAdmin)
            }
        }
    }
}

fn identify(inner: &Inner, headers: &HeaderMap) -> Result<Arc<Identity>, Refusal> {
    let header = headers.get(AUTHORIZATION).ok_or(TokenFault::Missing);
    header
        .and_then(|value| bearer(value.to_str().ok()))
        .and_then(|token| inner.verifier.verify(token, now_s()))
        .map_err(Refusal::Token)
}

/// The token of an `authorization` header; the scheme may be in any case (RFC 9110).
fn bearer(header: Option<&str>) -> Result<&str, TokenFault> {
    let (scheme, token) =
        header.and_then(|text| text.split_once(' ')).ok_or(TokenFault::Malformed)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(TokenFault::Malformed)
    }
}

/// A clock before 1970 makes every token invalid, which is the safe side.
fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(i64::MAX, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
