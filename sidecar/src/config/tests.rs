//! Tests of the configuration: precedence, refusals, and what is safe to serve.

use super::keys::KEYS;
use super::*;

fn pairs(env: &[(&str, &str)]) -> Vec<(String, String)> {
    env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(flags: &[(&str, &str)], env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&ConfigFlags::from_pairs(flags), &pairs(env)).map(|(config, _)| config)
}

fn problems(flags: &[(&str, &str)], env: &[(&str, &str)]) -> String {
    load(flags, env).unwrap_err().to_string()
}

fn file_of(folder: &tempfile::TempDir, text: &str) -> ConfigFlags {
    let path = folder.path().join("makegood.toml");
    std::fs::write(&path, text).unwrap();
    ConfigFlags { file: Some(path), ..ConfigFlags::default() }
}

#[test]
fn serves_loopback_in_development_by_default() {
    let config = load(&[], &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7070");
    assert_eq!(config.mode, Mode::Development);
    assert_eq!(config.diagnostics, Diagnostics::Open);
    assert_eq!(config.limits.streams, 64);
    assert_eq!(config.limits.message_bytes, 64 * 1024);
    assert_eq!(config.tenant_folder(), PathBuf::from("makegood-data/house"));
}

#[test]
fn takes_flag_before_environment_before_file_before_default() {
    let folder = tempfile::tempdir().unwrap();
    let mut flags = file_of(
        &folder,
        "tenant = \"from_file\"\ndata = \"file\"\ncache_bytes = 7\n[limits]\nstreams = 9\n",
    );
    flags.values.insert("tenant", "from_flag".to_owned());
    let env = pairs(&[("MAKEGOOD_TENANT", "from_env"), ("MAKEGOOD_DATA", "env")]);
    let (config, lines) = Config::load(&flags, &env).unwrap();
    assert_eq!(config.tenant, "from_flag");
    assert_eq!(config.data, PathBuf::from("env"));
    assert_eq!((config.cache_bytes, config.limits.streams), (7, 9));
    let origin = |key: &str| {
        let line = lines.iter().find(|line| line.key == key).unwrap();
        line.origin.clone()
    };
    assert_eq!(origin("tenant"), Origin::Flag("tenant"));
    assert_eq!(origin("data"), Origin::Env("MAKEGOOD_DATA".to_owned()));
    assert!(matches!(origin("limits.streams"), Origin::File(_)));
    assert_eq!(origin("listen"), Origin::Default);
    assert_eq!(lines.len(), KEYS.len());
}

#[test]
fn names_flags_and_variables_after_their_keys() {
    for key in KEYS {
        let words = key.name.replace('.', "_");
        assert_eq!(key.flag, words.replace('_', "-"));
        assert_eq!(key.env, format!("MAKEGOOD_{}", words.to_uppercase()));
        assert!(!key.help.ends_with('.'), "{}", key.name);
    }
}

/// A variable, its value, and a part of what is said about it.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str)] = &[
    ("MAKEGOOD_LISTN", "x", "MAKEGOOD_LISTN from the environment is unknown; the nearest key is MAKEGOOD_LISTEN"),
    ("MAKEGOOD_LISTEN", "7070", "listen from environment MAKEGOOD_LISTEN: \"7070\" is no address"),
    ("MAKEGOOD_MODE", "prod", "mode from environment MAKEGOOD_MODE: write development or production"),
    ("MAKEGOOD_TENANT", "../x", "tenant from environment MAKEGOOD_TENANT: \"../x\" must be 1 to 40"),
    ("MAKEGOOD_DEFAULT_REGION", "usa", "must be two upper-case letters"),
    ("MAKEGOOD_ALLOWED_HOSTS", "bücher.example", "international names as xn--"),
    ("MAKEGOOD_ALLOWED_HOSTS", "Panel.example", "has upper-case letters; write panel.example"),
    ("MAKEGOOD_ALLOWED_ORIGINS", "*", "name each page's origin"),
    ("MAKEGOOD_ALLOWED_ORIGINS", "null", "name each page's origin"),
    ("MAKEGOOD_ALLOWED_ORIGINS", "crm.example", "it begins with https://"),
    ("MAKEGOOD_ALLOWED_ORIGINS", "https://crm.example/", "and nothing more"),
    ("MAKEGOOD_ALLOWED_ORIGINS", "https://crm.example:443", "leave out the port"),
    ("MAKEGOOD_ALLOWED_ORIGINS", "https://CRM.example", "in lower case"),
    ("MAKEGOOD_LIMITS_STREAMS", "0", "\"0\" must be a whole number from 1 to 1024"),
    ("MAKEGOOD_LIMITS_STREAMS", "-1", "must be a whole number"),
    ("MAKEGOOD_AGENT_RATE", "fast", "agent_rate from environment MAKEGOOD_AGENT_RATE: \"fast\" must be a whole number from 0 to 1000000"),
    ("MAKEGOOD_TENANT_RATE", "-1", "must be a whole number from 0 to 1000000"),
    ("MAKEGOOD_MAX_CONNECTIONS", "1000001", "must be a whole number from 0 to 1000000"),
    ("MAKEGOOD_PROXIES", "10.0.0.0/33", "\"10.0.0.0/33\" is no network; write one such as 10.0.0.0/8"),
    ("MAKEGOOD_PROXIES", "proxy.example", "is no network"),
    ("MAKEGOOD_DIAGNOSTICS", "all", "write auto, open or admin"),
    ("MAKEGOOD_TLS_CERT", "c.pem", "tls.key is missing beside tls.cert"),
    ("MAKEGOOD_LIMITS_LONGEST_DEADLINE_MS", "100", "limits.longest_deadline_ms is below"),
    ("MAKEGOOD_CONFIG", "/nowhere.toml", "config file /nowhere.toml"),
    ("MAKEGOOD_TENANT_FILE", "/nowhere", "tenant from environment MAKEGOOD_TENANT_FILE: /nowhere cannot be read"),
];

