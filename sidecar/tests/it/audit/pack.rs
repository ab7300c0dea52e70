//! What the pack holds, that it is made again byte for byte, and when it is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use makegood_core::ids::Digest;
use makegood_core::ledger::Side;
use makegood_sidecar::audit::{Export, ExportError, Exported, Period, Silent, export};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::story::Story;
use crate::support::makegood;

/// A pack in a folder of its own, with the ledger that it was made of.
pub(super) struct Pack {
    folder: TempDir,
    pub(super) exported: Exported,
}

impl Pack {
    /// The pack of these days of a story.
    pub(super) fn of(story: &Story, from: &str, to: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        story.store(&folder.path().join("data/house"));
        let exported = run(folder.path(), (from, to), None, "pack").unwrap();
        Self { folder, exported }
    }

    /// A file of the pack.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("pack").join(name)
    }

    /// A text of the pack.
    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The manifest.
    pub(super) fn manifest(&self) -> serde_json::Value {
        serde_json::from_str(&self.text("manifest.json")).unwrap()
    }

    /// The rows of a CSV file, each by the names of its columns.
    pub(super) fn rows(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    }
}

pub(super) fn run(
    folder: &Path,
    (from, to): (&str, &str),
    size: Option<u64>,
    out: &str,
) -> Result<Exported, ExportError> {
    let wanted = Export {
        tenant_folder: folder.join("data/house"),
        tenant: "house".to_owned(),
        period: Period::new(from.parse().unwrap(), to.parse().unwrap()).unwrap(),
        size,
        out: folder.join(out),
    };
    export(&wanted, &mut Silent)
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            files.append(&mut self::files(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn hex(bytes: &[u8]) -> String {
    Digest::from_bytes(Sha256::digest(bytes).into()).to_string()
}

#[test]
fn makes_the_same_bytes_twice_and_from_a_longer_ledger_at_the_same_size() {
    let pack = Pack::of(&Story::busy(100), "2026-01-01", "2026-03-31");
    let folder = pack.folder.path();
    let days = ("2026-01-01", "2026-03-31");
    let again = run(folder, days, None, "again").unwrap();
    assert_eq!(again, pack.exported);

    let longer = tempfile::tempdir().unwrap();
    Story::busy(100).store(&longer.path().join("data/house"));
    let size = Some(pack.exported.tree_size - 20);
    let (one, two) = (
        run(folder, days, size, "earlier").unwrap(),
        run(longer.path(), days, size, "earlier").unwrap(),
    );
    assert_eq!(one, two);
    assert_ne!(one.manifest, again.manifest);

    let relative = |folder: PathBuf| {
        let files = files(&folder).into_iter();
        files.map(|(path, bytes)| (path.strip_prefix(&folder).unwrap().to_owned(), bytes)).collect()
    };
    let first: BTreeMap<PathBuf, Vec<u8>> = relative(folder.join("pack"));
    let second: BTreeMap<PathBuf, Vec<u8>> = relative(folder.join("again"));
    assert!(first.len() > 20, "{:?}", first.keys());
    for (path, bytes) in &first {
        assert!(second.get(path) == Some(bytes), "{} differs", path.display());
    }
    assert_eq!(first.len(), second.len());
}

#[test]
fn names_the_hash_of_every_file_in_the_manifest() {
    let pack = Pack::of(&Story::small(), "2026-01-01", "2026-01-31");
    let folder = pack.path("");
    let manifest = pack.manifest();
    let listed: BTreeMap<PathBuf, String> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let text = |name: &str| file[name].as_str().unwrap().to_owned();
            (folder.join(text("path")), text("sha256"))
        })
        .collect();
    let found: BTreeMap<PathBuf, String> = files(&folder)
        .into_iter()
        .filter(|(path, _)| !path.ends_with("manifest.json"))
        .map(|(path, bytes)| (path, hex(&bytes)))
        .collect();
    assert_eq!(listed, found);
}

#[test]
fn covers_the_days_asked_for_and_counts_journals_over_the_whole_ledger() {
    let story = Story::small();
    let pack = Pack::of(&story, "2026-01-01", "2026-01-31");
    let manifest = pack.manifest();
    let entry_count = story.entries().len() as u64;
    let before =
        story.entries().iter().take_while(|entry| entry.at.as_nanos() < 1_767_225_600_000_000_000);
    let before: Vec<_> = before.collect();
    assert_eq!(manifest["first_position"], before.len());
    assert_eq!(manifest["last_position"], entry_count - 1);
    let journals = before.iter().filter(|entry| !entry.postings.is_empty()).count();
    assert_eq!(manifest["first_journal"], journals + 1);
    assert_eq!(manifest["tree_size"], entry_count);
    assert_eq!(pack.exported.end, entry_count);
    // A day without entries has tables without rows.
    let empty = Pack::of(&story, "2026-06-01", "2026-06-30");
    assert_eq!(empty.manifest()["entry_count"], 0);
    assert_eq!(empty.rows("csv/GL_Detail_20260601_20260630.csv"), Vec::new());
}

#[test]
fn stores_the_entries_of_the_period_as_they_are() {
    let story = Story::small();
    let pack = Pack::of(&story, "2026-01-01", "2026-01-31");
    let bytes = fs::read(pack.path("entries.bin")).unwrap();
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (entry, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        entries.push(makegood_ledger::codec::decode(entry).unwrap());
        rest = after;
    }
    let first = usize::try_from(pack.exported.first).unwrap();
    assert_eq!(entries, story.entries()[first..]);
}

#[test]
fn ends_at_the_newest_checkpoint_and_refuses_one_of_another_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = folder.path().join("data/house");
    let story = Story::small();
    story.store(&tenant);
    let days = ("2026-01-01", "2026-01-31");
    let log = |text: &str| fs::write(tenant.join("checkpoints"), text).unwrap();
    let (early, whole) = (story.checkpoint(12), story.checkpoint(story.entries().len()));
    log(&format!("{early}\n{whole}\n"));
    let newest = run(folder.path(), days, None, "newest").unwrap();
    assert_eq!(newest.tree_size, story.entries().len() as u64);
    let proof = fs::read_to_string(folder.path().join("newest/entries.proof")).unwrap();
    assert!(proof.ends_with(&format!("\n\n{whole}")), "{proof}");

    log(&format!("{early}\n"));
    let earlier = run(folder.path(), days, None, "earlier").unwrap();
    assert_eq!(earlier.tree_size, 12);
    // One that speaks of entries to come is not looked at yet.
    let other = Story::busy(40).checkpoint(50);
    log(&format!("{early}\n{other}\n"));
    assert_eq!(run(folder.path(), days, None, "same").unwrap(), earlier);

    log(&format!("{}\n", Story::busy(40).checkpoint(12)));
    let refused = run(folder.path(), days, None, "forked").unwrap_err();
    assert!(matches!(refused, ExportError::Fork { size: 12 }), "{refused}");
}

