//! Verifies one receipt: that an entry is in the ledger, by its public key alone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use makegood_core::money::Money;
use makegood_core::time::Time;
use makegood_ledger::checkpoint::VerifierKey;
use makegood_ledger::codec;
use makegood_ledger::proof::Receipt;
use serde_json::{Value, json};

use crate::problem::{Failure, Problem, unreadable};
use crate::report::hex;

/// What a receipt that holds says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The ledger's name.
    pub origin: String,
    /// The entry's position.
    pub position: u64,
    /// How many entries the ledger had at the checkpoint.
    pub size: u64,
    /// The witnesses that cosigned, with the time of each in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
    /// What the entry says, where the receipt carries it: its kind, time, gesture and amount.
    pub entry: Option<Said>,
}

/// What an entry says, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its kind.
    pub kind: &'static str,
    /// When it was written, as RFC 3339 has it.
    pub at: String,
    /// The gesture that it is about.
    pub spend: Option<String>,
    /// The lines in the books.
    pub lines: Vec<String>,
    /// The hash of the policy that it was decided by.
    pub policy: String,
}

/// Verifies a receipt against the ledger's key and those of witnesses.
///
/// # Errors
/// Why it proves nothing, or that it cannot be read.
pub fn verify(path: &Path, keys: &[VerifierKey]) -> Result<Proved, Failure> {
    let bytes = fs::read(path).map_err(|error| unreadable("read", path, &error))?;
    let wrong = |what: String| Problem::of(path, what);
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not text in UTF-8".to_owned()))?;
    let receipt = Receipt::parse(&text).map_err(|error| wrong(error.to_string()))?;
    if receipt.to_string() != text {
        return Err(wrong("is not written as a receipt is".to_owned()).into());
    }
    let vouched = receipt.verify(keys, None).map_err(|error| wrong(error.to_string()))?;
    let entry = match &receipt.entry {
        None => None,
        Some(bytes) => Some(said(bytes).map_err(|what| wrong(what).at_position(receipt.index))?),
    };
    let checkpoint = receipt.checkpoint.checkpoint();
    Ok(Proved {
        origin: checkpoint.origin.clone(),
        position: receipt.index,
        size: checkpoint.head.size,
        witnesses: vouched.witnesses,
        entry,
    })
}

fn said(bytes: &[u8]) -> Result<Said, String> {
    let entry = codec::decode(bytes).map_err(|error| error.to_string())?;
    let amount = |minor: i64| match entry.currency {
        Some(currency) => Money::new(currency, minor).to_string(),
        None => minor.to_string(),
    };
    let line = |posting: &makegood_core::ledger::Posting| {
        let side = match posting.side {
            makegood_core::ledger::Side::Debit => "debit",
            makegood_core::ledger::Side::Credit => "credit",
        };
        format!(
            "{side:<6} {:<14} {:>14}",
            posting.account.to_string(),
            amount(posting.amount_minor)
        )
    };
    Ok(Said {
        kind: entry.body.kind(),
        at: time(entry.at),
        spend: entry.body.spend().map(|spend| spend.to_string()),
        lines: entry.postings.iter().map(line).collect(),
        policy: hex(entry.policy.as_bytes()),
    })
}

/// An instant as RFC 3339 has it, in UTC.
fn time(at: Time) -> String {
    let instant = Timestamp::from_nanosecond(at.as_nanos().into());
    instant.map_or_else(|_| at.to_string(), |instant| instant.to_string())
}

impl Proved {
    /// For programs.
    pub fn json(&self) -> Value {
        let entry = self.entry.as_ref().map(|said| {
            json!({
                "kind": said.kind,
                "at": said.at,
                "spend": said.spend,
                "lines": said.lines,
                "policy_sha256": said.policy,
            })
        });
        let witness = |(name, time): &(String, u64)| json!({ "name": name, "time_s": time });
        json!({
            "ok": true,
            "origin": self.origin,
            "position": self.position,
            "size": self.size,
            "witnesses": self.witnesses.iter().map(witness).collect::<Vec<_>>(),
            "entry": entry,
        })
    }
}

impl std::fmt::Display for Proved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { origin, position, size, witnesses, entry } = self;
        let mut text = format!("verified: entry {position} of {size} in {origin}\n");
        for (name, time) in witnesses {
            writeln!(text, "cosigned by {name} at {time} s since 1970")?;
        }
        if let Some(said) = entry {
            writeln!(text, "{} at {}", said.kind, said.at)?;
            if let Some(spend) = &said.spend {
                writeln!(text, "gesture {spend}")?;
            }
            said.lines.iter().try_for_each(|line| writeln!(text, "{line}"))?;
            writeln!(text, "decided by policy {}", said.policy)?;
        }
        f.write_str(text.trim_end())
    }
}
