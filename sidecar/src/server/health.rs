//! Health as gRPC clients ask for it: the sidecar as a whole under the empty name, and each service.
//!
//! Where nothing can be given, the whole and the budget do not serve; what is only read does.

use std::pin::pin;
use std::time::Duration;

use makegood_proto::v1::{
    advocacy_service_server, budget_service_server, customer_service_server, desk_service_server,
    experience_service_server, interaction_service_server, ledger_service_server,
};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::http::Ready;

/// How often readiness is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Until then a probe that asks over a connection of before is told that nothing serves.
const FAREWELL: Duration = Duration::from_secs(2);

/// What needs a journal that can be written and a clock that can be trusted.
const GIVING: [&str; 2] = ["", budget_service_server::SERVICE_NAME];

const OTHERS: [&str; 6] = [
    advocacy_service_server::SERVICE_NAME,
    customer_service_server::SERVICE_NAME,
    desk_service_server::SERVICE_NAME,
    experience_service_server::SERVICE_NAME,
    interaction_service_server::SERVICE_NAME,
    ledger_service_server::SERVICE_NAME,
];

/// Keeps the health service up to date.
pub(super) struct Reporter {
    reporter: HealthReporter,
    ready: Ready,
}

impl Reporter {
    /// Reports the state as it is now.
    pub(super) async fn start(reporter: HealthReporter, ready: Ready) -> Self {
        let this = Self { reporter, ready };
        this.set(&OTHERS, true).await;
        this.set(&GIVING, (this.ready)().is_ok()).await;
        this
    }

    /// Reports every change until `stop` is ready, and then that nothing serves any more; soon
    /// after, the streams of those who watch end, so that nobody has to wait for them.
    pub(super) async fn follow_until(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut was_ready = None;
        while tokio::time::timeout(LOOK_EVERY, &mut stop).await.is_err() {
            let is_ready = (self.ready)().is_ok();
            // Whoever watches is told of changes alone.
            if was_ready.replace(is_ready) != Some(is_ready) {
                self.set(&GIVING, is_ready).await;
            }
        }
        self.set(&GIVING, false).await;
        self.set(&OTHERS, false).await;
        tokio::spawn(async move {
            tokio::time::sleep(FAREWELL).await;
            for service in GIVING.iter().chain(&OTHERS) {
                self.reporter.clear_service_status(service).await;
            }
        });
    }

    async fn set(&self, services: &[&str], is_serving: bool) {
        let status = if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in services {
            self.reporter.set_service_status(service, status).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::oneshot;
    use tonic::Request;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_server::Health as _;
    use tonic_health::server::HealthService;

    use super::*;

    async fn statuses(health: &HealthService) -> Vec<bool> {
        let mut statuses = Vec::new();
        for service in GIVING.iter().chain(&OTHERS) {
            let service = (*service).to_owned();
            let request = Request::new(HealthCheckRequest { service });
            let status = health.check(request).await.unwrap().into_inner().status();
            statuses
                .push(status == tonic_health::pb::health_check_response::ServingStatus::Serving);
        }
        statuses
    }

    #[tokio::test(start_paused = true)]
    async fn follows_readiness_and_ends_with_the_drain() {
        let is_ready = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&is_ready);
        let ready: Ready = Arc::new(move || {
            let is_ready = asked.load(Ordering::Relaxed);
            is_ready.then_some(()).ok_or_else(|| "no".to_owned())
        });
        let health_reporter = HealthReporter::new();
        let health = HealthService::from_health_reporter(health_reporter.clone());
        let reporter = Reporter::start(health_reporter, ready).await;
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap() };
        let following = tokio::spawn(async move { reporter.follow_until(stopped).await });
        for can_give in [true, false, true] {
            is_ready.store(can_give, Ordering::Relaxed);
            tokio::time::sleep(2 * LOOK_EVERY).await;
            let expected = [[can_give; 2].as_slice(), &[true; 6]].concat();
            assert_eq!(statuses(&health).await, expected);
        }
        stop.send(()).unwrap();
        following.await.unwrap();
        assert_eq!(statuses(&health).await, [false; 8]);
    }
}
