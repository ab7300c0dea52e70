//! `tidy`: the conventions that no compiler checks, over every file that git knows or would add.

mod fences;
mod guarantees;
mod markdown;
mod rust;
mod text;

use std::fs;

use anyhow::Context as _;

use crate::workspace::Workspace;
use crate::{process, progress};

/// Where generated code is committed: nobody writes it, so no convention binds it.
const GENERATED: &str = "proto/src/gen/";

/// Above this a file is named, not refused: some want to be long.
const LINES_MAX: usize = 450;

/// A text file of the checkout.
struct Source {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

/// A line that breaks a convention, and how to mend it.
struct Finding {
    path: String,
    line: usize,
    message: String,
}

/// Fails when there is any finding; prints each as `file:line: message`.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let sources = sources(workspace)?;
    let mut findings = Vec::new();
    for source in &sources {
        text::check(source, &mut findings);
        rust::check(source, &mut findings);
        fences::check(source, &mut findings);
        markdown::check(workspace, source, &mut findings)?;
    }
    guarantees::check(&sources, &mut findings);
    for finding in &findings {
        progress::line(&format!("{}:{}: {}", finding.path, finding.line, finding.message));
    }
    report_long(&sources);
    anyhow::ensure!(findings.is_empty(), "{} lines break a convention", findings.len());
    progress::note(&format!("{} files are tidy", sources.len()));
    Ok(())
}

fn sources(workspace: &Workspace) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in paths(workspace)? {
        // A file that is deleted but not yet committed is listed; one that is no text is not ours.
        let Ok(bytes) = fs::read(workspace.path(&path)) else {
            continue;
        };
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        sources.push(Source { path, text });
    }
    Ok(sources)
}

/// What git knows or would add, whoever owns the checkout.
fn paths(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let mut git = workspace.command("git");
    git.args(["-c", "safe.directory=*", "ls-files", "-z"]);
    git.args(["--cached", "--others", "--exclude-standard"]);
    let listed = process::output(&mut git).context("tidy asks git which files are ours")?;
    let written =
        listed.split('\0').filter(|path| !path.is_empty() && !path.starts_with(GENERATED));
    Ok(written.map(str::to_owned).collect())
}

fn report_long(sources: &[Source]) {
    let long = sources.iter().filter(|source| source.is_code());
    for source in long {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            progress::note(&format!("long: {} has {lines} lines", source.path));
        }
    }
}

impl Source {
    fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    fn is_code(&self) -> bool {
        matches!(self.extension(), "rs" | "js" | "mjs" | "ts" | "css" | "html" | "py" | "sh")
    }

    fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    /// Each line with its number, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, message: message.into() }
    }
}

/// A source for the tests of the rules.
#[cfg(test)]
fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// What the tests of the rules compare.
#[cfg(test)]
fn found(check: fn(&Source, &mut Vec<Finding>), path: &str, text: &str) -> Vec<usize> {
    let mut findings = Vec::new();
    check(&source(path, text), &mut findings);
    findings.iter().map(|finding| finding.line).collect()
}
