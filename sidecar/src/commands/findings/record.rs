//! Findings into the ledger, each once.

use makegood_core::findings::{Finding, Parameters};
use makegood_core::ids::RequestId;
use makegood_core::ledger::{Act, EntryBody, FindingRaised};
use makegood_proto::v1;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::super::remote::{Door, Remote, answered, answered_unless_known, new_request_id};
use super::super::{ledger, note};
use crate::config::Config;

/// What became of a finding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recorded {
    /// The entry that raised it.
    pub(super) position: Option<i64>,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    New,
    /// It was in the ledger before.
    Known,
    /// Its id stood for something else, so that it was raised under another.
    Renamed,
}

/// Raises each finding, in their order, in the ledger that the configuration names.
pub(super) fn record(
    findings: &[Finding],
    parameters: &Parameters,
    config: &Config,
    door: Door,
) -> anyhow::Result<Vec<Recorded>> {
    door.with(async |mut it| {
        let mut recorded = Vec::with_capacity(findings.len());
        for finding in findings {
            recorded.push(raise(&mut it, finding.raised(parameters), config).await?);
        }
        Ok(recorded)
    })
}

async fn raise(
    it: &mut Remote,
    finding: FindingRaised,
    config: &Config,
) -> anyhow::Result<Recorded> {
    let message = request(&finding);
    let asked = it.ask(message.clone());
    if let Some(answer) = answered_unless_known(it.reviews.raise_finding(asked).await)? {
        let fate = if answer.replayed { Fate::Known } else { Fate::New };
        return Ok(Recorded { position: position(&answer), fate });
    }
    // Anybody can make the id and send it with something else, so that the ledger alone says
    // whether the finding is there.
    if let Some(position) = raised_before(config, &finding)? {
        return Ok(Recorded { position: Some(position.cast_signed()), fate: Fate::Known });
    }
    let again = v1::RaiseFindingRequest { request_id: new_request_id()?, ..message.clone() };
    let again = it.ask(again);
    let answer = answered(it.reviews.raise_finding(again).await)?;
    note(&format!(
        "the id {} of a finding of rule {} was used for something else, by whoever wanted it out of \
         the ledger or by chance; it is raised under another",
        message.request_id, message.rule
    ));
    Ok(Recorded { position: position(&answer), fate: Fate::Renamed })
}

/// The entry that raised this very finding, under whatever id.
fn raised_before(config: &Config, finding: &FindingRaised) -> anyhow::Result<Option<u64>> {
    let mut position = None;
    ledger::each(config, |entry, _| {
        if let EntryBody::Act { act: Act::RaiseFinding(raised), .. } = &entry.body
            && **raised == *finding
        {
            position.get_or_insert(entry.position);
        }
    })?;
    Ok(position)
}

fn position(answer: &v1::RaiseFindingResponse) -> Option<i64> {
    answer.receipt.as_ref().map(|receipt| receipt.ledger_position)
}

pub(super) fn words(recorded: &[Recorded]) -> String {
    let count = |fate| recorded.iter().filter(|it| it.fate == fate).count();
    let (known, renamed) = (count(Fate::Known), count(Fate::Renamed));
    let new = recorded.len() - known;
    let renamed = match renamed {
        0 => String::new(),
        count => format!("; of the new, under another id because theirs was used: {count}"),
    };
    format!("new in the ledger: {new}; there before: {known}{renamed}")
}

/// The request under an id that is made of what the finding says, so that whoever raises it again
/// writes nothing twice.
fn request(finding: &FindingRaised) -> v1::RaiseFindingRequest {
    let FindingRaised { rule, rule_version, parameters, score_permille, positions, agents } =
        finding;
    let message = v1::RaiseFindingRequest {
        request_id: String::new(),
        rule: rule.to_string(),
        rule_version: rule_version.cast_signed(),
        parameters_sha256: parameters.as_bytes().to_vec(),
        score_permille: score_permille.cast_signed(),
        positions: positions.iter().map(|position| position.cast_signed()).collect(),
        agent_ids: agents.iter().map(ToString::to_string).collect(),
    };
    let digest: [u8; 32] = Sha256::digest(message.encode_to_vec()).into();
    let (id, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
    v1::RaiseFindingRequest { request_id: RequestId::from_bytes(*id).to_string(), ..message }
}
