//! `makegood serve`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::setup;
use crate::config::{self, ConfigFlags, Mode};
use crate::house::{House, OpenError};
use crate::ledger::writer::WriteError;
use crate::{server, telemetry};

pub(super) fn run(flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let config = match setup::config(flags) {
        Ok(config) => config,
        Err(error) => {
            super::complain(&error);
            return Ok(ExitCode::from(config::EXIT_CODE));
        }
    };
    telemetry::init(config.log_format, &config.log_filter)?;
    let house = Arc::new(setup::open_house(&config)?);
    house.keep_proofs(&config)?;
    match house.activate_policy() {
        // It is served for reading, and the log has said what to do.
        Err(OpenError::Policy(WriteError::RolledBack)) => {}
        activated => activated?,
    }
    if config.mode == Mode::Development {
        tracing::warn!("development mode: loopback only, entries are marked as such");
    }
    runtime()?.block_on(async {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listen on {}; is another process there?", config.listen))?;
        tracing::info!(listen = %listener.local_addr()?, "serving");
        server::serve_until(&config, &house, listener, stop_asked(), stop_asked()).await
    })?;
    close(house)?;
    Ok(ExitCode::SUCCESS)
}

/// The runtime of every command that serves.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("start the runtime")
}

/// Closes the house once nobody uses it any more; a journal that failed is an error at the end too,
/// so that whoever watches the process learns of it.
pub(super) fn close(house: Arc<House>) -> anyhow::Result<()> {
    let closed = match Arc::try_unwrap(house) {
        Ok(house) => house.close().map_err(|error| error.to_string()),
        // A call that outlived the drain; whatever was acknowledged is on disk.
        Err(house) => {
            tracing::warn!("a call was still at work at the end");
            house.ready()
        }
    };
    tracing::info!("stopped");
    closed.map_err(anyhow::Error::msg)
}

/// Returns when the process is asked to stop.
pub(super) async fn stop_asked() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without signals the process can only be killed, which it bears.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
