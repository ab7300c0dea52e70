//! `makegood ledger`: reads the journal, also beside a sidecar that serves it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::process::ExitCode;

use anyhow::Context as _;
use comfy_table::{CellAlignment, Table};
use makegood_core::ids::{AgentPid, Digest};
use makegood_core::ledger::Entry;
use makegood_proto::records::v1::{self as pb, RecordKind};

use super::{say, setup, tables};
use crate::config::{Config, ConfigFlags};
use crate::ledger::line::{Line, decimal};
use crate::records::{self, RecordError};
use crate::vault::{Pid, Vault};
use makegood_ledger::codec;
use makegood_ledger::journal::frame::{Record, leaf_hash};
use makegood_ledger::journal::reader::Reader;

/// The commands about the ledger.
#[derive(Debug, clap::Subcommand)]
pub(super) enum LedgerCommand {
    /// List entries: who, for whom, how much, why, and the headroom before and after.
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// The first position.
    #[arg(long)]
    from: Option<u64>,
    /// How many entries at most; the last ones where `--from` is not given.
    #[arg(long, default_value_t = 200)]
    limit: usize,
    /// Show names instead of pseudonyms; reads and opens the sealed records.
    #[arg(long)]
    names: bool,
    /// One JSON object a line, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

/// An entry with its leaf in the Merkle tree.
pub(super) struct Listed {
    line: Line,
    leaf: String,
}

impl Listed {
    /// An entry and the bytes that it is stored as.
    pub(super) fn of(entry: &Entry, payload: &[u8]) -> Self {
        let leaf = Digest::from_bytes(leaf_hash(payload)).to_string();
        Self { line: Line::of(entry), leaf }
    }

    pub(super) fn position(&self) -> u64 {
        self.line.position
    }

