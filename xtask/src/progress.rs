//! What a person at a terminal, or in a CI log, sees: which step of how many, and how long it took.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place of this tool that prints"
)]

use std::time::{Duration, Instant};

/// A known number of steps, each announced before and timed after it.
pub(crate) struct Steps {
    total: usize,
    times: Vec<(String, Duration)>,
}

impl Steps {
    pub(crate) fn new(total: usize) -> Self {
        Self { total, times: Vec::new() }
    }

    /// Announces the step, runs it, and says how long it took.
    pub(crate) fn run<T>(
        &mut self,
        name: &str,
        about: &str,
        step: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        println!("[{}/{}] {name}: {about}", self.times.len() + 1, self.total);
        let started = Instant::now();
        let result = step();
        let took = started.elapsed();
        self.times.push((name.to_owned(), took));
        let verdict = if result.is_ok() { "done" } else { "FAILED" };
        println!("      {name} {verdict} in {}", seconds(took));
        result
    }

    /// Prints what each step took, and the sum.
    pub(crate) fn print_times(&self) {
        println!();
        for (name, took) in &self.times {
            println!("  {name:<10} {:>10}", seconds(*took));
        }
        let sum = self.times.iter().map(|(_, took)| *took).sum();
        println!("  {:<10} {:>10}", "all", seconds(sum));
    }
}

/// A line about what was found or chosen, below the step it belongs to.
pub(crate) fn note(text: &str) {
    println!("      {text}");
}

/// A line as another program printed it, or the last word of a command.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// The error with its causes, on standard error.
pub(crate) fn failure(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
