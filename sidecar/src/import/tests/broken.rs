//! Broken lines and files: each costs itself and nothing else.

use std::io::Write as _;

use proptest::prelude::*;

use super::super::rows::{Kind, Put, PutError, Reject, Row, Sink, SinkError};
use super::{Desk, into};

const NOTES: &str = r#"
    source = "notes"
    [[record]]
    kind = "preference"
    id = "{id}"
    customer = "{who}"
    text = "{text}"
    learned = "{day}"
"#;

/// The columns of a rejects file.
const REASON: usize = 4;
const RAW: usize = 5;

fn texts(desk: &Desk) -> Vec<(String, String)> {
    let rows = desk.sink.rows(Kind::Preference);
    rows.map(|row| match &row.content {
        super::super::rows::Content::Preference(it) => (row.source_id.clone(), it.text.clone()),
        other => panic!("{other:?}"),
    })
    .collect()
}

#[test]
fn reads_quotes_newlines_and_a_byte_order_mark() {
    let mut desk = Desk::new();
    let text = "\u{feff}id,who,text,day\r\n\
        1,a,\"two\r\nlines\",2024-05-03\r\n\
        \r\n\
        2,b,\"says \"\"no, never\"\"\",2024-05-03\r\n\
        3,c,5\" disk,2024-05-03\n\
        4,d,\"open to the end\nof it\",2024-05-03";
    let report = desk.import_text(NOTES, text);
    assert_eq!(report.rejected_count(), 0, "{report}");
    let expected = [
        ("1", "two\r\nlines"),
        ("2", "says \"no, never\""),
        ("3", "5\" disk"),
        ("4", "open to the end\nof it"),
    ];
    let expected = expected.map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(texts(&desk), expected);
}

#[test]
fn loses_only_the_broken_lines_and_keeps_them_with_their_reasons() {
    let mut desk = Desk::new();
    let mut text = b"id,who,text,day\n\
        1,a,good,2024-05-03\n\
        2,b,short\n\
        3,c,a \xff byte,2024-05-03\n\
        4,d,good,someday\n\
        5,,good,2024-05-03\n\
        6,f,\"never closed,2024-05-03\n\
        7,g,good,2024-05-03\n"
        .to_vec();
    text.extend(format!("8,h,{},2024-05-03\n", "x".repeat(201)).into_bytes());
    text.extend(format!("9,i,{},2024-05-03\n", "x".repeat(1 << 20)).into_bytes());
    text.extend(b"10,j,good,2024-05-03\n");
    let report = desk.import_text(NOTES, text);

    let ids: Vec<_> = texts(&desk).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["1", "10", "7"]);
    assert_eq!((report.broken_count, report.rejected_count()), (4, 7));
    assert_eq!(report.exit_code(), 3);
    assert_eq!(report.rejects_file.as_deref(), Some(desk.rejects().as_path()));
    let rejected = desk.rejected();
    let shown: Vec<_> = rejected.iter().map(|it| (&*it[1], &*it[3], &*it[REASON])).collect();
    let expected = [
        ("3", "", "the line has 3 fields, but there are 4 columns"),
        ("4", "", "the line is not valid UTF-8; if the file is in Latin-1, set encoding"),
        ("5", "preference.learned", "\"someday\" is not a moment of ISO 8601"),
        ("6", "preference.customer", "is missing; there is no value in column who"),
        ("7", "", "a quote is opened and not closed"),
        ("9", "preference.text", "has 201 characters; the most are 200"),
        ("10", "", "the line is longer than 1 MiB"),
    ];
    assert_eq!(shown.len(), expected.len(), "{shown:?}");
    for ((line, field, reason), expected) in shown.iter().zip(expected) {
        assert_eq!((*line, *field), (expected.0, expected.1));
        assert!(reason.starts_with(expected.2), "{reason}");
    }
    assert_eq!(rejected[0][RAW], "2,b,short");
}

#[test]
fn loses_one_line_to_a_quote_that_a_later_line_closes() {
    let mut desk = Desk::new();
    let text = "id,who,text,day\n1,a,\"never closed,2024-05-03\n2,b,good,2024-05-03\n\
        3,c,\"good, too\",2024-05-03\n4,d,a\rb,2024-05-03\n";
    let report = desk.import_text(NOTES, text);
    let ids: Vec<_> = texts(&desk).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["2", "3", "4"]);
    assert_eq!(report.rejected_count(), 1);
    assert_eq!(desk.rejected()[0][RAW], "1,a,\"never closed,2024-05-03");
}

#[test]
fn refuses_a_line_whole() {
    let mut desk = Desk::new();
    let mapping = format!(
        "{NOTES}\n[[record]]\nkind = \"purchase\"\nid = \"{{id}}\"\ncustomer = \"{{who}}\"\n\
         at = \"{{day}}\"\ncurrency = \"USD\"\nrevenue = \"{{text}}\"\n"
    );
    let report = desk.import_text(&mapping, "id,who,text,day\n1,a,1.005,2024-05-03\n");
    assert_eq!(report.counts(Kind::Purchase).rejected, 1);
    assert_eq!(desk.sink.count(Kind::Preference), 0);
}

#[test]
fn makes_no_rejects_file_when_all_is_good() {
    let mut desk = Desk::new();
    let report = desk.import_text(NOTES, "id,who,text,day\n1,a,good,2024-05-03\n");
    assert_eq!((report.exit_code(), report.rejects_file), (0, None));
    assert!(!desk.rejects().try_exists().unwrap());
}

