//! What the rules and the samples say of small ledgers that are made by hand.

mod asking;
mod samples;

use super::*;
use crate::ids::{CustomerPid, Digest, GestureCode, InteractionPid, PoolId, ReasonCode, RoleCode};
use crate::ledger::{
    Access, Caller, ConsultState, Entry, EntryBody, GestureRequest, LimitTrace, RULES_VERSION,
    ReverseReason, ScopeKey, SpendAbout, WindowKey,
};
use crate::money::{Currency, Money};
use crate::policy::{Counts, GestureKind};
use crate::time::{NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, Time};

const CAP: i64 = 50_000;

/// Agent 4 lives with every customer.
struct Household;
impl Context for Household {
    fn knows_contacts(&self) -> bool {
        true
    }
    fn shares_contact(&self, agent: AgentPid, _: CustomerPid) -> bool {
        agent == AgentPid::from_bytes([4; 15])
    }
    fn has_outcome(&self, spend: SpendId) -> Option<bool> {
        Some(!spend.as_bytes()[15].is_multiple_of(200))
    }
}

/// Writes entries.
#[derive(Default)]
struct Book(Vec<Entry>);

impl Book {
    fn write(&mut self, agent: u8, at: i64, trace: Vec<LimitTrace>, body: EntryBody) {
        let caller = Caller {
            agent: AgentPid::from_bytes([agent; 15]),
            access: Access::Agent,
            role: "agent".parse::<RoleCode>().unwrap(),
            team: None,
            tenure_days: 1,
        };
        self.0.push(Entry {
            position: self.0.len() as u64,
            at: Time::from_nanos(at),
            caller,
            policy: Digest::from_bytes([1; 32]),
            rules_version: RULES_VERSION,
            currency: Some(Currency::USD),
            trace,
            postings: Vec::new(),
            effective_at: None,
            is_post_close: false,
            body,
        });
    }

    /// Holds and gives an amount; answers with the gesture.
    fn give(&mut self, agent: u8, customer: u16, at: i64, amount: i64) -> SpendAbout {
        let number = u128::try_from(self.0.len()).unwrap();
        let mut pid = [0; 15];
        pid[..2].copy_from_slice(&customer.to_be_bytes());
        let interaction = InteractionPid::from_bytes(number.to_be_bytes()[1..].try_into().unwrap());
        let request = GestureRequest {
            spend: SpendId::from_bytes(number.to_be_bytes()),
            customer: CustomerPid::from_bytes(pid),
            interaction,
            case: None,
            amount: Money::new(Currency::USD, amount),
            reason: "late".parse::<ReasonCode>().unwrap(),
            gesture: "refund".parse::<GestureCode>().unwrap(),
            note: None,
            decided_ms: 1,
            suggestion: None,
        };
        let about = SpendAbout {
            spend: request.spend,
            agent: AgentPid::from_bytes([agent; 15]),
            customer: request.customer,
            interaction,
            case: None,
            reason: request.reason.clone(),
            gesture: request.gesture.clone(),
            kind: GestureKind::RefundCredit,
            pool: "house".parse::<PoolId>().unwrap(),
        };
        let trace = LimitTrace {
            limit: "interaction".parse().unwrap(),
            scope: ScopeKey { agent: Some(about.agent), ..ScopeKey::default() },
            window: WindowKey::Interaction(interaction),
            before_minor: 0,
            amount_minor: amount,
            after_minor: amount,
            cap_minor: CAP,
            counts: Counts::Amounts,
            granted_minor: 0,
        };
        let reserved = EntryBody::Reserved {
            request: Box::new(request),
            kind: about.kind,
            pool: about.pool.clone(),
            expire_at: Time::MAX,
            is_give: true,
            consult: None,
        };
        self.write(agent, at, vec![trace], reserved);
        let given = EntryBody::Committed {
            request: None,
            about: Box::new(about.clone()),
            amount_minor: amount,
            is_final: true,
            released_minor: 0,
        };
        self.write(agent, at, Vec::new(), given);
        about
    }

