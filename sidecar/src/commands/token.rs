//! `makegood token`.

use std::process::ExitCode;

use super::{say, setup};
use crate::clock::wall_time;
use crate::config::ConfigFlags;
use crate::token::MintArgs;

/// The commands about tokens.
#[derive(Debug, clap::Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token for trying out, or in a back end without a JWT library.
    Mint {
        #[command(flatten)]
        args: MintArgs,
        #[command(flatten)]
        config: ConfigFlags,
    },
}

pub(super) fn run(command: &TokenCommand) -> anyhow::Result<ExitCode> {
    let TokenCommand::Mint { args, config } = command;
    let config = setup::config(config)?;
    let now_s = wall_time().as_nanos() / 1_000_000_000;
    say(args.mint(&config.data, &config.tenant, now_s)?);
    Ok(ExitCode::SUCCESS)
}
