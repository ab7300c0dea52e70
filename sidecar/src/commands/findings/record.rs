//! Findings into the ledger, each once.

use makegood_core::findings::{Finding, Parameters};
use makegood_core::ids::RequestId;
use makegood_core::ledger::FindingRaised;
use makegood_proto::v1;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::super::remote::{Door, answered_unless_known};

/// What became of a finding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recorded {
    /// The entry that raised it; none where another person wrote it down before.
    pub(super) position: Option<i64>,
    /// Whether it was in the ledger before.
    is_known: bool,
}

/// Raises each finding, in their order.
pub(super) fn record(
    findings: &[Finding],
    parameters: &Parameters,
    door: Door,
) -> anyhow::Result<Vec<Recorded>> {
    let requests = findings.iter().map(|finding| request(finding.raised(parameters)));
    let requests: Vec<_> = requests.collect();
    door.with(async |mut it| {
        let mut recorded = Vec::with_capacity(requests.len());
        for message in requests {
            let request = it.ask(message);
            // The id says all that the finding does.
            let answer = answered_unless_known(it.reviews.raise_finding(request).await)?;
            recorded.push(Recorded {
                position: answer.as_ref().and_then(|it| it.receipt.as_ref()).map(position),
                is_known: answer.is_none_or(|it| it.replayed),
            });
        }
        Ok(recorded)
    })
}

fn position(receipt: &v1::Receipt) -> i64 {
    receipt.ledger_position
}

pub(super) fn words(recorded: &[Recorded]) -> String {
    let known = recorded.iter().filter(|it| it.is_known).count();
    let new = recorded.len() - known;
    format!("new in the ledger: {new}; there before: {known}")
}

/// The request under an id that is made of what the finding says, so that whoever raises it again
/// writes nothing twice.
fn request(finding: FindingRaised) -> v1::RaiseFindingRequest {
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