#[test]
fn names_the_missing_column_the_file_and_the_nearest_name() {
    let mut desk = Desk::new();
    let good = desk.file("good.csv", "id,who,text,day\n1,a,good,2024-05-03\n");
    let bad = desk.file("bad.csv", "id,who,texts,day\n1,a,good,2024-05-03\n");
    let error = desk.import(NOTES, &[good, bad]).unwrap_err().to_string();
    assert!(error.ends_with("bad.csv has no column `text`; did you mean `texts`?"), "{error}");
    // The good file comes first, and still nothing of it was taken.
    assert_eq!(desk.sink.count(Kind::Preference), 0);
}

#[test]
fn names_the_missing_key_of_json_lines() {
    let mut desk = Desk::new();
    let mapping = NOTES.replace("[[record]]", "format = \"jsonl\"\n[[record]]");
    let file =
        desk.file("notes.jsonl", "{\"id\":1,\"who\":\"a\",\"Text\":\"b\",\"day\":\"2024-05-03\"}");
    let error = desk.import(&mapping, &[file]).unwrap_err().to_string();
    assert!(error.ends_with("notes.jsonl has no column `text`; did you mean `Text`?"), "{error}");
}

#[test]
fn refuses_files_that_it_cannot_read() {
    let table: [(&[u8], &str); 4] = [
        (b"", "the file is empty; it needs a header"),
        (b"\xff\xfei\0d\0", "the file is in UTF-16; save it as UTF-8"),
        (b"id,who,text,day,text\n", "has column `text` twice"),
        (b"id,\"who\n", "a quote is opened and not closed"),
    ];
    for (bytes, part) in table {
        let mut desk = Desk::new();
        let file = desk.file("data.csv", bytes);
        let error = desk.import(NOTES, &[file]).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let mut desk = Desk::new();
    let absent = desk.folder.path().join("absent.csv");
    let error = desk.import(NOTES, &[absent]).unwrap_err().to_string();
    assert!(error.contains("absent.csv cannot be read"), "{error}");
}

#[test]
fn keeps_what_came_before_the_damage_of_a_packed_file() {
    let mut desk = Desk::new();
    let mut text = b"id,who,text,day\n".to_vec();
    for id in 0..20_000 {
        writeln!(text, "{id},a,good {},2024-05-03", id * 7_919 % 20_011).unwrap();
    }
    let file = desk.gzip("data.csv.gz", &text);
    let packed = std::fs::read(&file).unwrap();
    std::fs::write(&file, &packed[..packed.len() / 2]).unwrap();
    let error = desk.import(NOTES, &[file]).unwrap_err().to_string();
    assert!(error.contains("data.csv.gz cannot be read"), "{error}");
    assert!(desk.sink.count(Kind::Preference) > 1_000);
    assert!(desk.sink.flush_count() >= 1);
}

/// Refuses every customer called b, and fails on c.
struct Picky;

impl Sink for Picky {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        let who = row.customer.map(|it| it.id).unwrap_or_default();
        match who.as_str() {
            "b" => {
                Err(Reject { field: "customer".to_owned(), reason: "was erased".to_owned() }.into())
            }
            "c" => Err(SinkError { message: "no space".to_owned(), cause: None }.into()),
            _ => Ok(Put::New),
        }
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn goes_on_after_a_refusal_of_the_sink_and_ends_with_its_failure() {
    let desk = Desk::new();
    let head = "id,who,text,day\n1,a,good,2024-05-03\n2,b,good,2024-05-03\n";
    let file = desk.file("data.csv", head);
    let report = into(&mut Picky, desk.rejects(), NOTES, &[file]).unwrap();
    let counts = report.counts(Kind::Preference);
    assert_eq!((counts.new, counts.rejected), (1, 1));
    assert_eq!(desk.rejected()[0][REASON], "was erased");

    let file = desk.file("data.csv", format!("{head}3,c,good,2024-05-03\n"));
    let error = into(&mut Picky, desk.rejects(), NOTES, &[file]).unwrap_err();
    assert_eq!(error.to_string(), "cannot store the rows: no space");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn never_panics_and_accounts_for_every_line(
        bytes in prop::collection::vec(prop_oneof![
            Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(b'x'), any::<u8>(),
        ], 0..400),
    ) {
        let mut desk = Desk::new();
        let text = [b"id,who,text,day\n", bytes.as_slice()].concat();
        let report = desk.import_text(NOTES, text);
        let counts = report.counts(Kind::Preference);
        let taken = counts.new + counts.changed + counts.same;
        prop_assert_eq!(taken + report.rejected_count(), report.line_count);
    }

    #[test]
    fn reads_back_what_a_csv_writer_wrote(
        words in prop::collection::vec("[a-z\",;\n\r é]{1,30}[a-z]", 1..20),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id", "who", "text", "day"]).unwrap();
        for (id, word) in words.iter().enumerate() {
            let id = format!("{id:03}");
            writer.write_record([id.as_str(), "a", word, "2024-05-03"]).unwrap();
        }
        let mut desk = Desk::new();
        let report = desk.import_text(NOTES, writer.into_inner().unwrap());
        prop_assert_eq!(report.rejected_count(), 0);
        let read: Vec<_> = texts(&desk).into_iter().map(|(_, text)| text).collect();
        let written: Vec<_> = words.iter().map(|word| word.trim().to_owned()).collect();
        prop_assert_eq!(read, written);
    }
}
