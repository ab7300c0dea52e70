//! `ring_to_paint_vs_js`: from the ring to the painted panel, in a real browser.

use anyhow::Context as _;
use serde_json::Value;

use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session};
use crate::process;
use crate::setup::{node, tools};

/// A ring takes a fraction of a second and a browser's paints come in steps: several make a round.
const RINGS_PER_ROUND: usize = 3;

pub(super) const RING_TO_PAINT: Bench = Bench {
    aims: &[Aim {
        name: "ring_to_paint_vs_js",
        about: "from the ring to the painted A to E of a warm panel, against a page in plain \
                JavaScript that fetches and paints the same reply",
        limit: Limit::AtMost(2.0),
    }],
    run: |session| Ok(vec![run(session)?]),
};

/// The measuring is the script's, which drives both sides in one browser and takes turns.
fn run(session: &Session<'_>) -> anyhow::Result<Figure> {
    let binary = session.binaries()?.makegood;
    node::install(session.workspace)?;
    tools::ensure_chromium(session.workspace)?;
    let chromium = tools::chromium().context("Chromium is not on the PATH")?;
    let rings = session.rounds * RINGS_PER_ROUND;
    let mut node = session.workspace.command("node");
    node.args(["widget-wasm/tests/bench-ring.mjs", &rings.to_string()])
        .env("MAKEGOOD_BIN", binary)
        .env("CHROMIUM_BIN", chromium);
    let printed = process::output(&mut node)?;
    let found: Value = serde_json::from_str(&printed).context("the script printed no JSON")?;
    let value = found["value"].as_f64().context("it has no value")?;
    Ok(Figure {
        value,
        unit: "ratio",
        paired_with: Some("plain_js_ms"),
        rounds: rings,
        samples: vec![Samples::one("panel / plain JavaScript", "ratio", value)],
        note: String::new(),
    })
}