#[test]
fn says_in_the_totals_what_the_postings_add_up_to() {
    let story = Story::small();
    let pack = Pack::of(&story, "2025-01-01", "2026-12-31");
    let manifest = pack.manifest();
    for total in manifest["totals"].as_array().unwrap() {
        let code = total["currency"].as_str().unwrap();
        let sum = |side: Side| -> i64 {
            let entries = story.entries().iter();
            let entries =
                entries.filter(|entry| entry.currency.is_some_and(|it| it.code() == code));
            let postings = entries.flat_map(|entry| &entry.postings);
            postings.filter(|line| line.side == side).map(|line| line.amount_minor).sum()
        };
        let minor =
            |name: &str| -> i64 { total[name].as_str().unwrap().replace('.', "").parse().unwrap() };
        assert_eq!(minor("debit"), sum(Side::Debit), "{code}");
        assert_eq!(minor("credit"), sum(Side::Credit), "{code}");
        assert!(minor("debit") > 0, "{code}");
    }
}

#[test]
fn keeps_formulas_out_of_cells_and_negative_amounts_whole() {
    let pack = Pack::of(&Story::small(), "2026-01-01", "2026-01-31");
    let detail = pack.rows("csv/Makegood_Spend_Detail_20260101_20260131.csv");
    let row = detail.first().unwrap();
    assert_eq!((row["policy_id"].as_str(), row["policy_version"].as_str()), ("'=1+2", "'@v1"));
    let json = pack.text("jsonl/Makegood_Spend_Detail_20260101_20260131.jsonl");
    assert!(json.lines().all(|line| line.contains(r#""policy_id":"=1+2""#)), "{json}");
    let balances = pack.rows("csv/Trial_Balance_20260131.csv");
    let granted = balances.iter().find(|row| row["GL_Account_Number"] == "A200.front_desk");
    let negative = balances.iter().filter(|row| row["Amount_Ending"].starts_with('-')).count();
    assert!(negative > 0, "{granted:?}");
    // A sheet's formulas are in elements of their own, whatever the texts say.
    let sheets = fs::read(pack.path("xlsx/Makegood_Audit_20260101_20260131.xlsx")).unwrap();
    assert!(sheets.starts_with(b"PK"));
}

#[test]
fn refuses_a_folder_in_use_and_a_size_that_the_ledger_has_not_reached() {
    let pack = Pack::of(&Story::small(), "2026-01-01", "2026-01-31");
    let folder = pack.folder.path();
    let days = ("2026-01-01", "2026-01-31");
    let before = files(folder);
    let refused = run(folder, days, None, "pack").unwrap_err();
    assert!(matches!(refused, ExportError::NotEmpty { .. }), "{refused}");
    let refused = run(folder, days, Some(pack.exported.tree_size + 1), "other").unwrap_err();
    assert!(matches!(refused, ExportError::Size { .. }), "{refused}");
    assert_eq!(files(folder), before);
}

#[test]
fn refuses_a_policy_whose_text_was_changed_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = folder.path().join("data/house");
    Story::small().store(&tenant);
    let policy = fs::read_dir(tenant.join("policies")).unwrap().next().unwrap().unwrap().path();
    fs::write(&policy, "name = \"another\"").unwrap();
    let refused = run(folder.path(), ("2026-01-01", "2026-01-31"), None, "pack").unwrap_err();
    assert!(matches!(refused, ExportError::Policy { .. }), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // A policy that is not there is named as missing.
    fs::remove_file(&policy).unwrap();
    run(folder.path(), ("2026-01-01", "2026-01-31"), None, "pack").unwrap();
    let manifest = fs::read_to_string(folder.path().join("pack/manifest.json")).unwrap();
    assert!(manifest.contains("\"text_included\": false"), "{manifest}");
}

#[test]
fn exports_by_the_command_line_and_says_that_no_entry_was_written() {
    let folder = tempfile::tempdir().unwrap();
    Story::small().store(&folder.path().join("data/house"));
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, out) = (path("data"), path("pack"));
    let days = ["--from", "2026-01-01", "--to", "2026-01-31"];
    let mut command = makegood(&["audit", "export", "--data", &data, "--tenant", "house"]);
    let output = command.args(days).args(["--out", &out]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said} {:?}", String::from_utf8(output.stderr));
    assert!(said.contains("no entry about this export was written"), "{said}");
    assert!(said.contains(&hex(&fs::read(path("pack/manifest.json")).unwrap())), "{said}");
}
