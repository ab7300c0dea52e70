//! `makegood token mint`: a token for trying out, or from a back end without a JWT library.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sign::{Grant, Signer, TokenError};
use super::{AGENT_TOKEN_TTL_MAX, Access};

/// The arguments of `makegood token mint`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct MintArgs {
    /// The host's id of the agent.
    #[arg(long)]
    pub agent: String,
    /// What the holder may do: agent, supervisor, auditor or admin.
    #[arg(long, default_value = "agent")]
    pub access: Access,
    /// The host's id of the interaction; an agent's token needs it outside development mode.
    #[arg(long)]
    pub interaction: Option<String>,
    /// How long it lives, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = AGENT_TOKEN_TTL_MAX.as_secs())]
    pub ttl_s: u64,
    /// The private key (Ed25519, PEM); without it, the development key of the data folder.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The id of the key, by which the sidecar finds its public half: the name of that file without
    /// its ending. The private file's name without its ending where it is not given.
    #[arg(long, value_name = "ID", requires = "key")]
    pub kid: Option<String>,
}

impl MintArgs {
    /// Mints the token for a tenant. `now_s` is the time in seconds since the Unix epoch.
    ///
    /// # Errors
    /// The key cannot be read or written, or is no Ed25519 private key.
    pub fn mint(&self, data: &Path, tenant: &str, now_s: i64) -> Result<String, TokenError> {
        let signer = match &self.key {
            Some(path) => Signer::read(path, self.kid.as_deref())?,
            None => Signer::development(data)?,
        };
        let grant = Grant {
            tenant: tenant.to_owned(),
            agent: self.agent.clone(),
            access: self.access,
            interaction: self.interaction.clone(),
            ttl: Duration::from_secs(self.ttl_s),
        };
        signer.sign(&grant, now_s)
    }
}
