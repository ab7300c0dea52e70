//! The page: figures, plots and tables laid out by the template.

use askama::Template;
use makegood_core::findings::Rule;
use makegood_core::money::Currency;

use super::super::books::{Balances, heading};
use super::super::cell::Decimal;
use super::super::error::ExportError;
use super::super::findings::Findings;
use super::super::gather::Gathered;
use super::super::period::Period;
use super::super::texts::PolicyText;
use super::figures::{Figures, Sums};
use super::peers::{LEAST_GIFTS, Peers, peers};
use super::plot::{bars, funnel, group, heat, limits, timeline};

/// What the page says besides the figures.
pub(in super::super) struct Facts<'a> {
    /// The tenant's name.
    pub(in super::super) tenant: &'a str,
    /// Which days.
    pub(in super::super) period: Period,
    /// The root of the tree, in base64.
    pub(in super::super) root_hash: String,
    /// The checkpoint of this size.
    pub(in super::super) checkpoint: Option<&'a str>,
    /// The policies by which the period's entries were decided.
    pub(in super::super) policies: &'a [PolicyText],
}

#[derive(Template)]
#[template(path = "audit/report.html")]
struct Page<'a> {
    tenant: &'a str,
    period: Period,
    root_hash: String,
    checkpoint: Option<&'a str>,
    policies: &'a [PolicyText],
    entry_count: String,
    first: u64,
    last: u64,
    tree_size: String,
    span: &'static str,
    currency: &'static str,
    tiles: Vec<Tile>,
    currencies: Vec<CurrencyRow>,
    balances: Vec<BalanceRow>,
    timeline: String,
    limits: Option<String>,
    heat: String,
    heat_agents: usize,
    funnel: Option<String>,
    funnel_note: String,
    outcomes: String,
    speed: Option<Speed>,
    findings: Vec<FindingRow>,
    not_asked: String,
    dispositions: Vec<(String, String)>,
    reviews: Vec<(String, String)>,
}

/// One figure at the top.
struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

struct CurrencyRow {
    code: &'static str,
    given_count: String,
    given: String,
    reversed_count: String,
    reversed: String,
    net: String,
}

struct BalanceRow {
    number: String,
    name: String,
    code: &'static str,
    opening: String,
    debits: String,
    credits: String,
    closing: String,
}

/// How fast decisions were.
struct Speed {
    count: String,
    median_s: String,
    slowest_tenth_s: String,
}

/// What a rule found.
struct FindingRow {
    rule: &'static str,
    title: &'static str,
    count: String,
    score: String,
    raised: String,
}

/// Lays the page out.
pub(in super::super) fn html(
    figures: &Figures,
    gathered: &Gathered,
    facts: Facts<'_>,
) -> Result<String, ExportError> {
    let currency = figures.main_currency();
    let peers = currency.map(|currency| peers(figures, currency)).unwrap_or_default();
    let entry_count = gathered.end - gathered.first;
    let page = Page {
        tenant: facts.tenant,
        period: facts.period,
        root_hash: facts.root_hash,
        checkpoint: facts.checkpoint,
        policies: facts.policies,
        entry_count: count(entry_count),
        first: gathered.first,
        last: gathered.end.saturating_sub(1),
        tree_size: count(gathered.size()),
        span: if figures.is_by_month() { "month" } else { "week" },
        currency: currency.map_or("", Currency::code),
        tiles: tiles(figures, gathered, currency),
        currencies: currencies(figures),
        balances: balances(&gathered.balances),
        timeline: currency.map(|it| timeline::draw(figures, it)).unwrap_or_default(),
        limits: currency
            .filter(|it| !limits::bins(figures, *it).is_empty())
            .map(|it| limits::draw(figures, it)),
        heat: currency.map(|it| heat::draw(figures, it)).unwrap_or_default(),
        heat_agents: heat::AGENTS,
        funnel: currency
            .filter(|_| peers.points.len() > 1)
            .map(|currency| funnel::draw(&peers, currency)),
        funnel_note: funnel_note(&peers),
        outcomes: bars::draw("what became of what was asked", &outcomes(figures)),
        speed: speed(&figures.decided_ms),
        findings: findings(figures, &gathered.findings),
        not_asked: not_asked(&gathered.findings).join("; "),
        dispositions: named(&figures.dispositions),
        reviews: named(&figures.reviews),
    };
    Ok(page.render()?)
}

fn tiles(figures: &Figures, gathered: &Gathered, currency: Option<Currency>) -> Vec<Tile> {
    let kind = |name: &str| figures.kinds.get(name).copied().unwrap_or(0);
    let mut tiles = Vec::new();
    if let Some(currency) = currency {
        let sums = figures.currencies.get(&currency).copied().unwrap_or_default();
        let code = currency.code();
        tiles.push(Tile {
            name: "Given",
            value: money(sums.given_minor, currency),
            note: format!("{code}, in {}", counted(sums.given_count, "gesture")),
        });
        tiles.push(Tile {
            name: "Taken back",
            value: money(sums.reversed_minor, currency),
            note: format!("{code}, {}", counted(sums.reversed_count, "time")),
        });
    }
    let refused: u64 = figures.refusals.values().sum();
    tiles.push(Tile {
        name: "Refused",
        value: count(refused),
        note: format!("of {} asked", count(refused + kind("RESERVED"))),
    });
    tiles.push(Tile {
        name: "Findings",
        value: count(gathered.findings.found.len() as u64),
        note: format!("{} noted", counted(kind("REVIEW_NOTED"), "review")),
    });
    tiles
}

