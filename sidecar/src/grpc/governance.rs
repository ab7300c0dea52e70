//! `GovernanceService`: policies, pauses, pools and periods.

use makegood_core::ids::{Digest, RequestId};
use makegood_core::ledger::{Access, Act, PauseReason, Period};
use makegood_core::policy::Policy;
use makegood_ledger::policy_file;
use makegood_proto::v1;
use makegood_proto::v1::governance_service_server::GovernanceService;
use tonic::{Request, Response, Status};

use super::page::Page;
use super::shape::Shape;
use super::{Service, status};
use crate::house::{Governed, HouseError, Visitor};

/// The longest text of a policy, in bytes.
const TEXT_BYTES: usize = 100_000;

/// The answer to an act as one of the responses, which all have these fields.
macro_rules! governed {
    ($response:ident, $governed:expr $(, $field:ident: $value:expr)*) => {{
        let Governed { receipt, replayed, .. } = $governed;
        Ok(Response::new(v1::$response { receipt: Some(receipt), replayed $(, $field: $value)* }))
    }};
}

/// As [`governed!`], with how the policy stands.
macro_rules! of_policy {
    ($service:expr, $response:ident, $digest:expr, $governed:expr) => {{
        let policy = Some(told($service.house.policy_standing($digest))?);
        governed!($response, $governed, policy: policy)
    }};
}

