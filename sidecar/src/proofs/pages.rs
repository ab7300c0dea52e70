//! The tree over HTTP, as static files (C2SP tlog-tiles): `/tlog/checkpoint` and `/tlog/tile/…`.
//!
//! The entries are pseudonymous and not public: the guard lets nobody in without a token, unless
//! the log was configured to be public, and agents see their own entries by other ways alone.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use makegood_ledger::tiles::TilePath;

use crate::house::House;
use crate::token::{Access, Identity};

/// A tile never changes; who may keep it is the caller alone.
const TILE_CACHE: &str = "private, max-age=31536000, immutable";
const CHECKPOINT_CACHE: &str = "no-cache";

/// What the pages are made of.
#[derive(Clone)]
struct Log {
    house: Arc<House>,
    is_public: bool,
}

/// Who asks, where the guard has asked for a token.
type Caller = Option<Extension<Arc<Identity>>>;

/// Routes below `/tlog/`.
pub fn router(house: &Arc<House>, is_public: bool) -> Router {
    Router::new()
        .route("/tlog/checkpoint", get(checkpoint))
        .route("/tlog/{*path}", get(tile))
        .with_state(Log { house: Arc::clone(house), is_public })
}

async fn checkpoint(State(log): State<Log>, caller: Caller) -> Response {
    if let Err(refused) = log.admit(caller) {
        return *refused;
    }
    let newest = log.house.book().and_then(|book| book.newest());
    match newest {
        Some(checkpoint) => {
            let headers =
                [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, CHECKPOINT_CACHE)];
            (headers, [(X_CONTENT_TYPE_OPTIONS, "nosniff")], checkpoint.to_string()).into_response()
        }
        None => not_found(),
    }
}

async fn tile(State(log): State<Log>, caller: Caller, Path(path): Path<String>) -> Response {
    if let Err(refused) = log.admit(caller) {
        return *refused;
    }
    let Some(tile) = TilePath::parse(&path) else { return not_found() };
    let Some(book) = log.house.book() else { return not_found() };
    match tokio::task::spawn_blocking(move || book.tile(tile)).await {
        Ok(Ok(bytes)) => {
            let headers = [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, TILE_CACHE)];
            (headers, [(X_CONTENT_TYPE_OPTIONS, "nosniff")], bytes).into_response()
        }
        _ => not_found(),
    }
}

impl Log {
    fn admit(&self, caller: Caller) -> Result<(), Box<Response>> {
        let is_reviewer = |caller: Extension<Arc<Identity>>| match caller.access {
            Access::Auditor | Access::Supervisor | Access::Admin => true,
            Access::Agent => false,
        };
        if self.is_public || caller.is_some_and(is_reviewer) {
            return Ok(());
        }
        let text = "this needs the token of an auditor, a supervisor or an administrator\n";
        Err(Box::new((StatusCode::FORBIDDEN, text).into_response()))
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}
