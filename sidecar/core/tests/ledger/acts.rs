//! Acts: who may, in which order, never alone; and what they leave in the rows.

mod broken;
mod people;
mod periods;
mod policies;
mod pools;
mod random;
mod reviews;

use makegood_core::ids::{AgentPid, Digest};
use makegood_core::ledger::duties::{check_duties, check_periods};
use makegood_core::ledger::{
    Act, Action, Decision, ErasureBasis, ExportPurpose, Fault, FindingRaised, KeyKind, Operation,
    PauseReason, Period, Person, PolicyNamed, Read as _, ReviewState, SampleDrawn, SampleMethod,
};
use makegood_core::money::{Currency, Money};

use crate::support::{House, caller_named, customer, gesture, request_id, seconds, spend_id};

/// One act in a house; the same request id asks again.
pub(crate) fn act(
    house: &mut House,
    (caller, at): (&str, i64),
    request: &str,
    act: Act,
) -> Result<Decision, Fault> {
    let request = (!matches!(caller, "sys" | "dev")).then(|| request_id(request));
    let command = house.command(seconds(at), caller, Action::Act { request, act });
    let decision = house.submit(&command);
    house.check();
    check_duties(&house.entries).unwrap();
    check_periods(&house.entries).unwrap();
    decision
}

/// The reason of the fault; nothing where the act was done.
pub(crate) fn fault(answer: Result<Decision, Fault>) -> Option<&'static str> {
    answer.err().map(|fault| fault.reason())
}

pub(crate) fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

pub(crate) fn named(byte: u8) -> Act {
    let (name, version) = ("summer".to_owned(), "2".to_owned());
    Act::DraftPolicy(PolicyNamed { digest: digest(byte), name, version })
}

pub(crate) fn period(start: i64, end: i64) -> Period {
    Period { start: seconds(start), end: seconds(end) }
}

pub(crate) fn pid(name: &str) -> AgentPid {
    caller_named(name).agent
}

pub(crate) fn usd(amount_minor: i64) -> Money {
    Money::new(Currency::USD, amount_minor)
}

pub(crate) fn finding(positions: &[u64], agents: &[&str]) -> FindingRaised {
    let mut agents: Vec<AgentPid> = agents.iter().map(|name| pid(name)).collect();
    agents.sort_unstable();
    FindingRaised {
        rule: "f1".parse().unwrap(),
        rule_version: 1,
        parameters: digest(9),
        score_permille: 800,
        positions: positions.to_vec(),
        agents,
    }
}

pub(crate) fn sample(method: SampleMethod, end: u64) -> SampleDrawn {
    let interval = (method == SampleMethod::MonetaryUnit).then(|| usd(100));
    SampleDrawn {
        method,
        first: 0,
        end,
        seed: digest(8),
        interval,
        spend_count: 1,
        population_count: 2,
        spends: digest(7),
    }
}

/// A house where `ann` gave one gesture, `S1`.
pub(crate) fn house_with_a_gift() -> House {
    let mut house = House::standard();
    let give = Operation::Give(Box::new(gesture("S1", "cora", 100)));
    let command = house.command(seconds(0), "ann", give.into());
    house.submit(&command).unwrap();
    house
}

/// Every act, each as it may be done at second 10 in a house with a gift; some after others.
fn every_act() -> Vec<(&'static str, Act)> {
    let policy = digest(5);
    let spend = spend_id("S1");
    let note = |state| Act::Note { spend, state, note: None };
    let (from, to) = (None, Some("house".parse().unwrap()));
    vec![
        ("admin", named(5)),
        ("admin", Act::PublishPolicy { digest: policy }),
        ("admin", Act::SchedulePolicy { digest: policy, effective_at: seconds(99) }),
        ("admin", Act::WithdrawPolicy { digest: policy }),
        ("admin supervisor", Act::Pause { reason: PauseReason::Budget, note: None }),
        ("admin supervisor", Act::Resume { note: None }),
        ("admin", Act::Allocate { from, to, amount: usd(5) }),
        ("admin", Act::ClosePeriod(period(1, 9))),
        ("admin", Act::ReopenPeriod(period(1, 9))),
        ("admin auditor", Act::SecondReopening(period(1, 9))),
        ("admin auditor system", Act::DigestBalances),
        ("admin system", Act::RotateKey { kind: KeyKind::Checkpoint, key: digest(1) }),
        (
            "auditor supervisor admin system",
            Act::Export {
                first: 0,
                end: 1,
                tree_size: 2,
                manifest: digest(1),
                purpose: ExportPurpose::Audit,
            },
        ),
        (
            "admin system",
            Act::EraseSubject {
                subject: Person::Customer(customer("cora")),
                basis: ErasureBasis::Request,
                asked: None,
            },
        ),
        (
            "admin supervisor",
            Act::ExportSubject {
                subject: Person::Customer(customer("cora")),
                purpose: ExportPurpose::Subject,
            },
        ),
        (
            "admin",
            Act::AskErasure { subject: Person::Agent(pid("ann")), basis: ErasureBasis::Retention },
        ),
        ("auditor", Act::DrawSample(sample(SampleMethod::Records, 2))),
        ("auditor", note(ReviewState::Noted)),
        ("auditor", note(ReviewState::Questioned)),
        ("agent supervisor", note(ReviewState::Answered)),
        ("auditor", note(ReviewState::Escalated)),
        ("auditor", note(ReviewState::Cleared)),
        ("auditor", note(ReviewState::Praised)),
        ("auditor system", Act::RaiseFinding(Box::new(finding(&[1], &["ann"])))),
        (
            "auditor",
            Act::DisposeFinding {
                finding: 0,
                disposition: makegood_core::ledger::Disposition::Dismissed,
                note: None,
            },
        ),
    ]
}

