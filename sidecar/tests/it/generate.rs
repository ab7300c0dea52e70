//! `makegood demo generate`, as the process: into a house, into files, and both into one.

use std::fs;
use std::path::Path;

use makegood_proto::v1;
use makegood_sidecar::token::Access;

use crate::support::{Place, Rules, makegood};

const CENTRE: [&str; 8] =
    ["--customers", "300", "--interactions", "2000", "--agents", "20", "--seed", "11"];

/// Runs a command that ends well, and returns what it said.
fn run(command: &[&str], more: &[&Path]) -> String {
    let output = makegood(command).args(more).output().unwrap();
    let said = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// Fills the house of a place; the rows that it says were made.
fn generate(place: &Place) -> u64 {
    let data = place.data();
    let command = [["demo", "generate"].as_slice(), &CENTRE, &["--data"]].concat();
    let said = run(&command, &[data.as_ref()]);
    said.split_whitespace().next().unwrap().parse().unwrap()
}

/// The end of what is written in the records' journal.
fn record_count(place: &Place) -> u64 {
    let records = place.tenant_folder().join("records");
    let reader = makegood_ledger::journal::reader::Reader::open(&records).unwrap();
    reader.confirmed_position().unwrap()
}

/// A line of an import's report: new, changed, the same, refused.
fn counts(report: &str, kind: &str) -> Vec<u64> {
    let line = report.lines().find(|it| it.starts_with(kind));
    let line = line.unwrap_or_else(|| panic!("no {kind} in\n{report}"));
    line.split_whitespace().skip(1).map(|it| it.parse().unwrap()).collect()
}

#[tokio::test]
async fn fills_a_house_that_can_be_served() {
    let place = Place::empty(Rules::STANDARD);
    let rows = generate(&place);
    assert_eq!(record_count(&place), rows);
    let served = place.serve().await;
    let client = served.client("A-001", Access::Agent, None);
    let by = Some(v1::lookup::By::ExternalId("C-0000042".to_owned()));
    let request = v1::IdentifyCallerRequest { lookup: Some(v1::Lookup { by }) };
    let found = client.customers.clone().identify_caller(request).await.unwrap().into_inner();
    assert_eq!(found.candidates.len(), 1);
    served.stop().await;
}

#[test]
fn makes_nothing_new_the_second_time() {
    let place = Place::empty(Rules::STANDARD);
    let rows = generate(&place);
    assert_eq!(generate(&place), rows);
    assert_eq!(record_count(&place), rows);
}

#[test]
fn an_import_of_its_files_changes_nothing_in_the_house_that_it_filled() {
    let place = Place::empty(Rules::STANDARD);
    let rows = generate(&place);
    let folder = place.beside("files");
    let command = [["demo", "generate"].as_slice(), &CENTRE, &["--files"]].concat();
    run(&command, &[&folder]);
    let names = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
    let files: Vec<_> = names.filter(|it| it.extension().is_some_and(|it| it == "csv")).collect();
    let (mapping, data) = (folder.join("mapping.toml"), place.data());
    let mut paths = vec![mapping.as_path(), "--data".as_ref(), data.as_ref()];
    paths.extend(files.iter().map(std::path::PathBuf::as_path));
    let report = run(&["import", "--mapping"], &paths);
    assert_eq!(counts(&report, "agents"), [0, 0, 20, 0], "{report}");
    assert_eq!(counts(&report, "customers"), [0, 0, 300, 0], "{report}");
    assert_eq!(counts(&report, "interactions"), [0, 0, 2_000, 0], "{report}");
    for kind in ["scores", "preferences", "promises", "purchases"] {
        let counts = counts(&report, kind);
        assert!(counts[2] > 0 && counts[0] + counts[1] + counts[3] == 0, "{report}");
    }
    assert_eq!(record_count(&place), rows);
}

#[test]
fn says_what_cannot_be_made() {
    let place = Place::empty(Rules::STANDARD);
    let cases: [(&[&str], &str); 2] = [
        (&["--customers", "0", "--interactions", "5"], "no customers to have interactions"),
        (&["--files", "somewhere", "--data", "elsewhere"], "cannot be used with"),
    ];
    for (flags, reason) in cases {
        let mut command = makegood(&[["demo", "generate"].as_slice(), flags].concat());
        let output = command.current_dir(place.beside("")).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(reason), "{flags:?}: {said}");
    }
}
