//! Packs for the programs of others: `examples/audit/check_pack.py` reads what this leaves.

use std::path::PathBuf;

use super::pack::run;
use super::story::Story;

/// The folder to leave the packs in; where it is not named they go away.
const FOLDER: &str = "MAKEGOOD_AUDIT_PACKS";

#[test]
fn exports_packs_for_the_programs_of_others() {
    let own = tempfile::tempdir().unwrap();
    let folder = std::env::var_os(FOLDER).map_or_else(|| own.path().to_owned(), PathBuf::from);
    for (name, story) in [("small", Story::small()), ("busy", Story::busy(200))] {
        let folder = folder.join(name);
        if folder.try_exists().unwrap() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        story.store(&folder.join("data/house"));
        let exported = run(&folder, ("2026-01-01", "2026-03-31"), None, "pack").unwrap();
        assert!(exported.end > exported.first, "{name}");
    }
}
