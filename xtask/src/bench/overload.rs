//! `overload_goodput_ratio`, `overload_commits_shed`: five times more than the sidecar can do.

use crate::bench::load::{Loaded, SMALL, number};
use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session};

const TIMES: &str = "5";
const SECONDS: &str = "15";

pub(super) const OVERLOAD: Bench = Bench {
    aims: &[
        Aim {
            name: "overload_goodput_ratio",
            about: "panels and gestures at five times the peak: answers in time, against the peak \
                    of the same run",
            limit: Limit::AtLeast(0.8),
        },
        Aim {
            name: "overload_commits_shed",
            about: "commits of open holds that were refused or lost under that load",
            limit: Limit::AtMost(0.0),
        },
    ],
    run,
};

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let loaded = Loaded::start(session, "overload", &SMALL)?;
    let report = loaded.play(&["overload", "--times", TIMES, "--seconds", SECONDS])?;
    let sample = |name: &'static str, unit, figure| {
        anyhow::Ok(Samples::one(name, unit, number(&report, figure)?))
    };
    let figure = |value, unit, paired_with, samples| Figure {
        value,
        unit,
        paired_with,
        rounds: 1,
        samples,
        note: String::new(),
    };
    Ok(vec![
        figure(
            number(&report, "goodput_ratio")?,
            "ratio",
            Some("peak"),
            vec![
                sample("peak", "calls a second", "peak_per_s")?,
                sample("offered", "calls a second", "offered_per_s")?,
                sample("goodput", "calls a second", "goodput_per_s")?,
                sample("refused after, median", "microseconds", "refusal_p50_us")?,
            ],
        ),
        figure(
            number(&report, "commits_shed")?,
            "commits",
            None,
            vec![
                sample("commits", "commits", "commits")?,
                sample("commit, median", "microseconds", "commit_p50_us")?,
                sample("commit, 99th of 100", "microseconds", "commit_p99_us")?,
            ],
        ),
    ])
}
