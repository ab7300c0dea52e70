//! The layers: the text of each value, from flag, environment, file or default, with its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::flags::ConfigFlags;
use super::keys::{CONFIG_ENV, ENV_PREFIX, FILE_SUFFIX, KEYS, Key, is_foreign_env};
use super::secret::read_secret;
use makegood_ledger::nearest::nearest;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave one.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// A variable, by name.
    Env(String),
    /// A flag, without its dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag --{flag}"),
        }
    }
}

/// One value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginLine {
    /// The key's name.
    pub key: &'static str,
    /// The value as text; empty where there is none.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Display for OriginLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<28} {:<28} {}", self.key, self.value, self.origin)
    }
}

/// The text of every value that is set, by the names of the keys.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, (String, Origin)>);

impl Values {
    /// The text of a value and its origin; `None` where it has no value.
    pub(super) fn get(&self, name: &str) -> Option<(&str, &Origin)> {
        let (value, origin) = self.0.get(name)?;
        Some((value.as_str(), origin))
    }

    /// A line for each key.
    pub(super) fn lines(&self) -> Vec<OriginLine> {
        let line = |key: &Key| {
            let (value, origin) = self.get(key.name).unwrap_or(("", &Origin::Default));
            OriginLine { key: key.name, value: value.to_owned(), origin: origin.clone() }
        };
        KEYS.iter().map(line).collect()
    }

    fn set(&mut self, key: &Key, value: &str, origin: Origin) {
        self.0.insert(key.name, (value.to_owned(), origin));
    }
}

/// Lays the layers over one another, the weakest first.
pub(super) fn merge(
    flags: &ConfigFlags,
    env: &[(String, String)],
    problems: &mut Vec<String>,
) -> Values {
    let mut values = Values::default();
    for key in KEYS {
        if let Some(default) = key.default {
            values.set(key, default, Origin::Default);
        }
    }
    if let Some(path) = config_file(flags, env) {
        lay_file(&path, &mut values, problems);
    }
    for (name, value) in env {
        lay_variable(name, value, &mut values, problems);
    }
    for key in KEYS {
        if let Some(value) = flags.values.get(key.name) {
            values.set(key, value, Origin::Flag(key.flag));
        }
    }
    values
}

fn config_file(flags: &ConfigFlags, env: &[(String, String)]) -> Option<PathBuf> {
    let from_env = || {
        let (_, value) = env.iter().find(|(name, _)| name == CONFIG_ENV)?;
        Some(PathBuf::from(value))
    };
    flags.file.clone().or_else(from_env)
}

// === The file ===

fn lay_file(path: &Path, values: &mut Values, problems: &mut Vec<String>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(format!(
                "config file {}: {error}; name a file that can be read",
                path.display()
            ));
            return;
        }
    };
    match text.parse::<toml::Table>() {
        Ok(table) => lay_table(path, "", &table, values, problems),
        Err(error) => problems.push(format!(
            "config file {}: {}",
            path.display(),
            error.to_string().trim_end()
        )),
    }
}

fn lay_table(
    path: &Path,
    prefix: &str,
    table: &toml::Table,
    values: &mut Values,
    problems: &mut Vec<String>,
) {
    for (name, value) in table {
        let name = format!("{prefix}{name}");
        if let toml::Value::Table(inner) = value {
            lay_table(path, &format!("{name}."), inner, values, problems);
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            let known = KEYS.iter().map(|key| key.name);
            problems.push(unknown(&name, &format!("file {}", path.display()), known));
            continue;
        };
        match text_of(key, value) {
            Some(text) => values.set(key, &text, Origin::File(path.to_owned())),
            None => problems.push(format!(
                "{name} from file {}: write {}",
                path.display(),
                if key.is_list {
                    "a list of texts such as [\"a\", \"b\"]"
                } else {
                    "a text in quotes or a whole number"
                },
            )),
        }
    }
}

fn text_of(key: &Key, value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) if !key.is_list => Some(number.to_string()),
        toml::Value::Array(items) if key.is_list => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

// === The environment ===

fn lay_variable(name: &str, value: &str, values: &mut Values, problems: &mut Vec<String>) {
    if !name.starts_with(ENV_PREFIX) || name == CONFIG_ENV || is_foreign_env(name) {
        return;
    }
    if let Some(key) = KEYS.iter().find(|key| key.env == name) {
        values.set(key, value, Origin::Env(name.to_owned()));
        return;
    }
    let in_file = |key: &&Key| name.strip_suffix(FILE_SUFFIX) == Some(key.env);
    let Some(key) = KEYS.iter().find(in_file) else {
        problems.push(unknown(name, "the environment", KEYS.iter().map(|key| key.env)));
        return;
    };
    match read_secret(Path::new(value)) {
        Ok(text) => values.set(key, text.trim_end(), Origin::Env(name.to_owned())),
        Err(error) => problems.push(format!("{} from environment {name}: {error}", key.name)),
    }
}

fn unknown<'a>(name: &str, place: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(nearest) => format!("{name} from {place} is unknown; the nearest key is {nearest}"),
        None => format!("{name} from {place} is unknown; remove it"),
    }
}
