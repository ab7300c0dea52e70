//! How far an export is: a bar on a terminal, nothing elsewhere.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far an export is.
pub trait Progress {
    /// A reading of so many entries begins.
    fn start(&mut self, what: &'static str, entry_count: u64);

    /// One more entry is behind it.
    fn advance(&mut self);

    /// The export is over.
    fn finish(&mut self);
}

/// Shows nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _what: &'static str, _entry_count: u64) {}
    fn advance(&mut self) {}
    fn finish(&mut self) {}
}

/// A bar with the entries per second and the time that is left.
#[derive(Debug)]
struct Bar(ProgressBar);

/// A bar if standard error is a terminal.
pub fn on_stderr() -> Box<dyn Progress> {
    if io::stderr().is_terminal() { Box::new(Bar(ProgressBar::hidden())) } else { Box::new(Silent) }
}

impl Progress for Bar {
    fn start(&mut self, what: &'static str, entry_count: u64) {
        let template = "{msg:20} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} left";
        let style = ProgressStyle::with_template(template);
        self.0.finish_and_clear();
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        self.0 = ProgressBar::new(entry_count).with_style(style).with_message(what);
    }

    fn advance(&mut self) {
        self.0.inc(1);
    }

    fn finish(&mut self) {
        self.0.finish_and_clear();
    }
}