    fn take_back(&mut self, agent: u8, at: i64, about: SpendAbout, amount_minor: i64) {
        let request = crate::ids::RequestId::from_bytes([9; 16]);
        let (about, reason) = (Box::new(about), ReverseReason::Other);
        let body = EntryBody::Reversed { request, about, amount_minor, reason };
        self.write(agent, at, Vec::new(), body);
    }

    /// Asks a second person about a wish, and how they answer.
    fn consult(
        &mut self,
        agent: u8,
        (customer, at): (u16, i64),
        wish: i64,
        (second, is_approved): (u8, bool),
    ) {
        let about = Box::new(self.give(agent, customer, at, 1));
        let consult = crate::ids::RequestId::from_bytes(
            self.0.len().to_be_bytes().repeat(2).try_into().unwrap(),
        );
        self.0.pop();
        let asked = EntryBody::ConsultAsked {
            consult,
            about: about.clone(),
            asked_minor: wish,
            held_minor: 1,
            to: AgentPid::from_bytes([second; 15]),
            answer_at: Time::MAX,
            expire_at: Time::MAX,
            binding: "interaction".parse().unwrap(),
        };
        self.write(agent, at, Vec::new(), asked);
        let (request, waited_ns) = (consult, 60_000_000_000);
        let answered = if is_approved {
            EntryBody::ConsultApproved {
                request,
                consult,
                about,
                approved_minor: wish,
                added_minor: wish - 1,
                waited_ns,
                expire_at: Time::MAX,
            }
        } else {
            let (request, end) = (Some(request), ConsultState::Declined);
            EntryBody::ConsultClosed { request, consult, about, end, waited_ns }
        };
        self.write(second, at + waited_ns, Vec::new(), answered);
    }

    /// Ten agents with forty days of ordinary gestures.
    fn ordinary() -> Self {
        Self::ordinary_of(10)
    }

    fn ordinary_of(agents: u8) -> Self {
        let mut book = Self::default();
        let all = (0..40 * i64::from(agents) * 4).map(|number| (number, number / 4));
        for (number, place) in all {
            let (day, agent) = (place / i64::from(agents), place % i64::from(agents));
            let at = day * NS_PER_DAY + (9 + number % 4) * NS_PER_HOUR + agent;
            let customer = u16::try_from(number).unwrap() + 100;
            let agent = u8::try_from(agent).unwrap();
            book.give(agent, customer, at, 2_003 + number * 37 % 9_001);
        }
        book
    }

    fn found(&self, rule: Rule) -> Vec<Finding> {
        self.report(&[rule]).findings
    }

    fn report(&self, rules: &[Rule]) -> Report {
        examine(&Facts::of(&self.0), &Parameters::default(), &NoContext, rules)
    }
}

#[test]
fn ordinary_gestures_are_no_findings() {
    assert_eq!(Book::ordinary().report(Rule::ALL).findings, []);
}

#[test]
fn a_habit_is_found_in_every_period_in_which_it_shows() {
    let mut book = Book::default();
    (0..100).for_each(|n| drop(book.give(4, 50, n * NS_PER_DAY, 1_000 + n)));
    let end = book.0.len() as u64;
    let of = |period: Range<u64>| {
        let facts = Facts::of(&book.0);
        examine(&facts, &Parameters::default(), &Household, &[Rule::SelfDealing]).within(&period)
    };
    let newest = &of(end - 1..end).findings[0].positions;
    assert_eq!((newest.len(), newest.last()), (FINDING_POSITIONS, Some(&(end - 1))));
    let oldest = &of(0..2).findings[0].positions;
    assert_eq!((oldest.len(), oldest.first()), (FINDING_POSITIONS, Some(&1)), "and what follows");
    assert_eq!(of(end..end + 9), Report::default(), "nothing of it is later");
}

type Act = fn(&mut Book, i64);

