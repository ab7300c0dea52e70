//! Whom load is put on: a sidecar of this machine, unless somebody says that another is theirs.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use makegood_sidecar::token::{AGENT_TOKEN_TTL_MAX, Access, Grant, Signer};

/// The sidecar, and how to be let in.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TargetArgs {
    /// Where the sidecar listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7070")]
    address: String,
    /// The sidecar's data folder: tokens are signed with its development key.
    #[arg(long, value_name = "FOLDER", required_unless_present = "key")]
    data: Option<PathBuf>,
    /// The private key that signs tokens (Ed25519, PEM), instead of the development key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The id of that key; the file's name without its ending where it is not given.
    #[arg(long, value_name = "ID", requires = "key")]
    kid: Option<String>,
    /// The tenant that the sidecar serves.
    #[arg(long, value_name = "NAME", default_value = "house")]
    tenant: String,
    /// The sidecar's process, to measure what it uses.
    #[arg(long, value_name = "PID")]
    pub(crate) server_pid: Option<u32>,
    /// Allow an address that is not this machine's: the sidecar there is yours, and nobody works
    /// with it now.
    #[arg(long)]
    i_own_this_server: bool,
}

/// An address and the key that opens it.
pub(crate) struct Target {
    /// Where the sidecar listens.
    pub(crate) address: SocketAddr,
    signer: Signer,
    tenant: String,
}

impl TargetArgs {
    /// Checks the address and reads the key.
    ///
    /// # Errors
    /// The address is not this machine's and nobody said that it may be another's, or the key cannot
    /// be read.
    pub(crate) fn open(&self) -> anyhow::Result<Target> {
        let address = allowed(&self.address, self.i_own_this_server)?;
        let signer = match (&self.key, &self.data) {
            (Some(key), _) => Signer::read(key, self.kid.as_deref())?,
            (None, Some(data)) => {
                let is_there = data.try_exists().context("data")?;
                anyhow::ensure!(is_there, "data: there is no folder {}", data.display());
                Signer::development(data)?
            }
            (None, None) => anyhow::bail!("data or key is missing; tokens are signed with it"),
        };
        Ok(Target { address, signer, tenant: self.tenant.clone() })
    }
}

impl Target {
    /// A token of an agent for one interaction, or for all of theirs, which only development mode
    /// takes. It lives for ten minutes.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn token(&self, agent: &str, interaction: Option<&str>) -> anyhow::Result<String> {
        let grant = Grant {
            tenant: self.tenant.clone(),
            agent: agent.to_owned(),
            access: Access::Agent,
            interaction: interaction.map(ToOwned::to_owned),
            ttl: AGENT_TOKEN_TTL_MAX,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Ok(self.signer.sign(&grant, now_s)?)
    }
}

/// The address, if load may be put on it.
///
/// # Errors
/// It is no address, or is not this machine's.
pub(crate) fn allowed(address: &str, is_owned: bool) -> anyhow::Result<SocketAddr> {
    let mut found = address
        .to_socket_addrs()
        .with_context(|| format!("address {address:?}: write one such as 127.0.0.1:7070"))?;
    let found = found.next().with_context(|| format!("address {address:?}: no such host"))?;
    anyhow::ensure!(
        is_owned || found.ip().is_loopback(),
        "address {found} is not this machine's: load on somebody else's sidecar keeps agents from \
         serving customers, and writes gestures into a ledger that never forgets; add \
         --i-own-this-server if it is yours and nobody works with it"
    );
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_addresses_of_other_machines_unless_they_are_owned() {
        for address in ["127.0.0.1:7070", "[::1]:7070"] {
            assert!(allowed(address, false).is_ok(), "{address}");
        }
        for address in ["192.0.2.1:7070", "10.0.0.1:80", "[2001:db8::1]:7070"] {
            let refused = allowed(address, false).unwrap_err().to_string();
            assert!(refused.contains("--i-own-this-server"), "{refused}");
            assert!(allowed(address, true).is_ok(), "{address}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for address in ["", "127.0.0.1", "7070", "http://127.0.0.1:7070"] {
            assert!(allowed(address, true).is_err(), "{address:?}");
        }
    }
}
