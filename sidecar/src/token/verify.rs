//! Verifies tokens: one algorithm, the keys we know, and every claim that must be there.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use thiserror::Error;

use super::key::{KeyError, PublicKey};
use super::{AGENT_TOKEN_TTL_MAX, AUDIENCE, Access, Claims, Identity, LEEWAY};

/// Longer texts are no tokens of ours.
const TOKEN_MAX_BYTES: usize = 4096;
/// The longest agent, interaction or token id, in bytes.
const ID_MAX_BYTES: usize = 128;
/// Verified tokens that are remembered: checking a signature costs more than most calls. Five
/// thousand agents have one for each call of the last ten minutes.
const REMEMBERED_MAX: usize = 32_768;
const NS_PER_S: i64 = 1_000_000_000;

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenFault {
    /// There is none.
    #[error("token is missing; send it as authorization: Bearer …")]
    Missing,
    /// It is no JWT with the claims of a token.
    #[error("token is malformed; send a signed jwt with all claims")]
    Malformed,
    /// It is signed another way than with Ed25519, or not at all.
    #[error("token has another algorithm; sign it with EdDSA (Ed25519)")]
    Algorithm,
    /// It names a key that is not configured.
    #[error("token names an unknown key; add the key to token_keys, or name it in kid")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("token has a wrong signature; sign it with the key that kid names")]
    Signature,
    /// It is for someone else.
    #[error("token is for another audience; set aud to makegood")]
    Audience,
    /// It is for another tenant.
    #[error("token is for another tenant; set ten to the tenant of this sidecar")]
    Tenant,
    /// It has ended.
    #[error("token has expired; fetch a new one")]
    Expired,
    /// It has not begun, or was issued in the future.
    #[error("token is not valid yet; compare the clocks of the two machines")]
    NotYetValid,
    /// It lives longer than its access may.
    #[error("token lives too long; mint it for at most 600 seconds")]
    TooLong,
    /// An agent's token names no interaction.
    #[error("token of an agent names no interaction; set itx")]
    NoInteraction,
}

impl TokenFault {
    /// The reason for clients, in `UPPER_SNAKE`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Algorithm => "TOKEN_ALGORITHM",
            Self::UnknownKey => "TOKEN_KEY_UNKNOWN",
            Self::Signature => "TOKEN_SIGNATURE",
            Self::Audience => "TOKEN_AUDIENCE",
            Self::Tenant => "TOKEN_TENANT",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            Self::TooLong => "TOKEN_TOO_LONG",
            Self::NoInteraction => "TOKEN_NO_INTERACTION",
        }
    }
}

/// What tokens are held to, besides their signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierRules {
    /// The only tenant.
    pub tenant: String,
    /// The longest life of a token whose access is not `agent`.
    pub tool_token_ttl: Duration,
    /// Whether an agent's token may name no interaction; in development mode only.
    pub allows_unbound_agents: bool,
}

/// Verifies tokens and remembers those that it has verified.
#[derive(Debug)]
pub struct Verifier {
    keys: Vec<PublicKey>,
    rules: VerifierRules,
    validation: Validation,
    remembered: Cache<Box<str>, Arc<Identity>>,
}

impl Verifier {
    /// A verifier with these keys.
    ///
    /// # Errors
    /// Two keys have the same id.
    pub fn new(keys: Vec<PublicKey>, rules: VerifierRules) -> Result<Self, KeyError> {
        for (index, key) in keys.iter().enumerate() {
            if keys.iter().skip(index + 1).any(|other| other.kid == key.kid) {
                return Err(KeyError::Twice { kid: key.kid.clone() });
            }
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // Times are compared below, with the time of the caller, so that tests need no clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(Self { keys, rules, validation, remembered: Cache::new(REMEMBERED_MAX) })
    }

    /// Who the token says is calling. `now_s` is the time in seconds since the Unix epoch.
    ///
    /// # Errors
    /// The first thing that is wrong with the token.
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Arc<Identity>, TokenFault> {
        if let Some(identity) = self.remembered.get(token) {
            // Everything but the time stays as it was.
            let expire_s = identity.expire_time_ns / NS_PER_S;
            return check_end(expire_s, now_s).map(|()| identity);
        }
        let claims = self.claims(token)?;
        self.check(&claims, now_s)?;
        let identity = Arc::new(Identity {
            tenant: claims.ten,
            agent: claims.sub,
            access: claims.acc,
            interaction: claims.itx,
            expire_time_ns: claims.exp.saturating_mul(NS_PER_S),
            token_id: claims.jti,
        });
        self.remembered.insert(token.into(), Arc::clone(&identity));
        Ok(identity)
    }

    /// Whether this very token was verified before, so that it costs no signature.
    pub fn remembers(&self, token: &str) -> bool {
        self.remembered.peek(token).is_some()
    }

    fn claims(&self, token: &str) -> Result<Claims, TokenFault> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenFault::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|error| fault(&error))?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenFault::Algorithm);
        }
        let key = self.key(header.kid.as_deref()).ok_or(TokenFault::UnknownKey)?;
        jsonwebtoken::decode(token, &key.key, &self.validation)
            .map(|data| data.claims)
            .map_err(|error| fault(&error))
    }

    /// The key with this id; without an id the only key there is.
    fn key(&self, kid: Option<&str>) -> Option<&PublicKey> {
        match (kid, self.keys.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid == kid),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    fn check(&self, claims: &Claims, now_s: i64) -> Result<(), TokenFault> {
        if claims.ten != self.rules.tenant {
            return Err(TokenFault::Tenant);
        }
        let ids = [Some(&claims.sub), Some(&claims.jti), claims.itx.as_ref()];
        if !ids.into_iter().flatten().all(|id| is_id(id)) {
            return Err(TokenFault::Malformed);
        }
        check_end(claims.exp, now_s)?;
        let begin_s = claims.nbf.max(claims.iat);
        if begin_s > now_s.saturating_add(leeway_s()) {
            return Err(TokenFault::NotYetValid);
        }
        let ttl_max = match claims.acc {
            Access::Agent => AGENT_TOKEN_TTL_MAX,
            Access::Supervisor | Access::Auditor | Access::Admin => self.rules.tool_token_ttl,
        };
        let ttl_s = claims.exp.saturating_sub(claims.nbf.min(claims.iat));
        if ttl_s > i64::try_from(ttl_max.as_secs()).unwrap_or(i64::MAX) {
            return Err(TokenFault::TooLong);
        }
        let is_unbound_agent = claims.acc == Access::Agent && claims.itx.is_none();
        if is_unbound_agent && !self.rules.allows_unbound_agents {
            return Err(TokenFault::NoInteraction);
        }
        Ok(())
    }
}

fn check_end(expire_s: i64, now_s: i64) -> Result<(), TokenFault> {
    if now_s >= expire_s.saturating_add(leeway_s()) {
        return Err(TokenFault::Expired);
    }
    Ok(())
}

fn leeway_s() -> i64 {
    i64::try_from(LEEWAY.as_secs()).unwrap_or(i64::MAX)
}

fn is_id(id: &str) -> bool {
    (1..=ID_MAX_BYTES).contains(&id.len()) && !id.chars().any(char::is_control)
}

fn fault(error: &Error) -> TokenFault {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenFault::Signature,
        ErrorKind::InvalidAudience => TokenFault::Audience,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => TokenFault::Algorithm,
        _ => TokenFault::Malformed,
    }
}
