//! The texts of policies, each kept under its digest, so that what the ledger names can be read.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use makegood_core::ids::Digest;
use makegood_core::ledger::{PolicyState, Read as _};
use makegood_core::policy::Policy;
use makegood_ledger::policy_file;

use crate::ledger::policies::Policies;
use crate::ledger::state::{LedgerState, RestoreError};

/// Why the text of a policy that the ledger names is not at hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyTextError {
    /// The file cannot be read.
    #[error("the text of a policy cannot be read from {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds another text.
    #[error("{} is not the policy of its name; put back the text that was handed in", path.display())]
    OtherText {
        /// The file.
        path: PathBuf,
    },
    /// The ledger's rows cannot be had.
    #[error(transparent)]
    Rows(#[from] RestoreError),
}

/// Keeps a policy's text; it is on stable storage when this returns.
pub(super) fn keep(folder: &Path, digest: Digest, text: &str) -> io::Result<()> {
    write_durably(&path_of(folder, digest), text.as_bytes())
}

/// The policy with this digest, and its text.
pub(super) fn load(folder: &Path, digest: Digest) -> Result<(Policy, String), PolicyTextError> {
    let path = path_of(folder, digest);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(PolicyTextError::Unreadable { path, source }),
    };
    match policy_file::read(&text) {
        Ok(policy) if policy.digest == digest => Ok((policy, text)),
        _ => Err(PolicyTextError::OtherText { path }),
    }
}

/// The policy that a start decides by, with its text: the one that the ledger has in force. In
/// development, and where none is in force yet, it is the configured one.
pub(super) fn at_start(
    state: &LedgerState,
    folder: &Path,
    configured: (Policy, String),
    is_development: bool,
) -> Result<(Policy, String), PolicyTextError> {
    if is_development {
        return Ok(configured);
    }
    let in_force = state.read(|rows| rows.active_policy().map(|row| row.digest))?;
    match in_force {
        Some(digest) if digest != configured.0.digest => {
            tracing::warn!(
                in_force = %digest,
                configured = %configured.0.digest,
                "the configured policy is not in force; hand it in with `makegood policy draft`"
            );
            load(folder, digest)
        }
        _ => Ok(configured),
    }
}

/// Keeps every scheduled policy at hand for its time.
pub(super) fn keep_scheduled(
    state: &LedgerState,
    folder: &Path,
    policies: &Policies,
) -> Result<(), PolicyTextError> {
    let scheduled: Vec<Digest> = state.read(|rows| {
        let all = rows.resident().policies();
        let is_scheduled = all.filter(|(_, row)| row.state == PolicyState::Scheduled);
        is_scheduled.map(|(digest, _)| digest).collect()
    })?;
    for digest in scheduled {
        match load(folder, digest) {
            Ok((policy, _)) => policies.keep(policy),
            // Giving goes on under the policy in force, and whoever scheduled it can do so again.
            Err(error) => tracing::error!(%error, "a scheduled policy cannot come into force"),
        }
    }
    Ok(())
}

fn path_of(folder: &Path, digest: Digest) -> PathBuf {
    folder.join("policies").join(format!("{digest}.toml"))
}

/// Writes a file whole or not at all: aside first, then renamed into place.
fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let aside = path.with_extension("part");
    let mut file = fs::File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    fs::File::open(folder)?.sync_all()
}