#[tonic::async_trait]
impl GovernanceService for Service {
    async fn draft_policy(
        &self,
        request: Request<v1::DraftPolicyRequest>,
    ) -> Result<Response<v1::DraftPolicyResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::DraftPolicyRequest { request_id, text } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let policy = policy_of(&mut shape, &text);
        let (id, policy) = shape.build(id.zip(policy))?;
        let governed = told(self.house.draft_policy(&visitor, id, (&policy, &text)).await)?;
        let standing = told(self.house.policy_standing(policy.digest))?;
        let report = policy_file::report(&policy);
        governed!(DraftPolicyResponse, governed, policy: Some(standing), report: report)
    }

    async fn publish_policy(
        &self,
        request: Request<v1::PublishPolicyRequest>,
    ) -> Result<Response<v1::PublishPolicyResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::PublishPolicyRequest { request_id, policy_digest } = request.into_inner();
        let (id, digest) = named(&request_id, &policy_digest)?;
        let governed = self.govern(&visitor, id, Act::PublishPolicy { digest }).await?;
        of_policy!(self, PublishPolicyResponse, digest, governed)
    }

    async fn schedule_policy(
        &self,
        request: Request<v1::SchedulePolicyRequest>,
    ) -> Result<Response<v1::SchedulePolicyResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::SchedulePolicyRequest { request_id, policy_digest, effective_time } =
            request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let digest = shape.parse::<Digest>("policy_digest", &policy_digest);
        if effective_time.is_none() {
            shape.note("effective_time", "say from when on");
        }
        let at = shape.time("effective_time", effective_time.as_ref());
        let ((id, digest), at) = shape.build(id.zip(digest).zip(at))?;
        let governed = told(self.house.schedule_policy(&visitor, id, (digest, at)).await)?;
        of_policy!(self, SchedulePolicyResponse, digest, governed)
    }

    async fn withdraw_policy(
        &self,
        request: Request<v1::WithdrawPolicyRequest>,
    ) -> Result<Response<v1::WithdrawPolicyResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::WithdrawPolicyRequest { request_id, policy_digest } = request.into_inner();
        let (id, digest) = named(&request_id, &policy_digest)?;
        let governed = self.govern(&visitor, id, Act::WithdrawPolicy { digest }).await?;
        of_policy!(self, WithdrawPolicyResponse, digest, governed)
    }

    async fn list_policies(
        &self,
        request: Request<v1::ListPoliciesRequest>,
    ) -> Result<Response<v1::ListPoliciesResponse>, Status> {
        self.overseeing(&request)?;
        let v1::ListPoliciesRequest { page_size, page_token } = request.into_inner();
        let page = page(page_size, &page_token)?;
        let (policies, next_page_token) = page.cut(told(self.house.policies())?);
        Ok(Response::new(v1::ListPoliciesResponse { policies, next_page_token }))
    }

    async fn get_policy(
        &self,
        request: Request<v1::GetPolicyRequest>,
    ) -> Result<Response<v1::GetPolicyResponse>, Status> {
        self.overseeing(&request)?;
        let mut shape = Shape::default();
        let digest = shape.optional("policy_digest", &request.into_inner().policy_digest);
        shape.finish()?;
        Ok(Response::new(told(self.house.policy(digest))?))
    }

    async fn pause_giving(
        &self,
        request: Request<v1::PauseGivingRequest>,
    ) -> Result<Response<v1::PauseGivingResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::PauseGivingRequest { request_id, reason } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let reason = shape.choice::<v1::PauseReason>("reason", reason).and_then(pause_reason);
        let (id, reason) = shape.build(id.zip(reason))?;
        let governed = self.govern(&visitor, id, Act::Pause { reason, note: None }).await?;
        governed!(PauseGivingResponse, governed)
    }

    async fn resume_giving(
        &self,
        request: Request<v1::ResumeGivingRequest>,
    ) -> Result<Response<v1::ResumeGivingResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let id = request_id(&request.into_inner().request_id)?;
        let governed = self.govern(&visitor, id, Act::Resume { note: None }).await?;
        governed!(ResumeGivingResponse, governed)
    }

    async fn allocate_pool(
        &self,
        request: Request<v1::AllocatePoolRequest>,
    ) -> Result<Response<v1::AllocatePoolResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::AllocatePoolRequest { request_id, from_pool_id, to_pool_id, amount } =
            request.into_inner();
        let mut shape = Shape::default();
        let id = shape.request_id(&request_id);
        let from = shape.optional("from_pool_id", &from_pool_id);
        let to = shape.optional("to_pool_id", &to_pool_id);
        let amount = shape.money("amount", amount.as_ref());
        let (id, amount) = shape.build(id.zip(amount))?;
        let governed = self.govern(&visitor, id, Act::Allocate { from, to, amount }).await?;
        let is_named = |it: &v1::PoolStanding| {
            let is_pool = it.pool_id == from_pool_id || it.pool_id == to_pool_id;
            is_pool && it.currency_code == amount.currency.code()
        };
        let pools = told(self.house.pools())?.into_iter().filter(is_named).collect();
        governed!(AllocatePoolResponse, governed, pools: pools)
    }

    async fn list_pools(
        &self,
        request: Request<v1::ListPoolsRequest>,
    ) -> Result<Response<v1::ListPoolsResponse>, Status> {
        self.overseeing(&request)?;
        let v1::ListPoolsRequest { page_size, page_token } = request.into_inner();
        let page = page(page_size, &page_token)?;
        let (pools, next_page_token) = page.cut(told(self.house.pools())?);
        Ok(Response::new(v1::ListPoolsResponse { pools, next_page_token }))
    }

    async fn close_period(
        &self,
        request: Request<v1::ClosePeriodRequest>,
    ) -> Result<Response<v1::ClosePeriodResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::ClosePeriodRequest { request_id, period } = request.into_inner();
        let (id, period) = of_period(&request_id, period.as_ref())?;
        let governed = self.govern(&visitor, id, Act::ClosePeriod(period)).await?;
        let balances_sha256 = bytes(governed.balances);
        governed!(ClosePeriodResponse, governed, balances_sha256: balances_sha256)
    }

    async fn reopen_period(
        &self,
        request: Request<v1::ReopenPeriodRequest>,
    ) -> Result<Response<v1::ReopenPeriodResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::ReopenPeriodRequest { request_id, period } = request.into_inner();
        let (id, period) = of_period(&request_id, period.as_ref())?;
        let governed = self.govern(&visitor, id, Act::ReopenPeriod(period)).await?;
        governed!(ReopenPeriodResponse, governed)
    }

    async fn second_reopening(
        &self,
        request: Request<v1::SecondReopeningRequest>,
    ) -> Result<Response<v1::SecondReopeningResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let v1::SecondReopeningRequest { request_id, period } = request.into_inner();
        let (id, period) = of_period(&request_id, period.as_ref())?;
        let governed = self.govern(&visitor, id, Act::SecondReopening(period)).await?;
        governed!(SecondReopeningResponse, governed)
    }

    async fn get_periods(
        &self,
        request: Request<v1::GetPeriodsRequest>,
    ) -> Result<Response<v1::GetPeriodsResponse>, Status> {
        self.overseeing(&request)?;
        Ok(Response::new(told(self.house.periods())?))
    }

    async fn digest_balances(
        &self,
        request: Request<v1::DigestBalancesRequest>,
    ) -> Result<Response<v1::DigestBalancesResponse>, Status> {
        let visitor = self.visitor(&request)?;
        let id = request_id(&request.into_inner().request_id)?;
        let governed = self.govern(&visitor, id, Act::DigestBalances).await?;
        let balances_sha256 = bytes(governed.balances);
        governed!(DigestBalancesResponse, governed, balances_sha256: balances_sha256)
    }
}

