//! The file that what is held about a person goes to.

use std::fs::{File, OpenOptions, remove_file};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// A file that was not there, for its owner alone to read; gone again unless it is kept.
#[derive(Debug)]
pub(super) struct NewFile<'a> {
    path: &'a Path,
    file: File,
    is_kept: bool,
}

impl<'a> NewFile<'a> {
    /// Makes the file.
    ///
    /// # Errors
    /// There is something already, or it cannot be made there.
    pub(super) fn create(path: &'a Path) -> anyhow::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let file = file.with_context(|| format!("make --out {} anew", path.display()))?;
        Ok(Self { path, file, is_kept: false })
    }

    /// Writes a text and syncs it.
    ///
    /// # Errors
    /// It cannot be written whole; then there is no file.
    pub(super) fn keep(mut self, text: &str) -> anyhow::Result<()> {
        let written = writeln!(self.file, "{text}").and_then(|()| self.file.sync_all());
        written.with_context(|| format!("write {}", self.path.display()))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            // What is left of it is empty or half of a document.
            drop(remove_file(self.path));
        }
    }
}
