//! Tests of the pages: headers, encodings, probes.

use axum::body::{Body, to_bytes};
use http::header::HeaderMap;
use http::{Method, Request};
use tower::ServiceExt as _;

use super::*;

const FILES: &[EmbeddedFile] = &[
    ("frame.html", "text/html; charset=utf-8", b"<!doctype html>", Some(b"br frame")),
    ("makegood-panel.js", "text/javascript", b"class Panel {}", None),
    ("panel-0a1b2c3d4e.css", "text/css", b"b{}", None),
];

fn pages(files: &'static [EmbeddedFile], ready: Result<(), String>) -> Router {
    router(Pages {
        files,
        frame_ancestors: vec!["https://crm.example".parse().unwrap()],
        ready: Arc::new(move || ready.clone()),
        metrics: Metrics::new(),
    })
}

async fn get_with(
    router: Router,
    path: &str,
    header: (&'static str, &str),
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert(header.0, header.1.parse().unwrap());
    let response = router.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn file(path: &str, header: (&'static str, &str)) -> (StatusCode, HeaderMap, String) {
    get_with(pages(FILES, Ok(())), path, header).await
}

#[tokio::test]
async fn keeps_the_frame_to_itself() {
    let (status, headers, body) = file("/embed/frame.html", ("accept", "*/*")).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "<!doctype html>"));
    let policy = headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "style-src 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors https://crm.example",
    ] {
        assert!(policy.contains(part), "{part} is missing in {policy}");
    }
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cache-control"], "no-cache");
}

#[tokio::test]
async fn lets_nobody_frame_the_panel_unless_told() {
    let pages = Pages {
        files: FILES,
        frame_ancestors: Vec::new(),
        ready: Arc::new(|| Ok(())),
        metrics: Metrics::new(),
    };
    let (_, headers, _) = get_with(router(pages), "/embed/frame.html", ("accept", "*/*")).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn lets_hosts_load_the_shell_element() {
    let (_, headers, _) = file("/embed/makegood-panel.js", ("accept", "*/*")).await;
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(headers["content-type"], "text/javascript");
}

#[tokio::test]
async fn sends_brotli_to_those_who_take_it() {
    for taken in ["br", "gzip, br", "gzip;q=0.5, BR;q=1"] {
        let (_, headers, body) = file("/embed/frame.html", ("accept-encoding", taken)).await;
        assert_eq!(
            (headers["content-encoding"].as_bytes(), body.as_str()),
            (&b"br"[..], "br frame")
        );
        assert_eq!(headers["vary"], "accept-encoding");
    }
    for refused in ["gzip", "br;q=0", "brx", ""] {
        let (_, headers, _) = file("/embed/frame.html", ("accept-encoding", refused)).await;
        assert!(!headers.contains_key("content-encoding"), "{refused}");
    }
}

#[tokio::test]
async fn answers_what_is_known_without_a_body() {
    let (_, headers, _) = file("/embed/frame.html", ("accept", "*/*")).await;
    let etag = headers["etag"].to_str().unwrap();
    let (status, again, body) = file("/embed/frame.html", ("if-none-match", etag)).await;
    assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(again["etag"], etag);
    let (status, _, _) = file("/embed/frame.html", ("if-none-match", "\"other\"")).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn keeps_only_hashed_names_for_good() {
    let (_, headers, _) = file("/embed/panel-0a1b2c3d4e.css", ("accept", "*/*")).await;
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    let (_, headers, _) = file("/embed/makegood-panel.js", ("accept", "*/*")).await;
    assert_eq!(headers["cache-control"], "no-cache");
}

#[tokio::test]
async fn says_how_to_build_a_widget_that_is_missing() {
    let (status, _, body) =
        get_with(pages(&[], Ok(())), "/embed/frame.html", ("accept", "*/*")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("cargo xtask wasm"), "{body}");
}

#[tokio::test]
async fn answers_plainly_for_everything_else() {
    for path in ["/", "/embed/", "/embed/../Cargo.toml", "/embed/none.js", "/makegood"] {
        let (status, _, body) = file(path, ("accept", "*/*")).await;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_FOUND, "not found\n"), "{path}");
    }
}

#[tokio::test]
async fn tells_live_from_ready() {
    let not_ready = || pages(FILES, Err("ledger is being replayed".to_owned()));
    let probe = ("accept", "*/*");
    assert_eq!(get_with(not_ready(), "/livez", probe).await.0, StatusCode::OK);
    let (status, _, body) = get_with(not_ready(), "/readyz", probe).await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "ledger is being replayed\n")
    );
    assert_eq!(file("/readyz", probe).await.0, StatusCode::OK);
}

#[tokio::test]
async fn shows_metrics_in_openmetrics() {
    let (_, headers, body) = file("/metrics", ("accept", "*/*")).await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(body.ends_with("# EOF\n"));
}
