//! `makegood policy`.

use std::process::ExitCode;

use super::{complain, say};
use crate::policy_file::{self, CheckArgs};

/// The commands about policies.
#[derive(Debug, clap::Subcommand)]
pub(super) enum PolicyCommand {
    /// Check a policy file and name every problem with its fix.
    Check(CheckArgs),
    /// Print the standard policy, to start one's own from.
    Standard,
}

pub(super) fn run(command: &PolicyCommand) -> ExitCode {
    match command {
        PolicyCommand::Standard => {
            say(policy_file::STANDARD.trim_end());
            ExitCode::SUCCESS
        }
        PolicyCommand::Check(args) => match args.run() {
            Ok(report) => {
                say(report.trim_end());
                ExitCode::SUCCESS
            }
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
    }
}
