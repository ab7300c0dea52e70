//! The commands of `makegood`.

mod audit;
mod checkpoint;
mod codes;
mod consult;
mod days;
mod demo;
mod doctor;
mod examples;
mod findings;
mod import;
mod keys;
mod ledger;
mod packaging;
mod period;
mod policy;
mod pool;
mod remote;
mod review;
mod sample;
mod serve;
mod setup;
mod subject;
mod tables;
mod token;
mod witness;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::ConfigFlags;

/// The customer's story and the authority to act, for the agent on the call; the proof, for the
/// auditor.
#[derive(Debug, Parser)]
#[command(name = "makegood", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve agents, panels and back ends on one port.
    Serve(ConfigFlags),
    /// Try it: a generated contact centre, two agents' desks, and a call that plays itself.
    Demo(demo::DemoArgs),
    /// Bring in customers, agents and history from files.
    Import(import::ImportCommand),
    /// Read the ledger.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Export for auditors.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Review gestures and settle findings.
    #[command(subcommand)]
    Review(review::ReviewCommand),
    /// Answer those who ask for more than a limit leaves.
    #[command(subcommand)]
    Consult(consult::ConsultCommand),
    /// Keys, checkpoints and receipts: what proves the ledger.
    #[command(subcommand)]
    Checkpoint(checkpoint::CheckpointCommand),
    /// Watch ledgers from another machine, and cosign what only grows.
    #[command(subcommand)]
    Witness(witness::WitnessCommand),
    /// Check policies, bring them into force, and pause all giving.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Move authority between teams' shared budgets.
    #[command(subcommand)]
    Pool(pool::PoolCommand),
    /// Close the books of a time.
    #[command(subcommand)]
    Period(period::PeriodCommand),
    /// Tell what is held about a person, and erase people.
    #[command(subcommand)]
    Subject(subject::SubjectCommand),
    /// Change the key that wraps every other key.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Make tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Show the configuration and where each value comes from.
    Config(doctor::DoctorArgs),
    /// Check that this machine and folder can serve, and say what to do where they cannot.
    Doctor(doctor::DoctorArgs),
    /// Print the completions of a shell.
    Completions(packaging::CompletionsArgs),
    /// Write the manual as man pages.
    Man(packaging::ManArgs),
}

impl Cli {
    /// The command as it was typed; where it cannot be read, the process ends and says why.
    pub fn typed() -> Self {
        let mut command = Self::illustrated();
        let typed = Self::from_arg_matches(&command.get_matches_mut());
        typed.unwrap_or_else(|error| error.format(&mut command).exit())
    }

    /// The whole command line, with an example of each command.
    fn illustrated() -> clap::Command {
        examples::illustrated(Self::command())
    }

    /// Carries out the command.
    ///
    /// # Errors
    /// Whatever keeps the command from being carried out, for people to read.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(flags) => serve::run(&flags),
            Command::Demo(args) => demo::run(&args),
            Command::Import(command) => import::run(&command),
            Command::Ledger(command) => ledger::run(&command),
            Command::Audit(command) => audit::run(&command),
            Command::Review(command) => review::run(&command).map(|()| ExitCode::SUCCESS),
            Command::Consult(command) => consult::run(&command).map(|()| ExitCode::SUCCESS),
            Command::Checkpoint(command) => checkpoint::run(&command),
            Command::Witness(command) => witness::run(&command),
            Command::Policy(command) => policy::run(&command),
            Command::Pool(command) => pool::run(&command).map(|()| ExitCode::SUCCESS),
            Command::Period(command) => period::run(&command).map(|()| ExitCode::SUCCESS),
            Command::Subject(command) => subject::run(&command),
            Command::Keys(command) => keys::run(&command),
            Command::Token(command) => token::run(&command),
            Command::Config(args) => doctor::show_config(&args),
            Command::Doctor(args) => Ok(doctor::run(&args)),
            Command::Completions(args) => {
                packaging::completions(&args);
                Ok(ExitCode::SUCCESS)
            }
            Command::Man(args) => packaging::man(&args).map(|()| ExitCode::SUCCESS),
        }
    }
}

/// Prints for people and programs; standard output is the one place where commands speak.
pub(crate) fn say(text: impl std::fmt::Display) {
    use std::io::Write as _;
    // A reader that went away, such as `head`, is no failure.
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Tells people something beside the answer, which programs read from standard output.
pub(crate) fn note(text: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "makegood: {text}"));
}

/// Tells people what went wrong, with every cause once.
pub fn complain(error: &anyhow::Error) {
    note(&causes(error));
}

/// An error with its causes, from the outermost in; those left out that it has told already.
fn causes(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_every_cause_once() {
        let inner = std::io::Error::other("no such file");
        let middle = anyhow::Error::from(inner).context("cannot list data/: no such file");
        let error = middle.context("read the ledger");
        assert_eq!(causes(&error), "read the ledger: cannot list data/: no such file");
    }
}
