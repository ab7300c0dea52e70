//! A ledger to export: decided by the core at fixed times, so that its bytes are always the same.

use std::fs;
use std::path::Path;

use makegood_core::ids::{
    AgentPid, CasePid, CustomerPid, Digest, InteractionPid, RequestId, SpendId,
};
use makegood_core::ledger::{
    Access, Act, Action, Caller, Command, Entry, EntryBody, FindingRaised, GestureRequest,
    Operation, Overlay, ReverseReason, ReviewState, Rows, VoidReason, apply, decide,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::Policy;
use makegood_core::time::{NS_PER_DAY, NS_PER_MINUTE, NS_PER_S, Time};
use makegood_ledger::checkpoint::{Checkpoint, KeyKind, SignedCheckpoint, SigningKey};
use makegood_ledger::journal::{Config, Journal};
use makegood_ledger::proof::TreeHead;
use makegood_ledger::tree::{MemoryTree, leaf_hash};
use makegood_ledger::{codec, policy_file};

/// The first instant of 2026.
const YEAR_2026: i64 = 1_767_225_600 * NS_PER_S;

/// A policy whose name and version a spreadsheet would calculate.
const POLICY: &str = r#"
name = "=1+2"
version = "@v1"
vision = "Do right by <b>the person</b> in front of you."
currencies = ["USD", "JPY", "KWD"]
hold = "10 min"
undo = "30 s"
note_max_chars = 500
limits = [
  { id = "customer_case", label = "this case", scope = ["agent", "customer"], window = "case", length = "30 days", caps = { USD = "200.00", JPY = "20000", KWD = "60.000" } },
  { id = "agent_month", label = "your month", scope = ["agent"], window = "rolling", length = "30 days", caps = { USD = "2000.00", JPY = "200000", KWD = "600.000" } },
]

[[reasons]]
code = "late"
label = "Late"

[[reasons]]
code = "damage"
label = "Damage"

[[gestures]]
code = "refund"
label = "Refund"
kind = "refund_credit"
value = "asked"
reason = "late"

[[gestures]]
code = "upgrade"
label = "Upgrade"
kind = "upgrade"
value = "asked"
reason = "damage"

[[pools]]
id = "front_desk"
label = "Front desk"
team = "front"

[[pools]]
id = "house"
label = "House"
"#;

/// A ledger in the making.
pub(super) struct Story {
    rows: Rows,
    policy: Policy,
    text: String,
    entries: Vec<Entry>,
    at: Time,
    asked: u64,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) agent: u8,
    pub(super) customer: u8,
    pub(super) currency: &'static str,
    pub(super) minor: i64,
    pub(super) reason: &'static str,
    pub(super) gesture: &'static str,
}

impl Wish {
    /// A refund in dollars.
    pub(super) fn refund(agent: u8, customer: u8, minor: i64) -> Self {
        Self { agent, customer, currency: "USD", minor, reason: "late", gesture: "refund" }
    }
}

impl Story {
    /// A house whose policy came into force on the last day of 2025.
    pub(super) fn new() -> Self {
        let policy = policy_file::read(POLICY).unwrap();
        let digest = policy.digest;
        let mut story = Self {
            rows: Rows::default(),
            policy,
            text: POLICY.to_owned(),
            entries: Vec::new(),
            at: Time::from_nanos(YEAR_2026 - NS_PER_DAY / 2),
            asked: 0,
        };
        story.ask(system(), Action::ActivatePolicy { digest });
        story
    }

