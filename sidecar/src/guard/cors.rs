//! What pages of other origins may do and see, for exactly the origins that are allowed.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::WebOrigin;

/// What gRPC-Web clients send.
const SENT: [HeaderName; 6] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-user-agent"),
];

/// What a page must see: the status of an error without a body comes in the headers.
const SHOWN: [HeaderName; 3] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// The layer; it answers preflights itself. There are no cookies, so no credentials either.
pub(super) fn layer(origins: &[WebOrigin]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(SENT)
        .expose_headers(SHOWN)
        // Chrome asks before a public page reaches a private address.
        .allow_private_network(true)
        .max_age(Duration::from_mins(10))
        .vary([header::ORIGIN])
}
