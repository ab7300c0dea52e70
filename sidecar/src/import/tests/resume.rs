//! Imports that were interrupted and go on: nothing is lost, doubled or counted twice.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::checkpoint::Checkpoints;
use super::super::error::ImportError;
use super::super::mapping::Mapping;
use super::super::memory::MemorySink;
use super::super::progress::Progress;
use super::super::report::Report;
use super::super::rows::{Kind, Put, PutError, Row, Sink, SinkError};
use super::super::run::{Options, Surroundings, run_in};
use super::Desk;

/// Events of cases: a case is made by all of its lines, its opening by the first of them.
const CASES: &str = r#"
    source = "desk"
    missing = ["?"]
    [[record]]
    kind = "customer"
    id = "{who}"
    name = "{who}"
    [[record]]
    kind = "interaction"
    keep = "merged"
    id = "{case}"
    customer = "{who}"
    team = "{team}"
    start = "{day}"
    [[record]]
    kind = "interaction"
    keep = "first"
    id = "{case}:opened"
    customer = "{who}"
    start = "{day}"
    touch_point = "row {#row}"
    [[record]]
    kind = "promise"
    keep = "last"
    id = "{case}:promise"
    customer = "{who}"
    text = "line {#line}"
    made = "{day}"
    due = "{day}"
"#;

/// So many lines of cases with five lines each; every 97th line is refused.
fn cases(lines: usize) -> String {
    let mut text = "case,who,team,day\n".to_owned();
    for line in 0..lines {
        let team = if line % 5 == 1 { "blue" } else { "?" };
        let day = if line % 97 == 3 { "someday" } else { "2024-05-03" };
        writeln!(text, "C{},w{},{team},{day}", line / 5, line / 5 % 50).unwrap();
    }
    text
}

/// Keeps rows as a store does: what was not flushed is gone when the process is. Ends the run after
/// so many rows, in the way that is wanted.
struct Store<'a> {
    kept: MemorySink,
    unflushed: MemorySink,
    rows_left: u64,
    ends: End,
    stop: &'a AtomicBool,
    position: &'a AtomicU64,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    /// The store fails, and the flush after that too: a full disk, or a process that was killed.
    Fails,
    /// Somebody asks the run to stop.
    Stopped,
}

