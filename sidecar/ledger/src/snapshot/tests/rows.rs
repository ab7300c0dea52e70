//! Rows are there again as they were: every kind, with each field set and left out.

use std::sync::Arc;

use makegood_core::ids::{
    AgentPid, CasePid, CustomerPid, Digest, InteractionPid, RequestId, SpendId,
};
use makegood_core::ledger::{
    Act, ActRow, ActivePolicyRow, BalanceRow, Charge, Charged, ConsultRow, ConsultState,
    CounterKey, CounterRow, Disposition, FindingRow, GestureRequest, HeadRow, Key, Operation,
    OperationId, Outcome, OutcomeRow, Part, PauseReason, PauseRow, Period, PeriodsRow, PolicyRow,
    PolicyState, PoolRow, Refusal, Reopening, ReviewRow, ReviewState, Row, ScopeKey, SpendAbout,
    SpendRow, SpendSnapshot, SpendState, WindowKey,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::{Counts, GestureKind};
use makegood_core::time::Time;

use super::super::row::{decode, encode};

const SPEND: SpendId = SpendId::from_bytes([5; 16]);
const REQUEST: RequestId = RequestId::from_bytes([6; 16]);
const AGENT: AgentPid = AgentPid::from_bytes([1; 15]);
const LEAD: AgentPid = AgentPid::from_bytes([8; 15]);

fn at(ns: i64) -> Time {
    Time::from_nanos(ns)
}

fn charge() -> Charge {
    Charge { spend: SPEND, at: at(4), held_minor: 1, given_minor: 2, granted_minor: 3 }
}

fn charged(counts: Counts) -> Charged {
    Charged {
        counter: CounterKey {
            limit: "often".parse().unwrap(),
            scope: ScopeKey { agent: Some(AGENT), ..ScopeKey::default() },
            window: WindowKey::Rolling { duration_ns: 30 },
            currency: (counts != Counts::Times).then_some(Currency::USD),
        },
        at: at(11),
        cap_minor: 200,
        counts,
        // Zero says that all of it was granted, and is not the same as nothing.
        granted_above_minor: (counts != Counts::Amounts).then_some(0),
    }
}

fn gesture() -> GestureRequest {
    GestureRequest {
        spend: SPEND,
        customer: CustomerPid::from_bytes([2; 15]),
        interaction: InteractionPid::from_bytes([3; 15]),
        case: Some(CasePid::from_bytes([4; 15])),
        amount: Money::new(Currency::USD, 4_500),
        reason: "late".parse().unwrap(),
        gesture: "refund".parse().unwrap(),
        note: None,
        decided_ms: 5,
        suggestion: None,
    }
}

fn spend(state: SpendState) -> SpendRow {
    let GestureRequest { spend, customer, interaction, case, reason, gesture, .. } = gesture();
    let is_open = state == SpendState::Held;
    SpendRow {
        about: SpendAbout {
            spend,
            agent: AGENT,
            customer,
            interaction,
            case,
            reason,
            gesture,
            kind: GestureKind::RefundCredit,
            pool: "house".parse().unwrap(),
        },
        currency: Currency::USD,
        amount_minor: 9,
        held_minor: 3,
        committed_minor: 4,
        reversed_minor: 1,
        state,
        reserved_at: at(10),
        counted_at: at(11),
        raises: vec![Part { at: at(12), amount_minor: 1 }, Part { at: at(13), amount_minor: 2 }],
        grant: (!is_open).then_some(Part { at: at(14), amount_minor: 3 }),
        committed_at: (!is_open).then_some(at(16)),
        commits: vec![Part { at: at(15), amount_minor: 3 }],
        expire_at: at(20),
        charged: Arc::new([Counts::Amounts, Counts::Times, Counts::Grants].map(charged).to_vec()),
        policy: Digest::from_bytes([9; 32]),
        consult: is_open.then_some(REQUEST),
        approvers: if is_open { Vec::new() } else { vec![LEAD] },
        parties: if is_open { vec![LEAD] } else { Vec::new() },
        role: "agent".parse().unwrap(),
        tenure_days: 400,
    }
}

fn consult(state: ConsultState) -> ConsultRow {
    let is_approved = state == ConsultState::Approved;
    ConsultRow {
        consult: REQUEST,
        spend: SPEND,
        agent: AGENT,
        asked_minor: 900,
        binding: "often".parse().unwrap(),
        to: LEAD,
        passed: if is_approved { vec![AgentPid::from_bytes([7; 15])] } else { Vec::new() },
        asked_at: at(1),
        answer_at: at(61),
        state,
        ended_at: (state != ConsultState::Open).then_some(at(30)),
        answered_by: is_approved.then_some(LEAD),
        approved_minor: is_approved.then_some(800),
    }
}

fn outcome(is_refused: bool) -> Outcome {
    let row = spend(SpendState::Held);
    Outcome {
        position: 41,
        at: at(12),
        spend: (!is_refused).then(|| SpendSnapshot::of(&row, at(12))),
        refusal: is_refused.then_some(Refusal::NobodyToAsk),
        consult: (!is_refused).then(|| Box::new(consult(ConsultState::Approved))),
        replayed: false,
    }
}

fn money_rows() -> Vec<(Key, Row)> {
    let pool = "house".parse().unwrap();
    let counter = Key::Counter(charged(Counts::Times).counter);
    let total = CounterRow::Total { held_minor: 1, given_minor: 2, granted_minor: 3 };
    let charges = vec![charge(), Charge { granted_minor: 0, ..charge() }];
    let mut rows = vec![
        (Key::Head, Row::Head(HeadRow { entry_count: 3, last_at: at(9) })),
        (
            Key::ActivePolicy,
            Row::ActivePolicy(Box::new(ActivePolicyRow {
                digest: Digest::from_bytes([9; 32]),
                name: "standard".to_owned(),
                version: "1".to_owned(),
                position: 7,
                activated_at: at(8),
            })),
        ),
        (
            Key::Pool(pool, Currency::USD),
            Row::Pool(PoolRow {
                team: Some("orders".parse().unwrap()),
                allotted_minor: Some(0),
                moved_minor: -5,
                held_minor: 1,
                given_minor: 2,
            }),
        ),
        (
            Key::Balance("A900".parse().unwrap(), Currency::USD),
            Row::Balance(BalanceRow { debit_minor: 1, credit_minor: i128::MAX }),
        ),
        (counter.clone(), Row::Counter(total)),
        (counter, Row::Counter(CounterRow::Rolling { charges })),
    ];
    let spends = SpendState::ALL.map(|state| Row::Spend(Box::new(spend(state))));
    rows.extend(spends.into_iter().map(|row| (Key::Spend(SPEND), row)));
    let ask = Operation::Ask { consult: REQUEST, gesture: Box::new(gesture()), to: Some(LEAD) };
    rows.extend([true, false].map(|is_refused| {
        let (operation, outcome) = (ask.clone(), outcome(is_refused));
        let row = OutcomeRow { agent: AGENT, operation, outcome };
        (Key::Outcome(OperationId::Request(REQUEST)), Row::Outcome(Box::new(row)))
    }));
    rows
}

fn other_rows() -> Vec<(Key, Row)> {
    let closed = Some(Period { start: at(-3), end: at(5) });
    let reopening = |seconded_by| Some(Reopening { asked_by: AGENT, seconded_by });
    let periods = [
        PeriodsRow::default(),
        PeriodsRow { closed, reopening: None },
        PeriodsRow { closed, reopening: reopening(None) },
        PeriodsRow { closed, reopening: reopening(Some(LEAD)) },
    ];
    let mut rows: Vec<(Key, Row)> =
        periods.into_iter().map(|row| (Key::Periods, Row::Periods(row))).collect();
    let reasons = PauseReason::ALL.iter().map(|reason| Some((*reason, at(0))));
    let pauses = reasons.chain([None]).map(|paused| Row::Pause(PauseRow { paused }));
    rows.extend(pauses.map(|row| (Key::Pause, row)));
    let consults = ConsultState::ALL.iter().map(|state| Row::Consult(Box::new(consult(*state))));
    rows.extend(consults.map(|row| (Key::Consult(REQUEST), row)));
    rows.extend(PolicyState::ALL.iter().map(|state| {
        let is_scheduled = *state == PolicyState::Scheduled;
        let row = PolicyRow {
            name: "summer".to_owned(),
            version: "2".to_owned(),
            author: AGENT,
            state: *state,
            scheduled: is_scheduled.then_some((LEAD, at(77))),
        };
        (Key::Policy(Digest::from_bytes([9; 32])), Row::Policy(Box::new(row)))
    }));
    rows.extend(ReviewState::ALL.iter().map(|state| {
        let row = ReviewRow { state: *state, reviewers: vec![AGENT, LEAD], at: at(6) };
        (Key::Review(SPEND), Row::Review(row))
    }));
    let disposed = Disposition::ALL.iter().map(|disposition| Some((*disposition, LEAD)));
    let findings = disposed.chain([None]).map(|disposed| FindingRow {
        raised_by: LEAD,
        agents: vec![AGENT],
        disposed,
    });
    rows.extend(findings.map(|row| (Key::Finding(4), Row::Finding(row))));
    let act = ActRow {
        agent: AGENT,
        act: Act::ClosePeriod(Period { start: at(-3), end: at(5) }),
        outcome: Outcome { spend: None, consult: None, ..outcome(false) },
    };
    rows.push((Key::Act(REQUEST), Row::Act(Box::new(act))));
    rows
}

#[test]
fn keeps_every_row_as_it_was() {
    for (key, row) in money_rows().into_iter().chain(other_rows()) {
        let bytes = encode(&row);
        assert_eq!(decode(&key, &bytes), Ok(row), "{key:?}");
    }
}
