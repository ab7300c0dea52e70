//! Folders: made anew, and listed in an order that is the same everywhere.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Every file below `folder`, relative to it, sorted.
pub(crate) fn below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries =
            fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// An empty folder in place of whatever is there.
pub(crate) fn recreate(folder: &Path) -> anyhow::Result<()> {
    if folder.try_exists()? {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}
