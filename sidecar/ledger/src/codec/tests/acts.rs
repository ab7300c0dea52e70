//! Every act, with every code that it may carry.

use makegood_core::ids::{AgentPid, CustomerPid, Digest};
use makegood_core::ledger::{
    Act, Disposition, EntryBody, ErasureBasis, ExportPurpose, FindingRaised, KeyKind, PauseReason,
    Period, Person, PolicyNamed, ReviewState, SampleDrawn, SampleMethod,
};
use makegood_core::money::{Currency, Money};
use makegood_core::time::Time;

use super::{REQUEST, SPEND};

/// The kinds of the entries that acts make.
pub(super) fn kinds() -> [&'static str; 20] {
    [
        "POLICY_DRAFTED",
        "POLICY_PUBLISHED",
        "POLICY_SCHEDULED",
        "POLICY_WITHDRAWN",
        "PAUSED",
        "RESUMED",
        "ALLOCATED",
        "PERIOD_CLOSED",
        "REOPENING_ASKED",
        "PERIOD_REOPENED",
        "BALANCES_DIGESTED",
        "KEY_ROTATED",
        "EXPORTED",
        "SUBJECT_EXPORTED",
        "ERASURE_ASKED",
        "SUBJECT_ERASED",
        "SAMPLE_DRAWN",
        "REVIEW_NOTED",
        "FINDING_RAISED",
        "FINDING_DISPOSED",
    ]
}

pub(super) fn bodies() -> Vec<EntryBody> {
    let mut bodies: Vec<EntryBody> = acts()
        .into_iter()
        .map(|act| EntryBody::Act { request: Some(REQUEST), act, balances: None })
        .collect();
    // The sidecar itself asks under no id, and some acts carry the digest of all balances.
    let balances = Some(Digest::from_bytes([21; 32]));
    bodies.push(EntryBody::Act { request: None, act: Act::DigestBalances, balances });
    bodies
}

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

fn acts() -> Vec<Act> {
    let note = Some(digest(22));
    let period = Period { start: Time::from_nanos(-5), end: Time::from_nanos(5) };
    let pool = || Some("house".parse().unwrap());
    let amount = Money::new(Currency::USD, 900);
    let mut acts = vec![
        Act::DraftPolicy(PolicyNamed {
            digest: digest(20),
            name: "summer".to_owned(),
            version: "2".to_owned(),
        }),
        Act::PublishPolicy { digest: digest(20) },
        Act::SchedulePolicy { digest: digest(20), effective_at: Time::from_nanos(9) },
        Act::WithdrawPolicy { digest: digest(20) },
        Act::Resume { note },
        Act::Allocate { from: None, to: pool(), amount },
        Act::Allocate { from: pool(), to: None, amount },
        Act::ClosePeriod(period),
        Act::ReopenPeriod(period),
        Act::SecondReopening(period),
        Act::DigestBalances,
        Act::RaiseFinding(Box::new(FindingRaised {
            rule: "f1".parse().unwrap(),
            rule_version: 2,
            parameters: digest(24),
            score_permille: 871,
            positions: vec![4, 9],
            agents: vec![AgentPid::from_bytes([1; 15]), AgentPid::from_bytes([2; 15])],
        })),
    ];
    acts.extend(coded(note));
    acts
}

/// Exports, and what is done about people, with every code.
fn about_people() -> Vec<Act> {
    let customer = Person::Customer(CustomerPid::from_bytes([2; 15]));
    let agent = Person::Agent(AgentPid::from_bytes([1; 15]));
    let mut acts = Vec::new();
    for purpose in ExportPurpose::ALL.iter().copied() {
        acts.push(Act::Export { first: 3, end: 90, tree_size: 91, manifest: digest(23), purpose });
        acts.push(Act::ExportSubject { subject: customer, purpose });
        acts.push(Act::ExportSubject { subject: agent, purpose });
    }
    for basis in ErasureBasis::ALL.iter().copied() {
        acts.push(Act::EraseSubject { subject: customer, basis, asked: None });
        acts.push(Act::AskErasure { subject: agent, basis });
        acts.push(Act::EraseSubject { subject: agent, basis, asked: Some(REQUEST) });
    }
    acts
}

/// Acts that carry a code, with each of them.
fn coded(note: Option<Digest>) -> Vec<Act> {
    let mut acts = Vec::new();
    acts.extend(PauseReason::ALL.iter().map(|reason| Act::Pause { reason: *reason, note }));
    acts.extend(KeyKind::ALL.iter().map(|kind| Act::RotateKey { kind: *kind, key: digest(25) }));
    acts.extend(about_people());
    acts.extend(SampleMethod::ALL.iter().map(|method| {
        Act::DrawSample(SampleDrawn {
            method: *method,
            first: 0,
            end: 100,
            seed: digest(26),
            interval: (*method == SampleMethod::MonetaryUnit)
                .then_some(Money::new(Currency::USD, 5_000)),
            spend_count: 25,
            population_count: 80,
            spends: digest(27),
        })
    }));
    let review = |state: &ReviewState| Act::Note { spend: SPEND, state: *state, note };
    acts.extend(ReviewState::ALL.iter().map(review));
    let dispose = |disposition: &Disposition| Act::DisposeFinding {
        finding: 77,
        disposition: *disposition,
        note: None,
    };
    acts.extend(Disposition::ALL.iter().map(dispose));
    acts
}
