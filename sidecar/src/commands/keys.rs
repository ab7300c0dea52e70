//! `makegood keys`: the key that wraps every other key.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use makegood_core::ids::Digest;
use makegood_core::ledger::{Act, Action, KeyKind};

use super::{say, setup};
use crate::config::{Config, ConfigFlags};
use crate::ledger::writer::system;
use crate::vault::{self, Vault};
use makegood_ledger::journal::lock::DataLock;

/// The commands about keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Wrap every person's key by a new key-encryption key; with the sidecar stopped.
    Rotate(RotateArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct RotateArgs {
    /// The file with the new key: 32 bytes in base64.
    #[arg(long, value_name = "FILE")]
    new_kek: PathBuf,
    #[command(flatten)]
    config: ConfigFlags,
}

pub(super) fn run(command: &KeysCommand) -> anyhow::Result<ExitCode> {
    let KeysCommand::Rotate(args) = command;
    let config = setup::config(&args.config)?;
    let old = setup::key_encryption_key(&config)?;
    let new = setup::read_key(&args.new_kek)?;
    if old == new {
        bail!("{} holds the key that is in use; make a new one", args.new_kek.display());
    }
    // What cannot be entered is not done either.
    setup::open_to_write(&config)?.close()?;
    let count = {
        let _lock = DataLock::acquire(&config.data)?;
        Vault::rotate(&config.tenant_folder(), &old, &new)?
    };
    let file = args.new_kek.display();
    say(format!(
        "{count} keys are wrapped by the new key; name {file} in MAKEGOOD_KEK_FILE from now on, and \
         keep the former one for as long as there are backups made under it"
    ));
    let position = enter(&Config { kek_file: Some(args.new_kek.clone()), ..config }, &new)
        .context("the keys are rotated, but the ledger does not say so")?;
    say(format!("entry {position} of the ledger says so"));
    Ok(ExitCode::SUCCESS)
}

/// Enters that the key was changed.
fn enter(config: &Config, key: &[u8; 32]) -> anyhow::Result<u64> {
    let house = setup::open_to_write(config)?;
    house.found_ledger()?;
    let key = Digest::from_bytes(vault::name_of_key(key));
    let act = Act::RotateKey { kind: KeyKind::KeyEncryption, key };
    let entered = house.act(system(), Action::Act { request: None, act });
    let closed = house.close();
    let position = entered?;
    closed?;
    Ok(position)
}
