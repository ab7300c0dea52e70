//! `makegood checkpoint`: the ledger's signing keys, checkpoints and receipts, by the files alone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use makegood_core::ids::{Digest, SpendId};
use makegood_ledger::checkpoint::{KeyKind, SignedCheckpoint, VerifierKey};
use makegood_ledger::proof::{Receipt, inclusion, verify_inclusion};
use makegood_ledger::tiles::{TileFolder, TileHashes};
use makegood_ledger::tree::leaf_hash;

use super::{ledger, say, setup};
use crate::config::{Config, ConfigFlags};
use crate::proofs::{KeyFolder, SIGNING, TREE, default_origin, entry_of_spend};

/// The commands about checkpoints.
#[derive(Debug, clap::Subcommand)]
pub(super) enum CheckpointCommand {
    /// Make a signing key. Where there is one, both sign from then on, until the older is retired.
    Keygen {
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// List the keys: those that sign, and those that are retired.
    Keys {
        /// One JSON object a line, for programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Destroy a signing key, once everybody knows another.
    Retire {
        /// The key's id, as `makegood checkpoint keys` lists it.
        id: String,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Print the newest checkpoint.
    Show {
        /// One JSON object, for programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Print the receipt of an entry, which proves it to whoever has the ledger's public key: of a
    /// gesture (`--spend`) or of any entry (`--entry`).
    Receipt(ReceiptArgs),
    /// Verify a receipt.
    Verify {
        /// The receipt.
        #[arg(value_name = "FILE")]
        receipt: PathBuf,
        /// A public key of the ledger or of a witness; once for each.
        #[arg(long = "key", value_name = "VKEY", required = true, value_parser = VerifierKey::parse)]
        keys: Vec<VerifierKey>,
        /// The leaf hash that was answered with the spend, in hexadecimal digits.
        #[arg(long, value_name = "HASH")]
        leaf: Option<Digest>,
        /// One JSON object, for programs.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct ReceiptArgs {
    /// The entry by its position, as `makegood ledger list` numbers them.
    #[arg(long, value_name = "POSITION", conflicts_with = "spend")]
    #[arg(required_unless_present = "spend")]
    entry: Option<u64>,
    /// The entry by which this gesture was given, the last where it was given in parts; where
    /// nothing was given, its reservation.
    #[arg(long, value_name = "UUID")]
    spend: Option<SpendId>,
    #[command(flatten)]
    config: ConfigFlags,
}

pub(super) fn run(command: &CheckpointCommand) -> anyhow::Result<ExitCode> {
    match command {
        CheckpointCommand::Keygen { config } => {
            let config = setup::config(config)?;
            let origin = config.origin.clone().unwrap_or_else(|| default_origin(&config.tenant));
            say(folder(&config).generate(&origin, KeyKind::Log)?.verifier());
        }
        CheckpointCommand::Keys { json, config } => keys(&setup::config(config)?, *json)?,
        CheckpointCommand::Retire { id, config } => {
            folder(&setup::config(config)?).retire(id)?;
            say(format!("key {id} is retired; its public half stays, for what it has signed"));
        }
        CheckpointCommand::Show { json, config } => show(&setup::config(config)?, *json)?,
        CheckpointCommand::Receipt(args) => say(receipt(args)?.to_string().trim_end()),
        CheckpointCommand::Verify { receipt, keys, leaf, json } => {
            verify(receipt, (keys, *leaf), *json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn folder(config: &Config) -> KeyFolder {
    KeyFolder::new(&config.tenant_folder().join(SIGNING))
}

fn keys(config: &Config, json: bool) -> anyhow::Result<()> {
    let folder = folder(config);
    let publics = folder.publics()?;
    if publics.is_empty() && !json {
        say("no keys yet; `makegood checkpoint keygen` makes one, and so does the first start");
    }
    for key in publics {
        let (id, signs) = (key.id().to_string(), folder.signs(key.id()));
        if json {
            let object = serde_json::json!({ "id": id, "signs": signs, "vkey": key.to_string() });
            say(object);
        } else {
            let state = if signs { "signs  " } else { "retired" };
            say(format!("{id}  {state}  {key}"));
        }
    }
    Ok(())
}

/// The newest checkpoint, as it is served.
fn newest(tiles: &TileFolder) -> anyhow::Result<SignedCheckpoint> {
    let text = tiles.checkpoint()?;
    let text = text.context("no checkpoint yet; start the sidecar once")?;
    Ok(SignedCheckpoint::parse(&text)?)
}

fn tiles(config: &Config) -> TileFolder {
    TileFolder::new(&config.tenant_folder().join(TREE))
}

fn show(config: &Config, json: bool) -> anyhow::Result<()> {
    let checkpoint = newest(&tiles(config))?;
    if !json {
        say(checkpoint.to_string().trim_end());
        return Ok(());
    }
    let head = checkpoint.head();
    say(serde_json::json!({
        "origin": checkpoint.checkpoint().origin,
        "size": head.size,
        "root_hash": Digest::from_bytes(head.root).to_string(),
        "checkpoint": checkpoint.to_string(),
    }));
    Ok(())
}

fn receipt(args: &ReceiptArgs) -> anyhow::Result<Receipt> {
    let config = setup::config(&args.config)?;
    let reader = ledger::open(&config)?;
    let tiles = tiles(&config);
    let checkpoint = newest(&tiles)?;
    let head = checkpoint.head();
    let index = match (args.entry, args.spend) {
        (Some(position), _) => position,
        (None, Some(spend)) => entry_of_spend(&reader, spend, 0, None)?
            .with_context(|| format!("no entry is about spend {spend}"))?,
        (None, None) => bail!("name the entry by --entry or --spend"),
    };
    if index >= head.size {
        bail!("no checkpoint covers position {index}; the newest has {} entries", head.size);
    }
    let record = reader.get(index)?.with_context(|| format!("no entry has position {index}"))?;
    let path = inclusion(&TileHashes::new(&tiles, head.size), index, head.size)?;
    verify_inclusion(&leaf_hash(&record.payload), index, head.size, &path, &head.root)
        .context("the tree's files are damaged; start the sidecar, which makes them again")?;
    Ok(Receipt { entry: Some(record.payload), index, path, checkpoint })
}

fn verify(
    path: &Path,
    (keys, leaf): (&[VerifierKey], Option<Digest>),
    json: bool,
) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let receipt = Receipt::parse(&text)?;
    let vouched = receipt.verify(keys, leaf.map(|leaf| *leaf.as_bytes()))?;
    let checkpoint = receipt.checkpoint.checkpoint();
    if json {
        say(serde_json::json!({
            "position": receipt.index,
            "origin": checkpoint.origin,
            "size": checkpoint.head.size,
            "key_count": vouched.logs.len(),
            "witness_count": vouched.witnesses.len(),
        }));
        return Ok(());
    }
    say(format!(
        "entry {} is in {}, which has {} entries; signed by {} of its keys and {} witnesses",
        receipt.index,
        checkpoint.origin,
        checkpoint.head.size,
        vouched.logs.len(),
        vouched.witnesses.len(),
    ));
    Ok(())
}
