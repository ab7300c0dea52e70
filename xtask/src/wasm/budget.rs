//! The size budget: what a browser fetches before it can paint the panel.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::progress;
use crate::wasm::assemble::compressed_name;

/// WASM and JavaScript of the frame together, in brotli; a host page that embeds it on every
/// screen must not feel it.
pub(crate) const PANEL_BROTLI_BYTES_MAX: u64 = 60_000;

/// The element that a host page loads itself, in gzip.
pub(crate) const SHELL_GZIP_BYTES_MAX: u64 = 8_000;

/// What travels, in bytes.
pub(crate) struct Sizes {
    pub(crate) wasm_brotli: u64,
    pub(crate) js_brotli: u64,
    pub(crate) shell_gzip: u64,
}

impl Sizes {
    pub(crate) fn measure(dist: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            wasm_brotli: length(&compressed_name(&dist.join("panel.wasm")))?,
            js_brotli: length(&compressed_name(&dist.join("panel.js")))?,
            shell_gzip: gzip_length(&dist.join("makegood-panel.js"))?,
        })
    }

    pub(crate) fn panel_brotli(&self) -> u64 {
        self.wasm_brotli + self.js_brotli
    }
}

pub(super) fn check(dist: &Path) -> anyhow::Result<()> {
    let sizes = Sizes::measure(dist)?;
    progress::note(&format!(
        "panel {} bytes brotli of {PANEL_BROTLI_BYTES_MAX} (WASM {}, JavaScript {})",
        sizes.panel_brotli(),
        sizes.wasm_brotli,
        sizes.js_brotli
    ));
    progress::note(&format!("shell {} bytes gzip of {SHELL_GZIP_BYTES_MAX}", sizes.shell_gzip));
    anyhow::ensure!(
        sizes.panel_brotli() <= PANEL_BROTLI_BYTES_MAX,
        "the panel is over its size budget of {PANEL_BROTLI_BYTES_MAX} bytes"
    );
    anyhow::ensure!(
        sizes.shell_gzip <= SHELL_GZIP_BYTES_MAX,
        "the shell is over its size budget of {SHELL_GZIP_BYTES_MAX} bytes"
    );
    Ok(())
}

fn length(path: &Path) -> anyhow::Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(metadata.len())
}

fn gzip_length(path: &Path) -> anyhow::Result<u64> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len() as u64)
}
