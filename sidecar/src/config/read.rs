//! Reads the text of each value into its type; every problem names the key, its origin and the fix.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use makegood_ledger::checkpoint;

use super::layers::Values;
use crate::proofs::WitnessAddressError;

use super::{Config, Diagnostics, Limits, LogFormat, Mode, TlsFiles, WebOrigin};

/// Longer than this a token that leaked would be of use for too long.
const TOOL_TOKEN_TTL_MAX_S: u64 = 12 * 3600;
/// Larger messages belong into an import.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
const DEADLINE_MAX_MS: u64 = 60_000;
const COUNT_MAX: usize = 1_000_000;
const BOUND_MAX: u32 = 1_000_000;

/// The configuration that the values make; `None` where one did not parse.
pub(super) fn config(values: &Values, problems: &mut Vec<String>) -> Option<Config> {
    let mut reader = Reader { values, problems };
    let listen = reader.one("listen", parse_address);
    let mode = reader.one("mode", |text| match text {
        "development" => Ok(Mode::Development),
        "production" => Ok(Mode::Production),
        _ => Err("write development or production".to_owned()),
    });
    let tenant = reader.one("tenant", parse_tenant);
    let default_region = reader.one("default_region", parse_region);
    let allowed_hosts = reader.list("allowed_hosts", str::parse);
    let allowed_origins: Option<Vec<WebOrigin>> = reader.list("allowed_origins", str::parse);
    let frame_ancestors = reader.list("frame_ancestors", str::parse);
    let tls = reader.tls();
    let token_keys = reader.list("token_keys", |text| Ok(PathBuf::from(text)));
    let tool_token_ttl_s = reader.whole("tool_token_ttl_s", 60..=TOOL_TOKEN_TTL_MAX_S);
    let proxies = reader.list("proxies", parse_network);
    let origin = reader.optional("origin", parse_origin);
    let accept_rollback = reader.optional("accept_rollback", parse_checkpoint_name);
    let witnesses = reader.list("witnesses", |text| {
        text.parse().map_err(|error: WitnessAddressError| error.to_string())
    });
    let tlog_public = reader.one("tlog_public", parse_truth);
    let diagnostics = reader.one("diagnostics", parse_diagnostics);
    let cache_bytes = reader.whole("cache_bytes", 0..=u64::MAX);
    let log_format = reader.one("log_format", |text| match text {
        "compact" => Ok(LogFormat::Compact),
        "json" => Ok(LogFormat::Json),
        _ => Err("write compact or json".to_owned()),
    });
    let limits = reader.limits();
    let listen = listen?;
    let allowed_origins = allowed_origins?;
    let frame_ancestors = frame_ancestors?;
    Some(Config {
        listen,
        mode: mode?,
        data: reader.path("data")?,
        tenant: tenant?,
        policy: reader.path("policy"),
        default_region: default_region?,
        allowed_hosts: allowed_hosts?,
        frame_ancestors: if frame_ancestors.is_empty() {
            allowed_origins.clone()
        } else {
            frame_ancestors
        },
        allowed_origins,
        tls: tls?,
        token_keys: token_keys?,
        tool_token_ttl: Duration::from_secs(tool_token_ttl_s?),
        kek_file: reader.path("kek_file"),
        proxies: proxies?,
        origin: origin?,
        anchor: reader.path("checkpoint_file"),
        accept_rollback: accept_rollback?,
        witnesses: witnesses?,
        tlog_public: tlog_public?,
        diagnostics: diagnostics?.unwrap_or(if listen.ip().is_loopback() {
            Diagnostics::Open
        } else {
            Diagnostics::Admin
        }),
        cache_bytes: cache_bytes?,
        log_format: log_format?,
        log_filter: reader.text("log_filter")?.to_owned(),
        limits: limits?,
    })
}

