//! Giving by 64 clients at once: against calls that do nothing, and against PostgreSQL doing the
//! same.

use crate::bench::load::{self, Loaded, SMALL, number};
use crate::bench::postgres::Postgres;
use crate::bench::{
    Aim, Bench, Contender, Figure, Limit, Samples, Session, interleave, median, median_ratio,
};

/// How long each contender is measured in a round.
const SECONDS: &str = "4";

pub(super) const AGAINST_EMPTY: Bench = Bench {
    aims: &[
        Aim {
            name: "give_spend_64_vs_empty_call",
            about: "durable GiveSpend of 64 clients on 10,000 budgets: calls a second, against \
                    empty calls of the same generator",
            limit: Limit::AtLeast(0.35),
        },
        Aim {
            name: "give_spend_cpu_us",
            about: "CPU of the sidecar for each of these gestures",
            limit: Limit::Reported,
        },
    ],
    run: against_empty,
};

pub(super) const AGAINST_POSTGRES: Bench = Bench {
    aims: &[
        Aim {
            name: "give_spend_64_vs_postgres",
            about: "durable GiveSpend of 64 clients on 10,000 budgets: calls a second, against a \
                    stored function of PostgreSQL 15 with synchronous_commit=on that does the same",
            limit: Limit::AtLeast(2.0),
        },
        Aim {
            name: "give_spend_hot_vs_postgres",
            about: "the same on one hot budget",
            limit: Limit::AtLeast(8.0),
        },
    ],
    run: against_postgres,
};

/// The spread of the gestures.
#[derive(Clone, Copy)]
enum Budgets {
    /// 100 agents, each with 100 customers.
    Many,
    /// One agent with one customer.
    One,
}

fn against_empty(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let loaded = Loaded::start(session, "give_many", &SMALL)?;
    let mut cpu_us = Vec::new();
    let samples = interleave(
        session.rounds,
        vec![
            Contender {
                name: "give_spend_64",
                unit: "calls a second",
                measure: Box::new(|| {
                    let report = rate(&loaded, "give", Budgets::Many)?;
                    cpu_us.push(number(&report, "server_cpu_us_per_call")?);
                    number(&report, "calls_per_s")
                }),
            },
            Contender {
                name: "empty_call",
                unit: "calls a second",
                measure: Box::new(|| {
                    number(&rate(&loaded, "empty", Budgets::Many)?, "calls_per_s")
                }),
            },
        ],
    )?;
    let cpu = Figure {
        value: median(&cpu_us),
        unit: "microseconds",
        paired_with: None,
        rounds: session.rounds,
        samples: vec![Samples { name: "give_spend_64", unit: "microseconds", values: cpu_us }],
        note: String::new(),
    };
    let ratio = Figure {
        value: median_ratio(&samples[0], &samples[1]),
        unit: "ratio",
        paired_with: Some("empty_call"),
        rounds: session.rounds,
        samples,
        note: String::new(),
    };
    Ok(vec![ratio, cpu])
}

fn against_postgres(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let loaded = Loaded::start(session, "give_sidecar", &SMALL)?;
    let postgres = Postgres::start(session, "give_postgres")?;
    let pair = |budgets, names: [&'static str; 2]| {
        let samples = interleave(
            session.rounds,
            vec![
                Contender {
                    name: names[0],
                    unit: "calls a second",
                    measure: Box::new(|| number(&rate(&loaded, "give", budgets)?, "calls_per_s")),
                },
                Contender {
                    name: names[1],
                    unit: "calls a second",
                    measure: Box::new(|| {
                        number(&peer(session, &postgres, budgets)?, "calls_per_s")
                    }),
                },
            ],
        )?;
        anyhow::Ok(Figure {
            value: median_ratio(&samples[0], &samples[1]),
            unit: "ratio",
            paired_with: Some(names[1]),
            rounds: session.rounds,
            samples,
            note: String::new(),
        })
    };
    let many = pair(Budgets::Many, ["give_spend_64", "postgres"])?;
    let one = pair(Budgets::One, ["give_spend_hot", "postgres_hot"])?;
    Ok(vec![many, one])
}

/// 100 agents, each with 100 customers.
const TEN_THOUSAND: [&str; 4] = ["--agents", "100", "--customers", "100"];

/// How many gestures a second 64 clients give from 10,000 budgets.
///
/// # Errors
///
/// When the scenario fails.
pub(super) fn gifts_per_s(loaded: &Loaded) -> anyhow::Result<f64> {
    number(&rate(loaded, "give", Budgets::Many)?, "calls_per_s")
}

fn rate(loaded: &Loaded, call: &str, budgets: Budgets) -> anyhow::Result<serde_json::Value> {
    let mut scenario = vec!["rate", "--call", call, "--clients", "64", "--seconds", SECONDS];
    scenario.extend(match budgets {
        Budgets::Many => TEN_THOUSAND.as_slice(),
        Budgets::One => &["--hot"],
    });
    loaded.play(&scenario)
}

fn peer(
    session: &Session<'_>,
    postgres: &Postgres,
    budgets: Budgets,
) -> anyhow::Result<serde_json::Value> {
    let count = match budgets {
        Budgets::Many => "10000",
        Budgets::One => "1",
    };
    let scenario = ["postgres", "--url", &postgres.url, "--budgets", count];
    load::play(session, &[&scenario[..], &["--clients", "64", "--seconds", SECONDS]].concat())
}