#[test]
fn refuses_what_it_does_not_know_or_cannot_read() {
    for (name, value, expected) in REFUSED {
        let found = problems(&[], &[(name, value)]);
        assert!(found.contains(expected), "{name}={value} gave {found}");
    }
}

#[test]
fn names_every_problem_of_a_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let flags = file_of(
        &folder,
        "lsten = \"127.0.0.1:1\"\nlisten = true\nallowed_hosts = \"one\"\ntoken_keys = 3\n[limits]\nstreems = 1\n",
    );
    let found = Config::load(&flags, &[]).unwrap_err();
    let text = found.to_string();
    for expected in [
        "the nearest key is listen",
        "listen from file",
        "write a list of texts",
        "the nearest key is limits.streams",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert_eq!(found.problems.len(), 4);
}

#[test]
fn lets_variables_of_other_programs_pass() {
    let env = [
        ("MAKEGOOD_SERVICE_HOST", "10.0.0.1"),
        ("MAKEGOOD_PORT", "tcp://10.0.0.1:7070"),
        ("MAKEGOOD_PORT_7070_TCP_ADDR", "10.0.0.1"),
        ("MAKEGOOD_DATA_DIR", "/data"),
    ];
    assert!(load(&[], &env).is_ok());
}

#[test]
fn serves_other_machines_only_with_tls_and_token_keys() {
    let public = ("listen", "0.0.0.0:7070");
    let found = problems(&[public], &[]);
    assert!(found.contains("listen 0.0.0.0:7070 is not a loopback address"), "{found}");
    let tls = "tls = { cert = \"cert.pem\", key = \"key.pem\" }";
    let keys = "token_keys = [\"vendor.pem\"]";
    assert!(found.contains(tls) && found.contains(keys), "{found}");

    let real = ("mode", "production");
    let kek = ("kek_file", "kek");
    let found = problems(&[public, real, kek], &[]);
    assert!(found.contains(tls) && found.contains(keys), "{found}");
    let found = problems(&[public, real, kek, ("token_keys", "vendor.pem")], &[]);
    assert!(found.contains(tls) && !found.contains(keys), "{found}");

    let cert = [("tls.cert", "c.pem"), ("tls.key", "k.pem")];
    let whole = [public, real, kek, ("token_keys", "vendor.pem"), cert[0], cert[1]];
    let config = load(&whole, &[]).unwrap();
    assert_eq!(config.diagnostics, Diagnostics::Admin);
    assert!(load(&[real, kek], &[]).is_err());
}

