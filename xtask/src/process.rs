//! Running other programs: nothing on their standard input, and errors that say what was run.

use std::env;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context as _;

/// A command in `folder` that never waits for input.
pub(crate) fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs it with its output on ours; fails when it does.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status();
    succeeded(command, status)
}

/// Runs it and returns what it wrote on standard output; its errors go to ours.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let stdout = bytes(command)?;
    String::from_utf8(stdout).with_context(|| format!("{} printed no text", shown(command)))
}

/// As [`output`], for what need not be text.
pub(crate) fn bytes(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.stderr(Stdio::inherit()).output();
    let (status, stdout) = match output {
        Ok(output) => (Ok(output.status), output.stdout),
        Err(error) => (Err(error), Vec::new()),
    };
    succeeded(command, status)?;
    Ok(stdout)
}

/// Runs it quietly; `None` when it is not there or fails.
pub(crate) fn probe(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}

/// Runs it and hands each line of its standard output to `each`, then fails when it did.
pub(crate) fn lines(command: &mut Command, mut each: impl FnMut(&str)) -> anyhow::Result<()> {
    command.stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return succeeded(command, Err(error)),
    };
    let stdout = child.stdout.take().context("standard output is piped")?;
    for line in BufReader::new(stdout).lines() {
        each(&line?);
    }
    let status = child.wait();
    succeeded(command, status)
}

/// The first of `programs` on the PATH.
pub(crate) fn find(programs: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let mut candidates =
        programs.iter().flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
    candidates.find(|candidate| candidate.is_file())
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

fn succeeded(command: &Command, status: std::io::Result<ExitStatus>) -> anyhow::Result<()> {
    let shown = shown(command);
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => anyhow::bail!("`{shown}` failed with {status}"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let program = command.get_program().to_string_lossy();
            anyhow::bail!("`{program}` is not installed; `cargo xtask setup` says what is missing")
        }
        Err(error) => Err(error).with_context(|| format!("cannot run `{shown}`")),
    }
}
