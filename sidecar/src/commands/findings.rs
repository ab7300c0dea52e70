//! `makegood audit findings`: what a reviewer should look at, by rules. Reads the journal alone, also
//! beside a sidecar that serves it.

mod record;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use makegood_core::findings::{
    Context, Finding, Parameters, Report, Rule, examine, parameters_digest,
};
use makegood_core::ids::{AgentPid, CustomerPid, SpendId};

use super::days::Days;
use super::remote::ServerArgs;
use super::tables::table;
use super::{say, setup};
use crate::config::ConfigFlags;
use record::Recorded;

/// The arguments of `makegood audit findings`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The rules see the whole ledger up to the last day, because a habit is older than a week; shown is
what touches the days asked for. A finding is a question to somebody, and no verdict: it names the
rule, its version, the SHA-256 of its parameters and the entries.

With --record each finding that is shown becomes an entry of the ledger, which reviewers then settle;
one that is there already is not written again.")]
pub(super) struct FindingsArgs {
    #[command(flatten)]
    days: Days,
    /// Ask this rule alone, such as f1; may be given more than once.
    #[arg(long = "rule", value_name = "RULE", value_parser = rule)]
    rules: Vec<Rule>,
    /// Who shares a household, a telephone or a means of payment with whom: a CSV file with the
    /// columns `agent` and `customer`, both pseudonyms.
    #[arg(long, value_name = "FILE")]
    related: Option<PathBuf>,
    /// Print the rules with their parameters instead.
    #[arg(long)]
    parameters: bool,
    /// Write what is found into the ledger.
    #[arg(long, requires = "server")]
    record: bool,
    #[command(flatten)]
    server: ServerArgs,
    /// One JSON object a line, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

/// Who is related to whom, where that is known.
struct Related(Option<BTreeSet<(AgentPid, CustomerPid)>>);

impl Context for Related {
    fn knows_contacts(&self) -> bool {
        self.0.is_some()
    }

    fn shares_contact(&self, agent: AgentPid, customer: CustomerPid) -> bool {
        self.0.as_ref().is_some_and(|related| related.contains(&(agent, customer)))
    }

    fn has_outcome(&self, _: SpendId) -> Option<bool> {
        None
    }
}

pub(super) fn run(args: &FindingsArgs) -> anyhow::Result<ExitCode> {
    let parameters = Parameters::default();
    let wanted = if args.rules.is_empty() { Rule::ALL } else { &args.rules };
    if args.parameters {
        for rule in wanted {
            say(parameters.printed(*rule));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let config = setup::config(&args.config)?;
    let read = args.days.facts(&config)?;
    let related = Related(args.related.as_deref().map(related).transpose()?);
    let report =
        examine(&read.facts, &parameters, &related, wanted).within(&(read.first..read.end));
    let recorded = match args.server.door()?.filter(|_| args.record) {
        Some(door) => record::record(&report.findings, &parameters, &config, door)?,
        None => Vec::new(),
    };
    if args.json {
        for (index, finding) in report.findings.iter().enumerate() {
            say(finding_json(finding, &parameters, recorded.get(index)));
        }
        for why_not in &report.not_applied {
            let numbers: serde_json::Map<_, _> = numbers(&why_not.numbers).collect();
            say(serde_json::json!({
                "not_applied": why_not.rule.code(),
                "agent": why_not.agent.map(|agent| agent.to_string()),
                "why": why_not.why,
                "numbers": numbers,
            }));
        }
    } else {
        say(findings_words(&report));
        if args.record {
            say(record::words(&recorded));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rule(text: &str) -> Result<Rule, String> {
    let codes = || Rule::ALL.iter().map(|rule| rule.code()).collect::<Vec<_>>().join(", ");
    Rule::from_code(text).ok_or_else(|| format!("there is no such rule; take one of {}", codes()))
}

fn related(file: &Path) -> anyhow::Result<BTreeSet<(AgentPid, CustomerPid)>> {
    let context = || format!("read {}", file.display());
    let mut rows = csv::Reader::from_path(file).with_context(context)?;
    let names = rows.headers().with_context(context)?.clone();
    let column = |name: &str| {
        names
            .iter()
            .position(|own| own == name)
            .with_context(|| format!("{} has no column {name:?}", file.display()))
    };
    let (agent, customer) = (column("agent")?, column("customer")?);
    let mut related = BTreeSet::new();
    for row in rows.records() {
        let row = row.with_context(context)?;
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        related.insert((
            cell(agent).parse().with_context(context)?,
            cell(customer).parse().with_context(context)?,
        ));
    }
    Ok(related)
}

fn findings_words(report: &Report) -> String {
    let mut table = table(&["rule", "looks for", "score", "who", "entries", "why"]);
    for finding in &report.findings {
        let agents = finding.agents.iter().map(ToString::to_string).collect::<Vec<_>>();
        let why = finding.why.iter().map(|(name, number)| format!("{name} {number}"));
        table.add_row([
            finding.rule.code().to_owned(),
            finding.rule.title().to_owned(),
            finding.score_permille.to_string(),
            agents.join("\n"),
            entries(&finding.positions),
            why.collect::<Vec<_>>().join(", "),
        ]);
    }
    let mut text = match report.findings.len() {
        0 => "no findings\n".to_owned(),
        count => format!("{table}\n\n{count} findings: each a question, and no verdict\n"),
    };
    let mut unasked: BTreeSet<(Rule, &str)> = BTreeSet::new();
    unasked.extend(report.not_applied.iter().map(|it| (it.rule, it.why)));
    for (rule, why) in unasked {
        let own = |it: &&makegood_core::findings::NotApplied| (it.rule, it.why) == (rule, why);
        let agents = report.not_applied.iter().filter(own).filter(|it| it.agent.is_some()).count();
        let whom = if agents > 0 { format!(" for {agents} agents") } else { String::new() };
        let why = why.replace('_', " ");
        let _ = writeln!(text, "{} ({}) was not asked{whom}: {why}", rule.code(), rule.title());
    }
    text.trim_end().to_owned()
}

/// The first entries, and how many more there are.
fn entries(positions: &[u64]) -> String {
    const SHOWN: usize = 6;
    let shown = positions.iter().take(SHOWN).map(u64::to_string).collect::<Vec<_>>().join(" ");
    match positions.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn finding_json(
    finding: &Finding,
    parameters: &Parameters,
    recorded: Option<&Recorded>,
) -> serde_json::Value {
    let why: serde_json::Map<_, _> = numbers(&finding.why).collect();
    serde_json::json!({
        "rule": finding.rule.code(),
        "rule_version": finding.rule.version(),
        "parameters_sha256": parameters_digest(parameters, finding.rule).to_string(),
        "score_permille": finding.score_permille,
        "positions": finding.positions,
        "agents": finding.agents.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "why": why,
        "ledger_position": recorded.and_then(|it| it.position),
    })
}

fn numbers(all: &[(&str, i64)]) -> impl Iterator<Item = (String, serde_json::Value)> {
    all.iter().map(|(name, number)| ((*name).to_owned(), (*number).into()))
}