    /// Everything that can happen, in few entries: two before 2026, the rest in its January.
    pub(super) fn small() -> Self {
        let mut story = Self::new();
        story.give(Wish::refund(1, 1, 5_000));
        story.on_day(4);
        let spend = story.give(Wish::refund(1, 2, 4_550));
        story.pass(NS_PER_MINUTE);
        story.reverse(1, spend, 1_550);
        story.on_day(5);
        story.give(Wish { currency: "JPY", minor: 3_000, ..Wish::refund(2, 3, 0) });
        story.give(Wish { currency: "KWD", minor: 1_005, ..Wish::refund(2, 3, 0) });
        story.on_day(6);
        let held = story.reserve(Wish { gesture: "upgrade", ..Wish::refund(3, 4, 20_000) });
        story.commit(3, held, 12_345, false);
        story.void(3, held);
        story.give(Wish::refund(3, 4, 9_000));
        story.on_day(7);
        let lapsed = story.reserve(Wish::refund(4, 5, 2_000));
        story.on_day(8);
        story.ask(system(), Action::Expire { spend: lapsed });
        story.on_day(9);
        let note = Act::Note { spend, state: ReviewState::Praised, note: None };
        story.record(caller(90, Access::Auditor), note);
        let finding = FindingRaised {
            rule: "f8".parse().unwrap(),
            rule_version: 1,
            parameters: Digest::from_bytes([8; 32]),
            score_permille: 700,
            positions: vec![9, 12],
            agents: vec![agent(1)],
        };
        story.record(system(), Act::RaiseFinding(Box::new(finding)));
        story
    }