#[test]
fn lets_each_act_be_done_by_those_who_may_alone() {
    for (who, one) in every_act() {
        for caller in ["ann", "sue", "rev", "adm", "sys"] {
            let mut house = house_with_a_gift();
            let access = caller_named(caller).access.code();
            let may = who.split(' ').any(|one| one == access);
            let refused = fault(act(&mut house, (caller, 10), "R1", one.clone()));
            let is_authorised = refused != Some("NOT_AUTHORIZED");
            assert_eq!(is_authorised, may, "{caller} {one:?}");
        }
    }
}

#[test]
fn asks_people_for_a_request_id() {
    let mut house = House::standard();
    let pause = Act::Pause { reason: PauseReason::Fraud, note: None };
    let command = house.command(seconds(1), "adm", Action::Act { request: None, act: pause });
    assert_eq!(fault(house.submit(&command)), Some("REQUEST_ID_MISSING"));
}

#[test]
fn does_nothing_before_a_policy_is_in_force() {
    let house = House::standard();
    let act = Act::DigestBalances;
    let command = house.command(seconds(1), "sys", Action::Act { request: None, act });
    let rows = makegood_core::ledger::Rows::default();
    let answer = makegood_core::ledger::decide(&rows, &house.policy, &command);
    assert_eq!(answer, Err(Fault::NoPolicy));
}

#[test]
fn answers_a_repeat_as_the_first_time_and_refuses_another_act_under_its_id() {
    let mut house = House::standard();
    let pause = Act::Pause { reason: PauseReason::Fraud, note: None };
    let first = act(&mut house, ("sue", 1), "R1", pause.clone()).unwrap();
    assert_eq!(first.entries.len(), 1);
    let again = act(&mut house, ("sue", 9), "R1", pause.clone()).unwrap();
    assert!(again.entries.is_empty() && again.outcome.replayed);
    assert_eq!(again.outcome.position, first.outcome.position);
    let resume = Act::Resume { note: None };
    for (caller, other, field) in [("sue", resume, "act"), ("adm", pause, "caller")] {
        let found = act(&mut house, (caller, 10), "R1", other).unwrap_err();
        assert_eq!(found, Fault::IdReused { field });
    }
}

#[test]
fn a_repeat_in_the_same_batch_has_no_second_effect() {
    let mut house = House::standard();
    let request = Some(request_id("R1"));
    let pause = Act::Pause { reason: PauseReason::System, note: None };
    let ask = Action::Act { request, act: pause };
    let command = house.command(seconds(1), "adm", ask);
    let answers = house.submit_batch(&[command.clone(), command]);
    assert_eq!(house.entries.len(), 3);
    assert!(answers[1].as_ref().is_ok_and(|answer| answer.outcome.replayed));
}

#[test]
fn pauses_once_and_resumes_what_is_paused() {
    let mut house = House::standard();
    let resume = || Act::Resume { note: None };
    let pause = || Act::Pause { reason: PauseReason::Budget, note: Some(digest(3)) };
    assert_eq!(fault(act(&mut house, ("sue", 1), "R1", resume())), Some("NOT_PAUSED"));
    assert_eq!(fault(act(&mut house, ("sue", 2), "R2", pause())), None);
    assert_eq!(house.rows.paused(), Some((PauseReason::Budget, seconds(2))));
    assert_eq!(fault(act(&mut house, ("adm", 3), "R3", pause())), Some("ALREADY_PAUSED"));
    assert_eq!(fault(act(&mut house, ("adm", 4), "R4", resume())), None);
    assert_eq!(house.rows.paused(), None);
}

