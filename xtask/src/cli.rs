//! The command line: what there is to run, and how a failure is told.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;
use crate::{bench, ci, codegen, demo, progress, setup, sim, tidy, verifier, wasm};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The one tool of the developer loop"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find or install what the other commands need; safe to repeat
    Setup,
    /// Set up what the demo needs, build the panel and the sidecar, and start the demo
    Demo {
        /// Build the sidecar in the release profile: slower to build, faster to run
        #[arg(long)]
        release: bool,
        /// Passed on to `makegood demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Set up, then run every check of `ci`
    Test,
    /// Run every check, the cheapest first
    Ci {
        /// Run this step alone; may be given more than once
        #[arg(long, value_name = "STEP", value_parser = ci::step_names())]
        only: Vec<String>,
    },
    /// Check the conventions that no compiler checks
    Tidy,
    /// Generate proto/src/gen from the .proto files
    Codegen {
        /// Change nothing; fail when the committed files differ
        #[arg(long)]
        check: bool,
    },
    /// Build the panel into widget-wasm/dist and hold it to its size budget
    Wasm,
    /// Play the simulator: the real writer on a disk that fails, against an oracle
    Sim {
        /// How many seeds, from 1
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// This seed alone
        #[arg(long)]
        seed: Option<u64>,
        /// Commands of each seed
        #[arg(long, default_value_t = 5_000)]
        commands: u64,
        /// Play with each deliberate mistake of sidecar/sim/mutants.txt; each must be found
        #[arg(long)]
        mutants: bool,
    },
    /// Build `makegood-verify` with the C runtime linked in, for machines that have nothing else
    Verifier,
    /// Measure, and write target/bench/<NAME>.jsonl; all of it takes about an hour
    Bench {
        /// Which benches to run; all of them when none is named
        #[arg(value_name = "NAME", value_parser = bench::names())]
        names: Vec<String>,
        /// How many rounds each measurement takes
        #[arg(long, default_value_t = bench::ROUNDS_DEFAULT)]
        rounds: usize,
        /// Measure nothing; print the figures with their limits
        #[arg(long)]
        list: bool,
    },
}

/// Runs what the command line names; a failure is printed with its causes.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match Workspace::find().and_then(|workspace| dispatch(&workspace, cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(workspace: &Workspace, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Setup => setup::run(workspace),
        Command::Demo { release, arguments } => demo::run(workspace, release, &arguments),
        Command::Test => setup::run(workspace).and_then(|()| ci::run(workspace, &[])),
        Command::Ci { only } => ci::run(workspace, &only),
        Command::Tidy => tidy::run(workspace),
        Command::Codegen { check: true } => codegen::check(workspace),
        Command::Codegen { check: false } => codegen::write(workspace),
        Command::Wasm => wasm::run(workspace),
        Command::Verifier => verifier::run(workspace),
        Command::Sim { seeds, seed, commands, mutants } => {
            sim::run(workspace, &sim::Play { seeds, seed, commands, mutants })
        }
        Command::Bench { list: true, .. } => {
            bench::list();
            Ok(())
        }
        Command::Bench { names, rounds, list: false } => bench::run(workspace, &names, rounds),
    }
}
