//! The way to a sidecar: its address, who vouches for it, and the token to show it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use http::Uri;
use makegood_proto::v1::consult_service_client::ConsultServiceClient;
use makegood_proto::v1::governance_service_client::GovernanceServiceClient;
use makegood_proto::v1::review_service_client::ReviewServiceClient;
use makegood_proto::v1::subject_service_client::SubjectServiceClient;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use super::Remote;
use crate::commands::serve;
use crate::config::read_secret;

/// Who vouches for the certificate of the sidecar.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct TrustArgs {
    /// The certificates that vouch for the sidecar's own, in PEM, instead of the system's.
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,
}

/// The way to a sidecar: where it is, and the token to show it.
#[derive(Debug)]
pub(in crate::commands) struct Door {
    endpoint: Endpoint,
    bearer: MetadataValue<Ascii>,
}

impl Door {
    /// The way to the sidecar at a URL, with the token in this file.
    ///
    /// # Errors
    /// The URL is none, or would send the token over a network in the clear; a file cannot be used.
    pub(super) fn new(url: &str, token: &Path, trust: &TrustArgs) -> anyhow::Result<Self> {
        let endpoint = endpoint(url, trust)?;
        let secret = read_secret(token).context("read the token")?;
        let bearer = format!("Bearer {}", secret.trim()).parse().with_context(|| {
            format!("{} holds no token; `makegood token mint` makes one", token.display())
        })?;
        Ok(Self { endpoint, bearer })
    }

    /// Does something with the sidecar, to its end.
    pub(in crate::commands) fn with<T>(
        self,
        work: impl AsyncFnOnce(Remote) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        serve::runtime()?.block_on(async { work(self.connect().await?).await })
    }

    async fn connect(self) -> anyhow::Result<Remote> {
        let channel = self.endpoint.connect().await.with_context(|| self.fix())?;
        Ok(Remote {
            governance: GovernanceServiceClient::new(channel.clone()),
            reviews: ReviewServiceClient::new(channel.clone()),
            subjects: SubjectServiceClient::new(channel.clone()),
            consults: ConsultServiceClient::new(channel),
            bearer: self.bearer,
        })
    }

    /// What to do where it cannot be reached.
    fn fix(&self) -> String {
        let uri = self.endpoint.uri();
        if uri.scheme_str() == Some("https") {
            format!(
                "reach {uri}; --ca names who vouches for it where the system does not know them"
            )
        } else {
            format!(
                "reach {uri}; `makegood serve` starts a sidecar, and one with TLS is at https://"
            )
        }
    }
}

fn endpoint(url: &str, trust: &TrustArgs) -> anyhow::Result<Endpoint> {
    let parsed: Option<Uri> = url.parse().ok();
    let named = parsed.as_ref().and_then(|uri| Some((uri, uri.scheme_str()?, uri.host()?)));
    let known = named.filter(|(_, scheme, _)| ["http", "https"].contains(scheme));
    let (uri, scheme, host) = known.with_context(|| {
        format!(
            "{url:?} is no URL of a sidecar; write one such as http://127.0.0.1:7070 or \
             https://panel.example:7443"
        )
    })?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let endpoint = Endpoint::from(uri.clone());
    if scheme == "http" {
        ensure!(trust.ca.is_none(), "--ca is for a sidecar with TLS; write https:// for {url}");
        ensure!(
            is_loopback(host),
            "{url} would send the token over the network in the clear; write https:// for a sidecar \
             on another machine"
        );
        return Ok(endpoint);
    }
    let tls = ClientTlsConfig::new().domain_name(host);
    let tls = match &trust.ca {
        Some(file) => tls.ca_certificate(certificates(file)?),
        None => tls.with_native_roots(),
    };
    endpoint.tls_config(tls).with_context(|| {
        format!("prepare TLS for {url}; --ca names who vouches for it where the system has nobody")
    })
}

/// Whether what is sent there stays on this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |it| it.is_loopback())
}

/// The certificates of a file, of which there is one at least.
fn certificates(file: &Path) -> anyhow::Result<Certificate> {
    let pem = std::fs::read(file).with_context(|| format!("read --ca {}", file.display()))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    ensure!(
        read.is_ok_and(|certificates| !certificates.is_empty()),
        "--ca {} holds no certificate in PEM; name the file of who vouches for the sidecar",
        file.display()
    );
    Ok(Certificate::from_pem(pem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_a_token_in_the_clear_to_this_machine_alone() {
        let trust = TrustArgs { ca: None };
        for url in
            ["http://127.0.0.1:7070", "http://127.9.9.9", "http://[::1]:7070", "http://LOCALHOST"]
        {
            endpoint(url, &trust).unwrap_or_else(|error| panic!("{url}: {error:#}"));
        }
        for (url, fix) in [
            ("http://panel.example:7443", "https://"),
            ("http://10.0.0.7:7070", "https://"),
            ("http://0.0.0.0:7070", "https://"),
            ("http://[2001:db8::1]:7070", "https://"),
            ("http://127.0.0.1.panel.example", "https://"),
            ("http://localhost.example", "https://"),
            ("http://localhost@panel.example", "https://"),
            ("127.0.0.1:7070", "http://127.0.0.1:7070"),
            ("grpc://127.0.0.1:7070", "http://127.0.0.1:7070"),
            ("http://", "http://127.0.0.1:7070"),
        ] {
            let refused = endpoint(url, &trust).unwrap_err().to_string();
            assert!(refused.contains(fix), "{url}: {refused}");
        }
    }

    #[test]
    fn trusts_what_holds_certificates_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no pem").unwrap();
        for (ca, complaint) in
            [(file.path(), "holds no certificate"), (Path::new("/absent"), "read --ca /absent")]
        {
            let trust = TrustArgs { ca: Some(ca.to_owned()) };
            let refused = endpoint("https://panel.example", &trust).unwrap_err().to_string();
            assert!(refused.contains(complaint), "{refused}");
            let refused = endpoint("http://127.0.0.1", &trust).unwrap_err().to_string();
            assert!(refused.contains("https://"), "{refused}");
        }
    }
}
