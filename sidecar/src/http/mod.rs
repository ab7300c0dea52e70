//! The pages of the port: the widget's files, the probes, and the metrics.

mod files;

pub use files::{EmbeddedFile, WidgetFiles};

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::config::WebOrigin;
use crate::telemetry::{Metrics, OPENMETRICS};

/// Says whether the sidecar can serve; `Err` is the reason why it cannot, for people.
pub type Ready = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What the pages show.
#[derive(Clone)]
pub struct Pages {
    /// The widget's files; empty where the widget was not built.
    pub files: &'static [EmbeddedFile],
    /// The pages that may frame the panel.
    pub frame_ancestors: Vec<WebOrigin>,
    /// Whether the sidecar can serve.
    pub ready: Ready,
    /// What `/metrics` shows.
    pub metrics: Metrics,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

/// Routes for `/embed/…`, `/livez`, `/readyz` and `/metrics`; anything else is a plain 404.
///
/// The fallback is set here: a router that is merged with this one must have none (tonic's has one;
/// `reset_fallback` takes it away).
pub fn router(pages: Pages) -> Router {
    let files = WidgetFiles::new(pages.files, &pages.frame_ancestors);
    let embedded =
        Router::new().route("/embed/{name}", get(files::serve)).with_state(Arc::new(files));
    Router::new()
        .route("/livez", get(|| async { "live\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(pages)
        .merge(embedded)
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found\n") })
}

async fn readyz(State(pages): State<Pages>) -> Response {
    match (pages.ready)() {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics(State(pages): State<Pages>) -> Response {
    match pages.metrics.encode() {
        Ok(text) => ([(CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests;
