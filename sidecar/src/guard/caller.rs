//! Who calls: the bearer token becomes an [`Identity`] in the request's extensions.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use http::header::{AUTHORIZATION, HeaderMap};
use http::{Request, Response};

use super::Inner;
use super::peer::Peer;
use super::refuse::{Dialect, Refusal};
use super::route::{Entry, Pace, Route};
use crate::config::Diagnostics;
use crate::token::{Access, Identity, TokenFault};

/// Refuses callers without a valid token where one is needed.
pub(super) fn check(inner: &Inner, request: &mut Request<Body>) -> Result<(), Box<Response<Body>>> {
    let route = request.extensions().get::<Route>();
    let entry = route.map_or(Entry::Token, |route| route.entry);
    let dialect = route.map_or(Dialect::Plain, |route| route.dialect);
    // The end of a hold is let through at any rate, so its token is always looked at.
    let is_free = route.is_some_and(|route| route.pace == Pace::Free);
    let source = request.extensions().get::<Peer>().and_then(|peer| peer.source);
    let source = source.filter(|_| !is_free);
    match enter(inner, entry, (source, request.headers())) {
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
    from: (Option<IpAddr>, &HeaderMap),
) -> Result<Option<Arc<Identity>>, Refusal> {
    match (entry, inner.diagnostics) {
        (Entry::Open, _) | (Entry::Diagnostics, Diagnostics::Open) => Ok(None),
        (Entry::Token, _) => identify(inner, from).map(Some),
        (Entry::Diagnostics, Diagnostics::Admin) => {
            let identity = identify(inner, from)?;
            if identity.access == Access::Admin {
                Ok(Some(identity))
            } else {
                Err(Refusal::NotAdmin)
            }
        }
    }
}

fn identify(
    inner: &Inner,
    (source, headers): (Option<IpAddr>, &HeaderMap),
) -> Result<Arc<Identity>, Refusal> {
    let header = headers.get(AUTHORIZATION).ok_or(TokenFault::Missing);
    let token = header.and_then(|value| bearer(value.to_str().ok())).map_err(Refusal::Token)?;
    if let Some(source) = source
        && let Err(refusal) = inner.rates.hold(source)
        && !inner.verifier.remembers(token)
    {
        inner.count(&refusal);
        return Err(refusal);
    }
    let verified = inner.verifier.verify(token, now_s());
    if let (Err(_), Some(source)) = (&verified, source) {
        inner.rates.failed(source);
    }
    verified.map_err(Refusal::Token)
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
