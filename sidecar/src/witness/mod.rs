//! A witness: for whoever watches ledgers from another machine, such as internal audit. It cosigns
//! the checkpoints of the ledgers that it knows, as long as each goes on from the one before
//! (C2SP tlog-witness over HTTP).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path as Named, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use makegood_ledger::checkpoint::{CheckpointError, SignedCheckpoint, SigningKey, VerifierKey};
use makegood_ledger::proof::TreeHead;
use makegood_ledger::witness::{AddCheckpoint, Refusal, SIZE_CONTENT_TYPE, state_file_name};
use parking_lot::Mutex;

use crate::clock::wall_time;
use crate::proofs::replace;

/// The longest request: 63 hashes and a checkpoint with many signatures.
const REQUEST_BYTES: usize = 64 << 10;

/// A witness with what it has seen.
pub struct Witness {
    key: SigningKey,
    logs: Vec<VerifierKey>,
    dir: PathBuf,
    /// The newest tree of each ledger. Held while one is decided on and stored, so that two requests
    /// at once cannot undo each other.
    seen: Mutex<BTreeMap<String, TreeHead>>,
}

/// Why a witness cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What was stored cannot be read; going on without it would forget what was cosigned.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was stored is no checkpoint of the ledger.
    #[error("{} is damaged: {source}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CheckpointError,
    },
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The protocol refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be stored, so that it must not be cosigned.
    #[error("the checkpoint cannot be stored: {0}")]
    Store(#[from] io::Error),
}

impl Witness {
    /// A witness with this key for these ledgers, which keeps a file for each in `dir`.
    ///
    /// # Errors
    /// When what it has seen cannot be read.
    pub fn open(key: SigningKey, logs: Vec<VerifierKey>, dir: &Path) -> Result<Self, OpenError> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::File { path, source }
        };
        fs::create_dir_all(dir).map_err(fail(dir))?;
        let mut seen = BTreeMap::new();
        for origin in logs.iter().map(VerifierKey::name) {
            let path = dir.join(state_file_name(origin).unwrap_or_default());
            let text = match fs::read_to_string(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read.map_err(fail(&path))?,
            };
            let damaged = |source| OpenError::Damaged { path: path.clone(), source };
            let stored = SignedCheckpoint::parse(&text).map_err(damaged)?;
            stored.verify(&logs).map_err(damaged)?;
            seen.insert(origin.to_owned(), stored.head());
        }
        Ok(Self { key, logs, dir: dir.to_owned(), seen: Mutex::new(seen) })
    }

    /// Answers `POST /add-checkpoint`, at `time` in seconds since 1970: the cosignature's line, once
    /// the checkpoint is on stable storage.
    ///
    /// # Errors
    /// See [`WitnessError`].
    pub fn add_checkpoint(&self, body: &str, time: u64) -> Result<String, WitnessError> {
        let request = AddCheckpoint::parse(body)?;
        let origin = request.checkpoint.checkpoint().origin.clone();
        let mut seen = self.seen.lock();
        let head = request.decide(&self.logs, seen.get(&origin).copied())?;
        let name =
            state_file_name(&origin).ok_or(Refusal::UnknownOrigin { origin: origin.clone() })?;
        replace(&self.dir.join(name), request.checkpoint.to_string().as_bytes())?;
        seen.insert(origin, head);
        Ok(format!("{}\n", request.checkpoint.cosign(&self.key, time)))
    }

    /// What it has last seen of a ledger, cosigned anew at `time`: its word for whoever is told that
    /// it has seen more, or another tree. `name` is the ledger's by [`state_file_name`]; `None` for
    /// any that it has not seen.
    ///
    /// # Errors
    /// When what it has stored cannot be read.
    pub fn word(&self, name: &str, time: u64) -> io::Result<Option<String>> {
        let seen = self.seen.lock();
        let is_named = |origin: &&String| state_file_name(origin).as_deref() == Some(name);
        if !seen.keys().any(|origin| is_named(&origin)) {
            return Ok(None);
        }
        let text = fs::read_to_string(self.dir.join(name))?;
        let mut stored = SignedCheckpoint::parse(&text).map_err(io::Error::other)?;
        stored.add(stored.cosign(&self.key, time));
        Ok(Some(stored.to_string()))
    }
}

/// The witness' pages.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/checkpoints/{name}", get(word))
        .route("/livez", get(|| async { "live\n" }))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES))
        .with_state(witness)
}

/// Seconds since 1970.
fn now_s() -> u64 {
    u64::try_from(wall_time().as_nanos()).unwrap_or(0) / 1_000_000_000
}

async fn word(State(witness): State<Arc<Witness>>, Named(name): Named<String>) -> Response {
    match tokio::task::spawn_blocking(move || witness.word(&name, now_s())).await {
        Ok(Ok(Some(word))) => word.into_response(),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "what was stored of a ledger cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: String) -> Response {
    let time = now_s();
    let answered = tokio::task::spawn_blocking(move || witness.add_checkpoint(&body, time)).await;
    match answered {
        Ok(Ok(cosignature)) => cosignature.into_response(),
        Ok(Err(WitnessError::Refused(refusal))) => {
            tracing::warn!(%refusal, "a checkpoint was refused");
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            match refusal.size() {
                Some(size) => (status, [(CONTENT_TYPE, SIZE_CONTENT_TYPE)], format!("{size}\n"))
                    .into_response(),
                None => (status, format!("{refusal}\n")).into_response(),
            }
        }
        Ok(Err(WitnessError::Store(error))) => {
            tracing::error!(%error, "a checkpoint cannot be stored");
            (StatusCode::INTERNAL_SERVER_ERROR, "the checkpoint cannot be stored\n").into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
