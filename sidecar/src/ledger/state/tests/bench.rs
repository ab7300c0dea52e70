//! A ledger that is written as the writer does it, on disks that can fail, beside rows that are all
//! in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use makegood_core::ids::{AgentPid, CustomerPid, Digest, InteractionPid, RequestId, SpendId};
use makegood_core::ledger::{
    Access, Action, Caller, Command, Decision, Fault, GestureRequest, Operation, Overlay, Rows,
    VoidReason, apply, decide, keys,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::{Dimension, Limit, Policy, Window};
use makegood_core::time::{NS_PER_DAY, NS_PER_S, Time};

use crate::ledger::state::LedgerState;
use makegood_ledger::codec;
use makegood_ledger::journal::frame::leaf_hash;
use makegood_ledger::journal::sim::{Random, SimDisk};
use makegood_ledger::journal::{Config, Journal};
use makegood_ledger::snapshot::Snapshots;

pub(super) struct Bench {
    pub(super) journal_disk: SimDisk,
    pub(super) snapshot_disk: SimDisk,
    pub(super) journal: Journal,
    pub(super) state: LedgerState,
    /// The rows as they would be had none ever left memory.
    pub(super) whole: Rows,
    pub(super) asked: Vec<(Command, Decision)>,
    policy: Policy,
    random: Random,
    now: Time,
}

/// Every kind of window but the calendar's, over few people, so that they meet again.
pub(super) fn policy() -> Policy {
    let standard = Policy::standard(Digest::from_bytes([1; 32]));
    let limit = |id: &str, scope: &[Dimension], window, cap| Limit {
        scope: scope.iter().copied().collect(),
        ..Limit::on_amounts(id.parse().unwrap(), window, BTreeMap::from([(Currency::USD, cap)]))
    };
    let rolling = Window::Rolling { duration_ns: NS_PER_DAY };
    let limits = vec![
        limit("customer", &[Dimension::Customer], rolling, 400),
        limit("call", &[Dimension::Interaction], Window::Interaction, 150),
        limit("agent", &[Dimension::Agent], Window::Lifetime, 40_000),
    ];
    Policy { currencies: BTreeSet::from([Currency::USD]), limits, ..standard }
}

impl Bench {
    pub(super) fn new(seed: u64) -> Self {
        let (journal_disk, snapshot_disk) = (SimDisk::new(seed), SimDisk::new(seed));
        let journal = open_journal(&journal_disk);
        let state = restore(&journal, &snapshot_disk);
        let mut bench = Self {
            journal_disk,
            snapshot_disk,
            journal,
            state,
            whole: Rows::default(),
            asked: Vec::new(),
            policy: policy(),
            random: Random::new(seed),
            now: Time::from_nanos(1_790_000_000 * NS_PER_S),
        };
        let digest = bench.policy.digest;
        bench.ask(&bench.command(Access::System, Action::ActivatePolicy { digest })).unwrap();
        bench
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    /// Asks for so many things that agents ask, and ends holds that are due.
    pub(super) fn work(&mut self, steps: usize) {
        for _ in 0..steps {
            let apart_s = [0, 1, 30, 400, 40_000];
            let wait_ns = apart_s[self.below(apart_s.len())] * NS_PER_S;
            self.now = self.now.saturating_add_ns(wait_ns);
            self.end_due();
            let operation = self.operation();
            let command = self.command(Access::Supervisor, operation.into());
            if let Ok(decision) = self.ask(&command) {
                self.asked.push((command, decision));
            }
        }
    }

    /// Stops and starts again.
    pub(super) fn restart(&mut self) {
        self.journal = open_journal(&self.journal_disk);
        self.state = restore(&self.journal, &self.snapshot_disk);
    }

    /// Whether the state has every row as it would be had none left memory.
    pub(super) fn is_whole(&self) -> bool {
        self.state.all_rows().unwrap() == self.whole
    }

    /// Decides and stores a command as the writer does; the decision is that over all rows.
    pub(super) fn ask(&mut self, command: &Command) -> Result<Decision, Fault> {
        let policy = &self.policy;
        let reading = self.state.reading(|view| view.touch(&keys(view, policy, command))).unwrap();
        let view = reading.view();
        let mut overlay = Overlay::new(&view);
        let decision = decide(&overlay, &self.policy, command);
        assert_eq!(decision, decide(&self.whole, &self.policy, command));
        let entries = decision.iter().flat_map(|decision| &decision.entries);
        let mut payloads = Vec::new();
        for entry in entries {
            apply(&mut overlay, entry);
            apply(&mut self.whole, entry);
            payloads.push(codec::encode(entry, true));
        }
        assert!(view.had_all(), "every row is named before it is needed");
        let changes = overlay.into_changes();
        drop(reading);
        self.journal.append(&payloads).unwrap();
        let leaves: Vec<_> = payloads.iter().map(|payload| leaf_hash(payload)).collect();
        self.state.publish(changes, &leaves, 0);
        decision
    }

    pub(super) fn command(&self, access: Access, action: Action) -> Command {
        let caller = Caller {
            agent: AgentPid::from_bytes([7; 15]),
            access,
            role: "agent".parse().unwrap(),
            team: None,
            tenure_days: 400,
        };
        Command { at: self.now, caller, windows: Vec::new(), action }
    }

    fn end_due(&mut self) {
        let due: Vec<_> = self.whole.due(self.now).collect();
        assert!(self.state.read(|view| view.resident().due(self.now).eq(due.clone())).unwrap());
        for spend in due {
            self.ask(&self.command(Access::System, Action::Expire { spend })).unwrap();
        }
    }

    fn operation(&mut self) -> Operation {
        let (kind, amount) = (self.below(10), self.below(60));
        let amount_minor = i64::try_from(amount).unwrap() + 1;
        // Mostly of late, and sometimes of long ago.
        let spend = match self.below(4) {
            0 => self.below(60),
            _ => self.asked.len() / 2 + self.below(4),
        };
        let spend = SpendId::from_bytes([spend.to_le_bytes(), [9; 8]].concat().try_into().unwrap());
        let request = RequestId::from_bytes(
            [self.random_byte(), self.random_byte(), 0, 1].repeat(4).try_into().unwrap(),
        );
        match kind {
            0..4 => Operation::Give(Box::new(self.gesture(spend, amount_minor))),
            4..6 => Operation::Reserve(Box::new(self.gesture(spend, amount_minor))),
            6 => Operation::Commit { request, spend, amount_minor, is_final: amount % 2 == 0 },
            7 => Operation::Void { request, spend, reason: VoidReason::Other },
            8 => Operation::Extend { request, spend },
            _ => {
                let reason = makegood_core::ledger::ReverseReason::Other;
                Operation::Reverse { request, spend, amount_minor, reason, effective_at: None }
            }
        }
    }

    fn random_byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    fn gesture(&mut self, spend: SpendId, amount_minor: i64) -> GestureRequest {
        let few = |byte: usize| [u8::try_from(byte).unwrap(); 15];
        GestureRequest {
            spend,
            customer: CustomerPid::from_bytes(few(self.below(3))),
            interaction: InteractionPid::from_bytes(few(self.below(20))),
            case: None,
            amount: Money::new(Currency::USD, amount_minor),
            reason: "late".parse().unwrap(),
            gesture: "refund".parse().unwrap(),
            note: None,
            decided_ms: 0,
            suggestion: None,
        }
    }
}

fn open_journal(disk: &SimDisk) -> Journal {
    let config = Config { segment_bytes: 64 << 10, ..Config::default() };
    Journal::open_on(Arc::new(disk.clone()), config).unwrap().0
}

/// The state that a start finds.
pub(super) fn restore(journal: &Journal, snapshots: &SimDisk) -> LedgerState {
    let snapshots = Snapshots::on(Arc::new(snapshots.clone()));
    LedgerState::restore_from(snapshots, journal.reader(), usize::MAX, 0).unwrap()
}
