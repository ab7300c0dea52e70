//! What one batch decides: holds whose time has come end first, then each work has its turn.

use std::sync::atomic::Ordering;

use makegood_core::ledger::{Action, Command, Entry, Overlay, apply, decide, expire_due};
use makegood_core::policy::Policy;
use makegood_core::time::Time;
use makegood_proto::records::v1::Envelope;

use super::lanes::Lane;
use super::room::Turn;
use super::run::WriterLoop;
use super::{Done, Work, WriteError, system};
use crate::ledger::batch::{BATCH_BYTES, Batch, record_bytes};
use crate::ledger::state::View;
use crate::records::Draft;
use makegood_ledger::codec;
use makegood_ledger::journal::frame::MAX_PAYLOAD_BYTES;
use makegood_ledger::zones;

impl WriterLoop {
    /// Ends holds whose time has come, before anything else is decided.
    pub(super) fn expire(&self, overlay: &mut Overlay<'_, View<'_>>, now: Time, batch: &mut Batch) {
        if !self.flags.ends_holds.load(Ordering::Acquire) {
            return;
        }
        match expire_due(overlay, self.policies(), &system(), now) {
            Ok(entries) => entries.into_iter().for_each(|entry| {
                let payload = self.encode(&entry);
                batch.add_entry(entry, payload);
            }),
            // The policy at hand differs only while another is being activated.
            Err(fault) => tracing::debug!(%fault, "no holds ended"),
        }
    }

    /// Decides one work, and adds what it writes to the batch.
    pub(super) fn carry_out(
        &self,
        work: Work,
        overlay: &mut Overlay<'_, View<'_>>,
        turn: Turn,
        batch: &mut Batch,
    ) -> Result<Done, WriteError> {
        let (lane, now) = (Lane::of(&work), turn.now);
        let Work { ask, records, topics } = work;
        let mut outcome = None;
        let mut leaf = None;
        let mut trace = Vec::new();
        let mut is_carried_out = true;
        // Once an entry is applied nothing may fail any more.
        let envelopes = self.seal(&records, now)?;
        if let Some((caller, action)) = ask {
            let policy = self.policy_for(&action);
            let windows = zones::windows(policy, turn.decided_at);
            let command = Command { at: now, caller, windows, action };
            let decision = decide(&*overlay, policy, &command)?;
            turn.check_room(lane, !decision.entries.is_empty())?;
            is_carried_out = !decision.entries.is_empty() && decision.outcome.refusal.is_none();
            if let (Action::Spend(_), Some(first)) = (&command.action, decision.entries.first()) {
                trace.clone_from(&first.trace);
            }
            for (entry, payload) in self.encode_all(decision.entries)? {
                apply(overlay, &entry);
                let own = batch.add_entry(entry, payload);
                leaf.get_or_insert(own);
            }
            outcome = Some(decision.outcome);
        } else {
            turn.check_room(lane, !envelopes.is_empty())?;
        }
        if is_carried_out {
            for envelope in envelopes {
                batch.add_record(envelope, leaf);
            }
        }
        batch.topics.extend(topics);
        let at = outcome.as_ref().map_or(now, |outcome| outcome.at);
        Ok(Done { outcome, at, trace })
    }

    /// The policy in force, or the one that is to be.
    fn policy_for(&self, action: &Action) -> &Policy {
        let in_force = self.policies();
        match action {
            Action::ActivatePolicy { digest } => in_force.find(*digest).unwrap_or(in_force),
            _ => in_force,
        }
    }

    /// Seals records that fit the journal, one by one and together.
    fn seal(&self, records: &[Draft], now: Time) -> Result<Vec<Envelope>, WriteError> {
        check_size(records.iter().map(record_bytes).sum(), BATCH_BYTES)?;
        let vault = self.parts.vault.read();
        let seal = |draft: &Draft| {
            check_size(record_bytes(draft), MAX_PAYLOAD_BYTES)?;
            draft.seal(&vault, now.as_nanos(), None).map_err(|_| WriteError::Erased)
        };
        records.iter().map(seal).collect()
    }

    fn encode(&self, entry: &Entry) -> Vec<u8> {
        codec::encode(entry, self.parts.development)
    }

    fn encode_all(&self, entries: Vec<Entry>) -> Result<Vec<(Entry, Vec<u8>)>, WriteError> {
        let encode = |entry: Entry| {
            let payload = self.encode(&entry);
            check_size(payload.len(), MAX_PAYLOAD_BYTES)?;
            Ok((entry, payload))
        };
        entries.into_iter().map(encode).collect()
    }
}

fn check_size(bytes: usize, limit: usize) -> Result<(), WriteError> {
    if bytes > limit {
        return Err(WriteError::TooLarge { bytes, limit });
    }
    Ok(())
}
