//! The guard: what a request passes before a handler runs, in one list.
//!
//! [`Guard::protect`] holds the list and the reason for its order. The connection below it, with
//! its own bounds, is [`connection`]'s.

mod caller;
mod capacity;
mod check;
pub mod connection;
mod cors;
mod deadline;
mod gate;
mod observe;
pub mod open_files;
mod peer;
mod rate;
mod refuse;
mod rescue;
mod route;
mod shape;
mod tls;

pub use refuse::{Code, Refusal, Respond};
pub use route::MethodTable;
pub use tls::{TlsError, acceptor};

use std::sync::Arc;

use axum::Router;
use tower::ServiceBuilder;

use crate::config::{Config, Diagnostics};
use crate::telemetry::Metrics;
use crate::token::Verifier;
use capacity::Capacity;
use check::CheckLayer;
use deadline::Deadlines;
use gate::Gate;
use rate::Rates;

/// Stands before every route of the port; clones share their state.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Inner>);

/// What the steps share.
#[derive(Debug)]
struct Inner {
    methods: MethodTable,
    gate: Gate,
    verifier: Verifier,
    diagnostics: Diagnostics,
    rates: Rates,
    capacity: Capacity,
    deadlines: Deadlines,
    metrics: Metrics,
    respond: Respond,
}

/// What the guard works with.
#[derive(Debug)]
pub struct GuardParts {
    /// The methods that the port has; every other path is closed.
    pub methods: MethodTable,
    /// Verifies tokens.
    pub verifier: Verifier,
    /// Counts what passes and what does not.
    pub metrics: Metrics,
    /// Turns a refusal into a gRPC answer; it lives where every status is built.
    pub respond: Respond,
}

impl Guard {
    /// A guard for the port that was bound.
    pub fn new(config: &Config, port: u16, parts: GuardParts) -> Self {
        let GuardParts { methods, verifier, metrics, respond } = parts;
        Self(Arc::new(Inner {
            methods,
            gate: Gate::new(config, port),
            verifier,
            diagnostics: config.diagnostics,
            rates: Rates::new(&config.limits),
            capacity: Capacity::new(&config.limits),
            deadlines: Deadlines::new(&config.limits),
            metrics,
            respond,
        }))
    }

    /// Puts the guard before every route of the router, its fallback too.
    pub fn protect(&self, router: Router) -> Router {
        let inner = &self.0;
        router.layer(
            ServiceBuilder::new()
                // Outermost, so that what the others refuse is counted too.
                .layer(observe::ObserveLayer(Arc::clone(inner)))
                // Before all that can panic, so that a caller always gets an answer.
                .layer(rescue::RescueLayer(Arc::clone(inner)))
                // Before CORS, which hides answers from foreign pages but lets their requests run;
                // and before tokens, because a page that rebinds a name to us must learn nothing.
                .layer(CheckLayer::new(inner, gate::check))
                // Before tokens, because preflights carry none.
                .layer(cors::layer(inner.gate.origins()))
                // A content type that plain forms cannot send makes browsers ask first; unknown
                // methods end here, so that a service without a row in the table is closed.
                .layer(CheckLayer::new(inner, shape::check))
                // Before capacity, so that strangers cannot take the places of agents.
                .layer(CheckLayer::new(inner, caller::check))
                // After the token, whose agent is the key; before capacity, so that one who calls
                // too often takes no places.
                .layer(CheckLayer::new(inner, rate::check))
                // Before the deadline: what waits for a place would only be late.
                .layer(capacity::CapacityLayer(Arc::clone(inner)))
                // Innermost: the time of the handler, and of nothing else.
                .layer(deadline::DeadlineLayer(Arc::clone(inner))),
        )
    }
}

#[cfg(test)]
mod tests;
