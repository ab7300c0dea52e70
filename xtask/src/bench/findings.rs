//! `findings_min_recall`, `findings_min_precision`, `findings_false_per_1000`: the rules of the
//! findings against what was planted in generated ledgers that nobody tuned them on.

use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session};

/// The entries of one ledger: a year of 200 agents.
const ENTRIES: u32 = 1_000_000;

pub(super) const FINDINGS: Bench = Bench {
    aims: &[
        Aim {
            name: "findings_min_recall",
            about: "of twelve patterns of misconduct, planted in three generated ledgers of 200 \
                    agents and 1 M entries, the least part that was found",
            limit: Limit::AtLeast(0.95),
        },
        Aim {
            name: "findings_min_precision",
            about: "the least part of a pattern's findings that are about something planted",
            limit: Limit::AtLeast(0.8),
        },
        Aim {
            name: "findings_false_per_1000",
            about: "findings of any rule about nothing planted, in 1,000 clean entries",
            limit: Limit::AtMost(1.0),
        },
    ],
    run,
};

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let binary = session.binaries()?.makegood;
    let entries = session.scaled(ENTRIES).to_string();
    let output = Command::new(&binary)
        .args(["demo", "year", "--json", "--entries", &entries])
        .output()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdict: Value = serde_json::from_slice(&output.stdout).context("read the verdict")?;
    let number =
        |name: &str| verdict[name].as_f64().with_context(|| format!("the verdict has no {name}"));
    let (wrong, clean) = (number("false_count")?, number("clean_entry_count")?);
    let figure = |value, unit, samples| Figure {
        value,
        unit,
        paired_with: None,
        rounds: 1,
        samples,
        note: session.scale_note(),
    };
    Ok(vec![
        figure(number("least_recall_permille")? / 1_000.0, "ratio", Vec::new()),
        figure(number("least_precision_permille")? / 1_000.0, "ratio", Vec::new()),
        figure(
            wrong * 1_000.0 / clean.max(1.0),
            "findings",
            vec![
                Samples::one("false findings", "findings", wrong),
                Samples::one("clean entries", "entries", clean),
                Samples::one("took", "seconds", number("took_ms")? / 1_000.0),
            ],
        ),
    ])
}
