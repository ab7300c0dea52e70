//! A `makegood serve` of the release build on a generated contact centre, for one bench.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::Context as _;
use serde_json::Value;

use crate::bench::Session;
use crate::bench::calls::Caller;
use crate::process;

/// Clock ticks in a second of `/proc/PID/stat`: the same on every Linux that we build for.
const TICKS_PER_S: f64 = 100.0;
/// The generated contact centre beside its cast.
const CUSTOMER_COUNT: &str = "100";

/// A running sidecar; killed when dropped.
pub(super) struct Server {
    child: Child,
    /// `HOST:PORT` of the one port.
    pub(super) authority: String,
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
    /// Generates the contact centre in a scratch folder of this name, and serves it.
    ///
    /// # Errors
    ///
    /// When the binary does not build, or does not do what it is asked.
    pub(super) fn start(session: &Session<'_>, name: &str) -> anyhow::Result<Self> {
        let binary = session.release_binary()?;
        let data = session.scratch(name)?;
        let Cast { agent, phone } = generate(session, &binary, &data)?;
        let mut mint = makegood(&binary, &["token", "mint", "--agent", &agent], &data);
        let token = process::output(&mut mint)?.trim().to_owned();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut child = makegood(&binary, &arguments, &data)
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let authority = listening(&mut child)?;
        Ok(Self { child, authority, phone, token })
    }

    /// The processor time that it has used so far, of all threads, in microseconds.
    ///
    /// # Errors
    ///
    /// When there is no `/proc`, or the server has ended.
    pub(super) fn cpu_us(&self) -> anyhow::Result<f64> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        // The program's name, in brackets, may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("stat has no name")?;
        let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
        let (Some(Ok(user)), Some(Ok(system))) = (times.next(), times.next()) else {
            anyhow::bail!("{path} holds no times");
        };
        Ok((user + system) / TICKS_PER_S * 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        self.child.kill().ok();
        self.child.wait().ok();
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
    let mut kill = process::command("kill", data);
    let stopped = process::run(kill.args(["-TERM", &demo.id().to_string()]));
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

fn makegood(binary: &Path, arguments: &[&str], data: &Path) -> Command {
    let mut command = process::command(&binary.to_string_lossy(), data);
    command.args(arguments).arg("--data").arg(data);
    command
}

/// The address that the server logs once it serves; the rest of its log goes nowhere.
fn listening(child: &mut Child) -> anyhow::Result<String> {
    let stderr = child.stderr.take().context("standard error is piped")?;
    let mut log = BufReader::new(stderr);
    let mut said = String::new();
    loop {
        let start = said.len();
        anyhow::ensure!(log.read_line(&mut said)? > 0, "the server ended before it served: {said}");
        let line: Value = serde_json::from_str(&said[start..]).unwrap_or_default();
        if let Some(address) = line["listen"].as_str() {
            let address = address.to_owned();
            // A full pipe would stop the server.
            thread::spawn(move || io::copy(&mut log, &mut io::sink()));
            return Ok(address);
        }
    }
}
