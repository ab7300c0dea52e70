//! Signs tokens: the development key of a data folder, or a key that is given.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;
use thiserror::Error;

use super::key::PublicKey;
use super::{AUDIENCE, Access, Claims};
use crate::config::{SecretError, read_secret};

/// The development key's file in the data folder.
const DEVELOPMENT_FILE: &str = "development-token-key.pem";
/// The development key's id.
const DEVELOPMENT_KID: &str = "development";
const ISSUER: &str = "makegood";
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const PEM_END: &str = "\n-----END PRIVATE KEY-----\n";

/// Why a token was not signed.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The key's file is not to be read.
    #[error("token key: {0}")]
    Secret(#[from] SecretError),
    /// The development key cannot be written.
    #[error("token key {} cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The text is not the PEM of an Ed25519 private key.
    #[error(
        "token key {kid} is no Ed25519 private key; write one with openssl genpkey -algorithm ed25519"
    )]
    NotEd25519 {
        /// The key's id.
        kid: String,
    },
    /// The crypto library failed, which it does not for a key that it has taken.
    #[error("token could not be signed")]
    Signing,
}

/// What a token is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The tenant.
    pub tenant: String,
    /// The host's id of the agent.
    pub agent: String,
    /// What the holder may do.
    pub access: Access,
    /// The host's id of the interaction.
    pub interaction: Option<String>,
    /// How long it lives.
    pub ttl: Duration,
}

/// A private key that signs tokens.
pub struct Signer {
    kid: String,
    key: EncodingKey,
    public: PublicKey,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Signer {
    /// The development key of a data folder; made, readable by its owner alone, where there is
    /// none.
    ///
    /// # Errors
    /// The file cannot be read or written, or holds something else.
    pub fn development(data: &Path) -> Result<Self, TokenError> {
        let path = data.join(DEVELOPMENT_FILE);
        let unwritable = |source| TokenError::Unwritable { path: path.clone(), source };
        if !path.try_exists().map_err(unwritable)? {
            std::fs::create_dir_all(data).map_err(unwritable)?;
            let aside = path.with_extension(format!("{}.part", new_token_id()?));
            write_whole(&path, &aside, &new_key_pem()?).map_err(unwritable)?;
        }
        Self::from_pem(DEVELOPMENT_KID, read_secret(&path)?.as_bytes())
    }

    /// Reads a private key; its id is the one given, else the file's name without the ending.
    ///
    /// # Errors
    /// The file cannot be read, is open to everyone, or holds no Ed25519 private key in PEM.
    pub fn read(path: &Path, kid: Option<&str>) -> Result<Self, TokenError> {
        let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
        Self::from_pem(kid.unwrap_or(&stem), read_secret(path)?.as_bytes())
    }

    /// Takes a private key in PEM under an id.
    ///
    /// # Errors
    /// The text holds no Ed25519 private key in PEM.
    pub fn from_pem(kid: &str, pem: &[u8]) -> Result<Self, TokenError> {
        let not_ed25519 = || TokenError::NotEd25519 { kid: kid.to_owned() };
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| not_ed25519())?;
        let pair = Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| not_ed25519())?;
        let raw: [u8; 32] = pair.public_key().as_ref().try_into().map_err(|_| not_ed25519())?;
        Ok(Self {
            kid: kid.to_owned(),
            key: EncodingKey::from_ed_der(der.secret_pkcs8_der()),
            public: PublicKey::from_raw(kid, &raw),
        })
    }

    /// The key that verifies what this one signs.
    pub fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs a token that begins now and lives as long as the grant says.
    ///
    /// `now_s` is the time in seconds since the Unix epoch.
    ///
    /// # Errors
    /// Only if the crypto library fails, or the system gives no randomness.
    pub fn sign(&self, grant: &Grant, now_s: i64) -> Result<String, TokenError> {
        let ttl_s = i64::try_from(grant.ttl.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: grant.agent.clone(),
            ten: grant.tenant.clone(),
            acc: grant.access,
            itx: grant.interaction.clone(),
            iat: now_s,
            nbf: now_s,
            exp: now_s.saturating_add(ttl_s),
            jti: new_token_id()?,
        };
        self.encode(&claims)
    }

    /// Signs any claims, those of tests too.
    pub(super) fn encode(&self, claims: &impl Serialize) -> Result<String, TokenError> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| TokenError::Signing)
    }
}

fn new_token_id() -> Result<String, TokenError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| TokenError::Signing)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn new_key_pem() -> Result<String, TokenError> {
    use base64::Engine as _;
    let pair = Ed25519KeyPair::generate().map_err(|_| TokenError::Signing)?;
    let der: Pkcs8V1Der<'static> = pair.as_der().map_err(|_| TokenError::Signing)?;
    let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    Ok(format!("{PEM_BEGIN}{text}{PEM_END}"))
}

/// Writes a file, readable by its owner alone from its first moment, unless another process has
/// done so meanwhile: whoever finds it finds it whole.
fn write_whole(path: &Path, aside: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(aside, path);
    std::fs::remove_file(aside)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}
