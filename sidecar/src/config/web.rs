//! Names of the web: hosts under which we are reached, and origins of pages.

use std::fmt;
use std::str::FromStr;

use http::uri::Authority;

/// The names of this machine to itself, as a `Host` header writes them.
pub(crate) const LOOPBACK_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// A host under which the port may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// The name in lower case, or an address; IPv6 in brackets.
    pub name: String,
    /// The only port allowed; `None` allows each.
    pub port: Option<u16>,
}

impl FromStr for HostRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, port) = split_host(text).ok_or_else(|| {
            format!("{text:?} is no host; write a name such as panel.example or panel.example:443, international names as xn--…")
        })?;
        if name != text.get(..name.len()).unwrap_or_default() {
            return Err(format!("{text:?} has upper-case letters; write {name}"));
        }
        Ok(Self { name, port })
    }
}

impl HostRule {
    /// Whether a `Host` header of this name and port is meant.
    pub fn allows(&self, name: &str, port: Option<u16>) -> bool {
        self.name == name && (self.port.is_none() || self.port == port)
    }
}

/// Splits a `Host` header into the name in lower case and the port; `None` for anything that is
/// not exactly a host and perhaps a port.
pub(crate) fn split_host(text: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let rest = authority.as_str().strip_prefix(host)?;
    let port = match rest.strip_prefix(':') {
        // `parse` alone would also take a sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        None if rest.is_empty() => None,
        _ => return None,
    };
    (!host.is_empty()).then(|| (host.to_ascii_lowercase(), port))
}

/// The origin of a page as browsers write it, such as `https://crm.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// The origin's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin of a page that this port serves under `name`.
    pub(crate) fn of(name: &str, port: u16, is_tls: bool) -> Self {
        let (scheme, default_port) = if is_tls { ("https", 443) } else { ("http", 80) };
        if port == default_port {
            return Self(format!("{scheme}://{name}"));
        }
        Self(format!("{scheme}://{name}:{port}"))
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebOrigin {
    type Err = String;

    /// Takes an origin only as browsers write it, because origins are compared byte by byte.
    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = |fix: &str| Err(format!("{text:?} is no origin; {fix}"));
        if text == "*" || text == "null" {
            return refuse("name each page's origin, such as https://crm.example");
        }
        let (default_port, rest) = match text.split_once("://") {
            Some(("https", rest)) => (443, rest),
            Some(("http", rest)) => (80, rest),
            _ => return refuse("it begins with https:// or http://"),
        };
        let Some((name, port)) = split_host(rest) else {
            return refuse("after the scheme comes a host, perhaps a port, and nothing more");
        };
        if port == Some(default_port) {
            return refuse("leave out the port, which is the scheme's own");
        }
        if name.ends_with('.') || !rest.starts_with(&name) {
            return refuse("write the host in lower case and without a point at its end");
        }
        Ok(Self(text.to_owned()))
    }
}