    /// As many gifts as days and more, over half a year, from a fixed series of numbers.
    pub(super) fn busy(gift_count: u32) -> Self {
        let mut story = Self::new();
        let mut number = 1_u64;
        let mut draw = |below: u64| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888);
            (number >> 33) % below
        };
        let step_ns = 180 * NS_PER_DAY / i64::from(gift_count);
        story.on_day(1);
        for _ in 0..gift_count {
            story.pass(step_ns);
            let number = |drawn: u64| u8::try_from(drawn).unwrap();
            let (agent, customer) = (number(1 + draw(12)), number(1 + draw(200)));
            let minor = i64::try_from(500 + draw(40) * draw(40) * 12).unwrap();
            let gesture = if draw(4) == 0 { "upgrade" } else { "refund" };
            let reason = if draw(3) == 0 { "damage" } else { "late" };
            let wish = Wish { reason, gesture, ..Wish::refund(agent, customer, minor) };
            match draw(10) {
                0 => story.withdrawn(wish),
                1 => story.taken_back(wish),
                _ => {
                    story.give(wish);
                }
            }
        }
        story
    }

    /// The entries so far.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Writes the ledger and its policy as a sidecar does.
    pub(super) fn store(&self, tenant_folder: &Path) {
        let policies = tenant_folder.join("policies");
        fs::create_dir_all(&policies).unwrap();
        fs::write(policies.join(format!("{}.toml", self.policy.digest)), &self.text).unwrap();
        let (mut journal, _) =
            Journal::open(&tenant_folder.join("ledger"), Config::default()).unwrap();
        let stored: Vec<_> = self.entries.iter().map(|entry| codec::encode(entry, true)).collect();
        for batch in stored.chunks(100) {
            journal.append(batch).unwrap();
        }
        journal.confirm().unwrap();
    }

    fn withdrawn(&mut self, wish: Wish) {
        let held = self.reserve(wish);
        if !self.was_refused() {
            self.void(wish.agent, held);
        }
    }

    fn taken_back(&mut self, wish: Wish) {
        let given = self.give(wish);
        if !self.was_refused() {
            self.reverse(wish.agent, given, 100);
        }
    }

    fn was_refused(&self) -> bool {
        let last = self.entries.last();
        last.is_some_and(|entry| matches!(entry.body, EntryBody::Refused { .. }))
    }

    /// What the ledger signed when it had so many entries.
    pub(super) fn checkpoint(&self, size: usize) -> SignedCheckpoint {
        let origin = "makegood.invalid/house/ledger".to_owned();
        let leaves = self.entries[..size].iter();
        let tree: MemoryTree = leaves.map(|entry| leaf_hash(&codec::encode(entry, true))).collect();
        let head = TreeHead { size: tree.size(), root: tree.root() };
        let key = SigningKey::from_seed(&origin, KeyKind::Log, &[7; 32]).unwrap();
        Checkpoint { origin, head }.sign(&[key])
    }

    fn on_day(&mut self, day: i64) {
        let nine = YEAR_2026 + (day - 1) * NS_PER_DAY + NS_PER_DAY * 9 / 24;
        self.at = Time::from_nanos(nine.max(self.at.as_nanos()));
    }

    fn pass(&mut self, ns: i64) {
        self.at = self.at.saturating_add_ns(ns);
    }

    fn give(&mut self, wish: Wish) -> SpendId {
        let request = self.request(wish);
        let spend = request.spend;
        self.operate(wish.agent, Operation::Give(Box::new(request)));
        spend
    }

    fn reserve(&mut self, wish: Wish) -> SpendId {
        let request = self.request(wish);
        let spend = request.spend;
        self.operate(wish.agent, Operation::Reserve(Box::new(request)));
        spend
    }

    fn commit(&mut self, agent: u8, spend: SpendId, amount_minor: i64, is_final: bool) {
        let request = RequestId::from_bytes(self.next_id());
        self.operate(agent, Operation::Commit { request, spend, amount_minor, is_final });
    }

    fn void(&mut self, agent: u8, spend: SpendId) {
        let request = RequestId::from_bytes(self.next_id());
        let reason = VoidReason::CustomerDeclined;
        self.operate(agent, Operation::Void { request, spend, reason });
    }

    fn reverse(&mut self, agent: u8, spend: SpendId, amount_minor: i64) {
        let request = RequestId::from_bytes(self.next_id());
        let reason = ReverseReason::CustomerReturned;
        let effective_at = None;
        let reverse = Operation::Reverse { request, spend, amount_minor, reason, effective_at };
        self.operate(agent, reverse);
    }

    fn request(&mut self, wish: Wish) -> GestureRequest {
        let Wish { customer, currency, minor, reason, gesture, .. } = wish;
        GestureRequest {
            spend: SpendId::from_bytes(self.next_id()),
            customer: CustomerPid::from_bytes([customer; 15]),
            interaction: InteractionPid::from_bytes([customer ^ 0x55; 15]),
            case: Some(CasePid::from_bytes([customer ^ 0xaa; 15])),
            amount: Money::new(Currency::parse(currency).unwrap(), minor),
            reason: reason.parse().unwrap(),
            gesture: gesture.parse().unwrap(),
            note: None,
            decided_ms: 4_200,
            suggestion: None,
        }
    }

    fn next_id(&mut self) -> [u8; 16] {
        self.asked += 1;
        let mut id = [0x40; 16];
        id[8..].copy_from_slice(&self.asked.to_be_bytes());
        id
    }

    fn operate(&mut self, agent: u8, operation: Operation) {
        self.ask(caller(agent, Access::Supervisor), Action::Spend(operation));
    }

    fn ask(&mut self, caller: Caller, action: Action) {
        self.pass(1);
        let command = Command { at: self.at, caller, windows: Vec::new(), action };
        let mut overlay = Overlay::new(&self.rows);
        let decision = decide(&overlay, &self.policy, &command).unwrap();
        decision.entries.iter().for_each(|entry| apply(&mut overlay, entry));
        self.rows.absorb(overlay.into_changes());
        self.at = decision.entries.last().map_or(self.at, |entry| entry.at);
        self.entries.extend(decision.entries);
    }

    /// An act, as the ledger keeps it.
    fn record(&mut self, caller: Caller, act: Act) {
        self.pass(1);
        let last = self.entries.last().unwrap();
        let entry = Entry {
            position: last.position + 1,
            at: self.at,
            caller,
            currency: None,
            trace: Vec::new(),
            postings: Vec::new(),
            body: EntryBody::Act { request: None, act, balances: None },
            ..last.clone()
        };
        apply(&mut self.rows, &entry);
        self.entries.push(entry);
    }
}

fn agent(number: u8) -> AgentPid {
    AgentPid::from_bytes([number; 15])
}

fn caller(number: u8, access: Access) -> Caller {
    let team = (number % 2 == 1).then(|| "front".parse().unwrap());
    Caller { agent: agent(number), access, role: "agent".parse().unwrap(), team, tenure_days: 400 }
}

fn system() -> Caller {
    Caller { team: None, ..caller(0, Access::System) }
}
