//! `sim`: builds the simulator and plays seeds.

use crate::process;
use crate::workspace::Workspace;

/// What is to be played.
pub(crate) struct Play {
    /// How many seeds, from 1.
    pub(crate) seeds: u64,
    /// One seed alone.
    pub(crate) seed: Option<u64>,
    /// Commands of each seed.
    pub(crate) commands: u64,
    /// Whether each deliberate mistake is to be found, and nothing else is played.
    pub(crate) mutants: bool,
}

/// Plays; fails at the first violation, or at the first mistake that nobody notices.
///
/// # Errors
///
/// When the simulator does not build, or fails.
pub(crate) fn run(workspace: &Workspace, play: &Play) -> anyhow::Result<()> {
    let mut cargo = workspace.cargo();
    // Checks on, and fast enough for a million commands.
    cargo.args(["run", "--quiet", "--profile", "sim", "-p", "makegood-sim"]);
    cargo.args(["--features", "mutants", "--"]);
    cargo.args(["--seeds", &play.seeds.to_string(), "--commands", &play.commands.to_string()]);
    if let Some(seed) = play.seed {
        cargo.args(["--seed", &seed.to_string()]);
    }
    if play.mutants {
        cargo.arg("--mutants");
    }
    process::run(&mut cargo)
}
