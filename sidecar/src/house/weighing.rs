//! What the limits leave: asked beforehand, and told with each answer.

use makegood_core::ids::{AgentPid, CustomerPid};
use makegood_core::ledger::{
    EntryBody, Fault, LimitTrace, Preview, Refusal, SpendRow, headroom, preview,
};
use makegood_core::money::Currency;
use makegood_core::policy::Counts;
use makegood_proto::v1;

use super::panel::Call;
use super::spends::SpendRequest;
use super::{House, HouseError, Visitor, view};
use crate::clock::wall_time;
use crate::ledger::state::View;
use makegood_ledger::codec;

impl House {
    /// What an amount would lead to, and the headroom as it is now.
    ///
    /// # Errors
    /// A fault of the ledger, or that the customer is not bound to the interaction.
    pub fn preview(
        &self,
        visitor: &Visitor,
        request: &SpendRequest,
    ) -> Result<v1::PreviewSpendResponse, HouseError> {
        visitor.may_act_on(&request.interaction_id)?;
        self.shared.check_customer(&request.customer)?;
        let live = self.interaction(&request.interaction_id)?;
        live.may_give_to(&request.customer)?;
        let (customer, currency) = (*request.customer.as_bytes(), request.amount.currency);
        let (live, now) = (live.as_ref(), wall_time());
        let mut question = self.question(&Call { visitor, live, customer, now }, currency);
        question.subject.reason = Some(request.reason.clone());
        let policy = &self.shared.policy;
        let amount_minor = request.amount.amount_minor;
        let seen = self.shared.state.read(|rows| {
            let seen = preview(rows, policy, &question, &request.gesture, amount_minor);
            seen.map(|seen| (seen, view::pause(rows)))
        })?;
        let (seen, pause) = seen.map_err(|fault| HouseError::Write(fault.into()))?;
        let Preview { headroom, refusal, available_after_minor } = seen;
        let excess_minor = amount_minor.saturating_sub(headroom.available_minor).max(0);
        let mut after = view::headroom(&headroom, pause);
        if refusal.is_none() {
            after.available_minor = available_after_minor;
            after.held_minor = after.held_minor.saturating_add(amount_minor);
        }
        let approver = match &refusal {
            Some(Refusal::LimitExceeded { .. }) => {
                self.approver(&visitor.agent, &[], &request.reason)?
            }
            _ => None,
        };
        let name = |agent: AgentPid| self.directory.name(&self.shared, agent.as_bytes());
        Ok(v1::PreviewSpendResponse {
            accepted: refusal.is_none(),
            headroom: Some(after),
            excess_minor: if refusal.is_none() { 0 } else { excess_minor },
            refusal: refusal.map(|refusal| refusal.reason().to_owned()).unwrap_or_default(),
            approver_name: approver.map(name).unwrap_or_default(),
        })
    }

    /// What the visitor may give a customer now.
    ///
    /// # Errors
    /// A fault of the ledger, or that there is no such customer or interaction.
    pub fn headroom(
        &self,
        visitor: &Visitor,
        interaction_id: &str,
        customer: CustomerPid,
        currency: Option<Currency>,
    ) -> Result<v1::Headroom, HouseError> {
        visitor.may_act_on(interaction_id)?;
        let live = self.interaction(interaction_id)?;
        self.shared.check_customer_of(visitor, live.customer(), &customer)?;
        let policy = &self.shared.policy;
        let first = || policy.currencies.first().copied();
        let Some(currency) = currency.or_else(first) else {
            return Err(HouseError::Write(Fault::NoPolicy.into()));
        };
        let (live, customer, now) = (live.as_ref(), *customer.as_bytes(), wall_time());
        let question = self.question(&Call { visitor, live, customer, now }, currency);
        let seen = self.shared.state.read(|rows| {
            let headroom = headroom(rows, policy, &question)?;
            Ok(view::headroom(&headroom, view::pause(rows)))
        })?;
        seen.map_err(|fault: Fault| HouseError::Write(fault.into()))
    }

    /// What the visitor may give after a change of a gesture of theirs, with what each limit counted
    /// before and after it.
    pub(super) fn headroom_after(
        &self,
        rows: &View<'_>,
        call: &Call<'_>,
        row: &SpendRow,
        trace: &[LimitTrace],
    ) -> Option<v1::Headroom> {
        let mut shown = self.headroom_in(rows, call, row.currency)?;
        // Who changes what another gave was not held against limits of their own.
        if row.about.agent.as_bytes() != &call.visitor.agent.pid {
            return Some(shown);
        }
        let is_shown = |trace: &LimitTrace| {
            let id = trace.limit.as_str();
            trace.counts == Counts::Grants || shown.limits.iter().any(|it| it.limit_id == id)
        };
        if !trace.iter().all(is_shown) {
            // Limits that look at reasons are left out until there is one, and here there is.
            let mut question = self.question(call, row.currency);
            question.subject.reason = Some(row.about.reason.clone());
            if let Ok(headroom) = headroom(rows, &self.shared.policy, &question) {
                shown.limits = view::headroom(&headroom, None).limits;
            }
        }
        for limit in &mut shown.limits {
            let own = trace.iter().find(|trace| trace.limit.as_str() == limit.limit_id);
            limit.before_minor = own.map(|trace| trace.before_minor);
            limit.after_minor = own.map(|trace| trace.after_minor);
        }
        Some(shown)
    }

    /// What limits the answer at this position was held against, as its entry has it; nothing where
    /// that cannot be read.
    pub(super) fn trace_of(&self, position: u64) -> Vec<LimitTrace> {
        let read = |position| {
            let record = self.ledger().iter_from(position).next()?.ok()?;
            codec::decode(&record.payload).ok()
        };
        // What is held and given, or held and asked about, at once was weighed as it was held.
        let entry = read(position);
        let is_second = entry.as_ref().is_some_and(|entry| {
            matches!(
                entry.body,
                EntryBody::Committed { request: None, .. } | EntryBody::ConsultAsked { .. }
            )
        });
        let first = position.checked_sub(1).filter(|_| is_second).and_then(read);
        let first = first.filter(|entry| matches!(entry.body, EntryBody::Reserved { .. }));
        first.or(entry).map(|entry| entry.trace).unwrap_or_default()
    }
}
