//! The real binary.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use makegood_sidecar::token::Access;

use super::{Call, Client, Place, connect, until};

/// Nothing takes this long unless something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command line of the binary, without this machine's configuration.
pub(crate) fn makegood(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_makegood"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MAKEGOOD_") {
            command.env_remove(name);
        }
    }
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs a command to its end: its exit code, what it said, and what it complained of.
pub(crate) fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Runs a command that must succeed, and answers with what it said.
pub(crate) fn said(command: &mut Command) -> String {
    let (code, stdout, stderr) = run(command);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    stdout
}

/// A sidecar that runs; killed when it is dropped.
pub(crate) struct Makegood<'a> {
    place: &'a Place,
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
    follower: Option<JoinHandle<()>>,
}

impl<'a> Makegood<'a> {
    /// Serves the folder on a port that the system chooses; returns once it does.
    pub(crate) fn serve(place: &'a Place) -> Self {
        Self::serve_with(place, &[])
    }

    /// As [`Makegood::serve`], with this library loaded before all others.
    pub(crate) fn serve_under(place: &'a Place, library: &Path) -> Self {
        let mut command = Self::command(place, &[]);
        Self::start(place, command.env("LD_PRELOAD", library))
    }

    /// As [`Makegood::serve`], with more flags.
    pub(crate) fn serve_with(place: &'a Place, flags: &[&str]) -> Self {
        Self::start(place, &mut Self::command(place, flags))
    }

    fn start(place: &'a Place, command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, follower) = follow(&mut child, &log);
        let said = std::iter::from_fn(|| lines.recv_timeout(PATIENCE).ok());
        let address = { said }.find_map(|line| listen_address(&line));
        let address = address
            .unwrap_or_else(|| panic!("the sidecar did not serve:\n{}", log.lock().unwrap()));
        Self { place, child, address, log, follower: Some(follower) }
    }

    /// Expects the sidecar to refuse to start; answers with what it said.
    pub(crate) fn refuses(place: &Place) -> Output {
        let output = Self::command(place, &[]).output().unwrap();
        assert!(!output.status.success(), "{output:?}");
        output
    }

    fn command(place: &Place, flags: &[&str]) -> Command {
        let (data, policy) = (place.data(), place.policy());
        let mut command = makegood(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.args([Path::new("--data"), &data, Path::new("--policy"), &policy]);
        // Tests ask as fast as they can; flags come before variables.
        for name in ["MAKEGOOD_AGENT_RATE", "MAKEGOOD_TENANT_RATE", "MAKEGOOD_SEARCH_RATE"] {
            command.env(name, "0");
        }
        command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// A client over a connection of its own.
    pub(crate) async fn client(
        &self,
        agent: &str,
        access: Access,
        interaction: Option<&str>,
    ) -> Client {
        let token = self.place.token(agent, access, interaction);
        Client::new(&connect(self.address).await, &token)
    }

    /// Waits until everything that was ever written can be read.
    pub(crate) async fn ready(&self) {
        until("history is ready", async || self.log().contains("read model ready")).await;
    }

    /// A call that rings at an agent's desk, once history is ready.
    pub(crate) async fn ring(&self, agent: &str, interaction: &str, customer: &str) -> Call {
        self.ready().await;
        let client = self.client(agent, Access::Agent, Some(interaction)).await;
        Call::ring(client, interaction, customer).await
    }

    /// A call that was started before, as a desk that stayed open goes on with it.
    pub(crate) async fn resume(&self, call: &Call, agent: &str) -> Call {
        let interaction = Some(call.interaction.as_str());
        Call { client: self.client(agent, Access::Agent, interaction).await, ..call.clone() }
    }

    /// Ends the process at once, as a power cut of the process alone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Stops the process; returns once none of its threads runs, nor is in the middle of a call.
    pub(crate) async fn pause(&self) {
        self.signal("STOP");
        let tasks = format!("/proc/{}/task", self.pid());
        until("every thread has stopped", async || {
            let mut threads = std::fs::read_dir(&tasks).unwrap();
            threads.all(|thread| has_stopped(&thread.unwrap().path()))
        })
        .await;
    }

    /// Lets a process go on that was stopped.
    pub(crate) fn resume_process(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(sent.success());
    }

    /// Asks the process to end and waits until it has.
    pub(crate) async fn end(mut self) {
        self.terminate();
        let status = self.ended().await;
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// Waits for the process to end by itself, and for all that it had to say.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("the process has ended", async || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        let follower = self.follower.take();
        follower.map(JoinHandle::join).transpose().unwrap();
        status.unwrap()
    }
}

impl Drop for Makegood<'_> {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether a thread is stopped; one that has ended is, too.
fn has_stopped(thread: &Path) -> bool {
    let stat = std::fs::read_to_string(thread.join("stat")).unwrap_or_default();
    // The name in brackets may hold anything.
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
}

/// Collects what the process says on standard error, and passes each line on.
fn follow(child: &mut Child, log: &Arc<Mutex<String>>) -> (Receiver<String>, JoinHandle<()>) {
    let (sender, lines) = channel();
    let log = Arc::clone(log);
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let follower = std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
            drop(log);
            // Nobody listens any more once the sidecar serves.
            drop(sender.send(line));
        }
    });
    (lines, follower)
}

fn listen_address(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line.get("listen")?.as_str()?.parse().ok()
}
