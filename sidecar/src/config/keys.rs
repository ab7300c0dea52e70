//! The table of keys: each value's name as key, flag and variable, its default and its meaning.

/// What every variable of ours begins with.
pub(super) const ENV_PREFIX: &str = "MAKEGOOD_";
/// The variable that names the configuration file, as the flag `--config` does.
pub(super) const CONFIG_ENV: &str = "MAKEGOOD_CONFIG";
/// What is added to a variable's name when its value is the path of a file that holds the value.
pub(super) const FILE_SUFFIX: &str = "_FILE";

/// Variables with our prefix that are not the sidecar's: tools of the source tree read the first
/// two; Kubernetes and Docker set the others for a service that is called `makegood`.
pub(super) fn is_foreign_env(name: &str) -> bool {
    matches!(name, "MAKEGOOD_WASM_TOOLCHAIN" | "MAKEGOOD_DATA_DIR" | "MAKEGOOD_PORT")
        || ["MAKEGOOD_SERVICE_", "MAKEGOOD_PORT_", "MAKEGOOD_ENV_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// One value that can be configured.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Its name in the file; a point stands before a key of a table.
    pub(super) name: &'static str,
    /// Its flag, without the dashes.
    pub(super) flag: &'static str,
    /// Its variable.
    pub(super) env: &'static str,
    /// What its value looks like, for the help.
    pub(super) form: &'static str,
    /// Its value where nobody gives one; `None` leaves it out.
    pub(super) default: Option<&'static str>,
    /// Whether it is a list: an array in the file, commas elsewhere.
    pub(super) is_list: bool,
    /// What it is, for the help.
    pub(super) help: &'static str,
}

/// Writes a row of the table; `[]` after the form makes it a list.
macro_rules! key {
    ($name:literal, $flag:literal, $env:literal, $form:literal, $default:expr, $help:literal) => {
        key!(@ $name, $flag, $env, $form, $default, false, $help)
    };
    ($name:literal, $flag:literal, $env:literal, $form:literal [], $help:literal) => {
        key!(@ $name, $flag, $env, $form, Some(""), true, $help)
    };
    (@ $name:literal, $flag:literal, $env:literal, $form:literal, $default:expr, $list:literal,
     $help:literal) => {
        Key {
            name: $name,
            flag: $flag,
            env: $env,
            form: $form,
            default: $default,
            is_list: $list,
            help: $help,
        }
    };
}

/// Every key, in the order in which they are shown.
#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key!("listen", "listen", "MAKEGOOD_LISTEN", "ADDRESS:PORT", Some("127.0.0.1:7070"),
        "The address of the one port"),
    key!("mode", "mode", "MAKEGOOD_MODE", "development|production", Some("development"),
        "For trying out (loopback only), or for real"),
    key!("data", "data", "MAKEGOOD_DATA", "FOLDER", Some("makegood-data"),
        "The folder that holds ledgers and records"),
    key!("tenant", "tenant", "MAKEGOOD_TENANT", "NAME", Some("house"),
        "The tenant that this process serves"),
    key!("policy", "policy", "MAKEGOOD_POLICY", "FILE", None,
        "The policy; without it, the built-in standard policy"),
    key!("default_region", "default-region", "MAKEGOOD_DEFAULT_REGION", "REGION", Some("US"),
        "The region of phone numbers that name no country"),
    key!("allowed_hosts", "allowed-hosts", "MAKEGOOD_ALLOWED_HOSTS", "NAME[:PORT]" [],
        "Host names under which the port may be reached, besides the loopback names"),
    key!("allowed_origins", "allowed-origins", "MAKEGOOD_ALLOWED_ORIGINS", "ORIGIN" [],
        "Origins of host pages, such as https://crm.example"),
    key!("frame_ancestors", "frame-ancestors", "MAKEGOOD_FRAME_ANCESTORS", "ORIGIN" [],
        "Origins of pages that may frame the panel; without it, those of allowed_origins"),
    key!("tls.cert", "tls-cert", "MAKEGOOD_TLS_CERT", "FILE", None,
        "The TLS certificate and its chain, PEM"),
    key!("tls.key", "tls-key", "MAKEGOOD_TLS_KEY", "FILE", None,
        "The certificate's private key, PEM"),
    key!("token_keys", "token-keys", "MAKEGOOD_TOKEN_KEYS", "FILE" [],
        "The vendor's public token keys, Ed25519, PEM"),
    key!("tool_token_ttl_s", "tool-token-ttl-s", "MAKEGOOD_TOOL_TOKEN_TTL_S", "SECONDS", Some("600"),
        "The longest life of a token that is not an agent's"),
    key!("kek_file", "kek-file", "MAKEGOOD_KEK_FILE", "FILE", None,
        "The key that wraps the keys of the records"),
    key!("origin", "origin", "MAKEGOOD_ORIGIN", "NAME", None,
        "The ledger's name in its checkpoints, for ever; without it, makegood.invalid/TENANT/ledger"),
    key!("checkpoint_file", "checkpoint-file", "MAKEGOOD_CHECKPOINT_FILE", "FILE", None,
        "A file apart from the data that holds the newest checkpoint, so that no old backup is served"),
    key!("accept_rollback", "accept-rollback", "MAKEGOOD_ACCEPT_ROLLBACK", "SIZE:HASH", None,
        "The checkpoint whose loss is accepted at this start"),
    key!("witnesses", "witnesses", "MAKEGOOD_WITNESSES", "KEY@http://HOST:PORT" [],
        "Witnesses that cosign checkpoints"),
    key!("tlog_public", "tlog-public", "MAKEGOOD_TLOG_PUBLIC", "true|false", Some("false"),
        "Whether the ledger's tree and pseudonymous entries need no token"),
    key!("diagnostics", "diagnostics", "MAKEGOOD_DIAGNOSTICS", "auto|open|admin", Some("auto"),
        "Who may read metrics and reflection; auto is open on loopback and admin elsewhere"),
    key!("cache_bytes", "cache-bytes", "MAKEGOOD_CACHE_BYTES", "BYTES", Some("268435456"),
        "The bytes that the cache of encoded replies may hold"),
    key!("log_format", "log-format", "MAKEGOOD_LOG_FORMAT", "compact|json", Some("compact"),
        "How log lines are written"),
    key!("log_filter", "log-filter", "MAKEGOOD_LOG_FILTER", "FILTER", Some("info"),
        "What is logged, such as info or info,makegood_sidecar=debug"),
    key!("agent_rate", "agent-rate", "MAKEGOOD_AGENT_RATE", "PER_SECOND", Some("20"),
        "Calls a second of one agent, in bursts of twice as many; 0 is no limit"),
    key!("tenant_rate", "tenant-rate", "MAKEGOOD_TENANT_RATE", "PER_SECOND", Some("2000"),
        "Calls a second of the tenant, in bursts of five times as many; 0 is no limit"),
    key!("search_rate", "search-rate", "MAKEGOOD_SEARCH_RATE", "PER_SECOND", Some("1"),
        "Searches for customers a second of one agent, in bursts of ten times as many; 0 is no limit"),
    key!("max_connections", "max-connections", "MAKEGOOD_MAX_CONNECTIONS", "COUNT", Some("10000"),
        "Open connections in all; 0 is as many as the system has files for"),
    key!("address_connections", "address-connections", "MAKEGOOD_ADDRESS_CONNECTIONS", "COUNT", Some("16"),
        "Open connections of one address that is neither loopback nor a proxy; 0 is no limit"),
    key!("proxies", "proxies", "MAKEGOOD_PROXIES", "ADDRESS[/BITS]" [],
        "Addresses or networks behind which many callers are, such as 10.0.0.0/8"),
    key!("limits.streams", "limits-streams", "MAKEGOOD_LIMITS_STREAMS", "COUNT", Some("64"),
        "HTTP/2 streams on one connection"),
    key!("limits.connection_requests", "limits-connection-requests",
        "MAKEGOOD_LIMITS_CONNECTION_REQUESTS", "COUNT", Some("32"),
        "Calls at work at once on one connection"),
    key!("limits.reads", "limits-reads", "MAKEGOOD_LIMITS_READS", "COUNT", Some("256"),
        "Reading calls at work at once in all"),
    key!("limits.writes", "limits-writes", "MAKEGOOD_LIMITS_WRITES", "COUNT", Some("1024"),
        "Writing calls at work at once in all"),
    key!("limits.message_bytes", "limits-message-bytes", "MAKEGOOD_LIMITS_MESSAGE_BYTES", "BYTES", Some("65536"),
        "Bytes of one request message"),
    key!("limits.read_deadline_ms", "limits-read-deadline-ms", "MAKEGOOD_LIMITS_READ_DEADLINE_MS", "MS", Some("2000"),
        "The deadline of a reading call that names none"),
    key!("limits.write_deadline_ms", "limits-write-deadline-ms", "MAKEGOOD_LIMITS_WRITE_DEADLINE_MS", "MS", Some("5000"),
        "The deadline of a writing call that names none"),
    key!("limits.longest_deadline_ms", "limits-longest-deadline-ms", "MAKEGOOD_LIMITS_LONGEST_DEADLINE_MS", "MS", Some("10000"),
        "The longest deadline that a call may name"),
];