struct Reader<'a> {
    values: &'a Values,
    problems: &'a mut Vec<String>,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        let (text, _) = self.values.get(name)?;
        (!text.is_empty()).then_some(text)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    fn one<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (text, origin) = self.values.get(name)?;
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(fix) => {
                self.problems.push(format!("{name} from {origin}: {fix}"));
                None
            }
        }
    }

    /// `None` for a problem, `Some(None)` where nothing was given.
    #[expect(clippy::option_option, reason = "outside: did it parse; inside: is there any")]
    fn optional<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        if self.text(name).is_none() {
            return Some(None);
        }
        self.one(name, parse).map(Some)
    }

    fn list<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        self.one(name, |text| {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(parse).collect()
        })
    }

    fn whole<T>(&mut self, name: &str, range: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        self.one(name, |text| {
            text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
                let (least, most) = (range.start(), range.end());
                format!("{text:?} must be a whole number from {least} to {most}")
            })
        })
    }

    /// `None` for a problem, `Some(None)` for no bound.
    #[expect(clippy::option_option, reason = "outside: did it parse; inside: is there any")]
    fn bound(&mut self, name: &str) -> Option<Option<NonZeroU32>> {
        self.whole(name, 0..=BOUND_MAX).map(NonZeroU32::new)
    }

    /// `None` for a problem, `Some(None)` for no TLS.
    #[expect(clippy::option_option, reason = "outside: did it parse; inside: is there any")]
    fn tls(&mut self) -> Option<Option<TlsFiles>> {
        match (self.path("tls.cert"), self.path("tls.key")) {
            (Some(cert), Some(key)) => Some(Some(TlsFiles { cert, key })),
            (None, None) => Some(None),
            (Some(_), None) => {
                self.problems
                    .push("tls.key is missing beside tls.cert; name both or none".to_owned());
                None
            }
            (None, Some(_)) => {
                self.problems
                    .push("tls.cert is missing beside tls.key; name both or none".to_owned());
                None
            }
        }
    }

    fn limits(&mut self) -> Option<Limits> {
        let connections = self.bound("max_connections");
        let address_connections = self.bound("address_connections");
        let agent_rate = self.bound("agent_rate");
        let tenant_rate = self.bound("tenant_rate");
        let search_rate = self.bound("search_rate");
        let streams = self.whole("limits.streams", 1..=1024);
        let connection_requests = self.whole("limits.connection_requests", 1..=1024);
        let reads = self.whole("limits.reads", 1..=COUNT_MAX);
        let writes = self.whole("limits.writes", 1..=COUNT_MAX);
        let message_bytes = self.whole("limits.message_bytes", 1024..=MESSAGE_BYTES_MAX);
        let read_ms = self.whole("limits.read_deadline_ms", 1..=DEADLINE_MAX_MS);
        let write_ms = self.whole("limits.write_deadline_ms", 1..=DEADLINE_MAX_MS);
        let longest_ms = self.whole("limits.longest_deadline_ms", 1..=DEADLINE_MAX_MS);
        Some(Limits {
            connections: connections?,
            address_connections: address_connections?,
            agent_rate: agent_rate?,
            tenant_rate: tenant_rate?,
            search_rate: search_rate?,
            streams: streams?,
            connection_requests: connection_requests?,
            reads: reads?,
            writes: writes?,
            message_bytes: message_bytes?,
            read_deadline: Duration::from_millis(read_ms?),
            write_deadline: Duration::from_millis(write_ms?),
            longest_deadline: Duration::from_millis(longest_ms?),
        })
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "{text:?} is no address with a port; write one such as 127.0.0.1:7070 or [::1]:7070"
        )
    })
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| address())
        .map_err(|_| format!("{text:?} is no network; write one such as 10.0.0.0/8, or an address"))
}

fn parse_truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "write true or false".to_owned())
}

fn parse_origin(text: &str) -> Result<String, String> {
    if checkpoint::is_name(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} must have no spaces and plus signs; write one such as books.example/ledger"
    ))
}

fn parse_checkpoint_name(text: &str) -> Result<String, String> {
    let is_name = text.split_once(':').is_some_and(|(size, hash)| {
        let is_hash = hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        size.parse::<u64>().is_ok() && is_hash
    });
    if is_name {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} must be a size, a colon and at least 8 hexadecimal digits of the hash"))
}

/// The tenant names a folder, so its characters are few.
fn parse_tenant(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    if (1..=40).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} must be 1 to 40 characters of a-z, 0-9, _ and -"))
}

fn parse_region(text: &str) -> Result<String, String> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} must be two upper-case letters such as US or DE"))
}

/// `Ok(None)` leaves it to the address.
fn parse_diagnostics(text: &str) -> Result<Option<Diagnostics>, String> {
    match text {
        "auto" => Ok(None),
        "open" => Ok(Some(Diagnostics::Open)),
        "admin" => Ok(Some(Diagnostics::Admin)),
        _ => Err("write auto, open or admin".to_owned()),
    }
}