impl Sink for Store<'_> {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        let failed = || SinkError { message: "no space".to_owned(), cause: None };
        match self.rows_left.checked_sub(1) {
            Some(left) => self.rows_left = left,
            None if self.ends == End::Fails => return Err(failed().into()),
            None => self.stop.store(true, Ordering::Relaxed),
        }
        let (kind, source, id) = (row.kind(), &row.source, &row.source_id);
        let before = self.unflushed.row(kind, source, id).or(self.kept.row(kind, source, id));
        let put = match before {
            Some(before) if *before == row => Put::Same,
            Some(_) => Put::Changed,
            None => Put::New,
        };
        drop(self.unflushed.put(row));
        Ok(put)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        if self.rows_left == 0 && self.ends == End::Fails {
            return Err(SinkError { message: "no space".to_owned(), cause: None });
        }
        for row in rows(&std::mem::take(&mut self.unflushed)) {
            drop(self.kept.put(row.clone()));
            self.position.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Remembers what was said.
#[derive(Default)]
struct Said(Vec<String>);

impl Progress for Said {
    fn start(&mut self, _: u64, _: u64, _: u64) {}
    fn advance(&mut self, _: u64, _: u64) {}
    fn finish(&mut self) {}
    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

/// A desk whose imports are interrupted.
struct Bench {
    desk: Desk,
    store: MemorySink,
    position: AtomicU64,
    from_start: bool,
}

impl Bench {
    fn new() -> Self {
        let (desk, store) = (Desk::new(), MemorySink::default());
        Self { desk, store, position: AtomicU64::new(0), from_start: false }
    }

    fn checkpoints(&self) -> PathBuf {
        self.desk.folder.path().join("import")
    }

    /// A run that ends after so many rows, if it has more.
    fn run(
        &mut self,
        mapping: &str,
        files: &[PathBuf],
        (rows_left, ends): (u64, End),
    ) -> (Result<Report, ImportError>, Vec<String>) {
        let mapping = Mapping::parse(mapping).unwrap();
        let stop = AtomicBool::new(false);
        let position = &self.position;
        let now = || position.load(Ordering::Relaxed);
        let checkpoints = Checkpoints {
            folder: self.checkpoints(),
            store_position: &now,
            from_start: self.from_start,
        };
        let kept = std::mem::take(&mut self.store);
        let unflushed = MemorySink::default();
        let mut store = Store { kept, unflushed, rows_left, ends, stop: &stop, position };
        let mut said = Said::default();
        let surroundings =
            Surroundings { checkpoints: Some(checkpoints), stop: Some(&stop), progress: &mut said };
        let options = Options { is_dry_run: false, rejects: self.desk.rejects() };
        let outcome = run_in(&mapping, files, &mut store, options, surroundings);
        self.store = store.kept;
        (outcome, said.0)
    }
}

const INTERRUPTIONS: [(u64, End); 3] =
    [(9_000, End::Stopped), (9_000, End::Fails), (123, End::Stopped)];
const NEVER: (u64, End) = (u64::MAX, End::Stopped);

/// All rows of a sink, to be compared with another's.
fn rows(sink: &MemorySink) -> Vec<&Row> {
    Kind::ALL.into_iter().flat_map(|kind| sink.rows(kind)).collect()
}

#[test]
fn comes_out_as_one_run_however_often_it_is_interrupted() {
    let text = cases(50_000);
    let mut whole = Bench::new();
    let file = whole.desk.file("cases.csv", &text);
    let (report, said) = whole.run(CASES, &[file], NEVER);
    let report = report.unwrap();
    assert_eq!(said, Vec::<String>::new());
    assert!(!whole.checkpoints().try_exists().unwrap(), "a complete import leaves a checkpoint");

    for packed in [false, true] {
        let mut parts = Bench::new();
        let file = if packed {
            parts.desk.gzip("cases.csv", text.as_bytes())
        } else {
            parts.desk.file("cases.csv", &text)
        };
        let mut line = 0;
        for (rows, end) in INTERRUPTIONS {
            let (outcome, said) = parts.run(CASES, from_ref(&file), (rows, end));
            assert!(outcome.is_err());
            let note = said.last().unwrap();
            assert!(
                note.starts_with("what was taken so far stays; the same command goes on at line")
            );
            let next = line_in(note);
            assert!(next > line, "{note}");
            line = next;
        }
        let (resumed, said) = parts.run(CASES, &[file], NEVER);
        let resumed = resumed.unwrap();
        assert_eq!(line_in(&said[0]), line, "{said:?}");
        assert!(said[0].starts_with("going on at line") && said[0].contains("--from-start"));
        assert_eq!(rows(&parts.store), rows(&whole.store));
        assert_eq!(resumed.line_count, report.line_count);
        assert_eq!(resumed.rejected_count(), report.rejected_count());
        for kind in [Kind::Interaction, Kind::Promise] {
            let (one, other) = (resumed.counts(kind), report.counts(kind));
            assert_eq!(one.new + one.same, other.new, "{kind:?}");
            assert_eq!((one.changed, one.rejected), (0, other.rejected), "{kind:?}");
        }
        let refused = |bench: &Bench| -> Vec<_> {
            bench.desk.rejected().into_iter().map(|it| it[1..].to_vec()).collect()
        };
        assert_eq!(refused(&parts), refused(&whole));
        assert!(!parts.checkpoints().try_exists().unwrap());
    }
}

/// The line number in a note.
fn line_in(note: &str) -> u64 {
    let (_, after) = note.split_once("at line ").unwrap();
    let digits = after.chars().take_while(|it| it.is_ascii_digit() || *it == ',');
    digits.filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn passes_over_the_files_that_were_done() {
    let mut bench = Bench::new();
    let first = bench.desk.file("first.csv", cases(10_000));
    let second = bench.desk.file("second.csv", cases(20_000).replace("\nC", "\nD"));
    let files = [first, second];
    let (outcome, _) = bench.run(CASES, &files, (9_000, End::Stopped));
    assert!(matches!(outcome, Err(ImportError::Stopped { .. })));
    let (report, said) = bench.run(CASES, &files, NEVER);
    assert!(said[0].contains("second.csv"), "{said:?}");
    assert_eq!(report.unwrap().line_count, 30_000);
    assert_eq!(bench.store.count(Kind::Promise), 2_000 + 4_000);
}

#[test]
fn begins_again_where_anything_is_not_what_it_was() {
    type Change = fn(&mut Bench, &mut PathBuf, &mut String);
    let table: [(&str, Change); 6] = [
        ("the mapping has changed", |_, _, mapping| mapping.push_str("# changed\n")),
        ("the data has changed", |_, file, _| {
            let text = fs::read_to_string(&*file).unwrap();
            fs::write(file, format!("{text}C9,w1,?,2024-05-03\n")).unwrap();
        }),
        ("the data has changed", |_, file, _| {
            // The same size and time, and yet not the same bytes.
            let changed = fs::metadata(&*file).unwrap().modified().unwrap();
            let text = fs::read_to_string(&*file).unwrap().replacen("C1,", "C2,", 1);
            fs::write(&*file, text).unwrap();
            fs::File::options().write(true).open(file).unwrap().set_modified(changed).unwrap();
        }),
        ("the lines refused so far are gone", |bench, _, _| {
            fs::remove_file(bench.desk.rejects()).unwrap();
        }),
        ("the data folder is older", |bench, _, _| bench.position.store(7, Ordering::Relaxed)),
        ("", |bench, _, _| {
            let kept = fs::read_dir(bench.checkpoints()).unwrap().next().unwrap().unwrap();
            let torn = fs::read(kept.path()).unwrap();
            fs::write(kept.path(), &torn[..torn.len() - 9]).unwrap();
        }),
    ];
    for (why, change) in table {
        let mut bench = Bench::new();
        let mut file = bench.desk.file("cases.csv", cases(20_000));
        let mut mapping = CASES.to_owned();
        let (outcome, _) = bench.run(&mapping, from_ref(&file), (9_000, End::Stopped));
        assert!(outcome.is_err());
        change(&mut bench, &mut file, &mut mapping);
        let (report, said) = bench.run(&mapping, &[file], NEVER);
        assert_eq!(report.unwrap().earlier_line_count, 0, "{why}");
        let said = said.last().map(String::as_str).unwrap_or_default();
        assert!(said.contains(why) && (why.is_empty() || said.starts_with("beginning")), "{said}");
        assert!(bench.store.count(Kind::Promise) >= 3_999);
    }
}

#[test]
fn begins_at_the_start_when_asked_to() {
    let mut bench = Bench::new();
    let file = bench.desk.file("cases.csv", cases(20_000));
    let (outcome, _) = bench.run(CASES, from_ref(&file), (9_000, End::Stopped));
    assert!(outcome.is_err());
    bench.from_start = true;
    let (report, said) = bench.run(CASES, &[file], NEVER);
    assert_eq!((report.unwrap().earlier_line_count, said), (0, Vec::new()));
}
