//! An agent who does nothing wrong.

use std::fmt;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::support::Call;

/// How often the agent does something.
const EVERY: Duration = Duration::from_millis(50);

/// The agent at work.
pub(crate) struct Honest {
    stop: watch::Sender<bool>,
    work: JoinHandle<Latencies>,
}

/// How long the agent's calls took; to be looked at, not to be held to anything.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Honest {
    /// Begins, and returns once the first calls have been answered.
    pub(crate) async fn start(call: Call) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut latencies = Latencies::default();
        for gift in 1..=10 {
            serve(&call, gift, &mut latencies).await;
        }
        let work = tokio::spawn(go_on(call, latencies, stopped));
        Self { stop, work }
    }

    /// Ends after the call at hand; fails where one was not answered right.
    pub(crate) async fn stop(self) -> Latencies {
        self.stop.send_replace(true);
        self.work.await.unwrap()
    }
}

async fn go_on(call: Call, mut latencies: Latencies, stop: watch::Receiver<bool>) -> Latencies {
    let mut ticks = interval(EVERY);
    for gift in 11.. {
        ticks.tick().await;
        if *stop.borrow() {
            break;
        }
        serve(&call, gift, &mut latencies).await;
    }
    latencies
}

/// Gives a cent, and looks at what that leaves and at the panel.
async fn serve(call: &Call, gift: i64, latencies: &mut Latencies) {
    let started = Instant::now();
    let given = call.give(call.gift(1)).await.unwrap();
    latencies.0.push(started.elapsed());
    assert_eq!(given.spend.unwrap().committed_minor, 1);
    assert_eq!(call.available().await, 200_000 - gift);
    let panel = call.panel().await;
    assert_eq!(panel.interaction.unwrap().customer_id, call.customer);
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |share: usize| sorted.get((sorted.len() - 1) * share / 100).copied();
        let (count, median, most) = (sorted.len(), at(50), at(99));
        write!(f, "{count} gifts of an honest agent: median {median:?}, 99 % within {most:?}")
    }
}
