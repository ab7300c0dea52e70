//! Configuration: where each value comes from, and what makes the whole sound.
//!
//! A flag wins over the environment, the environment over the file, the file over the default.
//! Every problem is found at once; nothing starts until there is none.

mod flags;
mod keys;
mod layers;
mod read;
mod safety;
mod secret;
mod web;

pub use flags::ConfigFlags;
pub use layers::{Origin, OriginLine};
pub use secret::{SecretError, read_secret};
pub use web::{HostRule, WebOrigin};
pub(crate) use web::{LOOPBACK_NAMES, split_host};

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::proofs::WitnessAddress;

/// The exit code for a configuration that cannot be served (`EX_CONFIG` of `sysexits.h`).
pub const EXIT_CODE: u8 = 78;

/// Everything that the sidecar can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address of the one port; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// For trying out, or for real.
    pub mode: Mode,
    /// The folder that holds a folder for each tenant.
    pub data: PathBuf,
    /// The tenant that this process serves; its folder lies in `data`.
    pub tenant: String,
    /// The policy's file; `None` is the built-in standard policy.
    pub policy: Option<PathBuf>,
    /// Two upper-case letters: the region of phone numbers that name no country.
    pub default_region: String,
    /// Host names under which the port may be reached, besides the loopback names.
    pub allowed_hosts: Vec<HostRule>,
    /// Origins of host pages that may call the API or load the shell element.
    pub allowed_origins: Vec<WebOrigin>,
    /// Origins of pages that may put the panel in a frame.
    pub frame_ancestors: Vec<WebOrigin>,
    /// The certificate and its key; `None` serves without TLS.
    pub tls: Option<TlsFiles>,
    /// The vendor's public keys (Ed25519, PEM); a key's id is its file name without the ending.
    pub token_keys: Vec<PathBuf>,
    /// The longest life of a token that is not an agent's.
    pub tool_token_ttl: Duration,
    /// The file with the key that wraps the keys of the records.
    pub kek_file: Option<PathBuf>,
    /// Networks behind which many callers share an address, so that no limit by address fits them.
    pub proxies: Vec<IpNet>,
    /// The ledger's name in its checkpoints; `None` is `makegood.invalid/<tenant>/ledger`.
    pub origin: Option<String>,
    /// A file apart from the data that holds the newest checkpoint.
    pub anchor: Option<PathBuf>,
    /// The checkpoint whose loss is accepted at this start, as `size:hash`.
    pub accept_rollback: Option<String>,
    /// Who cosigns the ledger's checkpoints.
    pub witnesses: Vec<WitnessAddress>,
    /// Whether anyone who reaches the port may read the ledger's tree and pseudonymous entries.
    pub tlog_public: bool,
    /// Who may read metrics and reflection.
    pub diagnostics: Diagnostics,
    /// The bytes that the cache of encoded replies may hold.
    pub cache_bytes: u64,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged, as `info` or `info,makegood_sidecar=debug`.
    pub log_filter: String,
    /// The bounds on what callers may take.
    pub limits: Limits,
}

/// For trying out, or for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Loopback only, with a token key of its own.
    Development,
    /// With the vendor's token keys.
    Production,
}

/// Who may read metrics and reflection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnostics {
    /// Anyone who reaches the port.
    Open,
    /// Holders of a token with the access `admin`.
    Admin,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One short line for people.
    Compact,
    /// One JSON object a line for machines.
    Json,
}

/// The files of a TLS identity, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and the chain behind it.
    pub cert: PathBuf,
    /// Its private key; not readable by everyone.
    pub key: PathBuf,
}

/// The bounds on what callers may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections in all; `None` is as many as the system has files for.
    pub connections: Option<NonZeroU32>,
    /// Open connections of one address; `None` is no limit.
    pub address_connections: Option<NonZeroU32>,
    /// Calls a second of one agent; `None` is no limit.
    pub agent_rate: Option<NonZeroU32>,
    /// Calls a second of the tenant; `None` is no limit.
    pub tenant_rate: Option<NonZeroU32>,
    /// Searches for customers a second of one agent; `None` is no limit.
    pub search_rate: Option<NonZeroU32>,
    /// HTTP/2 streams on one connection.
    pub streams: u32,
    /// Calls at work at once on one connection.
    pub connection_requests: usize,
    /// Reading calls at work at once in all; openings of streams count as reads.
    pub reads: usize,
    /// Writing calls at work at once in all.
    pub writes: usize,
    /// Bytes of one request message.
    pub message_bytes: usize,
    /// The deadline of a reading call that names none.
    pub read_deadline: Duration,
    /// The deadline of a writing call that names none.
    pub write_deadline: Duration,
    /// The longest deadline that a call may name.
    pub longest_deadline: Duration,
}

/// Why the configuration cannot be served: every problem, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems, each naming the value, where it came from and the fix.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Merges flags, environment, file and defaults.
    ///
    /// `env` is the environment as [`environment`] returns it. The file is the one that `--config`
    /// or `MAKEGOOD_CONFIG` names. The lines say where each value came from, in the order of the
    /// keys.
    ///
    /// # Errors
    /// Unknown keys (with the nearest known one), values that do not parse, files that cannot be
    /// read, and whole configurations that would be unsafe to serve.
    pub fn load(
        flags: &ConfigFlags,
        env: &[(String, String)],
    ) -> Result<(Self, Vec<OriginLine>), ConfigError> {
        let mut problems = Vec::new();
        let values = layers::merge(flags, env, &mut problems);
        let config = read::config(&values, &mut problems);
        if let Some(config) = &config {
            safety::check(config, &mut problems);
        }
        match config {
            Some(config) if problems.is_empty() => Ok((config, values.lines())),
            _ => Err(ConfigError { problems }),
        }
    }

    /// The folder of the tenant.
    pub fn tenant_folder(&self) -> PathBuf {
        self.data.join(&self.tenant)
    }

    /// The pages that may call the API, once the port is known: those configured, and in
    /// development mode this sidecar's own pages under each loopback name.
    pub fn allowed_origins_at(&self, port: u16) -> Vec<WebOrigin> {
        self.with_own_pages(&self.allowed_origins, port)
    }

    /// The pages that may frame the panel, once the port is known; see
    /// [`Config::allowed_origins_at`].
    pub fn frame_ancestors_at(&self, port: u16) -> Vec<WebOrigin> {
        let mut pages = self.with_own_pages(&self.frame_ancestors, port);
        // A content security policy has no way to write IPv6 addresses.
        pages.retain(|page| !page.as_str().contains('['));
        pages
    }

    fn with_own_pages(&self, configured: &[WebOrigin], port: u16) -> Vec<WebOrigin> {
        let mut origins = configured.to_vec();
        if self.mode == Mode::Development {
            let is_tls = self.tls.is_some();
            origins.extend(web::LOOPBACK_NAMES.map(|name| WebOrigin::of(name, port, is_tls)));
        }
        origins
    }
}

/// The variables of this process that are Makegood's; the others are no concern of ours.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(keys::ENV_PREFIX))
        .collect()
}

#[cfg(test)]
mod tests;
