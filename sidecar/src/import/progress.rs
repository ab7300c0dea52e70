//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// Shows how far a run is.
pub trait Progress {
    /// A run begins that reads so many bytes; some of them, and so many records, it has already
    /// behind it.
    fn start(&mut self, total_bytes: u64, read_bytes: u64, row_count: u64);

    /// So many bytes and records are behind it now.
    fn advance(&mut self, read_bytes: u64, row_count: u64);

    /// The run is over.
    fn finish(&mut self);

    /// Something that people should know.
    fn note(&mut self, text: &str);
}

/// Shows nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _total_bytes: u64, _read_bytes: u64, _row_count: u64) {}
    fn advance(&mut self, _read_bytes: u64, _row_count: u64) {}
    fn finish(&mut self) {}
    fn note(&mut self, _text: &str) {}
}

/// A bar with records per second and the time that is left.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    pace: Pace,
}

/// A line on standard error every ten seconds.
#[derive(Debug)]
pub struct Lines {
    shown: Instant,
    pace: Pace,
}

/// What rates are reckoned from.
#[derive(Debug, Clone, Copy)]
struct Pace {
    started: Instant,
    total_bytes: u64,
    earlier_bytes: u64,
    earlier_rows: u64,
}

const LINE_EVERY: Duration = Duration::from_secs(10);

/// A bar if standard error is a terminal, lines if not.
pub fn on_stderr() -> Box<dyn Progress> {
    let pace = Pace::new(0, 0, 0);
    if io::stderr().is_terminal() {
        Box::new(Bar { bar: ProgressBar::hidden(), pace })
    } else {
        Box::new(Lines { shown: pace.started, pace })
    }
}

/// A number with its thousands set apart.
pub(super) fn grouped(number: u64) -> String {
    HumanCount(number).to_string()
}

// === impl Pace ===

impl Pace {
    fn new(total_bytes: u64, earlier_bytes: u64, earlier_rows: u64) -> Self {
        Self { started: Instant::now(), total_bytes, earlier_bytes, earlier_rows }
    }

    /// What has been done, how fast, and how long it will still take.
    fn words(&self, read_bytes: u64, row_count: u64) -> String {
        let elapsed = self.started.elapsed();
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = (row_count - self.earlier_rows).saturating_mul(1_000) / milliseconds;
        let done = read_bytes.saturating_sub(self.earlier_bytes).max(1);
        let left = self.total_bytes.saturating_sub(read_bytes);
        let left_ms = u128::from(milliseconds) * u128::from(left) / u128::from(done);
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(u64::MAX));
        let (rows, rate) = (grouped(row_count), grouped(rate));
        format!("{rows} lines, {rate}/s, {} left", HumanDuration(left))
    }
}

impl Progress for Bar {
    fn start(&mut self, total_bytes: u64, read_bytes: u64, row_count: u64) {
        let template = "{bar:32} {percent:>3} %  {msg}";
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar = ProgressBar::new(total_bytes).with_style(style);
        self.bar.set_position(read_bytes);
        self.pace = Pace::new(total_bytes, read_bytes, row_count);
    }

    fn advance(&mut self, read_bytes: u64, row_count: u64) {
        self.bar.set_position(read_bytes);
        self.bar.set_message(self.pace.words(read_bytes, row_count));
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }

    fn note(&mut self, text: &str) {
        self.bar.suspend(|| note(text));
    }
}

impl Progress for Lines {
    fn start(&mut self, total_bytes: u64, read_bytes: u64, row_count: u64) {
        let pace = Pace::new(total_bytes, read_bytes, row_count);
        *self = Self { shown: pace.started, pace };
    }

    fn advance(&mut self, read_bytes: u64, row_count: u64) {
        if self.shown.elapsed() < LINE_EVERY {
            return;
        }
        self.shown = Instant::now();
        let percent = read_bytes.saturating_mul(100) / self.pace.total_bytes.max(1);
        note(&format!("{percent} %, {}", self.pace.words(read_bytes, row_count)));
    }

    fn finish(&mut self) {}

    fn note(&mut self, text: &str) {
        note(text);
    }
}

fn note(text: &str) {
    // Progress that cannot be shown must not end an import.
    drop(writeln!(io::stderr(), "{text}"));
}
