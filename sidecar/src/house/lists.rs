//! What there is of a customer, as lists: timeline, preferences, promises, actions, scores.

use makegood_core::ids::{CustomerPid, SpendId};
use makegood_core::ledger::Read as _;
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;

use super::record_view::action_view;
use super::story::Opened;
use super::timeline::arrange;
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;

/// Records of a kind that one listing reads; the newest come first.
const LIST_LIMIT: usize = 5_000;
/// Gestures whose rows are looked at at once.
const LOOKED_AT: usize = 100;

impl House {
    /// A customer's timeline, newest first.
    ///
    /// # Errors
    /// An unknown customer, or that history is away.
    pub fn timeline(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
    ) -> Result<Vec<v1::TimelineItem>, HouseError> {
        let opened = self.opened(visitor, customer)?;
        let mut rows = opened.timeline(wall_time(), |pid| self.directory.name(&self.shared, pid));
        let ids = self.shared.read_model.gestures_of(customer.as_bytes(), LIST_LIMIT)?;
        // Few at a time: the writer waits while the rows are looked at.
        for ids in ids.chunks(LOOKED_AT) {
            let given: Vec<_> = self.shared.state.read(|ledger| {
                let gestures = ids.iter().filter_map(|id| ledger.spend(SpendId::from_bytes(*id)));
                let given = gestures.filter(|row| row.given_minor() > 0);
                given.map(|row| self.gesture_row(row)).collect()
            })?;
            rows.extend(given);
        }
        for row in &mut rows {
            row.open = false;
        }
        arrange(&mut rows);
        Ok(rows)
    }

    /// A customer's preferences that hold now.
    ///
    /// # Errors
    /// An unknown customer, or that history is away.
    pub fn preferences(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
    ) -> Result<Vec<v1::Preference>, HouseError> {
        Ok(self.opened(visitor, customer)?.preference_views(wall_time()))
    }

    /// A customer's open promises, most urgent first.
    ///
    /// # Errors
    /// An unknown customer, or that history is away.
    pub fn promises(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
    ) -> Result<Vec<v1::Promise>, HouseError> {
        let opened = self.opened(visitor, customer)?;
        Ok(opened.open_promises(wall_time(), |pid| self.directory.name(&self.shared, pid)))
    }

    /// A customer's actions, newest first.
    ///
    /// # Errors
    /// An unknown customer, or that history is away.
    pub fn actions(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
    ) -> Result<Vec<v1::AdvocacyAction>, HouseError> {
        let opened = self.opened(visitor, customer)?;
        let name = |it: &pb::AdvocacyAction| self.directory.name(&self.shared, &it.agent_pid);
        Ok(opened.actions.iter().map(|it| action_view(it, name(it))).collect())
    }

    /// A customer's scores, newest first.
    ///
    /// # Errors
    /// An unknown customer, or that history is away.
    pub fn scores(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
    ) -> Result<Vec<v1::Score>, HouseError> {
        Ok(self.opened(visitor, customer)?.score_views())
    }

    /// Lets a visitor see a customer: whose token is bound to a call, only the one of that call.
    pub(super) fn may_see(
        &self,
        visitor: &Visitor,
        customer: &CustomerPid,
    ) -> Result<(), HouseError> {
        let bound = visitor.interaction.as_deref().and_then(|id| self.interaction(id).ok());
        let bound = bound.and_then(|live| live.customer());
        self.shared.check_customer_of(visitor, bound, customer)
    }

    /// Everything that one listing reads of a customer.
    pub(super) fn opened(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
    ) -> Result<Opened, HouseError> {
        self.may_see(visitor, &customer)?;
        Opened::read(&self.shared, customer.as_bytes(), LIST_LIMIT, 0)
    }
}
