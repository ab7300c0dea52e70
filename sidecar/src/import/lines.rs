//! Physical lines, each bounded, that can be given back to be read again.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read as _};

/// The longest line, and the longest record of several lines, in bytes.
pub(super) const MAX_RECORD_BYTES: usize = 1 << 20;

/// A line with its end.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its number, counted from 1.
    pub(super) number: u64,
    /// Its bytes and the line's end; the former are at most [`MAX_RECORD_BYTES`].
    pub(super) bytes: Vec<u8>,
    /// Whether it is longer than it may be; the rest of it was passed over.
    pub(super) is_cut: bool,
}

/// Reads lines one by one.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    given_back: VecDeque<Line>,
    number: u64,
}

impl Lines {
    /// Reads from the start of a text.
    pub(super) fn new(reader: Box<dyn BufRead>) -> Self {
        Self { reader, given_back: VecDeque::new(), number: 0 }
    }

    /// The next line; absent at the end.
    ///
    /// # Errors
    /// If the file cannot be read on.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.given_back.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let mut part = self.reader.by_ref().take(MAX_RECORD_BYTES as u64);
        if part.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let is_ended = bytes.ends_with(b"\n");
        let is_cut = !is_ended && bytes.len() == MAX_RECORD_BYTES && self.pass_rest()?;
        if !is_ended {
            // The last line of a file need not have an end; all after this relies on one.
            bytes.push(b'\n');
        }
        Ok(Some(Line { number: self.number, bytes, is_cut }))
    }

    /// Gives lines back, to be read before all others.
    pub(super) fn give_back(&mut self, lines: impl DoubleEndedIterator<Item = Line>) {
        for line in lines.rev() {
            self.given_back.push_front(line);
        }
    }

    /// Passes over the rest of a line; whether there was any.
    fn pass_rest(&mut self) -> io::Result<bool> {
        let mut passed = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(buffer.len(), |at| at + 1);
            let is_last = end.is_some() || buffer.is_empty();
            self.reader.consume(count);
            passed |= count > 0;
            if is_last {
                return Ok(passed);
            }
        }
    }
}

/// The bytes without the line's end.
pub(super) fn without_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}