/// What an agent does from a moment on, the rule for it, and how many gestures it is.
const MISCONDUCT: [(Rule, Act, usize); 8] = [
    (
        Rule::JustBelowLimit,
        |book, at| {
            (0..6).for_each(|n| drop(book.give(3, 50 + n, at, CAP - 100 - i64::from(n))));
        },
        6,
    ),
    (
        Rule::Split,
        |book, at| {
            (0..3).for_each(|n| drop(book.give(3, 50, at + n * NS_PER_HOUR, CAP * 7 / 10 + n)));
        },
        3,
    ),
    (
        Rule::Concentration,
        |book, at| {
            (0..9).for_each(|n| drop(book.give(3, 50, at + n * NS_PER_DAY, 1_000 + n * 7)));
        },
        9,
    ),
    (
        Rule::Velocity,
        |book, at| {
            (0..14).for_each(|n| {
                drop(book.give(3, 50 + n, at + i64::from(n) * NS_PER_MINUTE, 1_003));
            });
        },
        14,
    ),
    (
        Rule::RoundAmounts,
        |book, at| {
            (0..8).for_each(|n| drop(book.give(3, 50 + n, at, 20_000)));
        },
        8,
    ),
    (
        Rule::OffShift,
        |book, at| {
            (0..5).for_each(|n| {
                drop(book.give(3, 50 + n, at + (10 + i64::from(n)) * NS_PER_HOUR, 1_003));
            });
        },
        5,
    ),
    (
        Rule::SameAmount,
        |book, at| {
            (0..6).for_each(|n| drop(book.give(3, 50 + n, at + i64::from(n), 7_777)));
        },
        6,
    ),
    (
        Rule::Duplicate,
        |book, at| {
            (0..2).for_each(|n| drop(book.give(3, 50, at + n * NS_PER_HOUR, 7_779)));
        },
        2,
    ),
];

#[test]
fn each_pattern_is_found_with_its_entries() {
    let day = 41 * NS_PER_DAY + 9 * NS_PER_HOUR;
    for (rule, act, count) in MISCONDUCT {
        let mut book = Book::ordinary();
        let before = book.0.len() as u64;
        act(&mut book, day);
        let found = book.found(rule);
        assert_eq!(found.len(), 1, "{}: {found:?}", rule.title());
        let given: Vec<u64> = (0..count as u64).map(|n| before + n * 2 + 1).collect();
        assert_eq!(found[0].positions, given, "{}", rule.title());
        assert_eq!(found[0].agents, [AgentPid::from_bytes([3; 15])]);
    }
}

#[test]
fn taking_back_and_giving_again_is_found() {
    let mut book = Book::ordinary();
    let mut at = 41 * NS_PER_DAY + 9 * NS_PER_HOUR;
    for round in 0..4 {
        let about = book.give(3, 50, at, 5_001 + round);
        if round < 3 {
            book.take_back(3, at + NS_PER_MINUTE, about, 5_001 + round);
        }
        at += NS_PER_HOUR;
    }
    let found = book.found(Rule::VoidAndReissue);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].why, [("rounds", 3)]);
}

#[test]
fn shared_contacts_are_asked_of_the_context_alone() {
    let mut book = Book::default();
    book.give(4, 1, 10, 500);
    book.give(5, 1, 20, 500);
    let facts = Facts::of(&book.0);
    let report = examine(&facts, &Parameters::default(), &Household, &[Rule::SelfDealing]);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].positions, [1]);
    let unknown = book.report(&[Rule::SelfDealing]);
    assert_eq!((unknown.findings.len(), unknown.not_applied[0].why), (0, "contacts_unknown"));
}

