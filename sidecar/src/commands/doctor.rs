//! `makegood doctor` and `makegood config`: what would keep this machine from serving.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::ExitCode;

use super::{causes, say, setup};
use crate::clock::wall_time;
use crate::config::{Config, ConfigFlags, Mode, OriginLine, environment};
use crate::guard;
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::lock::{DataLock, LockError};
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::policy_file;

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// One JSON object a line, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

type Check = fn(&Config) -> Finding;

/// What a check found.
enum Finding {
    Good(String),
    /// Works, but somebody should know.
    Note(String),
    Bad(String),
}

impl Finding {
    /// Its mark for people, its name for programs, and what was found.
    fn told(&self) -> (&'static str, &'static str, &str) {
        match self {
            Self::Good(text) => ("✓", "good", text),
            Self::Note(text) => ("!", "note", text),
            Self::Bad(text) => ("✗", "bad", text),
        }
    }
}

pub(super) fn show_config(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let (_, lines) = Config::load(&args.config, &environment())?;
    for line in lines {
        if args.json {
            let OriginLine { key, value, origin } = line;
            let origin = origin.to_string();
            say(serde_json::json!({ "key": key, "value": value, "origin": origin }));
        } else {
            say(line);
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run(args: &DoctorArgs) -> ExitCode {
    let config = match setup::config(&args.config) {
        Ok(config) => config,
        Err(error) => {
            tell("configuration", &Finding::Bad(causes(&error)), args.json);
            return ExitCode::FAILURE;
        }
    };
    let checks: [(&str, Check); 7] = [
        ("data folder", data_folder),
        ("ledger", ledger),
        ("policy", policy),
        ("port", port),
        ("open files", open_files),
        ("keys", keys),
        ("clock", clock),
    ];
    let mut is_fine = true;
    for (name, check) in checks {
        let finding = check(&config);
        is_fine &= !matches!(finding, Finding::Bad(_));
        tell(name, &finding, args.json);
    }
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(name: &str, finding: &Finding, as_json: bool) {
    let (mark, state, text) = finding.told();
    if as_json {
        say(serde_json::json!({ "check": name, "state": state, "text": text }));
    } else {
        say(format!("{mark} {name}: {text}"));
    }
}

fn data_folder(config: &Config) -> Finding {
    let folder = &config.data;
    if let Err(error) = std::fs::create_dir_all(folder) {
        return Finding::Bad(format!("cannot create {}: {error}", folder.display()));
    }
    match DataLock::acquire(folder) {
        Ok(_) => Finding::Good(format!("{} can be used", folder.display())),
        Err(held @ LockError::Held { .. }) => Finding::Note(held.to_string()),
        Err(error) => Finding::Bad(error.to_string()),
    }
}

fn ledger(config: &Config) -> Finding {
    let reader = match Reader::open(&config.tenant_folder().join("ledger")) {
        Ok(reader) => reader,
        Err(JournalError::NoJournal { .. }) => return Finding::Good("none yet".to_owned()),
        Err(JournalError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Finding::Good("none yet".to_owned());
        }
        Err(error) => return Finding::Bad(error.to_string()),
    };
    let mut count = 0_u64;
    for record in reader.iter_from(0) {
        match record {
            Ok(_) => count += 1,
            Err(error) => return Finding::Bad(error.to_string()),
        }
    }
    Finding::Good(format!("{count} entries, all readable"))
}

fn policy(config: &Config) -> Finding {
    let read = setup::policy_text(config).and_then(|text| Ok(policy_file::read(&text)?));
    match read {
        Ok(policy) => Finding::Good(format!("{} {}", policy.name, policy.version)),
        Err(error) => Finding::Bad(format!("{error:#}")),
    }
}

fn port(config: &Config) -> Finding {
    match TcpListener::bind(config.listen) {
        Ok(_) => Finding::Good(format!("{} is free", config.listen)),
        Err(error) => Finding::Note(format!("{}: {error}", config.listen)),
    }
}

fn open_files(config: &Config) -> Finding {
    let room = guard::open_files::room(config.limits.connections);
    room.advice().map_or_else(
        || Finding::Good(format!("there is room for {} connections", room.connections)),
        Finding::Note,
    )
}

fn keys(config: &Config) -> Finding {
    if config.mode == Mode::Development && config.kek_file.is_none() {
        return Finding::Note("development keys lie in the data folder".to_owned());
    }
    match setup::key_encryption_key(config) {
        Ok(_) => Finding::Good("the key-encryption key can be read".to_owned()),
        Err(error) => Finding::Bad(format!("{error:#}")),
    }
}

/// A clock before the first release is one that was never set.
fn clock(_: &Config) -> Finding {
    const YEAR_2026_NS: i64 = 1_767_225_600_000_000_000;
    if wall_time().as_nanos() < YEAR_2026_NS {
        return Finding::Bad("it says a year before 2026; set it".to_owned());
    }
    Finding::Good("set".to_owned())
}
