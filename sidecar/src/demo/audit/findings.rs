//! What the rules of the findings say of the demo's ledger.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use makegood_core::findings::{Finding, NoContext, Parameters, Rule, examine, parameters_digest};
use serde_json::{Map, Value, json};

use super::{apart, command, days};
use crate::audit::FactsOfDays;
use crate::clock::wall_time;
use crate::demo::{Demo, ledger};

/// A finding is of today if one of its entries is no older.
const TODAY: Duration = Duration::from_hours(24);
/// Entries of a finding that are shown, the newest.
const SHOWN: usize = 8;

pub(in crate::demo) async fn serve(State(demo): State<Arc<Demo>>) -> Result<Json<Value>, Response> {
    apart(&demo, find).await.map(Json)
}

fn find(demo: &Demo) -> anyhow::Result<Value> {
    let period = days()?;
    let FactsOfDays { facts, first, end } = FactsOfDays::read(demo.house.folder(), period)?;
    let parameters = Parameters::default();
    let report = examine(&facts, &parameters, &NoContext, Rule::ALL).within(&(first..end));
    let mut findings = report
        .findings
        .iter()
        .map(|finding| shown(demo, finding, &parameters))
        .collect::<anyhow::Result<Vec<_>>>()?;
    findings.sort_by_key(|(is_today, score, _)| std::cmp::Reverse((*is_today, *score)));
    let not_asked = report.not_applied.iter().filter(|it| it.agent.is_none()).map(|it| {
        json!({ "rule": it.rule.code(), "title": it.rule.title(), "why": it.why.replace('_', " ") })
    });
    Ok(json!({
        "from": period.from().to_string(),
        "to": period.to().to_string(),
        "entry_count": end - first,
        "rule_count": Rule::ALL.len(),
        "findings": findings.into_iter().map(|(_, _, shown)| shown).collect::<Vec<_>>(),
        "not_asked": not_asked.collect::<Vec<_>>(),
        "command": format!(
            "{} audit findings --data {} --from {} --to {}",
            command("makegood"),
            demo.data.display(),
            period.from(),
            period.to(),
        ),
    }))
}

/// Whether a finding is of today, how strongly it speaks, and how it is shown.
fn shown(
    demo: &Demo,
    finding: &Finding,
    parameters: &Parameters,
) -> anyhow::Result<(bool, u32, Value)> {
    let mut rows = Vec::new();
    let mut newest_ns = 0;
    for position in finding.positions.iter().rev().take(SHOWN) {
        if let Some((line, leaf)) = demo.house.line(*position)? {
            newest_ns = newest_ns.max(line.at.as_nanos());
            rows.push(ledger::row(demo, &line, &leaf));
        }
    }
    let age_ns = wall_time().as_nanos().saturating_sub(newest_ns);
    let is_today = u128::try_from(age_ns).is_ok_and(|age_ns| age_ns <= TODAY.as_nanos());
    let why: Map<_, _> =
        finding.why.iter().map(|(name, number)| ((*name).to_owned(), (*number).into())).collect();
    let agents = finding.agents.iter().map(|agent| demo.house.agent_name(agent.as_bytes()));
    let shown = json!({
        "rule": finding.rule.code(),
        "title": finding.rule.title(),
        "version": finding.rule.version(),
        "parameters_sha256": parameters_digest(parameters, finding.rule).to_string(),
        "score_permille": finding.score_permille,
        "agents": agents.collect::<Vec<_>>(),
        "why": why,
        "is_today": is_today,
        "position_count": finding.positions.len(),
        "entries": rows,
    });
    Ok((is_today, finding.score_permille, shown))
}
