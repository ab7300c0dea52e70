//! `makegood demo year`: generated ledgers with planted misconduct, and what the rules of the
//! findings make of them.

use std::process::ExitCode;
use std::time::Instant;

use comfy_table::{Table, presets};

use crate::commands::say;
use crate::generate::year::YearConfig;
use crate::generate::year::judge::{JUDGING_SEEDS, Verdict, rule_of};

/// The arguments of `makegood demo year`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Everything is invented, and the same seeds make the same ledgers on every machine. The rules'
parameters were chosen on seeds 1 to 3; without --seed those judge that were not looked at.")]
pub(super) struct YearArgs {
    /// Which ledger; may be given more than once.
    #[arg(long = "seed", value_name = "NUMBER")]
    seeds: Vec<u64>,
    /// About how many entries each has: a year of 200 agents has a million.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    entries: u64,
    /// One JSON object, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &YearArgs) -> ExitCode {
    let seeds = if args.seeds.is_empty() { JUDGING_SEEDS.to_vec() } else { args.seeds.clone() };
    let began = Instant::now();
    let verdict = Verdict::of(seeds.iter().map(|seed| config(*seed, args.entries)));
    if args.json {
        say(json(&verdict, began.elapsed().as_millis()));
    } else {
        say(words(&verdict));
    }
    ExitCode::SUCCESS
}

/// A smaller ledger is a shorter one of fewer people, so that each gives as often.
fn config(seed: u64, entries: u64) -> YearConfig {
    let full = YearConfig::full(seed);
    if entries >= full.entry_count {
        return YearConfig { entry_count: entries, ..full };
    }
    YearConfig { entry_count: entries, ..YearConfig::small(seed) }
}

fn words(verdict: &Verdict) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["planted", "rule", "times", "found", "findings", "right", "of it"]);
    for (pattern, score) in &verdict.scores {
        table.add_row([
            pattern.code().to_owned(),
            rule_of(*pattern).code().to_owned(),
            score.planted.to_string(),
            score.found.to_string(),
            score.findings.to_string(),
            score.right.to_string(),
            score.exact.to_string(),
        ]);
    }
    format!(
        "{table}\n\nleast recall {}, least precision {} (in thousandths); {} findings about nothing \
         planted in {} clean entries",
        verdict.least_recall_permille(),
        verdict.least_precision_permille(),
        verdict.false_count,
        verdict.clean_entry_count,
    )
}

fn json(verdict: &Verdict, took_ms: u128) -> serde_json::Value {
    let patterns = verdict.scores.iter().map(|(pattern, score)| {
        let score = serde_json::json!({
            "rule": rule_of(*pattern).code(),
            "planted": score.planted,
            "found": score.found,
            "findings": score.findings,
            "right": score.right,
            "exact": score.exact,
        });
        (pattern.code().to_owned(), score)
    });
    serde_json::json!({
        "least_recall_permille": verdict.least_recall_permille(),
        "least_precision_permille": verdict.least_precision_permille(),
        "false_count": verdict.false_count,
        "false_by_rule": verdict.false_by_rule,
        "clean_entry_count": verdict.clean_entry_count,
        "took_ms": u64::try_from(took_ms).unwrap_or(u64::MAX),
        "patterns": patterns.collect::<serde_json::Map<_, _>>(),
    })
}
