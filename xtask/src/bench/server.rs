//! A sidecar on a small generated contact centre, with an agent and a caller, for one bench.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use crate::bench::Session;
use crate::bench::calls::Caller;
use crate::bench::sidecar::{Sidecar, makegood, terminate, token};

/// The generated contact centre beside its cast.
const CUSTOMER_COUNT: &str = "100";

/// A running sidecar and who is there.
pub(super) struct Server {
    /// The process.
    pub(super) sidecar: Sidecar,
    /// The telephone number of a customer with a long story.
    pub(super) phone: String,
    /// A token of the agent.
    pub(super) token: String,
}

/// Who is in the generated contact centre.
struct Cast {
    agent: String,
    phone: String,
}

impl Server {
    /// Generates the contact centre in a scratch folder of this name, and serves it; `more` is
    /// added to the command line.
    ///
    /// # Errors
    ///
    /// When the binary does not build, or does not do what it is asked.
    pub(super) fn start(session: &Session<'_>, name: &str, more: &[&str]) -> anyhow::Result<Self> {
        let binary = session.binaries()?.makegood;
        let data = session.scratch(name)?;
        let Cast { agent, phone } = generate(session, &binary, &data)?;
        let token = token(&binary, &data, &agent)?;
        let sidecar = Sidecar::serve(&binary, &data, more)?;
        Ok(Self { sidecar, phone, token })
    }
}

/// Lets the demo fill the folder, asks it who is there, and stops it.
fn generate(session: &Session<'_>, binary: &Path, data: &Path) -> anyhow::Result<Cast> {
    let arguments = ["demo", "--port", "0", "--customers", CUSTOMER_COUNT, "--print-json"];
    let mut demo = makegood(binary, &arguments, data)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let cast = cast_of(session, &mut demo);
    // Asked, not killed: what it has generated is then read without a rebuild.
    let stopped = terminate(demo.id(), data);
    demo.wait()?;
    stopped.and(cast)
}

fn cast_of(session: &Session<'_>, demo: &mut Child) -> anyhow::Result<Cast> {
    let stdout = demo.stdout.take().context("standard output is piped")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line).context("the demo did not start")?;
    let origin = ready["page_origin"].as_str().context("no page_origin")?;
    let token = ready["token"].as_str().context("no token")?;
    let caller = Caller::new(session, origin.trim_start_matches("http://"), token)?;
    let cast: Value = serde_json::from_slice(&caller.page("/demo/cast.json")?)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Ok(Cast {
        agent: text(&cast["agents"][0]["id"]).context("the cast has no agent")?,
        phone: text(&cast["callers"][0]["phone"]).context("the cast has no caller")?,
    })
}
