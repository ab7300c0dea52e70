//! The demo: a generated contact centre, a page that stands in for an agent desktop, and a robot
//! that plays an agent through the real API.

mod audit;
mod cast;
mod ledger;
mod pages;
mod past;
mod robot;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{self, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, body::Bytes};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;

use crate::clock::wall_time;
use crate::config::Config;
use crate::house::House;
use crate::token::{AGENT_TOKEN_TTL_MAX, Access, Grant, Signer};

use audit::pack::Packs;
use audit::{findings, pack, receipt, tamper};

pub use past::{TellingClock, tell_past};
pub use robot::Step;

/// What the demo's routes work with.
pub struct Demo {
    house: Arc<House>,
    signer: Signer,
    tenant: String,
    /// The token that the page sends: whoever has it may act as any agent of the demo.
    page_token: String,
    api: SocketAddr,
    plays: Mutex<HashMap<String, Step>>,
    /// The data folder.
    data: PathBuf,
    packs: Packs,
    tampering: Mutex<()>,
}

impl Demo {
    /// A demo over a house that is served on `api`.
    pub fn new(
        house: &Arc<House>,
        signer: Signer,
        config: &Config,
        page_token: &str,
        api: SocketAddr,
    ) -> Arc<Self> {
        Arc::new(Self {
            house: Arc::clone(house),
            signer,
            tenant: config.tenant.clone(),
            page_token: page_token.to_owned(),
            api,
            plays: Mutex::default(),
            data: config.data.clone(),
            packs: Packs::default(),
            tampering: Mutex::default(),
        })
    }

    /// Where the sidecar is, as pages name it.
    fn sidecar(&self) -> String {
        format!("http://{}", self.api)
    }

    /// The demo's routes: the agent desktop, which is a page of its own and not the sidecar's.
    pub fn router(self: &Arc<Self>) -> Router {
        let guarded = Router::new()
            .route("/demo/cast.json", get(cast::serve))
            .route("/demo/ledger.json", get(ledger::serve))
            .route("/demo/findings.json", get(findings::serve))
            .route("/demo/pack", post(pack::make))
            .route("/demo/receipt", post(receipt::serve))
            .route("/demo/tamper", post(tamper::play))
            .route("/demo/token", post(token))
            .route("/demo/play", post(play))
            .route("/demo/play/{id}", get(played))
            .layer(middleware::from_fn_with_state(Arc::clone(self), with_token))
            .with_state(Arc::clone(self));
        // A tab that shows a file of the pack brings no token; its address is the secret.
        let files = Router::new()
            .route("/audit/{id}/{*name}", get(pack::file))
            .with_state(Arc::clone(self));
        guarded.merge(files).merge(pages::router(&self.sidecar()))
    }

    /// A token as a vendor's back end would make it: for one agent on one call, or without one for
    /// the desk itself, where colleagues' questions arrive.
    fn agent_token(&self, agent: &str, interaction_id: &str) -> Option<String> {
        let grant = Grant {
            tenant: self.tenant.clone(),
            agent: agent.to_owned(),
            access: Access::Agent,
            interaction: Some(interaction_id.to_owned()).filter(|id| !id.is_empty()),
            ttl: AGENT_TOKEN_TTL_MAX,
        };
        let now_s = wall_time().as_nanos() / 1_000_000_000;
        self.signer.sign(&grant, now_s).ok()
    }

    fn note(&self, id: &str, step: Step) {
        self.plays.lock().insert(id.to_owned(), step);
    }
}

/// Lets in who has the token of the page's address.
async fn with_token(State(demo): State<Arc<Demo>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let expected = format!("Bearer {}", demo.page_token);
    if given == Some(expected.as_str()) {
        next.run(request).await
    } else {
        let text = "open the demo by the address that was printed, with its token\n";
        (StatusCode::UNAUTHORIZED, text).into_response()
    }
}

#[derive(Debug, Deserialize)]
struct TokenRequest {
    agent: String,
    /// Empty for the desk itself.
    #[serde(default)]
    interaction_id: String,
}

async fn token(State(demo): State<Arc<Demo>>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<TokenRequest>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match demo.agent_token(&request.agent, &request.interaction_id) {
        Some(token) => Json(json!({ "token": token })).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct PlayRequest {
    interaction_id: String,
    agent: String,
    /// Who sits at the other desk.
    colleague: String,
    story: robot::Story,
}

/// Starts the robot on a call that rings at an agent's desk already.
async fn play(State(demo): State<Arc<Demo>>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<PlayRequest>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let PlayRequest { interaction_id, agent, colleague, story } = request;
    let tokens = demo.agent_token(&agent, &interaction_id).zip(demo.agent_token(&colleague, ""));
    let Some((agent_token, colleague_token)) = tokens else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let reply = Json(json!({ "id": interaction_id }));
    let teller = Arc::clone(&demo);
    tokio::spawn(async move {
        let tell = |step| teller.note(&interaction_id, step);
        tell(Step::first());
        let stage = robot::Stage {
            api: teller.api,
            agent_token,
            colleague_token,
            interaction_id: interaction_id.clone(),
            pace: PACE,
            tell: &tell,
        };
        if let Err(error) = robot::play(story, stage).await {
            tracing::warn!(%error, "the play stopped");
            tell(Step::stopped());
        }
    });
    reply.into_response()
}

/// How long the robot lets people look at each step.
const PACE: Duration = Duration::from_millis(4_500);

async fn played(
    State(demo): State<Arc<Demo>>,
    extract::Path(id): extract::Path<String>,
) -> Response {
    match demo.plays.lock().get(&id) {
        Some(step) => Json(step).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
