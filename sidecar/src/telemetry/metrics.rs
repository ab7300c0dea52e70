//! The metrics: few, and none with a customer, agent or tenant as a label.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The media type of what [`Metrics::encode`] writes.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every metric of the sidecar; clones share their values.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<MethodLabel, Histogram, fn() -> Histogram>,
    refused_hosts: Counter,
    refused_origins: Counter,
    shed: Family<ReasonLabel, Counter>,
    connections: Gauge,
    streams: Gauge,
    registry: Arc<Registry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: Arc<str>,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All metrics at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(latency_histogram),
            refused_hosts: Counter::default(),
            refused_origins: Counter::default(),
            shed: Family::default(),
            connections: Gauge::default(),
            streams: Gauge::default(),
            registry: Arc::default(),
        };
        metrics.registry = Arc::new(metrics.registered());
        metrics
    }

    fn registered(&self) -> Registry {
        let mut all = Registry::with_prefix("makegood");
        all.register("requests", "Answered requests", self.requests.clone());
        all.register_with_unit(
            "request",
            "Time to the head of the answer",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        all.register(
            "refused_hosts",
            "Requests under a host name that is not ours",
            self.refused_hosts.clone(),
        );
        all.register(
            "refused_origins",
            "Requests from a page that is not allowed",
            self.refused_origins.clone(),
        );
        all.register(
            "shed",
            "Requests and connections refused because there were too many, by reason",
            self.shed.clone(),
        );
        all.register("connections", "Open connections", self.connections.clone());
        all.register("streams", "Open desks", self.streams.clone());
        all
    }

    /// Counts an answered request: its method or page, its code, and the time to its head.
    pub fn answered(&self, method: &Arc<str>, code: &'static str, took: Duration) {
        let labels = RequestLabels { method: Arc::clone(method), code };
        self.requests.get_or_create(&labels).inc();
        let label = MethodLabel { method: Arc::clone(method) };
        self.request_seconds.get_or_create(&label).observe(took.as_secs_f64());
    }

    /// Counts a request under a host name that is not ours.
    pub fn refused_host(&self) {
        self.refused_hosts.inc();
    }

    /// Counts a request from a page that is not allowed.
    pub fn refused_origin(&self) {
        self.refused_origins.inc();
    }

    /// Counts a request or a connection that was refused because there were too many; the reason
    /// is the one that clients are told.
    pub fn shed(&self, reason: &'static str) {
        self.shed.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts a connection as open until the value is dropped.
    pub fn connection_opened(&self) -> OpenStream {
        OpenStream::new(&self.connections)
    }

    /// Counts a desk as open until the value is dropped.
    pub fn stream_opened(&self) -> OpenStream {
        OpenStream::new(&self.streams)
    }

    /// All metrics as OpenMetrics text; its media type is [`OPENMETRICS`].
    ///
    /// # Errors
    /// Never for these metrics; the encoder writes into memory.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Something that counts as open while this value lives.
#[derive(Debug)]
pub struct OpenStream(Gauge);

impl OpenStream {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// From 50 µs, below which nothing is served, in 14 doublings to 0.4 s.
fn latency_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 2.0, 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_openmetrics() {
        let metrics = Metrics::new();
        let method = Arc::from("makegood.v1.BudgetService/GiveSpend");
        metrics.answered(&method, "OK", Duration::from_millis(2));
        metrics.answered(&method, "OK", Duration::from_millis(2));
        let desk = metrics.stream_opened();
        let text = metrics.encode().unwrap();
        let line =
            "makegood_requests_total{method=\"makegood.v1.BudgetService/GiveSpend\",code=\"OK\"} 2";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("makegood_request_seconds_count"), "{text}");
        assert!(text.contains("makegood_streams 1"), "{text}");
        assert!(text.ends_with("# EOF\n"));
        drop(desk);
        assert!(metrics.encode().unwrap().contains("makegood_streams 0"));
    }
}
