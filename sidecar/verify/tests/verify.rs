//! What the verifier finds right, and what it says about it.
#![cfg(test)]

mod support;

use std::path::Path;
use std::process::Command;

use makegood_verify::folder::Options;
use support::house::{House, SMALL};
use support::{copy, options, report};

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/v1")
}

#[test]
fn finds_nothing_wrong_with_what_a_house_writes() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path(), 3, SMALL);
    house.grow_to(600);
    let report = report(dir.path(), &options(house.keys()));
    assert_eq!(report.problems, []);
    assert_eq!(report.warnings, [""; 0]);
    assert_eq!(report.entry_count, house.entry_count());
    assert_eq!(report.signed_size, Some(house.entry_count()));
    assert!(report.decision_count > 300, "{}", report.decision_count);
    assert_eq!(report.witnesses, ["witness.invalid/audit"]);
}

#[test]
fn verifies_the_tiles_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(&dir.path().join("house"), 4, SMALL);
    house.grow_to(700);
    let alone = dir.path().join("mirror");
    copy(&house.dir.join("tree"), &alone);
    let mut options = options(house.keys());
    let without = report(&alone, &options);
    assert_eq!(without.problems, []);
    assert_eq!(without.decision_count, 0);
    assert!(without.warnings[0].starts_with("decisions: "), "{:?}", without.warnings);
    options.policies = Some(house.dir.join("policies"));
    let with = report(&alone, &options);
    assert_eq!(with.problems, []);
    assert_eq!(with.warnings, [""; 0]);
    assert_eq!(with.decision_count, report(&house.dir, &options).decision_count);
}

#[test]
fn verifies_what_the_first_rules_decided() {
    let dir = tempfile::tempdir().unwrap();
    let lengths = std::fs::read_to_string(golden().join("files.txt")).unwrap();
    copy(&golden().join("house"), dir.path());
    for line in lengths.lines() {
        let (path, length) = line.split_once(' ').unwrap();
        let file = std::fs::File::options().write(true).open(dir.path().join(path)).unwrap();
        file.set_len(length.parse().unwrap()).unwrap();
    }
    let report = report(dir.path(), &makegood_verify::folder::Options::default());
    assert_eq!(report.problems, []);
    assert_eq!((report.entry_count, report.decision_count), (15, 11));
}

#[test]
fn tells_what_it_did_by_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(&dir.path().join("house"), 5, SMALL);
    house.grow_to(60);
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_makegood-verify"))
            .current_dir(dir.path())
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["house"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("verified: nothing is wrong\n"), "{text}");
    let (code, text) = run(&["house", "--json"]);
    assert_eq!(code, Some(0));
    assert!(text.contains(r#""ok": true"#), "{text}");
    assert_eq!(run(&["."]).0, Some(2), "a folder above tenants");
    assert_eq!(run(&["nowhere"]).0, Some(2));
    assert_eq!(run(&[]).0, Some(2));
    std::fs::remove_file(house.dir.join("tree/tile/0/000.p/60")).ok();
    std::fs::remove_dir_all(house.dir.join("tree/tile/0")).unwrap();
    let (code, text) = run(&["house", "--json"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(r#""ok": false"#) && text.contains("is missing"), "{text}");
}

#[test]
fn finds_a_window_that_is_not_its_time_zones() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path(), 8, SMALL);
    house.late_ns = 3_600_000_000_000;
    house.grow_to(20);
    let report = report(dir.path(), &Options::default());
    let first = report.first().unwrap();
    assert!(first.what.contains("the time zone of its policy has"), "{report}");
}

#[test]
fn says_which_entries_were_written_in_development_mode() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path(), 9, SMALL);
    house.grow_to(20);
    let first = house.entry_count();
    house.development = true;
    house.grow_to(30);
    let report = report(dir.path(), &Options::default());
    assert_eq!(report.problems, [], "{report}");
    let said = format!("in development mode, from position {first} on");
    assert!(report.warnings.iter().any(|warning| warning.contains(&said)), "{report}");
}

#[test]
fn verifies_a_receipt_by_the_public_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(&dir.path().join("house"), 6, SMALL);
    house.grow_to(300);
    let (key, witness) = house.keys();
    let file = dir.path().join("gesture.tlog-proof");
    let run = |key: &str, witness: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_makegood-verify"))
            .args(["receipt".as_ref(), file.as_os_str()])
            .args(["--key", key, "--witness", witness])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let receipt = house.receipt(17).to_string();
    std::fs::write(&file, &receipt).unwrap();
    let (code, text) = run(&key.to_string(), &witness.to_string());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("verified: entry 17 of "), "{text}");
    assert!(text.contains("cosigned by witness.invalid/audit"), "{text}");

    let other = House::open(&dir.path().join("other"), 7, SMALL);
    let stranger = makegood_ledger::checkpoint::SigningKey::from_seed(
        support::house::ORIGIN,
        makegood_ledger::checkpoint::KeyKind::Log,
        &[1; 32],
    );
    drop(other);
    let stranger = stranger.unwrap().verifier().to_string();
    assert_eq!(run(&stranger, &witness.to_string()).0, Some(1), "another key");
    for at in 0..receipt.len() {
        let mut changed = receipt.clone().into_bytes();
        changed[at] ^= 1;
        std::fs::write(&file, changed).unwrap();
        let keys = [key.clone(), witness.clone()];
        let proved = makegood_verify::receipt::verify(&file, &keys);
        let holds = proved.is_ok_and(|proved| !proved.witnesses.is_empty());
        assert!(!holds, "byte {at} of the receipt");
    }
}
