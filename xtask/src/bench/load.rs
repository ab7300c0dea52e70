//! The generator of load, and a sidecar on a contact centre that is made for it.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;

use crate::bench::Session;
use crate::bench::sidecar::{Sidecar, unconfigured};
use crate::process;

/// As many agents and customers as any scenario asks for, and a history to show.
const CUSTOMERS: &str = "1000";
const INTERACTIONS: &str = "10000";
const AGENTS: &str = "600";

/// A running sidecar, and what puts load on it.
pub(super) struct Loaded {
    /// The process.
    pub(super) sidecar: Sidecar,
    data: PathBuf,
    load: PathBuf,
}

impl Loaded {
    /// Generates the contact centre in a scratch folder of this name, and serves it; `more` is
    /// added to the command line.
    ///
    /// # Errors
    ///
    /// When the binaries do not build, or do not do what they are asked.
    pub(super) fn start(session: &Session<'_>, name: &str, more: &[&str]) -> anyhow::Result<Self> {
        let binaries = session.binaries()?;
        let data = session.scratch(name)?;
        let mut generate = unconfigured(&binaries.makegood.to_string_lossy(), &data);
        generate.args(["demo", "generate", "--customers", CUSTOMERS]);
        generate.args(["--interactions", INTERACTIONS, "--agents", AGENTS, "--data"]);
        process::run(generate.arg(&data))?;
        let sidecar = Sidecar::serve(&binaries.makegood, &data, more)?;
        Ok(Self { sidecar, data, load: binaries.load })
    }

    /// Plays a scenario against the sidecar, and returns its report.
    ///
    /// # Errors
    ///
    /// When the scenario fails.
    pub(super) fn play(&self, scenario: &[&str]) -> anyhow::Result<Value> {
        let mut load = unconfigured(&self.load.to_string_lossy(), &self.data);
        load.args(scenario).args(["--json", "--address", &self.sidecar.authority]);
        load.args(["--server-pid", &self.sidecar.pid().to_string(), "--data"]);
        report(load.arg(&self.data))
    }
}

/// Plays a scenario that needs no sidecar, and returns its report.
///
/// # Errors
///
/// When the scenario fails.
pub(super) fn play(session: &Session<'_>, scenario: &[&str]) -> anyhow::Result<Value> {
    let load = session.binaries()?.load;
    let mut load = unconfigured(&load.to_string_lossy(), &session.path("."));
    report(load.args(scenario).arg("--json"))
}

/// A figure of a report.
///
/// # Errors
///
/// When it has none of this name.
pub(super) fn number(report: &Value, name: &str) -> anyhow::Result<f64> {
    report[name].as_f64().with_context(|| format!("the report has no {name}: {report}"))
}

fn report(load: &mut std::process::Command) -> anyhow::Result<Value> {
    let printed = process::output(load)?;
    let last = printed.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str(last).with_context(|| format!("`{}` told no JSON", process::shown(load)))
}
