//! What commands share: configuration, keys, and opening the house.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::{Config, ConfigFlags, Mode, environment, read_secret};
use crate::house::{House, Settings};
use crate::vault;
use makegood_ledger::policy_file;

/// The key-encryption key of development mode, in the data folder.
const DEVELOPMENT_KEK: &str = "development-kek";

/// The configuration of a command.
pub(super) fn config(flags: &ConfigFlags) -> anyhow::Result<Config> {
    Ok(Config::load(flags, &environment())?.0)
}

/// What a command does that reads the ledger of a data folder, for its errors.
pub(super) fn reading(config: &Config) -> String {
    let (tenant, data) = (&config.tenant, config.data.display());
    format!("read the ledger of {tenant} in {data}; name another folder by --data")
}

/// Opens the house that a configuration describes; the policy in force stays.
pub(super) fn open_house(config: &Config) -> anyhow::Result<House> {
    Ok(House::open(settings(config)?)?)
}

/// As [`open_house`], for a command that writes entries: it is proved meanwhile, and one that lacks
/// what was published of its ledger is refused.
pub(super) fn open_to_write(config: &Config) -> anyhow::Result<House> {
    let house = open_house(config)?;
    match house.keep_proofs(config)? {
        None => Ok(house),
        Some(behind) => Err(behind.into()),
    }
}

/// What the house of a configuration is opened with.
pub(super) fn settings(config: &Config) -> anyhow::Result<Settings> {
    let policy_text = policy_text(config)?;
    let policy = policy_file::read(&policy_text).context("read the policy")?;
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("create {}", config.data.display()))?;
    Ok(Settings {
        data_dir: config.data.clone(),
        tenant: config.tenant.clone(),
        key_encryption_key: key_encryption_key(config)?,
        policy,
        policy_text,
        phone_region: config.default_region.clone(),
        cache_bytes: config.cache_bytes,
        development: config.mode == Mode::Development,
    })
}

/// The text of the policy that is to be in force.
pub(super) fn policy_text(config: &Config) -> anyhow::Result<String> {
    match &config.policy {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("read the policy {}", path.display())),
        None => Ok(policy_file::STANDARD.to_owned()),
    }
}

/// The key that wraps every other key: from its file, or in development mode one that is made.
pub(super) fn key_encryption_key(config: &Config) -> anyhow::Result<[u8; 32]> {
    if let Some(path) = &config.kek_file {
        return read_key(path);
    }
    if config.mode != Mode::Development {
        bail!(
            "no key-encryption key; make one with `head -c 32 /dev/urandom | base64 > FILE`, keep \
             it apart from the data, and name it in MAKEGOOD_KEK_FILE"
        );
    }
    let path = config.data.join(DEVELOPMENT_KEK);
    if !path.try_exists()? {
        make_key(&path).with_context(|| format!("write {}", path.display()))?;
    }
    read_key(&path)
}

/// Reads a key-encryption key.
pub(super) fn read_key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = read_secret(path)?;
    let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.with_context(|| format!("{} must hold 32 bytes in base64", path.display()))
}

fn make_key(path: &Path) -> anyhow::Result<()> {
    let key: [u8; 32] = vault::random()?;
    write_secret(path, &STANDARD.encode(key))
}

/// Writes a new file that its owner alone can read.
pub(super) fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    Ok(file.sync_all()?)
}
