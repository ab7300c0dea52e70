//! `ReviewService`: samples, notes about gestures, and findings.

use std::sync::Arc;

use makegood_core::findings::sample::{Draw, Pick};
use makegood_core::ids::{AgentPid, Digest, RequestId, RuleCode, SpendId};
use makegood_core::ledger::{Access, Act, FINDING_POSITIONS, FindingRaised};
use makegood_core::money::Money;
use makegood_ledger::codec::codes;
use makegood_proto::ledger::v1 as ledger_pb;
use makegood_proto::v1;
use makegood_proto::v1::review_service_server::ReviewService;
use tonic::{Request, Response, Status};

use super::shape::Shape;
use super::{Service, status};
use crate::house::{Governed, HouseError, SampleRequest, Visitor};

/// The most gestures of one sample.
const SPEND_COUNT_MAX: i32 = 10_000;

#[tonic::async_trait]
impl ReviewService for Service {
    async fn draw_sample(
        &self,
        request: Request<v1::DrawSampleRequest>,
    ) -> Result<Response<v1::DrawSampleResponse>, Status> {
        let visitor = self.visitor(&request)?;
        if visitor.access != Access::Auditor {
            return Err(status::not_allowed("the token of a reviewer"));
        }
        let mut shape = Shape::default();
        let asked = sample_request(&mut shape, &request.into_inner());
        let (id, wish) = shape.build(asked)?;
        let entry_count = self.house.entry_count();
        if wish.end > entry_count {
            let mut shape = Shape::default();
            shape.note("end_position", format!("the ledger has {entry_count} entries"));
            shape.finish()?;
        }
        let house = Arc::clone(&self.house);
        let drawn = tokio::task::spawn_blocking(move || house.draw_sample(&wish)).await;
        let sample =
            drawn.unwrap_or(Err(HouseError::Stored)).map_err(|error| status::from_house(&error))?;
        // Before it is an entry: an answer of this size could not be sent.
        if sample.picks.len() > SPEND_COUNT_MAX.unsigned_abs() as usize {
            let mut shape = Shape::default();
            let found = sample.picks.len();
            shape.note(
                "interval",
                format!("larger: {found} gestures are more than {SPEND_COUNT_MAX}"),
            );
            shape.finish()?;
        }
        let act = Act::DrawSample(sample.drawn.clone());
        let Governed { receipt, replayed, .. } = self.review(&visitor, id, act).await?;
        Ok(Response::new(v1::DrawSampleResponse {
            spends: sample.picks.iter().map(sampled).collect(),
            population_count: sample.drawn.population_count.cast_signed(),
            spends_sha256: sample.drawn.spends.as_bytes().to_vec(),
            receipt: Some(receipt),
            replayed,
        }))
    }

    async fn note_review(
        &self,
        request: Request<v1::NoteReviewRequest>,
    ) -> Result<Response<v1::NoteReviewResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::NoteReviewRequest { request_id, spend_id, state, note_commitment } =
            request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let spend = shape.parse::<SpendId>("spend_id", &spend_id);
        let state = shape.choice::<ledger_pb::ReviewState>("state", state);
        let note = optional_digest(&mut shape, "note_commitment", &note_commitment);
        let build = || {
            let (spend, state) = (spend?, codes::read_review_state(state?).ok()?);
            Some((id?, Act::Note { spend, state, note }))
        };
        let (id, act) = shape.build(build())?;
        let Governed { receipt, replayed, .. } = self.review(&visitor, id, act).await?;
        Ok(Response::new(v1::NoteReviewResponse { receipt: Some(receipt), replayed }))
    }

    async fn raise_finding(
        &self,
        request: Request<v1::RaiseFindingRequest>,
    ) -> Result<Response<v1::RaiseFindingResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let mut shape = Shape::default();
        let asked = finding(&mut shape, &request.into_inner());
        let (id, mut finding) = shape.build(asked)?;
        // Nobody whom the entries name can be left out.
        let positions =
            finding.positions.iter().copied().take(FINDING_POSITIONS).collect::<Vec<_>>();
        let house = Arc::clone(&self.house);
        let read = tokio::task::spawn_blocking(move || house.people_of(&positions)).await;
        let mut people =
            read.unwrap_or(Err(HouseError::Stored)).map_err(|error| status::from_house(&error))?;
        people.extend(finding.agents);
        finding.agents = people.into_iter().collect();
        let act = Act::RaiseFinding(Box::new(finding));
        let Governed { receipt, replayed, .. } = self.review(&visitor, id, act).await?;
        Ok(Response::new(v1::RaiseFindingResponse { receipt: Some(receipt), replayed }))
    }

    async fn dispose_finding(
        &self,
        request: Request<v1::DisposeFindingRequest>,
    ) -> Result<Response<v1::DisposeFindingResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::DisposeFindingRequest {
            request_id,
            finding_position,
            disposition,
            note_commitment,
        } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let finding = number(&mut shape, "finding_position", finding_position);
        let disposition = shape.choice::<ledger_pb::Disposition>("disposition", disposition);
        let note = optional_digest(&mut shape, "note_commitment", &note_commitment);
        let build = || {
            let (finding, disposition) = (finding?, codes::read_disposition(disposition?).ok()?);
            Some((id?, Act::DisposeFinding { finding, disposition, note }))
        };
        let (id, act) = shape.build(build())?;
        let Governed { receipt, replayed, .. } = self.review(&visitor, id, act).await?;
        Ok(Response::new(v1::DisposeFindingResponse { receipt: Some(receipt), replayed }))
    }

    async fn record_export(
        &self,
        request: Request<v1::RecordExportRequest>,
    ) -> Result<Response<v1::RecordExportResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::RecordExportRequest {
            request_id,
            first_position,
            end_position,
            tree_size,
            manifest_sha256,
            purpose,
        } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let first = number(&mut shape, "first_position", first_position);
        let end = number(&mut shape, "end_position", end_position);
        let tree_size = number(&mut shape, "tree_size", tree_size);
        let manifest = digest(&mut shape, "manifest_sha256", &manifest_sha256);
        let purpose = shape.choice::<ledger_pb::ExportPurpose>("purpose", purpose);
        let build = || {
            let purpose = codes::read_export_purpose(purpose?).ok()?;
            let (first, end, tree_size) = (first?, end?, tree_size?);
            Some((id?, Act::Export { first, end, tree_size, manifest: manifest?, purpose }))
        };
        let (id, act) = shape.build(build())?;
        let Governed { receipt, replayed, .. } = self.review(&visitor, id, act).await?;
        Ok(Response::new(v1::RecordExportResponse { receipt: Some(receipt), replayed }))
    }
}

