//! The demo's page, kept in the binary.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

/// The page may load its own files, the shell element, and frame the panel of the same sidecar
/// under its other name.
const POLICY: &str = "default-src 'none'; script-src 'self' http://localhost:*; \
                      style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      frame-src http://localhost:*; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

macro_rules! page {
    ($name:literal, $kind:literal) => {
        ($name, $kind, include_str!(concat!("page/", $name)))
    };
}

const FILES: [(&str, &str, &str); 6] = [
    page!("index.html", "text/html; charset=utf-8"),
    page!("demo.css", "text/css; charset=utf-8"),
    page!("api.js", "text/javascript; charset=utf-8"),
    page!("demo.js", "text/javascript; charset=utf-8"),
    page!("desk.js", "text/javascript; charset=utf-8"),
    page!("ledger.js", "text/javascript; charset=utf-8"),
];
const PLAY: (&str, &str, &str) = page!("play.js", "text/javascript; charset=utf-8");

pub(super) fn router() -> Router {
    let mut router = Router::new()
        .route("/", get(|| async { Redirect::temporary("/demo/") }))
        .route("/demo/", get(|| async { file(FILES[0]) }));
    for it in FILES.into_iter().chain([PLAY]) {
        router = router.route(&format!("/demo/{}", it.0), get(move || async move { file(it) }));
    }
    router
}

fn file((_, kind, text): (&'static str, &'static str, &'static str)) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}