#[test]
fn counting_for_a_closed_period_is_found_at_once_and_back_dating_by_its_number() {
    let mut book = Book::ordinary();
    let count = book.0.len();
    book.0[1].is_post_close = true;
    book.0[1].effective_at = Some(Time::from_nanos(-5));
    let of = |book: &Book| book.found(Rule::BackDated);
    assert_eq!(of(&book).iter().map(|one| one.positions.clone()).collect::<Vec<_>>(), [[1]]);
    book.0[1].is_post_close = false;
    for entry in book.0.iter_mut().skip(count - 80).step_by(20).take(4) {
        entry.effective_at = Some(entry.at.saturating_sub_ns(3 * NS_PER_DAY));
        entry.caller.agent = AgentPid::from_bytes([3; 15]);
    }
    assert_eq!(of(&book).len(), 1);
}

#[test]
fn benford_says_why_it_is_not_applied() {
    let mut book = Book::default();
    assert_eq!(book.report(&[Rule::Digits]).not_applied[0].why, "too_few");
    for number in 0..400 {
        book.give(1, 1, number, 5_000 + number);
    }
    assert_eq!(book.report(&[Rule::Digits]).not_applied[0].why, "narrow_range");
    let mut book = Book::default();
    for number in 0..600_i64 {
        book.give(1, 1, number, if number % 3 == 0 { 995 } else { 100 + number * number });
    }
    assert_eq!(book.report(&[Rule::Digits]).not_applied[0].why, "fixed_prices");
}

#[test]
fn invented_first_digits_are_found_where_the_house_conforms() {
    let mut book = Book::default();
    let growth = std::iter::successors(Some(1_000_i64), |amount| {
        let next = amount * 1_017 / 1_000;
        (next < 1_000_000_000).then_some(next).or(Some(1_000))
    });
    for (number, amount) in (0..6_000).zip(growth) {
        book.give(1, 1, number, amount);
    }
    for number in 0..350_i64 {
        book.give(2, 1, 10_000 + number, 5_000 + number * 11 % 4_999);
    }
    let found = book.found(Rule::Digits);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].agents, [AgentPid::from_bytes([2; 15])]);
}

#[test]
fn peers_are_compared_by_what_is_known_of_each() {
    let mut book = Book::ordinary_of(19);
    // Three lucky gestures say little, sixty say much.
    for number in 0..3 {
        book.give(20, 9, 41 * NS_PER_DAY + number, 30_001);
    }
    for number in 0..60 {
        book.give(21, 10, 42 * NS_PER_DAY + number, 16_001 + number);
    }
    let found = book.found(Rule::PeerOutlier);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].agents, [AgentPid::from_bytes([21; 15])]);
    let funnel = funnel(&Facts::of(&book.0)).unwrap();
    let point = |agent: u8| {
        *funnel.points.iter().find(|it| it.agent == AgentPid::from_bytes([agent; 15])).unwrap()
    };
    let (few, many) = (point(20), point(21));
    assert!(few.raw_mean > many.raw_mean);
    assert!(few.limit_999 > 4.0 * many.limit_999, "few have wide limits");
    assert!(few.raw_mean - few.mean > many.raw_mean - many.mean, "few are drawn in further");
}

#[test]
fn a_finding_names_rule_version_and_parameters() {
    let parameters = Parameters::default();
    let printed = parameters.printed(Rule::Duplicate);
    assert_eq!(printed, "rule=f17\nversion=1\nwindow_ns=259200000000000\nusual_permille=4\n");
    let finding = Finding::new(Rule::Duplicate, 1_200, [5, 2, 5], [], vec![]);
    let raised = finding.raised(&parameters);
    assert_eq!((raised.rule.as_str(), raised.rule_version), ("f17", 1));
    assert_eq!((raised.positions, raised.score_permille), (vec![2, 5], 1_000));
    let mut other = parameters.clone();
    other.duplicate.window_ns += 1;
    assert_eq!(raised.parameters, parameters_digest(&parameters, Rule::Duplicate));
    assert_ne!(raised.parameters, parameters_digest(&other, Rule::Duplicate));
    for rule in Rule::ALL {
        assert_eq!(Rule::from_code(rule.code()), Some(*rule));
        assert!(parameters.printed(*rule).starts_with(&format!("rule={}\n", rule.code())));
    }
}
