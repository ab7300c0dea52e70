//! What was refused, mended and imported again.

use std::fs;

use super::super::rows::{Content, Kind};
use super::Desk;

/// Ids that depend on where a line stood.
const NOTES: &str = r#"
    source = "notes"
    encoding = "latin-1"
    missing = ["?"]
    [[record]]
    kind = "preference"
    id = "{#file}:{#row}"
    customer = "{who}"
    text = "{text}, line {#line}"
    learned = "{day}"
"#;

#[test]
fn takes_mended_rejects_under_the_ids_that_they_would_have_had() {
    let mut desk = Desk::new();
    let one = b"who,text,day\na,\"two\nlines\",2024-05-03\nb,gr\xfcn,someday\nc,\"open,2024-05-03\nd,x,2024-05-03\n";
    let one = desk.gzip("one.csv.gz", one);
    let two = desk.file("two.csv", "day,text,who\n2024-05-03,\"say \"\"so\"\"\",\n");
    let report = desk.import(NOTES, &[one, two]).unwrap();
    assert_eq!((report.rejected_count(), desk.sink.count(Kind::Preference)), (3, 2));

    let rejects = fs::read_to_string(desk.rejects()).unwrap();
    for kept in [
        "b,grün,someday",
        "2024-05-03,\"\"say \"\"\"\"so\"\"\"\"\"\",\"",
        "who,text,day",
        "day,text,who",
    ] {
        assert!(rejects.contains(kept), "{kept} is not in\n{rejects}");
    }
    let mended = rejects
        .replace("b,grün,someday\"", "b,grün,2024-05-03\"")
        .replace("c,\"\"open,", "c,open,")
        .replace("so\"\"\"\"\"\",\"", "so\"\"\"\"\"\",e\"");
    let mended = desk.file("mended.csv", mended);
    let report = desk.import(NOTES, std::slice::from_ref(&mended)).unwrap();
    assert_eq!(report.rejected_count(), 0, "{report}");
    let texts = desk.sink.rows(Kind::Preference).map(|row| match &row.content {
        Content::Preference(it) => (row.source_id.as_str(), it.text.as_str()),
        other => panic!("{other:?}"),
    });
    let texts: Vec<_> = texts.collect();
    let expected = [
        ("one.csv:1", "two\nlines, line 2"),
        ("one.csv:2", "grün, line 4"),
        ("one.csv:3", "open, line 5"),
        ("one.csv:4", "x, line 6"),
        ("two.csv:1", "say \"so\", line 2"),
    ];
    assert_eq!(texts, expected);
    let again = desk.import(NOTES, &[mended]).unwrap();
    assert_eq!(again.counts(Kind::Preference).same, 3);
}

#[test]
fn keeps_what_is_still_wrong_and_lines_that_make_no_sense() {
    let mut desk = Desk::new();
    let bad = desk.file("bad.csv", "who,text,day\na,b,someday\n");
    desk.import(NOTES, &[bad]).unwrap();
    let text = fs::read_to_string(desk.rejects()).unwrap();
    let more = "x.csv,7,3,,,\"a,b,2024-05-03\"\nbad.csv,x,1,,,\"a,b,2024-05-03\"\n";
    let mended = desk.file("mended.csv", format!("{text}{more}"));
    let report = desk.import(NOTES, &[mended]).unwrap();
    assert_eq!(report.rejected_count(), 3);
    let rejected = desk.rejected();
    let shown: Vec<_> = rejected.iter().map(|it| (&*it[1], &*it[4])).collect();
    assert!(shown[0].0 == "2" && shown[0].1.contains("someday"), "{shown:?}");
    assert!(shown[1].0 == "7" && shown[1].1.contains("no usable header"), "{shown:?}");
    assert!(shown[2].1.contains("no numbers"), "{shown:?}");
}

#[test]
fn never_writes_refused_lines_into_the_data() {
    let mut desk = Desk::new();
    let file = desk.file("rejects.csv", "who,text,day\na,b,someday\n");
    let error = desk.import(NOTES, std::slice::from_ref(&file)).unwrap_err().to_string();
    assert!(error.contains("is data here; name another file"), "{error}");
    assert!(fs::read_to_string(file).unwrap().contains("someday"));
}

#[test]
fn keeps_a_hundred_thousand_refusals_with_five_of_them_in_memory() {
    let mut desk = Desk::new();
    let text = "a,b,someday\n".repeat(100_000);
    let report = desk.import_text(NOTES, format!("who,text,day\n{text}"));
    assert_eq!((report.rejected_count(), report.examples.len()), (100_000, 5));
    assert_eq!(desk.rejected().len(), 100_000);
}
