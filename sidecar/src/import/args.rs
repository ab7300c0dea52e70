//! The command line of `makegood import`.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::checkpoint::Checkpoints;
use super::error::ImportError;
use super::mapping::Mapping;
use super::memory::MemorySink;
use super::progress;
use super::report::Report;
use super::rows::Sink;
use super::run::{Options, Surroundings, check, run_in};

/// Import customers, agents, interactions, scores, preferences, promises and purchases from files.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files are CSV or JSON Lines, as the mapping says; gzip is recognised. Importing a file again changes
nothing: a record is known by the mapping's source, its kind and its id.

A line that cannot be used is refused whole, and all others are taken. The file of refused lines can
be mended (its column `raw`) and given as data to the same command. An import that was interrupted
goes on near where it was when the same command is given again.

Exit code: 0 all was taken, 3 something was refused, 1 the import ended early, 2 the command line
cannot be read, 130 it was stopped by Ctrl-C.")]
pub struct ImportArgs {
    /// What the columns mean: a TOML file.
    #[arg(long, value_name = "FILE.toml")]
    pub mapping: PathBuf,

    /// The data.
    #[arg(required = true, value_name = "DATA")]
    pub files: Vec<PathBuf>,

    /// Check every line and write nothing; no data folder is needed.
    #[arg(long)]
    pub dry_run: bool,

    /// Begin at the start, also where an interrupted import could go on.
    #[arg(long)]
    pub from_start: bool,

    /// Where refused lines are kept, with file, line, field and reason; made when the first line is
    /// refused, readable for you alone.
    #[arg(long, value_name = "FILE.csv", default_value = "makegood-rejects.csv")]
    pub rejects: PathBuf,
}

impl ImportArgs {
    /// Reads the mapping, and checks that every file can be opened and has its columns.
    ///
    /// # Errors
    /// If the mapping or a file cannot be used.
    pub fn prepare(&self) -> Result<Mapping, ImportError> {
        let mapping = Mapping::load(&self.mapping)
            .map_err(|cause| ImportError::Mapping { file: self.mapping.clone(), cause })?;
        check(&mapping, &self.files, &self.rejects)?;
        Ok(mapping)
    }

    /// Checks every line and puts nothing, with progress on standard error.
    ///
    /// # Errors
    /// As [`ImportArgs::execute`].
    pub fn try_out(&self, mapping: &Mapping, stop: &AtomicBool) -> Result<Report, ImportError> {
        let options = Options { is_dry_run: true, rejects: self.rejects.clone() };
        let mut progress = progress::on_stderr();
        let surroundings =
            Surroundings { checkpoints: None, stop: Some(stop), progress: progress.as_mut() };
        run_in(mapping, &self.files, &mut MemorySink::default(), options, surroundings)
    }

    /// Imports the files, with progress on standard error.
    ///
    /// The run ends soon once `stop` is true.
    ///
    /// # Errors
    /// If a file cannot be read or has not its columns, the run is stopped, or the store fails; not
    /// for refused lines, which the report counts.
    pub fn execute(
        &self,
        mapping: &Mapping,
        sink: &mut dyn Sink,
        checkpoints: Checkpoints<'_>,
        stop: &AtomicBool,
    ) -> Result<Report, ImportError> {
        let options = Options { is_dry_run: false, rejects: self.rejects.clone() };
        let mut progress = progress::on_stderr();
        let surroundings = Surroundings {
            checkpoints: Some(checkpoints),
            stop: Some(stop),
            progress: progress.as_mut(),
        };
        run_in(mapping, &self.files, sink, options, surroundings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, Command};

    #[test]
    fn reads_its_command_line() {
        let command = ImportArgs::augment_args(Command::new("import"));
        command.clone().debug_assert();
        let line = ["import", "--mapping", "m.toml", "a.csv", "b.csv.gz", "--dry-run"];
        let matches = command.try_get_matches_from(line).unwrap();
        let args = <ImportArgs as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
        assert!(args.dry_run);
        assert_eq!(args.files.len(), 2);
        assert_eq!(args.rejects, PathBuf::from("makegood-rejects.csv"));
    }

    #[test]
    fn names_the_mapping_that_is_not_there() {
        let args = ImportArgs {
            mapping: PathBuf::from("absent.toml"),
            files: vec![PathBuf::from("a.csv")],
            dry_run: true,
            from_start: false,
            rejects: PathBuf::from("r.csv"),
        };
        let error = args.prepare().unwrap_err().to_string();
        assert!(error.starts_with("mapping absent.toml: cannot be read"), "{error}");
    }
}