/// What is written down must fit the ledger, which has four entries here.
#[test]
fn refuses_what_does_not_fit_the_ledger() {
    let purpose = ExportPurpose::Audit;
    let export =
        |first, end, tree_size| Act::Export { first, end, tree_size, manifest: digest(1), purpose };
    let drawn = |change: fn(&mut SampleDrawn)| {
        let mut drawn = sample(SampleMethod::Records, 4);
        change(&mut drawn);
        Act::DrawSample(drawn)
    };
    let raised = |change: fn(&mut FindingRaised)| {
        let mut raised = finding(&[0, 3], &["ann", "ben"]);
        change(&mut raised);
        Act::RaiseFinding(Box::new(raised))
    };
    let cases = [
        ("end_position", export(3, 2, 4)),
        ("tree_size", export(0, 4, 3)),
        ("tree_size", export(0, 4, 5)),
        ("end_position", drawn(|it| it.end = 0)),
        ("end_position", drawn(|it| it.end = 5)),
        ("spend_count", drawn(|it| it.spend_count = 3)),
        ("interval", drawn(|it| it.interval = Some(usd(1)))),
        ("interval", drawn(|it| it.method = SampleMethod::MonetaryUnit)),
        (
            "interval",
            drawn(|it| {
                it.method = SampleMethod::MonetaryUnit;
                it.interval = Some(usd(0));
            }),
        ),
        ("score_permille", raised(|it| it.score_permille = 1_001)),
        ("positions", raised(|it| it.positions.clear())),
        ("positions", raised(|it| it.positions = (0..65).collect())),
        ("positions", raised(|it| it.positions = vec![1, 1])),
        ("positions", raised(|it| it.positions = vec![4])),
        ("agents", raised(|it| it.agents.reverse())),
    ];
    for (field, one) in cases {
        let mut house = house_with_a_gift();
        let found = act(&mut house, ("rev", 10), "R1", one.clone()).unwrap_err();
        assert_eq!(found.reason(), "FIELD_INVALID", "{one:?}");
        assert_eq!(found.metadata(), [("field", field.to_owned())], "{one:?}");
    }
    for one in [export(0, 4, 4), drawn(|_| {}), raised(|_| {})] {
        assert_eq!(fault(act(&mut house_with_a_gift(), ("rev", 10), "R1", one)), None);
    }
}

#[test]
fn takes_the_digest_of_balances_that_everybody_can_take_again() {
    let mut house = house_with_a_gift();
    let before = makegood_core::ledger::balances_digest(&house.rows);
    let decision = act(&mut house, ("rev", 10), "R1", Act::DigestBalances).unwrap();
    let body = &decision.entries[0].body;
    assert!(
        matches!(body, makegood_core::ledger::EntryBody::Act { balances: Some(it), .. } if *it == before)
    );
    let give = Operation::Give(Box::new(gesture("S2", "cora", 1)));
    house.submit(&house.command(seconds(11), "ann", give.into())).unwrap();
    assert_ne!(makegood_core::ledger::balances_digest(&house.rows), before);
}

/// The digest's encoding is part of the ledger for ever: it is taken here by hand.
#[test]
fn encodes_balances_as_documented() {
    use makegood_core::ledger::{
        Account, BalanceRow, Key, PoolRow, Row, Rows, Write as _, balances_digest,
    };
    use sha2::{Digest as _, Sha256};
    let mut rows = Rows::default();
    let pool = "p".parse().unwrap();
    rows.put(
        Key::Balance(Account::AuthorityTenant, Currency::USD),
        Row::Balance(BalanceRow { debit_minor: 258, credit_minor: 0 }),
    );
    rows.put(
        Key::Pool(pool, Currency::USD),
        Row::Pool(PoolRow {
            team: None,
            allotted_minor: Some(7),
            moved_minor: 0,
            held_minor: 1,
            given_minor: 2,
        }),
    );
    let mut bytes = vec![1, 4];
    bytes.extend(b"A100USD");
    bytes.extend([0; 14]);
    bytes.extend([1, 2]);
    bytes.extend([0; 16]);
    bytes.extend([2, 1]);
    bytes.extend(b"pUSD");
    bytes.push(1);
    for number in [7, 1, 2] {
        bytes.extend([0; 7]);
        bytes.push(number);
    }
    let expected: [u8; 32] = Sha256::digest(&bytes).into();
    assert_eq!(balances_digest(&rows), Digest::from_bytes(expected));
}
