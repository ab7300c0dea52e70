//! What the verifier makes of a pack: right as it was exported, and wrong where its tables say what
//! its entries do not, or where another ledger's checkpoint was kept.

use std::fs;
use std::path::PathBuf;

use makegood_core::ids::Digest;
use makegood_ledger::checkpoint::{KeyKind, SigningKey};
use makegood_verify::checkpoints::Keys;
use makegood_verify::folder::{Options, verify};
use makegood_verify::report::Report;
use sha2::{Digest as _, Sha256};

use super::pack::Pack;
use super::story::Story;

/// A part of the stories: their first entries are made up, and no decision of any rules.
fn january(story: &Story) -> Pack {
    Pack::of(story, "2026-01-01", "2026-01-31")
}

fn report(pack: &Pack, options: &Options) -> Report {
    verify(&pack.path(""), options, &|_, _| {}).unwrap()
}

/// Replaces a text in a file of the pack and, as whoever forges it would, its hash in the manifest.
fn forge(pack: &Pack, name: &str, from: &str, to: &str) {
    let text = pack.text(name);
    assert!(text.contains(from), "{from} in {text}");
    let hash = |text: &str| Digest::from_bytes(Sha256::digest(text).into()).to_string();
    let forged = text.replacen(from, to, 1);
    fs::write(pack.path(name), &forged).unwrap();
    let manifest = pack.text("manifest.json").replace(&hash(&text), &hash(&forged));
    fs::write(pack.path("manifest.json"), manifest).unwrap();
}

/// How a line of a table is forged.
type Forge = fn(&str) -> String;

#[test]
fn adds_up_again_what_the_tables_say() {
    let story = Story::small();
    let whole = report(&january(&story), &Options::default());
    assert_eq!(whole.problems, []);

    let controls = "csv/Log_File_20260101_20260131.csv";
    let balance = "csv/Trial_Balance_20260131.csv";
    let row = |pack: &Pack, name: &str| pack.text(name).lines().nth(3).unwrap().to_owned();
    let forgeries: [(&str, Forge); 4] = [
        (controls, |row| row.replacen(',', ",X", 1)),
        (controls, |_| String::new()),
        (balance, |row| format!("{row}1")),
        (balance, |row| format!("9{row}")),
    ];
    for (name, change) in forgeries {
        let pack = january(&story);
        let row = row(&pack, name);
        forge(&pack, name, &row, &change(&row));
        let found = report(&pack, &Options::default());
        assert_eq!(found.first().unwrap().file, pack.path(name), "{found}");
    }
    for (from, to) in
        [("\"debit\": \"", "\"debit\": \"1"), ("\"journal_count\": ", "\"journal_count\": 1")]
    {
        let pack = january(&story);
        let manifest = pack.text("manifest.json").replacen(from, to, 1);
        fs::write(pack.path("manifest.json"), manifest).unwrap();
        let found = report(&pack, &Options::default());
        assert_eq!(found.first().unwrap().file, pack.path("manifest.json"), "{found}");
    }
}

#[test]
fn holds_the_entries_of_a_pack_against_what_was_kept_elsewhere() {
    let (story, other) = (Story::small(), Story::busy(40));
    let elsewhere = tempfile::tempdir().unwrap();
    let keep = |name: &str, text: String| -> PathBuf {
        let path = elsewhere.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let pack = january(&story);
    let end = usize::try_from(pack.exported.first).unwrap() + 5;
    for (story, is_own) in [(&story, true), (&other, false)] {
        let kept = keep("kept", story.checkpoint(end).to_string());
        let found =
            report(&pack, &Options { checkpoints: vec![kept.clone()], ..Options::default() });
        let wrong = (!is_own).then_some(&kept);
        assert_eq!(found.first().map(|problem| &problem.file), wrong, "{found}");
    }
    // Too early for the pack: nothing can be said, and that is said.
    let kept = keep("early", story.checkpoint(1).to_string());
    let found = report(&pack, &Options { checkpoints: vec![kept], ..Options::default() });
    assert!(found.warnings.iter().any(|warning| warning.contains("early")), "{found}");
    assert!(found.warnings.iter().any(|warning| warning.contains("--key")), "{found}");

    let stranger = SigningKey::from_seed("makegood.invalid/house/ledger", KeyKind::Log, &[8; 32]);
    let keys = Keys { logs: vec![stranger.unwrap().verifier().clone()], witnesses: Vec::new() };
    let kept = keep("signed", story.checkpoint(12).to_string());
    let options = Options { keys, checkpoints: vec![kept.clone()], policies: None };
    let found = report(&pack, &options);
    assert!(found.problems.iter().any(|problem| problem.file == kept), "{found}");
}
