//! Refusals of the guard: what is said, in the dialect of the caller.

use std::time::Duration;

use axum::body::Body;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use thiserror::Error;

use super::Inner;
use crate::token::TokenFault;

/// Turns a refusal into a gRPC answer without a body.
pub type Respond = fn(&Refusal) -> Response<Body>;

/// Why the guard did not let a call through to its handler, or did not wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The caller is not known.
    #[error("{0}")]
    Token(TokenFault),
    /// The caller is known and may not see this.
    #[error("access must be admin; use a token with acc admin")]
    NotAdmin,
    /// There is no such method.
    #[error("method is unknown; compare the versions of client and sidecar")]
    UnknownMethod,
    /// The handler took too long; what it has begun may still come to its end.
    #[error("deadline passed; ask again with the same id")]
    DeadlineExceeded,
    /// Too many calls are at work.
    #[error("too many calls are at work; try again in {} ms", millis(*retry_after))]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The caller comes too often.
    #[error("{limit}; try again in {} ms", millis(*retry_after))]
    Limited {
        /// What there was too much of.
        limit: Limit,
        /// When to try again.
        retry_after: Duration,
    },
    /// The handler panicked.
    #[error("internal error")]
    Internal {
        /// The id under which the cause is logged.
        error_id: String,
    },
}

/// What a caller can do too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Limit {
    /// Calls of one agent.
    #[error("the agent calls too often")]
    Agent,
    /// Searches of one agent.
    #[error("the agent searches for customers too often")]
    Search,
    /// Calls of the tenant.
    #[error("the tenant calls too often")]
    Tenant,
    /// Tokens that failed, from one address.
    #[error("too many tokens from this address have failed")]
    FailedTokens,
}

impl Limit {
    /// The reason for clients, in `UPPER_SNAKE`.
    const fn reason(self) -> &'static str {
        match self {
            Self::Agent => "AGENT_RATE",
            Self::Search => "SEARCH_RATE",
            Self::Tenant => "TENANT_RATE",
            Self::FailedTokens => "FAILED_TOKENS",
        }
    }
}

/// Whole milliseconds, rounded up: who comes a moment too early is refused again.
fn millis(duration: Duration) -> u128 {
    duration.as_nanos().div_ceil(1_000_000)
}

/// The canonical codes that the guard answers with; the numbers are gRPC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// The deadline has passed.
    DeadlineExceeded = 4,
    /// The caller may not.
    PermissionDenied = 7,
    /// Too much at once.
    ResourceExhausted = 8,
    /// There is no such method.
    Unimplemented = 12,
    /// A fault of ours.
    Internal = 13,
    /// The caller is not known.
    Unauthenticated = 16,
}

impl Refusal {
    /// The canonical code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Token(_) => Code::Unauthenticated,
            Self::NotAdmin => Code::PermissionDenied,
            Self::UnknownMethod => Code::Unimplemented,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Overloaded { .. } | Self::Limited { .. } => Code::ResourceExhausted,
            Self::Internal { .. } => Code::Internal,
        }
    }

    /// The reason for clients, in `UPPER_SNAKE`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Token(fault) => fault.reason(),
            Self::NotAdmin => "ACCESS_NOT_ADMIN",
            Self::UnknownMethod => "METHOD_UNKNOWN",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Overloaded { .. } => "OVERLOADED",
            Self::Limited { limit, .. } => limit.reason(),
            Self::Internal { .. } => "INTERNAL",
        }
    }

    /// Every dynamic part, by name with its unit.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Overloaded { retry_after } | Self::Limited { retry_after, .. } => {
                vec![("retry_after_ms", millis(*retry_after).to_string())]
            }
            Self::Internal { error_id } => vec![("error_id", error_id.clone())],
            Self::Token(_) | Self::NotAdmin | Self::UnknownMethod | Self::DeadlineExceeded => {
                Vec::new()
            }
        }
    }

    /// When a retry helps; `None` where it does not by itself.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Overloaded { retry_after } | Self::Limited { retry_after, .. } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    const fn http_status(&self) -> StatusCode {
        match self {
            Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::NotAdmin => StatusCode::FORBIDDEN,
            Self::UnknownMethod => StatusCode::NOT_FOUND,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// How the caller speaks, by the content type of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Native gRPC.
    Grpc,
    /// gRPC-Web with binary frames.
    GrpcWeb,
    /// gRPC-Web with frames in base64.
    GrpcWebText,
    /// Anything else: a browser that loads files, a probe.
    Plain,
}

impl Dialect {
    /// The dialect of a request with these headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|text| text.split(';').next());
        match media_type.map(str::trim) {
            Some("application/grpc" | "application/grpc+proto") => Self::Grpc,
            Some("application/grpc-web" | "application/grpc-web+proto") => Self::GrpcWeb,
            Some("application/grpc-web-text" | "application/grpc-web-text+proto") => {
                Self::GrpcWebText
            }
            _ => Self::Plain,
        }
    }
}

impl Inner {
    /// Counts a refusal for want of room or of time.
    pub(super) fn count(&self, refusal: &Refusal) {
        self.metrics.shed(refusal.reason());
    }

    /// The answer for a refusal.
    pub(super) fn refuse(&self, dialect: Dialect, refusal: &Refusal) -> Response<Body> {
        let content_type = match dialect {
            Dialect::Plain => return plain(refusal.http_status(), &refusal.to_string()),
            Dialect::Grpc => "application/grpc",
            Dialect::GrpcWeb => "application/grpc-web+proto",
            Dialect::GrpcWebText => "application/grpc-web-text+proto",
        };
        let mut response = (self.respond)(refusal);
        let content_type = HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }
}

/// An answer of one line.
pub(super) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