#[test]
fn takes_its_own_pages_in_development_only() {
    let config = load(&[("allowed_origins", "https://crm.example")], &[]).unwrap();
    let origins: Vec<String> =
        config.allowed_origins_at(7070).iter().map(ToString::to_string).collect();
    assert_eq!(
        origins,
        [
            "https://crm.example",
            "http://127.0.0.1:7070",
            "http://localhost:7070",
            "http://[::1]:7070",
        ]
    );
    let real = [("mode", "production"), ("kek_file", "kek"), ("token_keys", "v.pem")];
    let config = load(&real, &[]).unwrap();
    assert!(config.frame_ancestors_at(7070).is_empty());
}

#[test]
fn limits_callers_by_default_and_takes_zero_for_no_limit() {
    let limits = load(&[], &[]).unwrap().limits;
    let bounds = |limits: Limits| {
        [
            limits.agent_rate,
            limits.tenant_rate,
            limits.search_rate,
            limits.connections,
            limits.address_connections,
        ]
        .map(|bound| bound.map(NonZeroU32::get))
    };
    assert_eq!(bounds(limits), [Some(20), Some(2_000), Some(1), Some(10_000), Some(16)]);
    let names = ["agent_rate", "tenant_rate", "search_rate", "max_connections"];
    let none = names.map(|name| (name, "0"));
    let limits = load(&[none.as_slice(), &[("address_connections", "0")]].concat(), &[]);
    assert_eq!(bounds(limits.unwrap().limits), [None; 5]);
}

#[test]
fn takes_networks_and_addresses_for_proxies() {
    let proxies = load(&[("proxies", "10.0.0.0/8, 192.0.2.7,2001:db8::/32")], &[]).unwrap().proxies;
    let contains = |address: &str| {
        let address: std::net::IpAddr = address.parse().unwrap();
        proxies.iter().any(|network| network.contains(&address))
    };
    for (address, expected) in [
        ("10.9.8.7", true),
        ("192.0.2.7", true),
        ("192.0.2.8", false),
        ("2001:db8::1", true),
        ("2001:db9::1", false),
    ] {
        assert_eq!(contains(address), expected, "{address}");
    }
}

#[cfg(unix)]
#[test]
fn reads_secrets_only_from_closed_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tenant");
    std::fs::write(&path, "hotel\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let env = [("MAKEGOOD_TENANT_FILE", path.to_str().unwrap())];
    assert_eq!(load(&[], &env).unwrap().tenant, "hotel");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(problems(&[], &env).contains("is readable by everyone"));
}

#[test]
fn makes_a_flag_of_every_key() {
    use clap::{Args as _, FromArgMatches as _};
    let command = ConfigFlags::augment_args(clap::Command::new("serve"));
    let line = [
        "serve",
        "--config",
        "c.toml",
        "--limits-streams",
        "3",
        "--allowed-hosts",
        "a.example",
        "--allowed-hosts",
        "b.example",
    ];
    let matches = command.try_get_matches_from(line).unwrap();
    let flags = ConfigFlags::from_arg_matches(&matches).unwrap();
    assert_eq!(flags.file, Some(PathBuf::from("c.toml")));
    assert_eq!(flags.values["limits.streams"], "3");
    assert_eq!(flags.values["allowed_hosts"], "a.example,b.example");
}
