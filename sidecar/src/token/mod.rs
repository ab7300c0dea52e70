//! Tokens: who calls, as a key that we trust has signed it.
//!
//! A token is a JWT signed with Ed25519 (`alg` is `EdDSA`); the vendor's back end mints it, or in
//! development the sidecar itself. It binds tenant, agent, access and interaction for minutes.

mod key;
mod mint;
mod sign;
mod verify;

pub use key::{KeyError, PublicKey};
pub use mint::MintArgs;
pub use sign::{Grant, Signer, TokenError};
pub use verify::{TokenFault, Verifier, VerifierRules};

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whom every token is for: the claim `aud`.
pub const AUDIENCE: &str = "makegood";
/// The longest life of an agent's token: it lives in a page, and pages leak.
pub const AGENT_TOKEN_TTL_MAX: Duration = Duration::from_mins(10);
/// What the clocks of two machines may differ by.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// Who calls, from a verified token; the guard puts it, in an `Arc`, into the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The tenant.
    pub tenant: String,
    /// The host's id of the agent.
    pub agent: String,
    /// What the caller may do.
    pub access: Access,
    /// The host's id of the interaction that the token is bound to; `None` is bound to none.
    pub interaction: Option<String>,
    /// When the token ends, in nanoseconds since the Unix epoch.
    pub expire_time_ns: i64,
    /// The token's own id.
    pub token_id: String,
}

/// What a token lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Serves customers and gives within limits.
    Agent,
    /// Serves customers, and releases and reverses what agents held and gave.
    Supervisor,
    /// Reviews, and can never give.
    Auditor,
    /// Runs the sidecar, and sees no customer.
    Admin,
}

impl Access {
    /// Every access.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Supervisor, Self::Auditor, Self::Admin];

    /// The access as tokens write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Access {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|access| access.as_str() == text).ok_or_else(|| {
            format!("{text:?} is no access; write agent, supervisor, auditor or admin")
        })
    }
}

/// What a token says. All claims but `itx` must be there.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    ten: String,
    acc: Access,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    itx: Option<String>,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

#[cfg(test)]
mod tests;
