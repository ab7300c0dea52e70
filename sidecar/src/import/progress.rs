//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far a run is.
pub trait Progress {
    /// A run begins that reads so many bytes.
    fn start(&mut self, total_bytes: u64);

    /// So many bytes and records have been read since the start.
    fn advance(&mut self, read_bytes: u64, row_count: u64);

    /// The run is over.
    fn finish(&mut self);
}

/// Shows nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _total_bytes: u64) {}
    fn advance(&mut self, _read_bytes: u64, _row_count: u64) {}
    fn finish(&mut self) {}
}

/// A bar with records per second and the time that is left.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    started: Instant,
}

/// A line on standard error every ten seconds.
#[derive(Debug)]
pub struct Lines {
    total_bytes: u64,
    shown: Instant,
    started: Instant,
}

const LINE_EVERY: Duration = Duration::from_secs(10);

/// A bar if standard error is a terminal, lines if not.
pub fn on_stderr() -> Box<dyn Progress> {
    let now = Instant::now();
    if io::stderr().is_terminal() {
        Box::new(Bar { bar: ProgressBar::hidden(), started: now })
    } else {
        Box::new(Lines { total_bytes: 0, shown: now, started: now })
    }
}

/// Rows per second, whole.
fn rate(row_count: u64, started: Instant) -> u64 {
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    row_count.saturating_mul(1_000) / milliseconds
}

impl Progress for Bar {
    fn start(&mut self, total_bytes: u64) {
        let template = "{bar:32} {percent:>3} %  {msg}  {eta} left";
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar = ProgressBar::new(total_bytes).with_style(style);
        self.started = Instant::now();
    }

    fn advance(&mut self, read_bytes: u64, row_count: u64) {
        self.bar.set_position(read_bytes);
        self.bar.set_message(format!("{row_count} lines  {}/s", rate(row_count, self.started)));
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Lines {
    fn start(&mut self, total_bytes: u64) {
        let now = Instant::now();
        *self = Self { total_bytes, shown: now, started: now };
    }

    fn advance(&mut self, read_bytes: u64, row_count: u64) {
        if self.shown.elapsed() < LINE_EVERY {
            return;
        }
        self.shown = Instant::now();
        let percent = read_bytes.saturating_mul(100) / self.total_bytes.max(1);
        let rate = rate(row_count, self.started);
        // Progress that cannot be shown must not end an import.
        let _shown = writeln!(io::stderr(), "{percent} %, {row_count} lines, {rate}/s");
    }

    fn finish(&mut self) {}
}
