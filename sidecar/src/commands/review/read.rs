//! How reviews and findings stand, read from the journal alone, also beside a sidecar that serves it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use makegood_core::findings::Rule;
use makegood_core::ids::{AgentPid, SpendId};
use makegood_core::ledger::{Act, Disposition, Entry, EntryBody, FindingRaised, ReviewState};
use makegood_core::time::Time;

use super::super::ledger::{self, Listed};
use super::super::tables::{self, json_lines, table};
use super::super::{remote, say, setup};
use super::{FindingsArgs, ListArgs, ShowArgs};

/// The review of a gesture as it stands.
#[derive(Debug)]
struct Review {
    state: ReviewState,
    /// Everybody who took part, the answering agent too.
    people: BTreeSet<AgentPid>,
    note_count: u64,
    position: u64,
    at: Time,
}

/// A finding that the ledger keeps.
#[derive(Debug)]
struct Kept {
    finding: FindingRaised,
    at: Time,
    raised_by: AgentPid,
    settled: Option<(Disposition, AgentPid)>,
}

/// What a look through the entries gathers.
#[derive(Debug, Default)]
struct Standing {
    reviews: BTreeMap<SpendId, Review>,
    findings: BTreeMap<u64, Kept>,
}

impl Standing {
    fn see(&mut self, entry: &Entry) {
        let EntryBody::Act { act, .. } = &entry.body else {
            return;
        };
        let by = entry.caller.agent;
        match act {
            Act::Note { spend, state, .. } => self.note(entry, *spend, *state),
            Act::RaiseFinding(finding) => {
                let finding = FindingRaised::clone(finding);
                let kept = Kept { finding, at: entry.at, raised_by: by, settled: None };
                self.findings.insert(entry.position, kept);
            }
            Act::DisposeFinding { finding, disposition, .. } => {
                if let Some(kept) = self.findings.get_mut(finding) {
                    kept.settled = Some((*disposition, by));
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, entry: &Entry, spend: SpendId, state: ReviewState) {
        let (position, at) = (entry.position, entry.at);
        let begin = || Review { state, people: BTreeSet::new(), note_count: 0, position, at };
        let review = self.reviews.entry(spend).or_insert_with(begin);
        review.people.insert(entry.caller.agent);
        review.note_count += 1;
        (review.state, review.position, review.at) = (state, position, at);
    }
}

pub(super) fn list(args: &ListArgs) -> anyhow::Result<()> {
    let mut standing = Standing::default();
    ledger::each(&setup::config(&args.config)?, |entry, _| standing.see(entry))?;
    let wanted = |review: &Review| match args.state {
        Some(state) => review.state == state.core(),
        None => args.all || !matches!(review.state, ReviewState::Cleared | ReviewState::Praised),
    };
    let reviews: Vec<_> = standing.reviews.iter().filter(|(_, review)| wanted(review)).collect();
    if args.json {
        json_lines(reviews.iter().map(|(spend, review)| review_json(**spend, review)));
        return Ok(());
    }
    if reviews.is_empty() {
        say("no review is open; `makegood audit sample` draws gestures to review");
        return Ok(());
    }
    let mut table = table(&["gesture", "stands", "since", "notes", "who", "entry"]);
    for (spend, review) in reviews {
        table.add_row([
            spend.to_string(),
            review.state.code().to_owned(),
            tables::time(review.at),
            review.note_count.to_string(),
            joined(&review.people, "\n"),
            review.position.to_string(),
        ]);
    }
    say(table);
    Ok(())
}

pub(super) fn findings(args: &FindingsArgs) -> anyhow::Result<()> {
    let mut standing = Standing::default();
    ledger::each(&setup::config(&args.config)?, |entry, _| standing.see(entry))?;
    let is_open = |kept: &Kept| matches!(kept.settled, None | Some((Disposition::Escalated, _)));
    let kept: Vec<_> =
        standing.findings.iter().filter(|(_, kept)| args.all || is_open(kept)).collect();
    if args.json {
        json_lines(kept.iter().map(|(position, kept)| finding_json(**position, kept)));
        return Ok(());
    }
    if kept.is_empty() {
        say("no finding is open; `makegood audit findings --record` puts findings into the ledger");
        return Ok(());
    }
    let header = ["finding", "rule", "looks for", "score", "who", "entries", "raised", "settled"];
    let mut table = table(&header);
    for (position, kept) in kept {
        let Kept { finding, at, settled, .. } = kept;
        table.add_row([
            position.to_string(),
            finding.rule.to_string(),
            title(finding),
            finding.score_permille.to_string(),
            joined(&finding.agents, "\n"),
            joined(&finding.positions, " "),
            tables::time(*at),
            settled.map(|(how, by)| format!("{} by {by}", how.code())).unwrap_or_default(),
        ]);
    }
    say(table);
    Ok(())
}

/// The entries about a gesture, the notes of its review among them, and the findings that name any.
pub(super) fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let mut standing = Standing::default();
    let mut own: Vec<Listed> = Vec::new();
    ledger::each(&setup::config(&args.config)?, |entry, payload| {
        standing.see(entry);
        if entry.body.spend() == Some(args.spend) {
            own.push(Listed::of(entry, payload));
        }
    })?;
    if own.is_empty() {
        bail!("the ledger has no gesture {}; `makegood review list` names some", args.spend);
    }
    let names_any =
        |kept: &Kept| own.iter().any(|listed| kept.finding.positions.contains(&listed.position()));
    let findings = standing.findings.iter().filter(|(_, kept)| names_any(kept));
    let review = standing.reviews.get(&args.spend);
    if args.json {
        say(serde_json::json!({
            "review": review.map(|review| review_json(args.spend, review)),
            "entries": own.iter().map(Listed::json).collect::<Vec<_>>(),
            "findings": findings.map(|(at, kept)| finding_json(*at, kept)).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    say(ledger::table(&own));
    say(match review {
        Some(review) => format!("\nits review stands at {}", review.state.code()),
        None => "\nnobody has reviewed it".to_owned(),
    });
    for (position, kept) in findings {
        let how = kept.settled.map_or("open", |(how, _)| how.code());
        say(format!("finding {position} ({}, {how}) names it", title(&kept.finding)));
    }
    Ok(())
}

/// What the rule of a finding looks for; empty for a rule that this version does not know.
fn title(finding: &FindingRaised) -> String {
    Rule::from_code(&finding.rule.to_string()).map(|it| it.title().to_owned()).unwrap_or_default()
}

fn time(at: Time) -> String {
    remote::shown(Some(remote::wire(at)))
}

fn joined<'a, T: ToString + 'a>(parts: impl IntoIterator<Item = &'a T>, by: &str) -> String {
    parts.into_iter().map(T::to_string).collect::<Vec<_>>().join(by)
}

fn review_json(spend: SpendId, review: &Review) -> serde_json::Value {
    serde_json::json!({
        "spend_id": spend.to_string(),
        "state": review.state.code(),
        "people": review.people.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "note_count": review.note_count,
        "position": review.position,
        "time": time(review.at),
    })
}

fn finding_json(position: u64, kept: &Kept) -> serde_json::Value {
    let Kept { finding, at, raised_by, settled } = kept;
    serde_json::json!({
        "position": position,
        "rule": finding.rule.to_string(),
        "rule_version": finding.rule_version,
        "parameters_sha256": finding.parameters.to_string(),
        "score_permille": finding.score_permille,
        "positions": finding.positions,
        "agents": finding.agents.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "time": time(*at),
        "raised_by": raised_by.to_string(),
        "disposition": settled.map(|(how, _)| how.code()),
        "settled_by": settled.map(|(_, by)| by.to_string()),
    })
}