    /// The entry for programs, by pseudonyms.
    pub(super) fn json(&self) -> serde_json::Value {
        json(self, &HashMap::new())
    }
}

/// A table of entries, by pseudonyms.
pub(super) fn table(listed: &[Listed]) -> Table {
    named_table(listed, &HashMap::new())
}

/// Looks through the whole ledger of a data folder: each entry, with the bytes that it is stored as.
pub(super) fn each(config: &Config, mut see: impl FnMut(&Entry, &[u8])) -> anyhow::Result<()> {
    for record in open(config)?.iter_from(0) {
        let record = record?;
        see(&decoded(&record)?, &record.payload);
    }
    Ok(())
}

pub(super) fn run(command: &LedgerCommand) -> anyhow::Result<ExitCode> {
    let LedgerCommand::List(args) = command;
    let config = setup::config(&args.config)?;
    let listed = listed(&open(&config)?, args.from, args.limit)?;
    let names = if args.names { names(&config, &listed)? } else { HashMap::new() };
    if args.json {
        for entry in &listed {
            say(json(entry, &names));
        }
    } else if listed.is_empty() {
        say("the ledger is empty");
    } else {
        say(named_table(&listed, &names));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn open(config: &Config) -> anyhow::Result<Reader> {
    let folder = config.tenant_folder().join("ledger");
    Reader::open(&folder).with_context(|| setup::reading(config))
}

fn decoded(record: &Record) -> anyhow::Result<Entry> {
    codec::decode(&record.payload).with_context(|| format!("read entry {}", record.position))
}

/// The first entries from a position on, or the last ones where none is given.
fn listed(reader: &Reader, from: Option<u64>, limit: usize) -> anyhow::Result<Vec<Listed>> {
    let mut listed = VecDeque::new();
    for record in reader.iter_from(from.unwrap_or(0)) {
        let record = record?;
        listed.push_back(Listed::of(&decoded(&record)?, &record.payload));
        if listed.len() > limit {
            if from.is_some() {
                listed.pop_back();
                break;
            }
            listed.pop_front();
        }
    }
    Ok(listed.into())
}

/// The names of everybody in the list, from the sealed records.
fn names(config: &Config, listed: &[Listed]) -> anyhow::Result<HashMap<Pid, String>> {
    let vault = Vault::read(&config.tenant_folder(), &setup::key_encryption_key(config)?)?;
    let people = listed.iter().flat_map(|entry| [entry.line.agent, entry.line.customer]);
    let records = Reader::open(&config.tenant_folder().join("records"))?;
    names_of(&people.flatten().collect(), &vault, &records)
}

/// Whoever was erased, or came after the keys were read, keeps the pseudonym.
fn names_of(
    wanted: &BTreeSet<Pid>,
    vault: &Vault,
    records: &Reader,
) -> anyhow::Result<HashMap<Pid, String>> {
    let mut names = HashMap::new();
    for record in records.iter_from(0) {
        let person = records::decode(&record?.payload)
            .and_then(|envelope| name_in(&envelope, wanted, vault));
        names.extend(person.unwrap_or_default());
    }
    Ok(names)
}

/// Whom a record names, if it is about somebody who is wanted.
fn name_in(
    envelope: &pb::Envelope,
    wanted: &BTreeSet<Pid>,
    vault: &Vault,
) -> Result<Option<(Pid, String)>, RecordError> {
    let subject = records::subject(envelope)?;
    let name = match envelope.kind() {
        _ if !wanted.contains(&subject) => return Ok(None),
        RecordKind::Customer => records::open::<pb::Customer>(vault, envelope)?.display_name,
        RecordKind::Agent => records::open::<pb::Agent>(vault, envelope)?.display_name,
        _ => return Ok(None),
    };
    Ok(Some((subject, name)))
}

fn named_table(listed: &[Listed], names: &HashMap<Pid, String>) -> Table {
    let mut table = tables::table(&[
        "#", "time", "what", "who", "for whom", "gesture", "amount", "why", "before", "after",
        "leaf",
    ]);
    for entry in listed {
        let line = &entry.line;
        let person = |pid: Option<Pid>| pid.map(|pid| name(&pid, names)).unwrap_or_default();
        let (_, before, after) = line.headroom.clone().unwrap_or_default();
        let shown =
            |minor: i64| line.headroom.as_ref().map(|_| amount(line, minor)).unwrap_or_default();
        table.add_row([
            line.position.to_string(),
            tables::time(line.at),
            line.kind.to_owned(),
            person(line.agent),
            person(line.customer),
            line.gesture.clone(),
            line.amount_minor.map(|minor| amount(line, minor)).unwrap_or_default(),
            line.why.clone(),
            shown(before),
            shown(after),
            entry.leaf.chars().take(12).collect(),
        ]);
    }
    for column in [0, 6, 8, 9] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn json(entry: &Listed, names: &HashMap<Pid, String>) -> serde_json::Value {
    let line = &entry.line;
    let person = |pid: Option<Pid>| pid.map(|pid| name(&pid, names));
    let (limit, before, after) =
        line.headroom.clone().map_or((None, None, None), |it| (Some(it.0), Some(it.1), Some(it.2)));
    serde_json::json!({
        "position": line.position,
        "time": tables::time(line.at),
        "kind": line.kind,
        "who": person(line.agent),
        "for_whom": person(line.customer),
        "gesture": line.gesture,
        "why": line.why,
        "amount_minor": line.amount_minor,
        "currency_code": line.currency.map(|(code, _)| code),
        "limit": limit,
        "before_minor": before,
        "after_minor": after,
        "policy": line.policy,
        "decided_ms": line.decided_ms,
        "spend_id": line.spend.map(|spend| spend.to_string()),
        "leaf_hash": entry.leaf,
    })
}

fn amount(line: &Line, minor: i64) -> String {
    match line.currency {
        Some((code, exponent)) => format!("{} {code}", decimal(minor, exponent)),
        None => minor.to_string(),
    }
}

fn name(pid: &Pid, names: &HashMap<Pid, String>) -> String {
    names.get(pid).cloned().unwrap_or_else(|| AgentPid::from_bytes(*pid).to_string())
}

#[cfg(test)]
mod tests;
