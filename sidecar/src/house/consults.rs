//! Consults: asking a second person for more than the limits leave, and answering them.

use makegood_core::ids::{AgentPid, RequestId};
use makegood_core::ledger::{ConsultRow, Operation, OperationId, Read as _};
use makegood_core::money::Money;
use makegood_proto::v1;

use super::consult_view::Asked;
use super::spends::{Answered, SpendRequest};
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;

/// Consults that a desk is told of.
const QUEUE_LENGTH: usize = 50;

/// The ledger's answer to a question, as the API gives it.
#[derive(Debug, Clone)]
pub struct AskAnswer {
    /// The spend after it.
    pub spend: v1::Spend,
    /// Who is asked; none where all of it was within the limits.
    pub consult: Option<v1::Consult>,
    /// The headroom after it; none where the interaction is not known any more.
    pub headroom: Option<v1::Headroom>,
    /// The proof.
    pub receipt: v1::Receipt,
    /// Whether this id was answered before.
    pub replayed: bool,
}

/// The ledger's answer to what was done about a consult, as the API gives it.
#[derive(Debug, Clone)]
pub struct ConsultAnswer {
    /// The consult after it.
    pub consult: v1::Consult,
    /// The proof.
    pub receipt: v1::Receipt,
    /// Whether this id was answered before.
    pub replayed: bool,
}

impl House {
    /// Holds what the limits leave of a gesture, and asks a second person for the rest.
    ///
    /// # Errors
    /// As [`House::reserve`]; a refusal where nobody is there to be asked.
    pub async fn ask_consult(
        &self,
        visitor: &Visitor,
        consult: RequestId,
        request: SpendRequest,
    ) -> Result<AskAnswer, HouseError> {
        let to = self.approver(&visitor.agent, &[], &request.reason)?;
        let id = OperationId::Request(consult);
        let ask = |gesture| Operation::Ask { consult, gesture, to };
        let answered = self.hold(visitor, request, id, ask).await?;
        let Answered { outcome, receipt, row, spend, headroom } = answered;
        let consult = outcome.consult.map(|consult| {
            let asked = Asked { consult: *consult, spend: row };
            let view = self.consult_view(&asked, visitor, wall_time());
            v1::Consult { spend: Some(spend.clone()), ..view }
        });
        Ok(AskAnswer { spend, consult, headroom, receipt, replayed: outcome.replayed })
    }

    /// Answers a consult, as the second person: `approved` in all, or nothing.
    ///
    /// # Errors
    /// A fault or refusal of the ledger; [`HouseError::ConsultNotFound`] or
    /// [`HouseError::OtherCurrency`]; that it could not be written.
    pub async fn answer_consult(
        &self,
        visitor: &Visitor,
        (request, consult): (RequestId, RequestId),
        approved: Option<Money>,
    ) -> Result<ConsultAnswer, HouseError> {
        let asked = self.asked(consult)?;
        let currency = asked.spend.currency;
        if approved.is_some_and(|approved| approved.currency != currency) {
            let currency_code = currency.code();
            return Err(HouseError::OtherCurrency { field: "approved", currency_code });
        }
        let approved_minor = approved.map_or(0, |approved| approved.amount_minor);
        let spend = asked.consult.spend;
        let answer = Operation::Answer { request, consult, spend, approved_minor };
        self.change_consult(visitor, answer).await
    }

    /// Takes a question back.
    ///
    /// # Errors
    /// A fault or refusal of the ledger; [`HouseError::ConsultNotFound`]; that it could not be
    /// written.
    pub async fn withdraw_consult(
        &self,
        visitor: &Visitor,
        (request, consult): (RequestId, RequestId),
    ) -> Result<ConsultAnswer, HouseError> {
        let spend = self.asked(consult)?.consult.spend;
        self.check_bound(visitor, spend)?;
        self.change_consult(visitor, Operation::Withdraw { request, consult, spend }).await
    }

