//! A running `makegood serve` of the release build: started, looked at from outside, and ended.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use anyhow::Context as _;
use serde_json::Value;

use crate::process;

/// Clock ticks in a second of `/proc/PID/stat`: the same on every Linux that we build for.
const TICKS_PER_S: f64 = 100.0;

/// Agents, tenant and searches without a rate.
const NO_RATES: [&str; 6] = ["--agent-rate", "0", "--tenant-rate", "0", "--search-rate", "0"];

/// A running sidecar; killed when dropped.
pub(super) struct Sidecar {
    child: Child,
    data: PathBuf,
    /// `HOST:PORT` of the one port.
    pub(super) authority: String,
}

impl Sidecar {
    /// Serves a data folder on a free port of this machine; `more` is added to the command line.
    /// The guard's rates are off, because one client stands for a whole centre.
    ///
    /// # Errors
    ///
    /// When it does not come to serve.
    pub(super) fn serve(binary: &Path, data: &Path, more: &[&str]) -> anyhow::Result<Self> {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut child = makegood(binary, &[&arguments[..], &NO_RATES, more].concat(), data)
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let log = child.stderr.take().context("standard error is piped")?;
        // From here on the process is ended whatever happens.
        let mut sidecar = Self { child, data: data.to_owned(), authority: String::new() };
        sidecar.authority = listening(log)?;
        Ok(sidecar)
    }

    /// Its number among the processes.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processor time that it has used so far, of all threads, in microseconds.
    ///
    /// # Errors
    ///
    /// When there is no `/proc`, or the sidecar has ended.
    pub(super) fn cpu_us(&self) -> anyhow::Result<f64> {
        let path = format!("/proc/{}/stat", self.pid());
        let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        // The program's name, in brackets, may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("stat has no name")?;
        let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
        let (Some(Ok(user)), Some(Ok(system))) = (times.next(), times.next()) else {
            anyhow::bail!("{path} holds no times");
        };
        Ok((user + system) / TICKS_PER_S * 1e6)
    }

    /// Asks it to end, as an operator does, and waits until it has drained.
    ///
    /// # Errors
    ///
    /// When it cannot be asked, or ends badly.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        terminate(self.pid(), &self.data)?;
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the sidecar ended with {status}");
        Ok(())
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The binary on a data folder; of our own environment nothing that would configure it.
pub(super) fn makegood(binary: &Path, arguments: &[&str], data: &Path) -> Command {
    let mut command = unconfigured(&binary.to_string_lossy(), data);
    command.args(arguments).arg("--data").arg(data);
    command
}

/// A command without the variables that mean something to `makegood`.
pub(super) fn unconfigured(program: &str, folder: &Path) -> Command {
    let mut command = process::command(program, folder);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MAKEGOOD_") {
            command.env_remove(name);
        }
    }
    command
}

/// A token of an agent for any call, as development mode allows.
///
/// # Errors
///
/// When the binary mints none.
pub(super) fn token(binary: &Path, data: &Path, agent: &str) -> anyhow::Result<String> {
    let mut mint = makegood(binary, &["token", "mint", "--agent", agent], data);
    Ok(process::output(&mut mint)?.trim().to_owned())
}

/// Asks a process to end.
///
/// # Errors
///
/// When there is none.
pub(super) fn terminate(pid: u32, folder: &Path) -> anyhow::Result<()> {
    let mut kill = process::command("kill", folder);
    process::run(kill.args(["-TERM", &pid.to_string()]))
}

/// A figure of `/proc/PID/status` in megabytes, such as `VmHWM`, the most memory that was resident.
///
/// # Errors
///
/// When there is no such process or figure.
pub(super) fn memory_mb(pid: u32, name: &str) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    memory_in(&status, name).with_context(|| format!("{path} has no {name}"))
}

/// `VmHWM:      1024 kB`.
fn memory_in(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

/// The address that the sidecar logs once it serves; the rest of its log goes nowhere.
fn listening(log: ChildStderr) -> anyhow::Result<String> {
    let mut log = BufReader::new(log);
    let mut said = String::new();
    loop {
        let start = said.len();
        anyhow::ensure!(log.read_line(&mut said)? > 0, "the server ended before it served: {said}");
        let line: Value = serde_json::from_str(&said[start..]).unwrap_or_default();
        if let Some(address) = line["listen"].as_str() {
            let address = address.to_owned();
            // A full pipe would stop the sidecar.
            thread::spawn(move || io::copy(&mut log, &mut io::sink()));
            return Ok(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_says_of_memory() {
        let status = "Name:\tmakegood\nVmHWM:\t   3000000 kB\nVmRSS:\t 125 kB\n";
        assert_eq!(memory_in(status, "VmHWM"), Some(3_072.0));
        assert_eq!(memory_in(status, "VmRSS"), Some(0.128));
        assert_eq!(memory_in(status, "Vm"), None);
    }
}
