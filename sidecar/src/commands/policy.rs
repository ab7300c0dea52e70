//! `makegood policy`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{complain, say};
use makegood_ledger::policy_file;

/// The commands about policies.
#[derive(Debug, clap::Subcommand)]
pub(super) enum PolicyCommand {
    /// Check a policy file and name every problem with its fix.
    Check {
        /// The policy, in TOML.
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
    },
    /// Print the standard policy, to start one's own from.
    Standard,
}

pub(super) fn run(command: &PolicyCommand) -> ExitCode {
    match command {
        PolicyCommand::Standard => {
            say(policy_file::STANDARD.trim_end());
            ExitCode::SUCCESS
        }
        PolicyCommand::Check { file } => match policy_file::check(file) {
            Ok(report) => {
                say(report);
                ExitCode::SUCCESS
            }
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
    }
}
