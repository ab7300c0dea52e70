//! A house that writes a ledger by the rules: journal, policy, tiles and checkpoints, from a seed.

use std::fs;
use std::path::{Path, PathBuf};

use makegood_core::ids::{AgentPid, Digest, RequestId, SpendId};
use makegood_core::ledger::{
    Access, Act, Action, Caller, Command, Entry, GestureRequest, Operation, PauseReason, Read as _,
    ReverseReason, Rows, VoidReason, apply, decide,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::Policy;
use makegood_core::time::{NS_PER_S, Time};
use makegood_ledger::checkpoint::{Checkpoint, KeyKind, SignedCheckpoint, SigningKey, VerifierKey};
use makegood_ledger::journal::{Config, Journal};
use makegood_ledger::proof::{Receipt, TreeHead, inclusion};
use makegood_ledger::tiles::{Edge, TileFolder, TileHashes};
use makegood_ledger::{codec, policy_file, zones};
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

const POLICY: &str = include_str!("policy.toml");
pub(crate) const ORIGIN: &str = "makegood.invalid/tests/ledger";
const WITNESS: &str = "witness.invalid/audit";

/// 2026-03-27T08:00:00Z: two days before clocks go forward in Europe.
const START_S: i64 = 1_774_598_400;
const AGENTS: u32 = 200;
const CUSTOMERS: u32 = 20_000;

/// How much is written at once, and how often it is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) segment_bytes: u64,
    pub(crate) decisions_per_batch: usize,
    pub(crate) entries_per_checkpoint: u64,
}

/// Small segments, so that there are many of them.
pub(crate) const SMALL: Pace =
    Pace { segment_bytes: 8 << 10, decisions_per_batch: 1, entries_per_checkpoint: 200 };
/// As a sidecar writes.
pub(crate) const USUAL: Pace =
    Pace { segment_bytes: 16 << 20, decisions_per_batch: 200, entries_per_checkpoint: 5_000 };

pub(crate) struct House {
    pub(crate) dir: PathBuf,
    pub(crate) rows: Rows,
    policy: Policy,
    journal: Journal,
    edge: Edge,
    key: SigningKey,
    witness: SigningKey,
    pace: Pace,
    dice: Pcg32,
    now: Time,
    batch: Vec<Vec<u8>>,
    decisions: usize,
    signed_size: u64,
    /// By how much its calendar is late.
    pub(crate) late_ns: i64,
    /// Whether it says that it is in development mode.
    pub(crate) development: bool,
    /// Gestures of late, to be settled, reversed and asked about.
    recent: Vec<(SpendId, AgentPid)>,
    consults: Vec<(RequestId, SpendId, AgentPid)>,
}

impl House {
    /// Opens a new house in folder `dir` and puts its policy in force.
    pub(crate) fn open(dir: &Path, seed: u64, pace: Pace) -> Self {
        let policy = policy_file::read(POLICY).unwrap();
        fs::create_dir_all(dir.join("policies")).unwrap();
        fs::write(dir.join("policies").join(format!("{}.toml", policy.digest)), POLICY).unwrap();
        let config = Config { segment_bytes: pace.segment_bytes, margin_bytes: Some(0) };
        let (journal, _) = Journal::open(&dir.join("ledger"), config).unwrap();
        let key = SigningKey::from_seed(ORIGIN, KeyKind::Log, &[7; 32]).unwrap();
        let witness = SigningKey::from_seed(WITNESS, KeyKind::Witness, &[8; 32]).unwrap();
        fs::create_dir_all(dir.join("signing")).unwrap();
        fs::write(dir.join("signing/1.vkey"), format!("{}\n", key.verifier())).unwrap();
        let digest = policy.digest;
        let mut house = Self {
            dir: dir.to_owned(),
            rows: Rows::default(),
            policy,
            journal,
            edge: Edge::new(TileFolder::new(&dir.join("tree"))),
            key,
            witness,
            pace,
            dice: Pcg32::new(seed, 1),
            now: Time::from_nanos(START_S * NS_PER_S),
            batch: Vec::new(),
            decisions: 0,
            signed_size: 0,
            late_ns: 0,
            development: false,
            recent: Vec::new(),
            consults: Vec::new(),
        };
        let activated = house.ask(&system(), Action::ActivatePolicy { digest });
        assert!(activated.is_some(), "the policy comes into force");
        house
    }

    /// The ledger's public key, and that of its witness.
    pub(crate) fn keys(&self) -> (VerifierKey, VerifierKey) {
        (self.key.verifier().clone(), self.witness.verifier().clone())
    }

    pub(crate) fn entry_count(&self) -> u64 {
        self.rows.head().entry_count
    }

    /// Goes on until there are at least so many entries, and signs them.
    pub(crate) fn grow_to(&mut self, entries: u64) {
        while self.entry_count() < entries {
            self.one();
        }
        self.write();
        self.journal.confirm().unwrap();
        self.sign();
    }

    fn below(&mut self, count: u32) -> u32 {
        let wide = u64::from(self.dice.next_u32()) * u64::from(count);
        u32::try_from(wide >> 32).unwrap()
    }