fn currencies(figures: &Figures) -> Vec<CurrencyRow> {
    let row = |(currency, sums): (&Currency, &Sums)| CurrencyRow {
        code: currency.code(),
        given_count: count(sums.given_count),
        given: money(sums.given_minor, *currency),
        reversed_count: count(sums.reversed_count),
        reversed: money(sums.reversed_minor, *currency),
        net: money(sums.given_minor - sums.reversed_minor, *currency),
    };
    figures.currencies.iter().map(row).collect()
}

fn balances(balances: &Balances) -> Vec<BalanceRow> {
    let mut rows: Vec<_> = balances
        .iter()
        .map(|((account, currency), balance)| BalanceRow {
            number: account.to_string(),
            name: heading(account).name,
            code: currency.code(),
            opening: money(balance.opening.net_minor(), *currency),
            debits: money(balance.movement.debit_minor, *currency),
            credits: money(balance.movement.credit_minor, *currency),
            closing: money(balance.closing_minor(), *currency),
        })
        .collect();
    rows.sort_by(|left, right| (left.code, &left.number).cmp(&(right.code, &right.number)));
    rows
}

fn outcomes(figures: &Figures) -> Vec<(String, u64, &'static str)> {
    let kinds = [
        ("RESERVED", "held", "bar"),
        ("COMMITTED", "given", "bar"),
        ("VOIDED", "released", "bar calm"),
        ("EXPIRED", "lapsed", "bar calm"),
        ("REVERSED", "taken back", "bar calm"),
        ("CORRECTED", "corrected", "bar calm"),
        ("CONSULT_ASKED", "asked a second person", "bar calm"),
        ("CONSULT_APPROVED", "approved by a second person", "bar calm"),
    ];
    let mut outcomes: Vec<_> = kinds
        .into_iter()
        .filter_map(|(kind, name, class)| {
            Some((name.to_owned(), figures.kinds.get(kind).copied()?, class))
        })
        .collect();
    outcomes.extend(figures.refusals.iter().map(|(reason, count)| {
        let name = format!("refused: {}", reason.to_lowercase().replace('_', " "));
        (name, *count, "bar near")
    }));
    outcomes
}

/// The median and the slowest tenth of what was timed.
fn speed(decided_ms: &[u32]) -> Option<Speed> {
    let mut sorted = decided_ms.to_vec();
    sorted.sort_unstable();
    let at = |tenths: usize| sorted.get(sorted.len().saturating_sub(1) * tenths / 10).copied();
    let seconds = |ms: u32| format!("{}.{} s", ms / 1_000, ms % 1_000 / 100);
    Some(Speed {
        count: count(sorted.len() as u64),
        median_s: seconds(at(5)?),
        slowest_tenth_s: seconds(at(9)?),
    })
}

/// A row for each rule that found something, or of which the ledger keeps a finding of the period.
fn findings(figures: &Figures, findings: &Findings) -> Vec<FindingRow> {
    let row = |rule: &Rule| {
        let found = findings.found.iter().filter(|finding| finding.rule == *rule);
        let strongest = found.clone().map(|finding| finding.score_permille).max();
        let raised = figures.raised.get(rule.code()).copied().unwrap_or(0);
        let strongest = strongest.or_else(|| (raised > 0).then_some(0))?;
        Some(FindingRow {
            rule: rule.code(),
            title: rule.title(),
            count: count(found.count() as u64),
            score: format!("{}.{}", strongest / 10, strongest % 10),
            raised: count(raised),
        })
    };
    Rule::ALL.iter().filter_map(row).collect()
}

/// Why rules were not asked, such as `first digits: too few`.
fn not_asked(findings: &Findings) -> Vec<String> {
    let words = |why: &str| why.to_lowercase().replace('_', " ");
    let not_applied = findings.not_applied.iter();
    not_applied.map(|it| format!("{}: {}", it.rule.title(), words(it.why))).collect()
}

fn funnel_note(peers: &Peers) -> String {
    let hidden = match peers.hidden_count {
        0 => String::new(),
        hidden => format!(" {hidden} agents with fewer than {LEAST_GIFTS} gifts are not shown."),
    };
    format!("Over-dispersion \u{3c6} = {:.2}.{hidden}", peers.dispersion)
}

fn named(counts: &std::collections::BTreeMap<&'static str, u64>) -> Vec<(String, String)> {
    counts.iter().map(|(name, number)| (name.replace('_', " "), count(*number))).collect()
}

fn count(number: u64) -> String {
    group(&number.to_string())
}

/// A number with what is counted, in the singular for one of it.
fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(number))
}

fn money(minor: i128, currency: Currency) -> String {
    group(&Decimal { minor, exponent: currency.exponent() }.to_string())
}
