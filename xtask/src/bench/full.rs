//! `give_spend_full_vs_before`: what counting in every way, and signing, costs a gesture.

use std::env;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::bench::load::{Loaded, SMALL};
use crate::bench::many::gifts_per_s;
use crate::bench::{Aim, Bench, Contender, Figure, Limit, Session, interleave, median_ratio};

/// A folder with release builds from before the ledger had pools and checkpoints.
const BEFORE: &str = "MAKEGOOD_BENCH_BEFORE";

pub(super) const AGAINST_BEFORE: Bench = Bench {
    aims: &[Aim {
        name: "give_spend_full_vs_before",
        about: "durable GiveSpend of 64 clients with six limits, a pool and checkpoints: calls a \
                second, against the standard policy on an older release \
                (MAKEGOOD_BENCH_BEFORE=folder with its builds)",
        limit: Limit::AtLeast(0.8),
    }],
    run,
};

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let before: PathBuf = env::var_os(BEFORE)
        .with_context(|| format!("{BEFORE} names no folder with an older release's builds"))?
        .into();
    let policy = session.path("examples/load/full.toml");
    let policy = policy.to_string_lossy();
    let now = session.binaries()?.makegood;
    let full = Loaded::start_with(session, "give_full", &SMALL, (&now, &["--policy", &policy]))?;
    let plain =
        Loaded::start_with(session, "give_before", &SMALL, (&before.join("makegood"), &[]))?;
    let samples = interleave(
        session.rounds,
        vec![
            Contender {
                name: "give_spend_full",
                unit: "calls a second",
                measure: Box::new(|| gifts_per_s(&full)),
            },
            Contender {
                name: "give_spend_before",
                unit: "calls a second",
                measure: Box::new(|| gifts_per_s(&plain)),
            },
        ],
    )?;
    Ok(vec![Figure {
        value: median_ratio(&samples[0], &samples[1]),
        unit: "ratio",
        paired_with: Some("give_spend_before"),
        rounds: session.rounds,
        samples,
        note: String::new(),
    }])
}
