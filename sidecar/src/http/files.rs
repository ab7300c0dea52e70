//! The widget's files: embedded in the binary, compressed beforehand, with the headers that keep the
//! frame to itself.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use sha2::{Digest as _, Sha256};

use crate::config::WebOrigin;

/// A file of the widget: name, content type, plain bytes, and the bytes compressed with brotli.
pub type EmbeddedFile = (&'static str, &'static str, &'static [u8], Option<&'static [u8]>);

const NOT_BUILT: &str = "the widget is not built into this binary; run cargo xtask wasm, then build \
                         the sidecar again\n";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
/// The shortest hash in a file name that makes the name change with the content.
const HASH_MIN_CHARS: usize = 8;

/// The widget's files, ready to be sent.
#[derive(Debug)]
pub struct WidgetFiles {
    files: HashMap<&'static str, Prepared>,
}

#[derive(Debug)]
struct Prepared {
    plain: Variant,
    brotli: Option<Variant>,
}

/// One encoding of a file: its headers without those of the moment, and its bytes.
#[derive(Debug)]
struct Variant {
    headers: HeaderMap,
    etag: HeaderValue,
    bytes: Bytes,
}

impl WidgetFiles {
    /// Prepares the files; `frame_ancestors` are the pages that may frame the panel.
    pub fn new(files: &'static [EmbeddedFile], frame_ancestors: &[WebOrigin]) -> Self {
        let policy = content_security_policy(frame_ancestors);
        let prepare = |file: &EmbeddedFile| (file.0, Prepared::new(file, &policy));
        Self { files: files.iter().map(prepare).collect() }
    }
}

impl Prepared {
    fn new((name, content_type, plain, brotli): &EmbeddedFile, policy: &HeaderValue) -> Self {
        let hash = format!("{:x}", Sha256::digest(plain));
        let hash = hash.get(..32).unwrap_or(&hash);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control(name)));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        // Pages of other origins load the shell element; what they may frame is the policy's.
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
        let brotli = brotli.map(|bytes| {
            let mut headers = headers.clone();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
            Variant::new(headers, &format!("\"{hash}-br\""), bytes)
        });
        Self { plain: Variant::new(headers, &format!("\"{hash}\""), plain), brotli }
    }

    fn variant(&self, request: &HeaderMap) -> &Variant {
        match &self.brotli {
            Some(brotli) if takes_brotli(request) => brotli,
            _ => &self.plain,
        }
    }
}

impl Variant {
    fn new(mut headers: HeaderMap, etag: &str, bytes: &'static [u8]) -> Self {
        // Hexadecimal digits and quotes are always a valid value.
        let etag = HeaderValue::from_str(etag).unwrap_or(HeaderValue::from_static("\"\""));
        headers.insert(ETAG, etag.clone());
        Self { headers, etag, bytes: Bytes::from_static(bytes) }
    }
}

/// Serves `/embed/{name}`.
pub(super) async fn serve(
    State(files): State<Arc<WidgetFiles>>,
    Path(name): Path<String>,
    request: HeaderMap,
) -> Response {
    if files.files.is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    }
    let Some(file) = files.files.get(name.as_str()) else {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    let variant = file.variant(&request);
    let is_known = request.get_all(IF_NONE_MATCH).iter().any(|value| value == variant.etag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(variant.bytes.clone()))
    };
    response.headers_mut().extend(variant.headers.clone());
    response
}

/// What the frame may do: run its own code and talk to its own origin, framed by hosts that are
/// allowed.
fn content_security_policy(frame_ancestors: &[WebOrigin]) -> HeaderValue {
    let ancestors: Vec<&str> = frame_ancestors.iter().map(WebOrigin::as_str).collect();
    let ancestors = if ancestors.is_empty() { "'none'".to_owned() } else { ancestors.join(" ") };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; \
         style-src 'self'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; frame-ancestors {ancestors}"
    );
    // Origins were read as such, so the policy is always a valid value; if not, nothing is allowed.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Only a name that changes with the content may be kept without asking.
fn cache_control(name: &str) -> &'static str {
    let is_hash = |part: &str| {
        part.len() >= HASH_MIN_CHARS && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if name.split(['.', '-']).any(is_hash) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// Whether brotli is among the encodings that are taken; one with `q=0` is not.
fn takes_brotli(request: &HeaderMap) -> bool {
    let takes = |coding: &str| {
        let mut parts = coding.split(';').map(str::trim);
        let is_brotli = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br"));
        is_brotli && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    };
    request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(takes)
}
