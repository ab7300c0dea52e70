//! `makegood audit findings` and `makegood audit sample`: what a reviewer should look at, by rules
//! and by lot. Both read the journal alone, also beside a sidecar that serves it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use makegood_core::findings::sample::{Draw, Sample, draw, interval_minor, reliability_factor};
use makegood_core::findings::{
    Context, Finding, Parameters, Report, Rule, examine, parameters_digest,
};
use makegood_core::ids::{AgentPid, CustomerPid, Digest, SpendId};
use makegood_core::ledger::SampleMethod;
use makegood_core::money::{Currency, Money};
use sha2::{Digest as _, Sha256};

use super::tables::table;
use super::{say, setup};
use crate::audit::{Day, FactsOfDays, Period};
use crate::config::ConfigFlags;

/// The arguments of `makegood audit findings`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The rules see the whole ledger up to the last day, because a habit is older than a week; shown is
what touches the days asked for. A finding is a question to somebody, and no verdict: it names the
rule, its version, the SHA-256 of its parameters and the entries.")]
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
    /// One JSON object a line, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

/// The arguments of `makegood audit sample`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every gesture that was given in those days is in the population; there is no filter. Whoever has the
entries, the method and the seed draws the same sample again.

The interval of a monetary-unit sample is the tolerable amount over the confidence factor of the
standard tables, for the confidence and the number of errors that are expected.")]
pub(super) struct SampleArgs {
    #[command(flatten)]
    days: Days,
    /// How: each gesture as likely (records), or each unit of money (mus).
    #[arg(long, value_enum)]
    method: Method,
    /// The seed: 64 hexadecimal digits, or any text, whose SHA-256 is taken.
    #[arg(long)]
    seed: String,
    /// How many gestures a sample of records has.
    #[arg(long, default_value_t = 25)]
    count: usize,
    /// The amount of error that can be tolerated in all, such as 5000.00.
    #[arg(long, value_name = "AMOUNT", required_if_eq("method", "mus"))]
    tolerable: Option<String>,
    /// The currency of a monetary-unit sample.
    #[arg(long, value_name = "CODE", default_value = "USD")]
    currency: String,
    /// How sure the sample is to make one: 80, 85, 90, 95 or 99 per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 95)]
    confidence: u32,
    /// How many errors are expected, 0 to 5.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    expected_errors: usize,
    /// One JSON object a line, for programs; the sample itself comes first.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

/// Some days of UTC.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Days {
    /// The first day, such as 2026-01-01; days are those of UTC.
    #[arg(long, value_name = "DATE")]
    from: Day,
    /// The last day, inclusive.
    #[arg(long, value_name = "DATE")]
    to: Day,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Method {
    Records,
    Mus,
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
    let read = read(&config.tenant_folder(), args.days)?;
    let related = Related(args.related.as_deref().map(related).transpose()?);
    let mut report = examine(&read.facts, &parameters, &related, wanted);
    let days = read.first..read.end;
    report.findings.retain(|finding| finding.positions.iter().any(|at| days.contains(at)));
    if args.json {
        for finding in &report.findings {
            say(finding_json(finding, &parameters));
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
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_sample(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let how = how(args)?;
    let seed = seed(&args.seed);
    let config = setup::config(&args.config)?;
    let FactsOfDays { facts, first, end } = read(&config.tenant_folder(), args.days)?;
    let sample = draw(&facts, first, end, seed, how);
    if args.json {
        say(sample_json(&sample));
        for pick in &sample.picks {
            say(serde_json::json!({
                "spend_id": pick.spend.to_string(),
                "position": pick.position,
                "amount_minor": pick.amount_minor,
                "currency_code": pick.currency.code(),
                "hit_count": pick.hit_count,
            }));
        }
    } else {
        say(sample_words(&sample));
    }
    Ok(ExitCode::SUCCESS)
}

fn rule(text: &str) -> Result<Rule, String> {
    let codes = || Rule::ALL.iter().map(|rule| rule.code()).collect::<Vec<_>>().join(", ");
    Rule::from_code(text).ok_or_else(|| format!("there is no such rule; take one of {}", codes()))
}

fn read(tenant_folder: &Path, days: Days) -> anyhow::Result<FactsOfDays> {
    let period = Period::new(days.from, days.to)?;
    FactsOfDays::read(tenant_folder, period)
        .with_context(|| format!("read the ledger; is {} its folder?", tenant_folder.display()))
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

fn finding_json(finding: &Finding, parameters: &Parameters) -> serde_json::Value {
    let why: serde_json::Map<_, _> = numbers(&finding.why).collect();
    serde_json::json!({
        "rule": finding.rule.code(),
        "rule_version": finding.rule.version(),
        "parameters_sha256": parameters_digest(parameters, finding.rule).to_string(),
        "score_permille": finding.score_permille,
        "positions": finding.positions,
        "agents": finding.agents.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "why": why,
    })
}

fn numbers(all: &[(&str, i64)]) -> impl Iterator<Item = (String, serde_json::Value)> {
    all.iter().map(|(name, number)| ((*name).to_owned(), (*number).into()))
}

fn how(args: &SampleArgs) -> anyhow::Result<Draw> {
    let Method::Mus = args.method else {
        return Ok(Draw::Records { count: args.count });
    };
    let currency = Currency::parse(&args.currency)?;
    let tolerable = Money::parse(currency, args.tolerable.as_deref().unwrap_or_default())?;
    let factor = reliability_factor(args.confidence, args.expected_errors).with_context(|| {
        format!(
            "there is no factor for {} per cent and {} errors; take 80, 85, 90, 95 or 99 and 0 to 5",
            args.confidence, args.expected_errors
        )
    })?;
    let interval = Money::new(currency, interval_minor(tolerable.amount_minor, factor));
    Ok(Draw::MonetaryUnit { interval })
}

fn seed(text: &str) -> Digest {
    text.parse().unwrap_or_else(|_| Digest::from_bytes(Sha256::digest(text).into()))
}

fn sample_words(sample: &Sample) -> String {
    let drawn = &sample.drawn;
    let mut table = table(&["spend", "entry", "amount", "hits"]);
    for pick in &sample.picks {
        table.add_row([
            pick.spend.to_string(),
            pick.position.to_string(),
            Money::new(pick.currency, pick.amount_minor).to_string(),
            pick.hit_count.to_string(),
        ]);
    }
    let how = match drawn.interval {
        None => String::new(),
        Some(interval) => format!(", every {} from unit {} on", interval, sample.start_minor),
    };
    format!(
        "{table}\n\n{} of {} gestures ({}{how}), entries {} to before {}\nseed {}\nspends {}",
        drawn.spend_count,
        drawn.population_count,
        method_words(drawn.method),
        drawn.first,
        drawn.end,
        drawn.seed,
        drawn.spends,
    )
}

fn method_words(method: SampleMethod) -> &'static str {
    match method {
        SampleMethod::Records => "each as likely",
        SampleMethod::MonetaryUnit => "each unit of money as likely",
    }
}

fn sample_json(sample: &Sample) -> serde_json::Value {
    let drawn = &sample.drawn;
    serde_json::json!({
        "method": drawn.method.code(),
        "first_position": drawn.first,
        "end_position": drawn.end,
        "seed": drawn.seed.to_string(),
        "interval_minor": drawn.interval.map(|interval| interval.amount_minor),
        "currency_code": drawn.interval.map(|interval| interval.currency.code()),
        "start_minor": sample.start_minor,
        "spend_count": drawn.spend_count,
        "population_count": drawn.population_count,
        "population_minor": sample.population_minor.to_string(),
        "spends_sha256": drawn.spends.to_string(),
    })
}
