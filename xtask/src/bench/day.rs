//! `day_panel_p99_ms`, `day_give_p99_ms`, `day_not_done_share`: a centre's day in minutes, and its
//! page of pictures.

use serde_json::Value;

use crate::bench::load::{House, Loaded, number};
use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session};
use crate::progress;

const AGENTS: u32 = 5_000;
const CUSTOMERS: u32 = 100_000;
const INTERACTIONS: u32 = 300_000;
/// How many times faster than life: a day in ten minutes, or in one for a trial.
const FASTER: &str = "144";
const FASTER_TRIAL: &str = "1440";

pub(super) const DAY: Bench = Bench {
    aims: &[
        Aim {
            name: "day_panel_p99_ms",
            about: "the day of a centre of 5,000 agents in ten minutes: GetPanel, from the moment \
                    at which it was due; pictures in target/bench/day/",
            limit: Limit::Reported,
        },
        Aim { name: "day_give_p99_ms", about: "GiveSpend in that day", limit: Limit::Reported },
        Aim {
            name: "day_not_done_share",
            about: "the share of all calls of that day that were refused or lost",
            limit: Limit::Reported,
        },
    ],
    run,
};

/// The kinds of calls that the report tells apart.
const KINDS: [&str; 10] =
    ["start", "panel", "preview", "give", "hold", "commit", "release", "action", "end", "topic"];

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let house = House {
        customers: session.scaled(CUSTOMERS),
        interactions: session.scaled(INTERACTIONS),
        agents: session.scaled(AGENTS).max(10),
    };
    let loaded = Loaded::start(session, "day", &house)?;
    let out = session.workspace.target("bench/day");
    let report = loaded.play(&[
        "day",
        "--agents",
        &house.agents.to_string(),
        "--customers",
        &house.customers.to_string(),
        "--compress",
        if session.scale < 1.0 { FASTER_TRIAL } else { FASTER },
        "--out",
        &out.to_string_lossy(),
    ])?;
    if let Some(page) = report["page"].as_str() {
        progress::note(&format!("the day's pictures: {page}"));
    }
    let times = |kind: &str| {
        let ms = |name: &str| anyhow::Ok(number(&report, &format!("{kind}_{name}"))? / 1e3);
        let samples = vec![
            Samples::one("median", "milliseconds", ms("p50_us")?),
            Samples::one("99th of 100", "milliseconds", ms("p99_us")?),
            Samples::one("longest", "milliseconds", ms("max_us")?),
        ];
        anyhow::Ok(figure(session, ms("p99_us")?, "milliseconds", samples))
    };
    let (done, not_done) = sums(&report);
    let counts = vec![
        Samples::one("done", "calls", done),
        Samples::one("not done", "calls", not_done),
        Samples::one("most cores at once", "cores", number(&report, "server_cores_max")?),
        Samples::one("most memory", "megabytes", number(&report, "server_rss_bytes_max")? / 1e6),
    ];
    let share = figure(session, not_done / (done + not_done).max(1.0), "share", counts);
    Ok(vec![times("panel")?, times("give")?, share])
}

fn figure(session: &Session<'_>, value: f64, unit: &'static str, samples: Vec<Samples>) -> Figure {
    Figure { value, unit, paired_with: None, rounds: 1, samples, note: session.scale_note() }
}

/// How many calls were done and how many were not; of kinds that did not occur there is nothing.
fn sums(report: &Value) -> (f64, f64) {
    let done = |kind| report[format!("{kind}_calls")].as_f64().unwrap_or_default();
    let not_done = |kind| {
        let reasons = report[format!("{kind}_not_done")].as_object();
        let counts = reasons.into_iter().flat_map(|it| it.values().filter_map(Value::as_f64));
        counts.sum::<f64>()
    };
    (KINDS.into_iter().map(done).sum(), KINDS.into_iter().map(not_done).sum())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn adds_up_all_kinds_of_calls() {
        let report = json!({
            "panel_calls": 7, "panel_not_done": {"OVERLOADED": 2, "LOST": 1},
            "give_calls": 3, "give_not_done": {},
        });
        assert_eq!(sums(&report), (10.0, 3.0));
    }
}
