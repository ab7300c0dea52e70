//! The command line of `makegood import`.

use std::path::PathBuf;

use super::error::ImportError;
use super::mapping::Mapping;
use super::progress;
use super::report::Report;
use super::rows::Sink;
use super::run::{Options, run};

/// Import customers, agents, interactions, scores, preferences, promises and purchases from files.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files are CSV or JSON Lines, as the mapping says; gzip is recognised. Importing a file again changes
nothing: a record is known by the mapping's source, its kind and its id.

A line that cannot be used is refused whole, and all others are taken. Exit code: 0 all was taken,
3 something was refused, 1 the import ended early, 2 the command line cannot be read.")]
pub struct ImportArgs {
    /// What the columns mean: a TOML file.
    #[arg(long, value_name = "FILE.toml")]
    pub mapping: PathBuf,

    /// The data.
    #[arg(required = true, value_name = "DATA")]
    pub files: Vec<PathBuf>,

    /// Check every line and write nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Where refused lines are kept, with file, line, field and reason; made when the first line is
    /// refused, readable for you alone.
    #[arg(long, value_name = "FILE.csv", default_value = "makegood-rejects.csv")]
    pub rejects: PathBuf,
}

impl ImportArgs {
    /// Reads the mapping and imports the files, with progress on standard error.
    ///
    /// # Errors
    /// If the mapping cannot be used, a file cannot be read or has not its columns, or the store
    /// fails; not for refused lines, which the report counts.
    pub fn execute(&self, sink: &mut dyn Sink) -> Result<Report, ImportError> {
        let mapping = Mapping::load(&self.mapping)
            .map_err(|cause| ImportError::Mapping { file: self.mapping.clone(), cause })?;
        let options = Options { is_dry_run: self.dry_run, rejects: self.rejects.clone() };
        run(&mapping, &self.files, sink, options, progress::on_stderr().as_mut())
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
            rejects: PathBuf::from("r.csv"),
        };
        let mut sink = crate::import::memory::MemorySink::default();
        let error = args.execute(&mut sink).unwrap_err().to_string();
        assert!(error.starts_with("mapping absent.toml: cannot be read"), "{error}");
    }
}