impl Service {
    async fn review(&self, visitor: &Visitor, id: RequestId, act: Act) -> Result<Governed, Status> {
        let acted = self.house.govern(visitor, id, act).await;
        acted.map_err(|error| status::from_house(&error))
    }
}

fn sample_request(
    shape: &mut Shape,
    request: &v1::DrawSampleRequest,
) -> Option<(RequestId, SampleRequest)> {
    let v1::DrawSampleRequest {
        request_id,
        method,
        first_position,
        end_position,
        seed,
        spend_count,
        interval,
    } = request;
    let id = shape.request_id(request_id);
    let first = number(shape, "first_position", *first_position);
    let end = number(shape, "end_position", *end_position);
    let seed = digest(shape, "seed", seed);
    let how = if shape.choice::<ledger_pb::SampleMethod>("method", *method)?
        == ledger_pb::SampleMethod::Records
    {
        let count = usize::try_from(*spend_count).ok();
        let count = count.filter(|_| (1..=SPEND_COUNT_MAX).contains(spend_count));
        if count.is_none() {
            shape.note("spend_count", format!("1 to {SPEND_COUNT_MAX}"));
        }
        count.map(|count| Draw::Records { count })
    } else {
        let interval: Option<Money> = shape.money("interval", interval.as_ref());
        interval.map(|interval| Draw::MonetaryUnit { interval })
    };
    let request = SampleRequest { first: first?, end: end?, seed: seed?, how: how? };
    Some((id?, request))
}

fn finding(
    shape: &mut Shape,
    request: &v1::RaiseFindingRequest,
) -> Option<(RequestId, FindingRaised)> {
    let v1::RaiseFindingRequest {
        request_id,
        rule,
        rule_version,
        parameters_sha256,
        score_permille,
        positions,
        agent_ids,
    } = request;
    let id = shape.request_id(request_id);
    let rule = shape.parse::<RuleCode>("rule", rule);
    let rule_version = number(shape, "rule_version", (*rule_version).into());
    let parameters = digest(shape, "parameters_sha256", parameters_sha256);
    let score = number(shape, "score_permille", (*score_permille).into());
    let positions: Option<Vec<u64>> =
        positions.iter().map(|position| number(shape, "positions", *position)).collect();
    let agents: Option<Vec<AgentPid>> =
        agent_ids.iter().map(|agent| shape.parse("agent_ids", agent)).collect();
    let raised = FindingRaised {
        rule: rule?,
        rule_version: u32::try_from(rule_version?).ok()?,
        parameters: parameters?,
        score_permille: u32::try_from(score?).ok()?,
        positions: positions?,
        agents: agents?,
    };
    Some((id?, raised))
}

fn sampled(pick: &Pick) -> v1::SampledSpend {
    v1::SampledSpend {
        spend_id: pick.spend.to_string(),
        ledger_position: pick.position.cast_signed(),
        amount: Some(v1::Money {
            currency_code: pick.currency.code().to_owned(),
            amount_minor: pick.amount_minor,
        }),
        hit_count: pick.hit_count.cast_signed(),
    }
}

fn number(shape: &mut Shape, field: &str, number: i64) -> Option<u64> {
    let found = u64::try_from(number).ok();
    if found.is_none() {
        shape.note(field, "0 or more");
    }
    found
}

fn digest(shape: &mut Shape, field: &str, bytes: &[u8]) -> Option<Digest> {
    let found = bytes.try_into().ok().map(Digest::from_bytes);
    if found.is_none() {
        shape.note(field, "give 32 bytes");
    }
    found
}

fn optional_digest(shape: &mut Shape, field: &str, bytes: &[u8]) -> Option<Digest> {
    if bytes.is_empty() { None } else { digest(shape, field, bytes) }
}
