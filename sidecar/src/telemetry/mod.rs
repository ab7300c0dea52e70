//! Logs and metrics, without anything personal in them.
//!
//! A log line names methods, codes, durations and ids of errors. What a person said, who called
//! and for whom stays out.

mod metrics;

pub use metrics::{Metrics, OPENMETRICS, OpenStream};

use std::panic::PanicHookInfo;

use thiserror::Error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;

/// Libraries that write headers, and so tokens, or stored bytes at finer levels; no filter lifts
/// these.
const CAPPED: [(&str, LevelFilter); 5] = [
    ("h2", LevelFilter::WARN),
    ("hyper", LevelFilter::WARN),
    ("hyper_util", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("sled", LevelFilter::WARN),
];

/// Why logging was not set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter does not parse.
    #[error(
        "log_filter {filter:?} is malformed; write a level such as info, or target=level pairs"
    )]
    Filter {
        /// The filter as given.
        filter: String,
    },
    /// Logging was set up before, in this process.
    #[error("logging is set up already")]
    Twice,
}

/// Sets up logging to standard error, and keeps the payload of panics out of it.
///
/// # Errors
/// The filter does not parse, or logging is set up already.
pub fn init(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let targets = targets(filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    let started = match format {
        LogFormat::Compact => registry.with(lines.compact().with_filter(targets)).try_init(),
        LogFormat::Json => {
            registry.with(lines.json().flatten_event(true).with_filter(targets)).try_init()
        }
    };
    started.map_err(|_| TelemetryError::Twice)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn targets(filter: &str) -> Result<Targets, TelemetryError> {
    let targets: Targets =
        filter.parse().map_err(|_| TelemetryError::Filter { filter: filter.to_owned() })?;
    Ok(targets.with_targets(CAPPED))
}

/// Logs where a panic happened, and not what it said: its text can quote a customer's.
fn log_panic(info: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    tracing::error!(
        location = info.location().map(tracing::field::display),
        thread = thread.name(),
        "panicked"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_libraries_that_write_headers() {
        use tracing::Level;
        let targets = targets("trace,h2=trace").unwrap();
        assert!(targets.would_enable("makegood_sidecar::guard", &Level::TRACE));
        assert!(!targets.would_enable("h2::codec::framed_read", &Level::DEBUG));
        assert!(!targets.would_enable("hyper::proto", &Level::INFO));
        assert!(targets.would_enable("sled::pagecache", &Level::WARN));
    }

    #[test]
    fn refuses_a_filter_that_does_not_parse() {
        assert!(targets("info,makegood=loud").is_err());
    }
}