    async fn change_consult(
        &self,
        visitor: &Visitor,
        operation: Operation,
    ) -> Result<ConsultAnswer, HouseError> {
        let answered = self.ask(visitor, operation, Vec::new()).await?;
        let Answered { outcome, receipt, row, spend, .. } = answered;
        let consult = *outcome.consult.ok_or(HouseError::Stored)?;
        let asked = Asked { consult, spend: row };
        let consult = self.consult_view(&asked, visitor, wall_time());
        let consult = v1::Consult { spend: Some(spend), ..consult };
        Ok(ConsultAnswer { consult, receipt, replayed: outcome.replayed })
    }

    /// A consult as it stands, for who asks and for whoever was asked.
    ///
    /// # Errors
    /// [`HouseError::ConsultNotFound`].
    pub fn consult(
        &self,
        visitor: &Visitor,
        consult: RequestId,
    ) -> Result<v1::Consult, HouseError> {
        let asked = self.asked(consult)?;
        let me = AgentPid::from_bytes(visitor.agent.pid);
        if asked.consult.agent == me {
            self.check_bound(visitor, asked.spend.about.spend)
                .map_err(|_| HouseError::ConsultNotFound)?;
        } else if !asked.consult.asks(me) {
            return Err(HouseError::ConsultNotFound);
        }
        Ok(self.consult_view(&asked, visitor, wall_time()))
    }

    /// The open consults that the visitor may answer, the longest waiting first.
    ///
    /// # Errors
    /// When the ledger's rows cannot be read.
    pub fn consults_to_answer(&self, visitor: &Visitor) -> Result<Vec<v1::Consult>, HouseError> {
        let me = AgentPid::from_bytes(visitor.agent.pid);
        let asked = self.shared.state.read(|rows| {
            let open = rows.resident().open_consults().filter(|consult| consult.asks(me));
            let spend = |consult: &ConsultRow| rows.spend(consult.spend).cloned();
            let asked = open.filter_map(|consult| {
                Some(Asked { spend: spend(consult)?, consult: consult.clone() })
            });
            asked.collect()
        })?;
        Ok(self.consult_views(asked, visitor))
    }

    /// As [`House::consults_to_answer`], as many as a desk is told of.
    ///
    /// # Errors
    /// When the ledger's rows cannot be read.
    pub fn queue(&self, visitor: &Visitor) -> Result<v1::ConsultQueue, HouseError> {
        let mut waiting = self.consults_to_answer(visitor)?;
        waiting.truncate(QUEUE_LENGTH);
        Ok(v1::ConsultQueue { waiting })
    }

    /// The visitor's own consults: those that are open, and those about holds that still are.
    ///
    /// # Errors
    /// When the ledger's rows cannot be read.
    pub fn consults_asked(&self, visitor: &Visitor) -> Result<Vec<v1::Consult>, HouseError> {
        let me = AgentPid::from_bytes(visitor.agent.pid);
        let asked: Vec<Asked> = self.shared.state.read(|rows| {
            let held = rows.resident().open_of_agent(me);
            let asked = held.filter_map(|spend| {
                let consult = rows.consult(spend.consult?)?.clone();
                Some(Asked { consult, spend: spend.clone() })
            });
            asked.collect()
        })?;
        let is_reached = |asked: &Asked| self.check_bound(visitor, asked.spend.about.spend).is_ok();
        let asked = asked.into_iter().filter(is_reached).collect();
        Ok(self.consult_views(asked, visitor))
    }

    fn consult_views(&self, mut asked: Vec<Asked>, visitor: &Visitor) -> Vec<v1::Consult> {
        let now = wall_time();
        asked.sort_by_key(|asked| asked.consult.asked_at);
        asked.iter().map(|asked| self.consult_view(asked, visitor, now)).collect()
    }

    fn asked(&self, consult: RequestId) -> Result<Asked, HouseError> {
        let asked = self.shared.state.read(|rows| {
            let consult = rows.consult(consult)?.clone();
            Some(Asked { spend: rows.spend(consult.spend)?.clone(), consult })
        })?;
        asked.ok_or(HouseError::ConsultNotFound)
    }
}
