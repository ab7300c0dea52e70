//! The generated contact centre of a million customers, as a data folder and as files.
//!
//! It takes minutes and gigabytes, so it is made once for each version of the generator and kept in
//! `target/bench-data/`.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::bench::load::House;
use crate::bench::sidecar::unconfigured;
use crate::bench::{SCALE, Session};
use crate::{files, process, progress};

const CUSTOMERS: u32 = 1_000_000;
const INTERACTIONS: u32 = 10_000_000;
const AGENTS: u32 = 5_000;
const SEED: &str = "7";
/// What an interaction with all that belongs to it takes on disk, with room to spare: in a house, and
/// in files.
const HOUSE_BYTES_EACH: u64 = 2_500;
const FILES_BYTES_EACH: u64 = 500;
/// Fewer than these would not be a contact centre.
const AGENTS_LEAST: u32 = 10;

/// Whoever is generated first, in every centre.
pub(super) const AGENT: &str = "A-001";

/// A contact centre of the size that the session's scale leaves.
pub(super) struct Centre {
    /// Its size.
    pub(super) house: House,
    folder: PathBuf,
}

impl Centre {
    /// The centre of this session; nothing is generated yet.
    ///
    /// # Errors
    ///
    /// When the generator's sources cannot be read.
    pub(super) fn of(session: &Session<'_>) -> anyhow::Result<Self> {
        let sources = session.path("sidecar/src/generate");
        let name = format!("{}-{:016x}", session.scaled(CUSTOMERS), digest(&sources)?);
        Ok(Self {
            house: House {
                customers: session.scaled(CUSTOMERS),
                interactions: session.scaled(INTERACTIONS),
                agents: session.scaled(AGENTS).max(AGENTS_LEAST),
            },
            folder: session.workspace.target("bench-data").join(name),
        })
    }

    /// The id of a customer in the system that all came from; `number` counts from 1.
    pub(super) fn customer_id(number: u64) -> String {
        format!("C-{number:07}")
    }

    /// A data folder with the whole history.
    ///
    /// # Errors
    ///
    /// When it cannot be generated.
    pub(super) fn data(&self, session: &Session<'_>) -> anyhow::Result<PathBuf> {
        self.made(session, "data", "--data", HOUSE_BYTES_EACH)
    }

    /// The folder of the same history as files, with their mapping.
    ///
    /// # Errors
    ///
    /// When it cannot be generated.
    pub(super) fn files(&self, session: &Session<'_>) -> anyhow::Result<PathBuf> {
        self.made(session, "files", "--files", FILES_BYTES_EACH)
    }

    /// Takes over a data folder into which the whole history was imported.
    ///
    /// # Errors
    ///
    /// When it cannot be moved.
    pub(super) fn keep(&self, imported: &Path) -> anyhow::Result<()> {
        let data = self.folder.join("data");
        files::recreate(&data)?;
        fs::rename(imported, &data)?;
        Ok(fs::write(self.folder.join("data.done"), "")?)
    }

    /// A part of the centre, generated where it is not there whole.
    fn made(
        &self,
        session: &Session<'_>,
        part: &str,
        flag: &str,
        bytes_each: u64,
    ) -> anyhow::Result<PathBuf> {
        let made = self.folder.join(part);
        let done = self.folder.join(format!("{part}.done"));
        if done.try_exists()? {
            return Ok(made);
        }
        let binaries = session.binaries()?;
        self.forget_older()?;
        self.ask_for_room(bytes_each)?;
        files::recreate(&made)?;
        progress::note(&format!("generating {} customers as {part}, once", self.house.customers));
        let mut generate = unconfigured(&binaries.makegood.to_string_lossy(), &self.folder);
        generate.args(["demo", "generate", "--seed", SEED]);
        self.house.size(&mut generate);
        process::run(generate.arg(flag).arg(&made))?;
        // Last, so that a generation that was interrupted is repeated.
        fs::write(done, "")?;
        Ok(made)
    }

    /// Asks for the room that a house takes, before minutes go into filling the disk.
    ///
    /// # Errors
    ///
    /// When there is not so much.
    pub(super) fn ask_for_house_room(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.folder)?;
        self.ask_for_room(HOUSE_BYTES_EACH)
    }

    fn ask_for_room(&self, bytes_each: u64) -> anyhow::Result<()> {
        let wanted_mb = u64::from(self.house.interactions) * bytes_each / 1_000_000;
        let mut df = process::command("df", &self.folder);
        let printed = process::output(df.args(["-B", "1000000", "--output=avail", "."]))?;
        let free = printed.split_whitespace().last().and_then(|text| text.parse::<u64>().ok());
        let free_mb = free.with_context(|| format!("df told no number: {printed}"))?;
        let folder = self.folder.display();
        anyhow::ensure!(
            free_mb >= wanted_mb,
            "{folder} has room for {free_mb} MB of {wanted_mb}: make room, or measure a part with \
             {SCALE}"
        );
        Ok(())
    }

    /// Removes the centres of this size that an older generator has made.
    fn forget_older(&self) -> anyhow::Result<()> {
        let all = self.folder.parent().context("bench-data has no folder")?;
        fs::create_dir_all(&self.folder)?;
        let size = format!("{}-", self.house.customers);
        for entry in fs::read_dir(all)? {
            let entry = entry?;
            let same_size = entry.file_name().to_string_lossy().starts_with(&size);
            if same_size && entry.path() != self.folder {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

/// A number that is another one when any source of the generator is.
fn digest(folder: &Path) -> anyhow::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for path in files::below(folder)? {
        hasher.write(path.to_string_lossy().as_bytes());
        let path = folder.join(path);
        hasher.write(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(hasher.finish())
}
