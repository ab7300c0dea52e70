//! Physical lines, each bounded, that can be given back to be read again, and places in a file to
//! which a later reading can return.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read as _};

/// The longest line, and the longest record of several lines, in bytes.
pub(super) const MAX_RECORD_BYTES: usize = 1 << 20;

/// What is said of a line that is longer.
pub(super) const TOO_LONG: &str = "the line is longer than 1 MiB; only its start is kept";

/// What may be read ahead in vain before reading ahead has to be earned.
const FIRST_CREDIT: u64 = 16 * MAX_RECORD_BYTES as u64;
/// What each byte that is read for good earns for reading ahead.
const CREDIT_PER_BYTE: u64 = 16;

/// A place between two lines of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The bytes before it, unpacked.
    pub(super) offset: u64,
    /// The lines before it.
    pub(super) lines: u64,
    /// CRC-32C of all bytes before it, by which a later reading knows that they are the same.
    pub(super) crc: u32,
    /// How many bytes may still be read ahead in vain.
    pub(super) credit: u64,
}

/// A line with its end.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Where it starts.
    pub(super) start: Mark,
    /// Its bytes and the line's end; the former are at most [`MAX_RECORD_BYTES`].
    pub(super) bytes: Vec<u8>,
    /// Whether it is longer than it may be; the rest of it was passed over.
    pub(super) is_cut: bool,
}

/// Reads lines one by one.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    given_back: VecDeque<Line>,
    /// Behind the last line that was read; its credit is not kept.
    end: Mark,
    credit: u64,
}

impl Lines {
    /// Reads from the start of a text.
    pub(super) fn new(reader: Box<dyn BufRead>) -> Self {
        let end = Mark { offset: 0, lines: 0, crc: 0, credit: 0 };
        Self { reader, given_back: VecDeque::new(), end, credit: FIRST_CREDIT }
    }

    /// The next line; absent at the end.
    ///
    /// # Errors
    /// If the file cannot be read on.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line>> {
        if let Some(mut line) = self.given_back.pop_front() {
            line.start.credit = self.credit;
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let mut part = self.reader.by_ref().take(MAX_RECORD_BYTES as u64);
        if part.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let start = Mark { credit: self.credit, ..self.end };
        self.end.pass(&bytes);
        self.end.lines += 1;
        let is_ended = bytes.ends_with(b"\n");
        let is_cut = !is_ended && bytes.len() == MAX_RECORD_BYTES && self.pass_rest()?;
        if !is_ended {
            // The last line of a file need not have an end; all after this relies on one.
            bytes.push(b'\n');
        }
        Ok(Some(Line { start, bytes, is_cut }))
    }

    /// The place before the next line.
    pub(super) fn here(&self) -> Mark {
        let mark = self.given_back.front().map_or(self.end, |line| line.start);
        Mark { credit: self.credit, ..mark }
    }

    /// Gives lines back, to be read before all others.
    ///
    /// They were read in vain, which is taken from the credit: otherwise a file of nothing but
    /// unclosed quotes would be read a million times over.
    pub(super) fn give_back(&mut self, lines: impl DoubleEndedIterator<Item = Line>) {
        for line in lines.rev() {
            self.credit = self.credit.saturating_sub(line.bytes.len() as u64);
            self.given_back.push_front(line);
        }
    }

    /// How many bytes of further lines a record may take.
    pub(super) fn allowance(&self) -> usize {
        usize::try_from(self.credit).unwrap_or(usize::MAX).min(MAX_RECORD_BYTES)
    }

    /// Bytes that will not be read again earn credit.
    pub(super) fn earn(&mut self, bytes: usize) {
        let earned = CREDIT_PER_BYTE.saturating_mul(bytes as u64);
        self.credit = self.credit.saturating_add(earned).min(FIRST_CREDIT);
    }

    /// Passes over everything up to a place, without looking at it; whether the bytes up to there
    /// are those of the earlier reading. After `false` the lines are of no use any more.
    ///
    /// # Errors
    /// If the file cannot be read so far.
    pub(super) fn pass_to(&mut self, mark: &Mark) -> io::Result<bool> {
        if self.end.offset > mark.offset || !self.given_back.is_empty() {
            return Ok(false);
        }
        while self.end.offset < mark.offset {
            let buffer = self.reader.fill_buf()?;
            let wanted = usize::try_from(mark.offset - self.end.offset).unwrap_or(usize::MAX);
            let count = buffer.len().min(wanted);
            if count == 0 {
                return Ok(false);
            }
            self.end.pass(&buffer[..count]);
            self.reader.consume(count);
        }
        self.end.lines = mark.lines;
        self.credit = mark.credit;
        Ok(self.end.crc == mark.crc)
    }

    /// Passes over the rest of a line; whether there was any.
    fn pass_rest(&mut self) -> io::Result<bool> {
        let mut passed = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(buffer.len(), |at| at + 1);
            let is_last = end.is_some() || buffer.is_empty();
            self.end.pass(&buffer[..count]);
            self.reader.consume(count);
            passed |= count > 0;
            if is_last {
                return Ok(passed);
            }
        }
    }
}

impl Mark {
    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.crc = crc32c::crc32c_append(self.crc, bytes);
    }
}

/// The bytes without the line's end.
pub(super) fn without_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}