impl Service {
    async fn govern(&self, visitor: &Visitor, id: RequestId, act: Act) -> Result<Governed, Status> {
        told(self.house.govern(visitor, id, act).await)
    }

    /// Who calls, if they may look over how the house is governed.
    fn overseeing<T>(&self, request: &Request<T>) -> Result<Visitor, Status> {
        let visitor = self.visitor(request)?;
        if visitor.access == Access::Agent {
            let needed = "the token of a supervisor, a reviewer or an administrator";
            return Err(status::not_allowed(needed));
        }
        Ok(visitor)
    }
}

fn told<T>(answer: Result<T, HouseError>) -> Result<T, Status> {
    answer.map_err(|error| status::from_house(&error))
}

fn request_id(text: &str) -> Result<RequestId, Status> {
    let mut shape = Shape::default();
    let id = shape.request_id(text);
    shape.build(id)
}

fn named(request_id: &str, policy_digest: &str) -> Result<(RequestId, Digest), Status> {
    let mut shape = Shape::default();
    let id = shape.request_id(request_id);
    let digest = shape.parse("policy_digest", policy_digest);
    shape.build(id.zip(digest))
}

fn of_period(request_id: &str, period: Option<&v1::Period>) -> Result<(RequestId, Period), Status> {
    let mut shape = Shape::default();
    let id = shape.request_id(request_id);
    let mut bound = |field, time: Option<&_>| {
        if time.is_none() {
            shape.note(field, "give an instant");
        }
        shape.time(field, time)
    };
    let start = bound("period.start_time", period.and_then(|it| it.start_time.as_ref()));
    let end = bound("period.end_time", period.and_then(|it| it.end_time.as_ref()));
    let period = start.zip(end).map(|(start, end)| Period { start, end });
    shape.build(id.zip(period))
}

/// The policy that a text is; each problem of the text is one of the request.
fn policy_of(shape: &mut Shape, text: &str) -> Option<Policy> {
    if text.len() > TEXT_BYTES {
        shape.note("text", format!("at most {TEXT_BYTES} bytes"));
        return None;
    }
    match policy_file::read(text) {
        Ok(policy) => Some(policy),
        Err(problems) => {
            problems.0.iter().for_each(|problem| shape.note("text", problem));
            None
        }
    }
}

fn page(page_size: i32, page_token: &str) -> Result<Page, Status> {
    let mut shape = Shape::default();
    Page::read(&mut shape, page_size, page_token).finish(shape)
}

fn bytes(digest: Option<Digest>) -> Vec<u8> {
    digest.map(|digest| digest.as_bytes().to_vec()).unwrap_or_default()
}

fn pause_reason(number: v1::PauseReason) -> Option<PauseReason> {
    match number {
        v1::PauseReason::Unspecified => None,
        v1::PauseReason::Budget => Some(PauseReason::Budget),
        v1::PauseReason::Fraud => Some(PauseReason::Fraud),
        v1::PauseReason::System => Some(PauseReason::System),
        v1::PauseReason::Policy => Some(PauseReason::Policy),
        v1::PauseReason::Other => Some(PauseReason::Other),
    }
}
