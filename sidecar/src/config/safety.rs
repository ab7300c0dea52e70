//! What makes a whole configuration unsafe to serve, each with the lines to add.

use super::{Config, Mode};

/// Adds a problem for each thing that would be unsafe to serve.
pub(super) fn check(config: &Config, problems: &mut Vec<String>) {
    let is_public = !config.listen.ip().is_loopback();
    match config.mode {
        Mode::Development if is_public => problems.push(public_development(config)),
        Mode::Development => {}
        Mode::Production => check_production(config, is_public, problems),
    }
    if config.limits.longest_deadline < config.limits.write_deadline
        || config.limits.longest_deadline < config.limits.read_deadline
    {
        problems.push(
            "limits.longest_deadline_ms is below a default deadline; raise it, or lower the default"
                .to_owned(),
        );
    }
}

fn public_development(config: &Config) -> String {
    format!(
        "listen {} is not a loopback address, and development mode serves this machine alone; \
         listen on 127.0.0.1, or set mode = \"production\" and add:\n{TLS_LINE}\n{KEYS_LINE}",
        config.listen
    )
}

fn check_production(config: &Config, is_public: bool, problems: &mut Vec<String>) {
    let mut missing = Vec::new();
    if is_public && config.tls.is_none() {
        missing.push(TLS_LINE);
    }
    if config.token_keys.is_empty() {
        missing.push(KEYS_LINE);
    }
    if config.kek_file.is_none() {
        missing.push(KEK_LINE);
    }
    if missing.is_empty() {
        return;
    }
    let reason = if is_public {
        format!("listen {} is reachable from other machines", config.listen)
    } else {
        "production mode is for real customers".to_owned()
    };
    problems.push(format!("{reason}; add to the configuration file:\n{}", missing.join("\n")));
}

const TLS_LINE: &str = "  tls = { cert = \"cert.pem\", key = \"key.pem\" }";
const KEYS_LINE: &str = "  token_keys = [\"vendor.pem\"]";
const KEK_LINE: &str = "  kek_file = \"kek\"";
