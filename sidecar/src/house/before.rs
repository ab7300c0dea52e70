//! What was done in a house before it was watched: commands that are carried out by its rules and
//! written to its ledger, about contacts that were brought in.

use makegood_core::ids::{CasePid, CustomerPid, InteractionPid};
use makegood_core::ledger::{Access, Action, Operation, Outcome};
use makegood_core::time::Time;
use makegood_proto::v1::{Lookup, lookup::By};

use super::customers::identify;
use super::{AgentProfile, House, HouseError};
use crate::ledger::writer::Work;

impl House {
    /// Carries an operation out for an agent, at the time that the house's clock tells.
    ///
    /// # Errors
    /// A fault of the command; that it could not be written. A refusal is an outcome.
    pub(crate) fn done_before(
        &self,
        agent: &AgentProfile,
        at: Time,
        operation: Operation,
    ) -> Result<Outcome, HouseError> {
        let ask = Some((agent.caller(Access::Agent, at), Action::Spend(operation)));
        let done = self.shared.writer.submit_blocking(Work { ask, ..Work::default() })?;
        done.outcome.ok_or(HouseError::Stored)
    }

    /// The pseudonym of a customer who was brought in.
    ///
    /// # Errors
    /// [`HouseError::CustomerNotFound`], or that history is away.
    pub(crate) fn brought_in_customer(&self, id: &str) -> Result<CustomerPid, HouseError> {
        let lookup = Lookup { by: Some(By::ExternalId(id.to_owned())) };
        let found = identify(&self.shared, Some(&lookup))?;
        let pid = found.exact().ok_or(HouseError::CustomerNotFound)?;
        Ok(CustomerPid::from_bytes(*pid))
    }

    /// The pseudonyms of a contact that was brought in, and of its case.
    pub(crate) fn brought_in_contact(
        &self,
        source: &str,
        (interaction, case): (&str, Option<&str>),
    ) -> (InteractionPid, Option<CasePid>) {
        let vault = self.shared.vault.read();
        let pid = |what, id: &str| vault.thing_pid(what, &sourced(source, id));
        let case = case.map(|case| CasePid::from_bytes(pid("case", case)));
        (InteractionPid::from_bytes(pid("interaction", interaction)), case)
    }
}

/// The name under which an id of a source has its pseudonym.
pub(super) fn sourced(source: &str, id: &str) -> String {
    format!("{source}\u{0}{id}")
}
