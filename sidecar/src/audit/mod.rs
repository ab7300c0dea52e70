//! The audit pack: the ledger of some days in the formats of auditors, from its journal alone.
//!
//! A pack is a function of the days, the size of the ledger that it is made of, and the folder of
//! policies: the same bytes on every run, without a clock. It is made in two readings. The first
//! (`gather`) finds what later entries say of earlier ones (reversals, reviews, findings) and what
//! the accounts stood at; the second writes each entry of the period as rows.

mod books;
mod cell;
mod entries;
mod error;
mod event;
mod facts;
mod findings;
mod format;
mod gather;
mod manifest;
mod period;
mod plain;
mod progress;
mod report;
mod rows;
mod second;
mod source;
mod texts;

pub use error::ExportError;
pub use facts::FactsOfDays;
pub use period::{Day, Period, PeriodError};
pub use progress::{Progress, Silent, on_stderr};

use std::fs;
use std::path::{Path, PathBuf};

use entries::RangeProof;
use format::{Workbook, write_text};
use gather::Gathered;
use manifest::{Manifest, Parts};
use report::Facts;
use second::{EntryFiles, summaries};
use sha2::{Digest as _, Sha256};
use source::Source;

/// What is to be exported.
#[derive(Debug, Clone)]
pub struct Export {
    /// The tenant's folder, with its ledger and its policies.
    pub tenant_folder: PathBuf,
    /// The tenant's name, for the manifest.
    pub tenant: String,
    /// Which days.
    pub period: Period,
    /// How many entries of the ledger are looked at; where none is given, as many as its newest
    /// checkpoint speaks of, or where there is none, all that are confirmed.
    pub size: Option<u64>,
    /// The folder for the pack: new, or empty.
    pub out: PathBuf,
}

/// A pack that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The first position of the period.
    pub first: u64,
    /// The position after the last of the period.
    pub end: u64,
    /// How many entries of the ledger were looked at.
    pub tree_size: u64,
    /// SHA-256 of the manifest.
    pub manifest: [u8; 32],
}

/// A pack that is made and nowhere yet: dropped, it is gone.
#[derive(Debug)]
pub struct Made {
    /// What it holds.
    pub exported: Exported,
    partial: Partial,
    out: PathBuf,
}

/// Where a pack is made, until it is kept.
#[derive(Debug)]
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // What is left of it helps nobody; one that was kept is there no more.
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Made {
    /// Puts the pack where it was asked for.
    ///
    /// # Errors
    /// [`ExportError::File`] where it cannot be put there.
    pub fn keep(self) -> Result<Exported, ExportError> {
        fs::rename(&self.partial.0, &self.out).map_err(ExportError::file(&self.out))?;
        Ok(self.exported)
    }
}

/// Makes the pack where it was asked for.
///
/// # Errors
/// See [`ExportError`]; the folder is made whole or not at all.
pub fn export(export: &Export, progress: &mut dyn Progress) -> Result<Exported, ExportError> {
    make(export, progress)?.keep()
}

/// Makes the pack, and leaves it to the caller whether it is kept.
///
/// # Errors
/// See [`ExportError`].
pub fn make(export: &Export, progress: &mut dyn Progress) -> Result<Made, ExportError> {
    let source = Source::open(&export.tenant_folder, export.size)?;
    progress.start("reading the ledger", source.size());
    let gathered = gather::gather(&source, export.period, progress)?;
    progress.start("writing the pack", gathered.end - gathered.first);
    let partial = Partial(begin(&export.out)?);
    let exported = write(export, &source, &gathered, &partial.0, progress);
    progress.finish();
    Ok(Made { exported: exported?, partial, out: export.out.clone() })
}

/// An empty folder beside the one that is asked for, which must not hold anything.
fn begin(out: &Path) -> Result<PathBuf, ExportError> {
    if let Ok(mut items) = fs::read_dir(out)
        && items.next().is_some()
    {
        return Err(ExportError::NotEmpty { path: out.to_owned() });
    }
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = out.with_file_name(name);
    if partial.try_exists().map_err(ExportError::file(&partial))? {
        // An earlier run was interrupted.
        fs::remove_dir_all(&partial).map_err(ExportError::file(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(ExportError::file(&partial))?;
    Ok(partial)
}

fn write(
    export: &Export,
    source: &Source,
    gathered: &Gathered,
    folder: &Path,
    progress: &mut dyn Progress,
) -> Result<Exported, ExportError> {
    let workbook = Workbook::new()?;
    let period = export.period;
    let stem = period.stem();
    let mut files = EntryFiles::create(folder, period, &workbook, gathered)?;
    for stored in source.between(gathered.first, gathered.end) {
        files.push(&stored?)?;
        progress.advance();
    }
    let (mut tables, figures) = files.finish(&workbook)?;
    tables.extend(summaries(folder, gathered, period, &workbook)?);
    workbook.save(&folder.join(format!("xlsx/Makegood_Audit_{stem}.xlsx")))?;
    let proof = RangeProof::of(&gathered.leaves, gathered.first..gathered.end);
    let checkpoint = source.checkpoint();
    if checkpoint.is_some_and(|checkpoint| checkpoint.head().root != proof.root) {
        return Err(ExportError::Fork { size: gathered.size() });
    }
    let checkpoint = checkpoint.map(ToString::to_string);
    write_text(&folder.join(entries::PROOF), &proof.text(checkpoint.as_deref()))?;
    let policies = texts::copy(&export.tenant_folder, folder, gathered)?;
    let facts = Facts {
        tenant: &export.tenant,
        period,
        root_hash: proof.root_text(),
        checkpoint: checkpoint.as_deref(),
        policies: &policies,
    };
    write_text(&folder.join("report.html"), &report::html(&figures, gathered, facts)?)?;
    write_text(&folder.join("README.txt"), &texts::readme(&tables, period))?;
    let parts = Parts {
        tenant: &export.tenant,
        period: &export.period,
        root_hash: proof.root_text(),
        tables: &tables,
        policies: &policies,
        checkpoint,
    };
    let manifest = Manifest::of(folder, parts, gathered)?.text();
    write_text(&folder.join(manifest::FILE), &manifest)?;
    Ok(Exported {
        first: gathered.first,
        end: gathered.end,
        tree_size: gathered.size(),
        manifest: Sha256::digest(manifest.as_bytes()).into(),
    })
}
