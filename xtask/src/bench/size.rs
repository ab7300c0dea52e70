//! What a browser fetches: bytes, against the budget that the build holds them to.

use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session};
use crate::wasm::budget::{PANEL_BROTLI_BYTES_MAX, SHELL_GZIP_BYTES_MAX, Sizes};

pub(super) const PANEL: Bench = Bench {
    aims: &[Aim {
        name: "panel_brotli_bytes",
        about: "WASM and JavaScript of the panel, in brotli",
        limit: Limit::AtMost(float(PANEL_BROTLI_BYTES_MAX)),
    }],
    run: |session| {
        let sizes = sizes(session)?;
        let parts = [
            ("panel.wasm.br", sizes.wasm_brotli),
            ("panel.js.br", sizes.js_brotli),
            ("budget", PANEL_BROTLI_BYTES_MAX),
        ];
        Ok(vec![figure(sizes.panel_brotli(), &parts)])
    },
};

pub(super) const SHELL: Bench = Bench {
    aims: &[Aim {
        name: "shell_gzip_bytes",
        about: "the element that a host page loads, in gzip",
        limit: Limit::AtMost(float(SHELL_GZIP_BYTES_MAX)),
    }],
    run: |session| {
        let sizes = sizes(session)?;
        let parts =
            [("makegood-panel.js, gzip", sizes.shell_gzip), ("budget", SHELL_GZIP_BYTES_MAX)];
        Ok(vec![figure(sizes.shell_gzip, &parts)])
    },
};

fn sizes(session: &Session<'_>) -> anyhow::Result<Sizes> {
    crate::wasm::run(session.workspace)?;
    Sizes::measure(&session.path("widget-wasm/dist"))
}

fn figure(total: u64, parts: &[(&'static str, u64)]) -> Figure {
    let samples = parts.iter().map(|(name, bytes)| Samples::one(name, "bytes", float(*bytes)));
    Figure {
        value: float(total),
        unit: "bytes",
        paired_with: Some("budget"),
        rounds: 1,
        samples: samples.collect(),
        note: String::new(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "file sizes are far below 2^53")]
const fn float(bytes: u64) -> f64 {
    bytes as f64
}