    fn id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        id.chunks_exact_mut(4)
            .for_each(|part| part.copy_from_slice(&self.dice.next_u32().to_le_bytes()));
        id
    }

    /// One thing that somebody does, after what has come due.
    fn one(&mut self) {
        let pause_s = 1 + self.below(20);
        self.now = self.now.checked_add_ns(i64::from(pause_s) * NS_PER_S).unwrap();
        self.end_what_is_due();
        let agent = self.below(AGENTS);
        match self.below(100) {
            0..70 => self.give(agent),
            70..80 => self.reserve(agent),
            80..92 => self.settle(),
            92..95 => self.reverse(),
            95..98 => self.consult(agent),
            _ => self.govern(),
        }
    }

    fn end_what_is_due(&mut self) {
        let due: Vec<SpendId> = self.rows.due(self.now).collect();
        for spend in due {
            self.ask(&system(), Action::Expire { spend });
        }
        let late: Vec<RequestId> = self.rows.due_consults(self.now).collect();
        for consult in late {
            let to = (self.below(2) == 0).then(|| pid(AGENTS + 1));
            let passed = self.ask(&system(), Action::PassConsult { consult, to });
            if passed.is_none() {
                self.ask(&system(), Action::PassConsult { consult, to: None });
            }
        }
    }

    fn give(&mut self, agent: u32) {
        let request = self.gesture(6_000);
        self.recent.push((request.spend, pid(agent)));
        self.ask(&person(agent), Operation::Give(request).into());
    }

    fn reserve(&mut self, agent: u32) {
        let request = self.gesture(12_000);
        self.recent.push((request.spend, pid(agent)));
        self.ask(&person(agent), Operation::Reserve(request).into());
    }

    fn settle(&mut self) {
        let Some((spend, agent)) = self.newest_hold() else { return };
        let request = RequestId::from_bytes(self.id());
        let held_minor = self.rows.spend(spend).map_or(0, |row| row.held_minor);
        let operation = match self.below(8) {
            0 => Operation::Extend { request, spend },
            1 => Operation::Void { request, spend, reason: VoidReason::CustomerDeclined },
            2 => Operation::Commit { request, spend, amount_minor: held_minor + 1, is_final: true },
            3 => Operation::Commit { request, spend, amount_minor: 1, is_final: false },
            4 => Operation::Increment { request, spend, amount_minor: 500 },
            _ => Operation::Commit { request, spend, amount_minor: held_minor, is_final: true },
        };
        self.ask(&caller(agent, Access::Agent, "agent"), operation.into());
    }

    fn newest_hold(&self) -> Option<(SpendId, AgentPid)> {
        let is_open = |(spend, _): &&(SpendId, AgentPid)| {
            self.rows.spend(*spend).is_some_and(|row| row.held_minor > 0)
        };
        self.recent.iter().rev().take(50).find(is_open).copied()
    }

    fn reverse(&mut self) {
        let Some((spend, agent)) = self.recent.last().copied() else { return };
        let request = RequestId::from_bytes(self.id());
        let reverse = |reason| Operation::Reverse {
            request,
            spend,
            amount_minor: 100,
            reason,
            effective_at: None,
        };
        let operation = match self.below(3) {
            0 => reverse(ReverseReason::MisEntry),
            1 => reverse(ReverseReason::CustomerReturned),
            _ => Operation::Correct {
                request,
                spend,
                reason: "damage".parse().unwrap(),
                gesture: "gift".parse().unwrap(),
                effective_at: None,
            },
        };
        self.ask(&caller(agent, Access::Agent, "agent"), operation.into());
    }

    fn consult(&mut self, agent: u32) {
        if let Some((consult, spend, asker)) = self.consults.pop() {
            let request = RequestId::from_bytes(self.id());
            let approved_minor = i64::from(self.below(2)) * 150_000;
            let answer = Operation::Answer { request, consult, spend, approved_minor };
            let lead = caller(pid(AGENTS), Access::Supervisor, "team_lead");
            let withdraw = Operation::Withdraw { request, consult, spend };
            if self.below(3) == 0 {
                self.ask(&caller(asker, Access::Agent, "agent"), withdraw.into());
            } else {
                self.ask(&lead, answer.into());
            }
            return;
        }
        let mut gesture = self.gesture(1);
        gesture.amount.amount_minor = 200_000;
        let spend = gesture.spend;
        let consult = RequestId::from_bytes(self.id());
        let to = Some(pid(AGENTS));
        self.ask(&person(agent), Operation::Ask { consult, gesture, to }.into());
        self.consults.push((consult, spend, pid(agent)));
        self.recent.push((spend, pid(agent)));
    }

    fn govern(&mut self) {
        let admin = caller(pid(AGENTS + 2), Access::Admin, "admin");
        let auditor = caller(pid(AGENTS + 3), Access::Auditor, "auditor");
        let spend = self.recent.last().map(|(spend, _)| *spend);
        let (who, act) = match self.below(4) {
            0 => (admin, Act::Pause { reason: PauseReason::System, note: None }),
            1 => (admin, Act::DigestBalances),
            2 => {
                let Some(spend) = spend else { return };
                let state = makegood_core::ledger::ReviewState::Noted;
                (auditor, Act::Note { spend, state, note: None })
            }
            _ => (admin, Act::Resume { note: None }),
        };
        let is_pause = matches!(act, Act::Pause { .. });
        let request = Some(RequestId::from_bytes(self.id()));
        self.ask(&who, Action::Act { request, act });
        if is_pause {
            let request = Some(RequestId::from_bytes(self.id()));
            let act = Act::Resume { note: None };
            self.ask(
                &caller(pid(AGENTS + 2), Access::Admin, "admin"),
                Action::Act { request, act },
            );
        }
    }

    fn gesture(&mut self, most_minor: u32) -> Box<GestureRequest> {
        let currency = if self.below(4) == 0 { "EUR" } else { "USD" };
        let customer = self.below(CUSTOMERS);
        let interaction = self.dice.next_u32();
        let amount_minor = i64::from(1 + self.below(most_minor));
        let bytes = |number: u32, kind: u8| {
            let mut bytes = [kind; 15];
            bytes[..4].copy_from_slice(&number.to_le_bytes());
            bytes
        };
        let case = (self.below(3) == 0).then(|| bytes(customer, b'k'));
        Box::new(GestureRequest {
            spend: SpendId::from_bytes(self.id()),
            customer: makegood_core::ids::CustomerPid::from_bytes(bytes(customer, b'c')),
            interaction: makegood_core::ids::InteractionPid::from_bytes(bytes(interaction, b'i')),
            case: case.map(makegood_core::ids::CasePid::from_bytes),
            amount: Money::new(Currency::parse(currency).unwrap(), amount_minor),
            reason: "delay".parse().unwrap(),
            gesture: "credit".parse().unwrap(),
            note: (self.below(5) == 0).then(|| Digest::from_bytes([9; 32])),
            decided_ms: self.below(60_000),
            suggestion: None,
        })
    }

    /// Decides a command and writes what comes of it; nothing where it is at fault.
    pub(crate) fn ask(&mut self, caller: &Caller, action: Action) -> Option<Vec<Entry>> {
        let mut windows = zones::windows(&self.policy, self.now);
        for window in &mut windows {
            window.start = window.start.saturating_add_ns(self.late_ns);
            window.end = window.end.saturating_add_ns(self.late_ns);
        }
        let command = Command { at: self.now, caller: caller.clone(), windows, action };
        let decision = decide(&self.rows, &self.policy, &command).ok()?;
        for entry in &decision.entries {
            apply(&mut self.rows, entry);
            self.batch.push(codec::encode(entry, self.development));
            self.now = entry.at;
        }
        self.decisions += 1;
        if self.decisions >= self.pace.decisions_per_batch {
            self.write();
        }
        Some(decision.entries)
    }

    fn write(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.decisions = 0;
        self.journal.append(&batch).unwrap();
        for entry in &batch {
            self.edge.push(entry).unwrap();
        }
        if self.edge.size() - self.signed_size >= self.pace.entries_per_checkpoint {
            self.sign();
        }
    }

    fn sign(&mut self) {
        let head = TreeHead { size: self.edge.size(), root: self.edge.root() };
        self.signed_size = head.size;
        self.edge.write_partials().unwrap();
        let signed = self.signed(head);
        let log = self.dir.join("checkpoints");
        let mut text = fs::read_to_string(&log).unwrap_or_default();
        text += &signed.to_string();
        text.push('\n');
        fs::write(&log, text).unwrap();
        TileFolder::new(&self.dir.join("tree")).write_checkpoint(&signed.to_string()).unwrap();
    }

    /// A checkpoint, signed by the ledger and cosigned by its witness.
    pub(crate) fn signed(&self, head: TreeHead) -> SignedCheckpoint {
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), head };
        let mut signed = checkpoint.sign(std::slice::from_ref(&self.key));
        let time = self.now.as_nanos() / NS_PER_S;
        signed.add(signed.cosign(&self.witness, u64::try_from(time).unwrap()));
        signed
    }

    /// The receipt of an entry under the newest checkpoint.
    pub(crate) fn receipt(&self, position: u64) -> Receipt {
        let folder = TileFolder::new(&self.dir.join("tree"));
        let text = folder.checkpoint().unwrap().unwrap();
        let checkpoint = SignedCheckpoint::parse(&text).unwrap();
        let size = checkpoint.head().size;
        let hashes = TileHashes::new(&folder, size);
        let path = inclusion(&hashes, position, size).unwrap();
        let record = self.journal.reader().get(position).unwrap().unwrap();
        Receipt { entry: Some(record.payload), index: position, path, checkpoint }
    }
}

fn pid(number: u32) -> AgentPid {
    let mut bytes = [b'a'; 15];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    AgentPid::from_bytes(bytes)
}

fn person(number: u32) -> Caller {
    caller(pid(number), Access::Agent, "agent")
}

fn caller(agent: AgentPid, access: Access, role: &str) -> Caller {
    Caller { agent, access, role: role.parse().unwrap(), team: None, tenure_days: 400 }
}

fn system() -> Caller {
    caller(AgentPid::from_bytes([0; 15]), Access::System, "system")
}
