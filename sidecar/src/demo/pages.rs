//! The demo's page, kept in the binary.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

macro_rules! page {
    ($name:literal, $kind:literal) => {
        ($name, $kind, include_str!(concat!("page/", $name)))
    };
}

const FILES: [(&str, &str, &str); 10] = [
    page!("index.html", "text/html; charset=utf-8"),
    page!("demo.css", "text/css; charset=utf-8"),
    page!("audit.css", "text/css; charset=utf-8"),
    page!("api.js", "text/javascript; charset=utf-8"),
    page!("audit.js", "text/javascript; charset=utf-8"),
    page!("demo.js", "text/javascript; charset=utf-8"),
    page!("desk.js", "text/javascript; charset=utf-8"),
    page!("dom.js", "text/javascript; charset=utf-8"),
    page!("ledger.js", "text/javascript; charset=utf-8"),
    page!("play.js", "text/javascript; charset=utf-8"),
];

pub(super) fn router(sidecar: &str) -> Router {
    let policy: Arc<str> = content_security_policy(sidecar).into();
    let show = |it: (&'static str, &'static str, &'static str)| {
        let policy = Arc::clone(&policy);
        get(move || async move { file(it, &policy) })
    };
    let mut router = Router::new()
        .route("/", get(|| async { Redirect::temporary("/demo/") }))
        .route("/demo/", show(FILES[0]));
    for it in FILES {
        router = router.route(&format!("/demo/{}", it.0), show(it));
    }
    router
}

/// The page may load its own files, and the shell element and the panel of the sidecar.
fn content_security_policy(sidecar: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' {sidecar}; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; frame-src {sidecar}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

fn file((_, kind, text): (&'static str, &'static str, &'static str), policy: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}
