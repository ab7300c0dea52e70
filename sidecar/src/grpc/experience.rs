//! `ExperienceService`: what customers say.

use makegood_core::ledger::Access;
use makegood_core::time::Time;
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;
use makegood_proto::v1::experience_service_server::ExperienceService;
use tonic::{Request, Response, Status};

use super::page::Page;
use super::shape::Shape;
use super::{Service, status};
use crate::clock::wall_time;
use crate::house::{ScoreIn, check_score};

const WORDS_CHARACTERS: usize = 2_000;

#[tonic::async_trait]
impl ExperienceService for Service {
    async fn record_score(
        &self,
        request: Request<v1::RecordScoreRequest>,
    ) -> Result<Response<v1::RecordScoreResponse>, Status> {
        let visitor = self.visitor(&request)?;
        if !matches!(visitor.access, Access::Supervisor | Access::Admin) {
            return Err(status::not_allowed("the token of a supervisor or an administrator"));
        }
        let recorded = self.house.record_score(score_in(request.into_inner())?).await;
        let score = Some(recorded.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::RecordScoreResponse { score }))
    }

    async fn list_scores(
        &self,
        request: Request<v1::ListScoresRequest>,
    ) -> Result<Response<v1::ListScoresResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ListScoresRequest { customer_id, page_size, page_token } = request.into_inner();
        let mut shape = Shape::default();
        let customer = shape.customer(&customer_id);
        let page = Page::read(&mut shape, page_size, &page_token);
        let customer = shape.build(customer)?;
        let rows =
            self.house.scores(&visitor, customer).map_err(|error| status::from_house(&error))?;
        let (scores, next_page_token) = page.cut(rows);
        Ok(Response::new(v1::ListScoresResponse { scores, next_page_token }))
    }
}

fn score_in(request: v1::RecordScoreRequest) -> Result<ScoreIn, Status> {
    let v1::RecordScoreRequest {
        score_id,
        customer_id,
        kind,
        value,
        respond_time,
        words,
        interaction_id,
        invite_time,
    } = request;
    let mut shape = Shape::default();
    let id = shape.request_id_named("score_id", &score_id);
    let customer = shape.customer(&customer_id);
    let kind = shape.choice::<v1::ScoreKind>("kind", kind);
    if let Some(kind) = kind
        && let Err(error) = check_score(kind, value)
    {
        shape.note("value", error);
    }
    let respond_at = shape.time("respond_time", respond_time.as_ref()).unwrap_or_else(wall_time);
    let invite_at = shape.time("invite_time", invite_time.as_ref());
    let words = shape.words("words", &words, WORDS_CHARACTERS);
    if !interaction_id.is_empty() {
        shape.host_id("interaction_id", &interaction_id);
    }
    let build = || {
        Some(ScoreIn {
            score_id: id?,
            customer: customer?,
            record: pb::Score {
                kind: kind?.into(),
                scale_version: 1,
                value,
                interaction_id,
                invite_ns: invite_at.map_or(0, Time::as_nanos),
                respond_ns: respond_at.as_nanos(),
                words: words?,
                ..pb::Score::default()
            },
        })
    };
    shape.build(build())
}
