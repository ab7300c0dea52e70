//! The generator of load, and a sidecar on a contact centre that is made for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use crate::bench::Session;
use crate::bench::centre::AGENT;
use crate::bench::sidecar::{Sidecar, token, unconfigured};
use crate::process;

/// The size of a generated contact centre.
pub(super) struct House {
    /// Customers, `C-0000001` and on.
    pub(super) customers: u32,
    /// Interactions of all of them together.
    pub(super) interactions: u32,
    /// Agents, `A-001` and on.
    pub(super) agents: u32,
}

/// As many agents and customers as most scenarios ask for, and a history to show.
pub(super) const SMALL: House = House { customers: 1_000, interactions: 10_000, agents: 600 };

impl House {
    /// Tells a generator the size.
    pub(super) fn size(&self, generate: &mut Command) {
        for (name, count) in [
            ("--customers", self.customers),
            ("--interactions", self.interactions),
            ("--agents", self.agents),
        ] {
            generate.args([name, &count.to_string()]);
        }
    }
}

/// A running sidecar, and what puts load on it.
pub(super) struct Loaded {
    /// The process.
    pub(super) sidecar: Sidecar,
    data: PathBuf,
    load: PathBuf,
}

impl Loaded {
    /// Generates a contact centre in a scratch folder of this name, and serves it.
    ///
    /// # Errors
    ///
    /// When the binaries do not build, or do not do what they are asked.
    pub(super) fn start(session: &Session<'_>, name: &str, house: &House) -> anyhow::Result<Self> {
        let makegood = session.binaries()?.makegood;
        Self::start_with(session, name, house, (&makegood, &[]))
    }

    /// As [`Loaded::start`], by this build of the sidecar, served with `more` on its command line.
    ///
    /// # Errors
    ///
    /// As [`Loaded::start`].
    pub(super) fn start_with(
        session: &Session<'_>,
        name: &str,
        house: &House,
        (makegood, more): (&Path, &[&str]),
    ) -> anyhow::Result<Self> {
        let load = session.binaries()?.load;
        let data = session.scratch(name)?;
        let mut generate = unconfigured(&makegood.to_string_lossy(), &data);
        generate.args(["demo", "generate"]);
        house.size(&mut generate);
        process::run(generate.arg("--data").arg(&data))?;
        // The first token makes the development key, which the sidecar and the load then read.
        token(makegood, &data, AGENT)?;
        let sidecar = Sidecar::serve(makegood, &data, more)?;
        Ok(Self { sidecar, data, load })
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

fn report(load: &mut Command) -> anyhow::Result<Value> {
    let printed = process::output(load)?;
    let last = printed.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str(last).with_context(|| format!("`{}` told no JSON", process::shown(load)))
}
