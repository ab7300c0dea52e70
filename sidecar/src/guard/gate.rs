//! Host and origin: only under our names, and only from pages that are allowed.
//!
//! A page of anyone can make a browser send requests here, and can rebind a name of its own to this
//! machine; both show in these two headers, which pages cannot forge.

use axum::body::Body;
use http::header::{HOST, HeaderMap, ORIGIN};
use http::{Request, Response, StatusCode, Uri};

use super::Inner;
use super::refuse::plain;
use crate::config::{Config, HostRule, LOOPBACK_NAMES, WebOrigin, split_host};

/// What is let in.
#[derive(Debug)]
pub(super) struct Gate {
    hosts: Vec<HostRule>,
    origins: Vec<WebOrigin>,
    is_tls: bool,
}

/// Why the gate stays closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    Host,
    Origin,
}

impl Gate {
    pub(super) fn new(config: &Config, port: u16) -> Self {
        Self {
            hosts: config.allowed_hosts.clone(),
            origins: config.allowed_origins_at(port),
            is_tls: config.tls.is_some(),
        }
    }

    /// The pages that are allowed.
    pub(super) fn origins(&self) -> &[WebOrigin] {
        &self.origins
    }

    fn admit(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Closed> {
        let host = host(uri, headers).ok_or(Closed::Host)?;
        let (name, port) = split_host(host).ok_or(Closed::Host)?;
        let is_loopback = LOOPBACK_NAMES.contains(&name.as_str());
        if !is_loopback && !self.hosts.iter().any(|rule| rule.allows(&name, port)) {
            return Err(Closed::Host);
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            // Programs send none, and neither do browsers for a page's own files.
            (None, _) => Ok(()),
            (Some(origin), None) => {
                let is_allowed = origin.to_str().is_ok_and(|origin| {
                    self.is_listed(origin) || self.is_own(origin, host, is_loopback)
                });
                is_allowed.then_some(()).ok_or(Closed::Origin)
            }
            (Some(_), Some(_)) => Err(Closed::Origin),
        }
    }

    fn is_listed(&self, origin: &str) -> bool {
        self.origins.iter().any(|listed| listed.as_str() == origin)
    }

    /// Whether the page came from this very port: the panel's frame calls its own origin.
    ///
    /// Without TLS of our own a proxy before us may speak https; plain http is our own on this
    /// machine only.
    fn is_own(&self, origin: &str, host: &str, is_loopback: bool) -> bool {
        let (rest, default_port) = match origin.split_once("://") {
            Some(("https", rest)) => (rest, ":443"),
            Some(("http", rest)) if is_loopback && !self.is_tls => (rest, ":80"),
            _ => return false,
        };
        rest == host || host.strip_suffix(default_port) == Some(rest)
    }
}

/// The host that the request names; `None` where there is none, or two that differ.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut named = headers.get_all(HOST).iter();
    let header = match (named.next(), named.next()) {
        (Some(one), None) => Some(one.to_str().ok()?),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    let authority = uri.authority().map(http::uri::Authority::as_str);
    match (authority, header) {
        (Some(authority), Some(header)) => (authority == header).then_some(authority),
        (authority, header) => authority.or(header),
    }
}

/// Refuses what comes under a name that is not ours, or from a page that is not allowed.
pub(super) fn check(inner: &Inner, request: &mut Request<Body>) -> Result<(), Box<Response<Body>>> {
    let refused = match inner.gate.admit(request.uri(), request.headers()) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    let text = match refused {
        Closed::Host => {
            inner.metrics.refused_host();
            "host is not allowed; add it to allowed_hosts"
        }
        Closed::Origin => {
            inner.metrics.refused_origin();
            "origin is not allowed; add it to allowed_origins"
        }
    };
    Err(Box::new(plain(StatusCode::FORBIDDEN, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(is_tls: bool) -> Gate {
        Gate {
            hosts: vec![
                "panel.example".parse().unwrap(),
                "xn--bcher-kva.example:8443".parse().unwrap(),
            ],
            origins: vec!["https://crm.example".parse().unwrap()],
            is_tls,
        }
    }

    fn admit(gate: &Gate, host: &str, origin: Option<&str>) -> Result<(), Closed> {
        let mut headers = HeaderMap::new();
        if !host.is_empty() {
            headers.insert(HOST, host.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        gate.admit(&Uri::from_static("/x"), &headers)
    }

    const OK: Result<(), Closed> = Ok(());
    const HOST_CLOSED: Result<(), Closed> = Err(Closed::Host);
    const ORIGIN_CLOSED: Result<(), Closed> = Err(Closed::Origin);

    #[rustfmt::skip]
    const HOSTS: &[(&str, Result<(), Closed>)] = &[
        ("127.0.0.1", OK),
        ("127.0.0.1:7070", OK),
        ("localhost:7070", OK),
        ("LOCALHOST:7070", OK),
        ("[::1]:7070", OK),
        ("[::1]", OK),
        ("panel.example", OK),
        ("Panel.Example:443", OK),
        ("xn--bcher-kva.example:8443", OK),
        ("", HOST_CLOSED),
        ("127.0.0.1.evil", HOST_CLOSED),
        ("127.0.0.1.evil:7070", HOST_CLOSED),
        ("127.0.0.2", HOST_CLOSED),
        ("0.0.0.0:7070", HOST_CLOSED),
        ("localhost.", HOST_CLOSED),
        ("localhost.evil", HOST_CLOSED),
        ("panel.example.", HOST_CLOSED),
        ("panel.example.evil", HOST_CLOSED),
        ("evil.panel.example", HOST_CLOSED),
        ("xn--bcher-kva.example", HOST_CLOSED),
        ("xn--bcher-kva.example:8444", HOST_CLOSED),
        ("bücher.example:8443", HOST_CLOSED),
        ("::1", HOST_CLOSED),
        ("[::1]x", HOST_CLOSED),
        ("[::ffff:127.0.0.1]", HOST_CLOSED),
        ("localhost:", HOST_CLOSED),
        ("localhost:99999", HOST_CLOSED),
        ("localhost:+7070", HOST_CLOSED),
        ("me@localhost:7070", HOST_CLOSED),
        ("localhost/x", HOST_CLOSED),
        ("localhost evil", HOST_CLOSED),
    ];

    #[test]
    fn opens_under_our_names_only() {
        for (host, expected) in HOSTS {
            assert_eq!(admit(&gate(false), host, None), *expected, "{host}");
        }
    }

    #[rustfmt::skip]
    const ORIGINS: &[(&str, &str, Result<(), Closed>)] = &[
        ("127.0.0.1:7070", "https://crm.example", OK),
        ("panel.example", "https://crm.example", OK),
        ("localhost:7070", "http://localhost:7070", OK),
        ("[::1]:7070", "http://[::1]:7070", OK),
        ("localhost:80", "http://localhost", OK),
        ("panel.example", "https://panel.example", OK),
        ("panel.example:443", "https://panel.example", OK),
        ("panel.example", "http://panel.example", ORIGIN_CLOSED),
        ("localhost:7070", "http://127.0.0.1:7070", ORIGIN_CLOSED),
        ("localhost:7070", "http://localhost:7071", ORIGIN_CLOSED),
        ("localhost:7070", "http://localhost", ORIGIN_CLOSED),
        ("localhost:7070", "null", ORIGIN_CLOSED),
        ("localhost:7070", "", ORIGIN_CLOSED),
        ("localhost:7070", "https://crm.example.evil", ORIGIN_CLOSED),
        ("localhost:7070", "https://evil.crm.example", ORIGIN_CLOSED),
        ("localhost:7070", "https://crm.example:8443", ORIGIN_CLOSED),
        ("localhost:7070", "https://crm.example.", ORIGIN_CLOSED),
        ("localhost:7070", "https://crm.example/", ORIGIN_CLOSED),
        ("localhost:7070", "HTTPS://CRM.EXAMPLE", ORIGIN_CLOSED),
        ("localhost:7070", "http://crm.example", ORIGIN_CLOSED),
        ("localhost:7070", "chrome-extension://abc", ORIGIN_CLOSED),
        ("localhost:7070", "file://", ORIGIN_CLOSED),
        ("localhost:7070", "localhost:7070", ORIGIN_CLOSED),
        ("evil.example", "https://crm.example", HOST_CLOSED),
        ("evil.example", "https://evil.example", HOST_CLOSED),
    ];

    #[test]
    fn opens_for_allowed_pages_only() {
        for (host, origin, expected) in ORIGINS {
            assert_eq!(admit(&gate(false), host, Some(origin)), *expected, "{host} {origin}");
        }
    }

    #[test]
    fn takes_plain_http_for_foreign_once_it_has_tls() {
        let own = Some("http://localhost:7070");
        assert_eq!(admit(&gate(true), "localhost:7070", own), ORIGIN_CLOSED);
        let own = Some("https://localhost:7070");
        assert_eq!(admit(&gate(true), "localhost:7070", own), OK);
    }

    #[test]
    fn refuses_two_hosts_or_origins() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, "localhost".parse().unwrap());
        let uri = Uri::from_static("http://localhost/x");
        assert_eq!(gate(false).admit(&uri, &headers), OK);
        let uri = Uri::from_static("http://evil.example/x");
        assert_eq!(gate(false).admit(&uri, &headers), HOST_CLOSED);
        headers.append(ORIGIN, "https://crm.example".parse().unwrap());
        headers.append(ORIGIN, "https://crm.example".parse().unwrap());
        let uri = Uri::from_static("/x");
        assert_eq!(gate(false).admit(&uri, &headers), ORIGIN_CLOSED);
        headers.append(HOST, "localhost".parse().unwrap());
        assert_eq!(gate(false).admit(&uri, &headers), HOST_CLOSED);
    }
}
