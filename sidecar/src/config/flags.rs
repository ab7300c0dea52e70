//! The flags: one for each key, made from the table, and `--config`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::keys::{KEYS, Key};

const CONFIG: &str = "config";
const HEADING: &str = "Configuration";

/// What the command line said about the configuration; a part of a command's clap arguments
/// (`#[command(flatten)]`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigFlags {
    /// The configuration file that `--config` names.
    pub(super) file: Option<PathBuf>,
    /// The values given, by the names of their keys.
    pub(super) values: BTreeMap<&'static str, String>,
}

impl ConfigFlags {
    /// Flags as if they had been given on the command line; unknown names are left out.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let known = |(name, value): &(&str, &str)| {
            let key = KEYS.iter().find(|key| key.name == *name)?;
            Some((key.name, (*value).to_owned()))
        };
        Self { file: None, values: pairs.iter().filter_map(known).collect() }
    }
}

impl FromArgMatches for ConfigFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        if let Some(file) = matches.get_one::<PathBuf>(CONFIG) {
            self.file = Some(file.clone());
        }
        for key in KEYS {
            if let Some(given) = matches.get_many::<String>(key.name) {
                let given: Vec<&str> = given.map(String::as_str).collect();
                self.values.insert(key.name, given.join(","));
            }
        }
        Ok(())
    }
}

impl Args for ConfigFlags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("FILE")
            .help("The configuration file, TOML [env: MAKEGOOD_CONFIG]")
            .help_heading(HEADING)
            .value_parser(clap::value_parser!(PathBuf));
        let command = command.arg(config);
        KEYS.iter().fold(command, |command, key| command.arg(arg(key)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn arg(key: &Key) -> Arg {
    let default = match key.default {
        Some("") | None => String::new(),
        Some(default) => format!(" [default: {default}]"),
    };
    let action = if key.is_list { ArgAction::Append } else { ArgAction::Set };
    Arg::new(key.name)
        .long(key.flag)
        .value_name(key.form)
        .help(format!("{} [env: {}]{default}", key.help, key.env))
        .help_heading(HEADING)
        .action(action)
}
