//! TLS of the port: 1.3 alone, with HTTP/2 before HTTP/1.1.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{self, ServerConfig};

use crate::config::{SecretError, TlsFiles, read_secret};

/// Why the port has no TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate cannot be read.
    #[error("tls.cert {} cannot be read: {source}", path.display())]
    Cert {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls_pki_types::pem::Error,
    },
    /// The key's file is not to be read.
    #[error("tls.key: {0}")]
    Secret(#[from] SecretError),
    /// The key is none.
    #[error("tls.key {} holds no private key in pem: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls_pki_types::pem::Error,
    },
    /// The two do not belong together, or the certificate is malformed.
    #[error("tls.cert and tls.key do not make an identity: {0}; name the certificate of this key")]
    Identity(#[from] rustls::Error),
}

/// Reads the identity's files.
///
/// # Errors
/// A file cannot be read or holds something else, or the key is not the certificate's.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let key = private_key(&files.key)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain(&files.cert)?, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Cert { path: path.to_owned(), source };
    CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read_secret(path)?;
    PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|source| TlsError::Key { path: path.to_owned(), source })
}
