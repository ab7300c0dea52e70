//! Files of any size: what is read, given back and refused stays bounded.

use std::io::{self, BufReader, Read};
use std::path::Path;

use super::super::csv_records::{CsvRecords, Layout};
use super::super::lines::Lines;
use super::super::mapping::{Delimiter, Encoding};

/// A header, so many times one text, then another, and again so many times the first.
struct Stream {
    texts: [Vec<u8>; 4],
    left: [u64; 4],
    at: usize,
    inside: usize,
}

impl Stream {
    fn new(header: &str, line: &str, count: u64, middle: &str) -> Self {
        let texts = [header, line, middle, line].map(|it| format!("{it}\n").into_bytes());
        Self { texts, left: [1, count, 1, count], at: 0, inside: 0 }
    }

    /// The same with fewer lines before and after.
    fn shorter(mut self, by: u64) -> Self {
        self.left = [1, self.left[1] / by, 1, self.left[3] / by];
        self
    }

    fn records(self, columns: &[String]) -> CsvRecords {
        let layout = Layout {
            delimiter: Delimiter::Byte(b','),
            encoding: Encoding::Utf8,
            header: true,
            names: &[],
            wanted: columns,
        };
        let lines = Lines::new(Box::new(BufReader::with_capacity(1 << 16, self)));
        CsvRecords::open(lines, &layout, Path::new("stream.csv")).unwrap()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at < self.texts.len() && self.left[self.at] == 0 {
            self.at += 1;
        }
        let Some(text) = self.texts.get(self.at) else {
            return Ok(0);
        };
        let count = (text.len() - self.inside).min(buffer.len());
        buffer[..count].copy_from_slice(&text[self.inside..self.inside + count]);
        self.inside += count;
        if self.inside == text.len() {
            self.inside = 0;
            self.left[self.at] -= 1;
        }
        Ok(count)
    }
}

/// Reads to the end: how many records were good, and which lines were broken.
fn read(mut records: CsvRecords) -> (u64, Vec<u64>) {
    let (mut good, mut broken) = (0, Vec::new());
    while let Some(item) = records.next_item().unwrap() {
        match item.record {
            Ok(_) => good += 1,
            Err(_) => broken.push(item.start.lines + 1),
        }
    }
    (good, broken)
}

#[test]
fn loses_one_line_in_the_middle_of_a_gigabyte() {
    let columns = ["id", "text"].map(str::to_owned);
    // Lines of 32 KiB, so that it is over in seconds.
    let line = format!("7,{}", "x".repeat((32 << 10) - 3));
    let count = 1 << 14;
    for middle in
        ["7,\"never closed", "7,\"closed, but\" not at the end\",y", "7", "7,\"\"\"", "7,\u{0}\","]
    {
        let stream = Stream::new("id,text", &line, count, middle);
        // The whole is read once; after that a 64th of it tells the same.
        let stream = if middle.ends_with("closed") { stream } else { stream.shorter(64) };
        let each = stream.left[1];
        let (good, broken) = read(stream.records(&columns));
        let lost = u64::from(!broken.is_empty());
        assert_eq!(good + lost, 2 * each + 1, "{middle}");
        assert!(lost == 1 || !middle.ends_with("closed"), "{middle}");
        assert!(broken.iter().all(|line| *line == each + 2), "{middle}: {broken:?}");
    }
}

#[test]
fn reads_a_file_of_nothing_but_unclosed_quotes_in_one_pass() {
    let columns = ["id", "text", "more"].map(str::to_owned);
    // Read by itself or inside an open quote, this line ends inside a quote: each of them would read
    // on to the limit, 170,000 lines for one.
    let stream = Stream::new("id,text,more", "a\",\"b", 100_000, "1,good,line");
    let (good, broken) = read(stream.records(&columns));
    assert_eq!((good, broken.len()), (1, 200_000));
}

#[test]
fn takes_a_record_of_many_lines_up_to_the_limit() {
    let columns = ["id", "text"].map(str::to_owned);
    let text = |lines: usize| format!("8,\"{}\"", "some words of a long story\n".repeat(lines));
    for (lines, is_good) in [(5_000, true), (50_000, false)] {
        let stream = Stream::new("id,text", "7,x", 100, &text(lines));
        let (good, broken) = read(stream.records(&columns));
        assert_eq!(broken.is_empty(), is_good, "{lines}");
        assert!(good >= 200);
    }
}
