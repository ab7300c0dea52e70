//! The closed loop: so many clients, each asking again as soon as it is answered.
//!
//! It finds what a sidecar can do at most; how long callers wait is a question for the open loop.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::recorder::Recorder;
use crate::report::{Report, cpu_us_per_call, per_second};
use crate::usage::Usage;
use crate::wire::Outcome;

/// A caller that asks one thing after another.
pub(crate) trait Client: Send + 'static {
    /// Asks once, and waits for the answer.
    fn ask(&mut self) -> impl Future<Output = Outcome> + Send;
}

/// How long clients ask before and while they are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// Caches fill and code is paged in.
    pub(crate) warm_up: Duration,
    /// What is measured.
    pub(crate) length: Duration,
}

/// What a closed loop found.
pub(crate) struct Measured {
    /// The calls that began and ended within the span.
    pub(crate) calls: Recorder,
    /// The length of the span.
    pub(crate) length: Duration,
    /// What the server used in the span, if it was told which process that is.
    server: Option<(Usage, Usage)>,
    /// What this process used in the span.
    own: (Usage, Usage),
}

/// The longest loop: the tokens of a run live for ten minutes.
const SECONDS_MAX: u32 = 300;

impl Span {
    /// So many seconds, and a tenth before them.
    pub(crate) fn of_seconds(seconds: u32) -> Self {
        let length = Duration::from_secs(seconds.clamp(1, SECONDS_MAX).into());
        Self { warm_up: (length / 10).max(Duration::from_millis(300)), length }
    }
}

/// Lets the clients ask until the span is over.
///
/// # Errors
/// The server's process cannot be looked at.
pub(crate) async fn run<C: Client>(
    clients: Vec<C>,
    span: Span,
    server_pid: Option<u32>,
) -> anyhow::Result<Measured> {
    let start = Instant::now() + span.warm_up;
    let end = start + span.length;
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(ask_until(client, start, end));
    }
    sleep_until(start.into()).await;
    let before = (server_pid.map(Usage::of).transpose()?, Usage::own()?);
    sleep_until(end.into()).await;
    let after = (server_pid.map(Usage::of).transpose()?, Usage::own()?);
    let mut calls = Recorder::default();
    while let Some(noted) = tasks.join_next().await {
        calls.add(&noted?);
    }
    let server = before.0.zip(after.0);
    Ok(Measured { calls, length: span.length, server, own: (before.1, after.1) })
}

async fn ask_until<C: Client>(mut client: C, start: Instant, end: Instant) -> Recorder {
    let mut noted = Recorder::default();
    loop {
        let begun = Instant::now();
        if begun >= end {
            return noted;
        }
        let outcome = client.ask().await;
        let answered = Instant::now();
        if begun >= start && answered <= end {
            noted.note(answered - begun, &outcome);
        }
        if outcome == Outcome::Lost {
            // A broken connection answers at once; asking it again and again would only spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Measured {
    /// Calls done a second.
    pub(crate) fn calls_per_s(&self) -> f64 {
        per_second(self.calls.done_count(), self.length)
    }

    /// Puts rate, times and CPU into a report.
    pub(crate) fn put(&self, report: &mut Report) {
        report.put_rounded("calls_per_s", self.calls_per_s());
        report.put_calls("", &self.calls);
        let calls = self.calls.done_count();
        if let Some((before, after)) = self.server {
            report.put_rounded("server_cpu_us_per_call", cpu_us_per_call(before, after, calls));
            report.put("server_rss_bytes", after.rss_bytes);
        }
        let (before, after) = self.own;
        report.put_rounded("generator_cpu_us_per_call", cpu_us_per_call(before, after, calls));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    struct Quick(u32);

    impl Client for Quick {
        async fn ask(&mut self) -> Outcome {
            tokio::time::sleep(Duration::from_millis(self.0.into())).await;
            Outcome::Done(Bytes::new())
        }
    }

    #[tokio::test]
    async fn asks_until_the_time_is_over_and_notes_what_lay_within_it() {
        let span = Span { warm_up: Duration::from_millis(20), length: Duration::from_millis(200) };
        let clients = (0..4).map(|_| Quick(10)).collect();
        let measured = run(clients, span, None).await.unwrap();
        let done = measured.calls.done_count();
        assert!((1..=80).contains(&done), "{done}");
        let mut report = Report::of("test");
        measured.put(&mut report);
        assert!(report.json()["generator_cpu_us_per_call"].is_number());
        assert!(report.json()["server_cpu_us_per_call"].is_null());
    }

    #[test]
    fn bounds_how_long_it_goes_on() {
        assert_eq!(Span::of_seconds(0).length, Duration::from_secs(1));
        assert_eq!(Span::of_seconds(u32::MAX).length, Duration::from_mins(5));
    }
}
