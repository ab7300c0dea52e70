//! Scripts: one command a line with what comes of it.
//!
//! `SECONDS CALLER VERB IDS AMOUNT name=value… -> expected words`. The words expected must be
//! among: the state or the reason of a refusal or fault, `name=value` for its amounts or metadata,
//! `replayed`, `entries=N`, `consult=STATE`. Lines that begin with `#` are for people.

use std::collections::BTreeSet;

use makegood_core::ledger::{
    Act, Action, Command, Decision, Fault, GestureRequest, Operation, PauseReason, Period,
    ReverseReason, VoidReason,
};
use makegood_core::money::{Currency, Money};
use makegood_core::time::Time;

use crate::support::{
    House, caller_named, case, gesture, interaction, request_id, seconds, spend_id,
};

/// Runs a script, and answers with every reason of a fault or refusal that it met.
pub(crate) fn run(house: &mut House, script: &str) -> BTreeSet<String> {
    let mut met = BTreeSet::new();
    let lines = script.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (command, expected) = line.split_once("->").expect("a line has an arrow");
        let command = read(house, command);
        let answer = house.submit(&command);
        let found = words(&answer);
        for word in expected.split_whitespace() {
            assert!(found.contains(word), "{line}\n  got {found:?}");
        }
        let is_reason = |word: &&String| word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        met.extend(found.iter().filter(is_reason).cloned());
    }
    house.check();
    met
}

fn read(house: &House, line: &str) -> Command {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (named, plain): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.contains('='));
    let named = |name: &str| {
        let value = |word: &&str| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
        named.iter().find_map(value)
    };
    let [at, caller, verb, rest @ ..] = plain.as_slice() else {
        panic!("{line} names no verb");
    };
    let action = match (*verb, rest) {
        ("reserve", [spend, customer, amount]) => {
            let request = request(spend, customer, amount, &named);
            Action::Spend(Operation::Reserve(Box::new(request)))
        }
        ("give", [spend, customer, amount]) => {
            let request = request(spend, customer, amount, &named);
            Action::Spend(Operation::Give(Box::new(request)))
        }
        ("expire", [spend]) => Action::Expire { spend: spend_id(spend) },
        ("ask", [consult, spend, customer, amount]) => Action::Spend(Operation::Ask {
            consult: request_id(consult),
            gesture: Box::new(request(spend, customer, amount, &named)),
            to: named("to").map(|name| caller_named(&name).agent),
        }),
        ("pass", [consult]) => Action::PassConsult {
            consult: request_id(consult),
            to: named("to").map(|name| caller_named(&name).agent),
        },
        ("pause" | "resume", [request]) => Action::Act {
            request: Some(request_id(request)),
            act: if *verb == "pause" {
                Act::Pause { reason: PauseReason::Fraud, note: None }
            } else {
                Act::Resume { note: None }
            },
        },
        ("reopen" | "close" | "second", [request, start, end]) => {
            Action::Act { request: Some(request_id(request)), act: period_act(verb, start, end) }
        }
        ("approve" | "decline" | "withdraw", [request, consult, spend, amount @ ..]) => {
            Action::Spend(answer(verb, (request, consult, spend), amount.first().copied()))
        }
        ("correct", [request, spend, reason, gesture]) => Action::Spend(Operation::Correct {
            request: request_id(request),
            spend: spend_id(spend),
            reason: reason.parse().unwrap(),
            gesture: gesture.parse().unwrap(),
            effective_at: named("at").map(|at| seconds(at.parse().unwrap())),
        }),
        ("reverse", rest) => {
            let effective_at = named("at").map(|at| seconds(at.parse().unwrap()));
            Action::Spend(reversal(rest, effective_at))
        }
        _ => Action::Spend(later_operation(verb, rest)),
    };
    house.command(seconds(at.parse().unwrap()), caller, action)
}

fn period_act(verb: &str, start: &str, end: &str) -> Act {
    let period =
        Period { start: seconds(start.parse().unwrap()), end: seconds(end.parse().unwrap()) };
    match verb {
        "close" => Act::ClosePeriod(period),
        "reopen" => Act::ReopenPeriod(period),
        _ => Act::SecondReopening(period),
    }
}

fn answer(
    verb: &str,
    (request, consult, spend): (&str, &str, &str),
    amount: Option<&str>,
) -> Operation {
    let (request, consult, spend) = (request_id(request), request_id(consult), spend_id(spend));
    let approved_minor = amount.map_or(0, |amount| amount.parse().unwrap());
    match verb {
        "withdraw" => Operation::Withdraw { request, consult, spend },
        _ => Operation::Answer { request, consult, spend, approved_minor },
    }
}

fn reversal(rest: &[&str], effective_at: Option<Time>) -> Operation {
    Operation::Reverse {
        request: request_id(rest[0]),
        spend: spend_id(rest[1]),
        amount_minor: rest[2].parse().unwrap(),
        effective_at,
        reason: match rest[3] {
            "returned" => ReverseReason::CustomerReturned,
            "duplicate" => ReverseReason::Duplicate,
            "other" => ReverseReason::Other,
            _ => ReverseReason::MisEntry,
        },
    }
}

fn later_operation(verb: &str, rest: &[&str]) -> Operation {
    let (request, spend) = (request_id(rest[0]), spend_id(rest[1]));
    let amount_minor = rest.get(2).and_then(|amount| amount.parse().ok());
    let word = rest.last().copied().unwrap_or_default();
    match verb {
        "extend" => Operation::Extend { request, spend },
        "commit" => Operation::Commit {
            request,
            spend,
            amount_minor: amount_minor.unwrap(),
            is_final: word == "final",
        },
        "void" => Operation::Void {
            request,
            spend,
            reason: match word {
                "misidentified" => VoidReason::Misidentified,
                "other" => VoidReason::Other,
                _ => VoidReason::CustomerDeclined,
            },
        },
        "increment" => Operation::Increment { request, spend, amount_minor: amount_minor.unwrap() },
        _ => panic!("no verb {verb}"),
    }
}

fn request(
    spend: &str,
    customer: &str,
    amount: &str,
    named: &dyn Fn(&str) -> Option<String>,
) -> GestureRequest {
    let mut request = gesture(spend, customer, amount.parse().unwrap());
    if let Some(code) = named("currency") {
        let currency = Currency::parse(&code).unwrap();
        request.amount = Money::new(currency, request.amount.amount_minor);
    }
    if let Some(code) = named("reason") {
        request.reason = code.parse().unwrap();
    }
    if let Some(code) = named("gesture") {
        request.gesture = code.parse().unwrap();
    }
    if let Some(name) = named("interaction") {
        request.interaction = interaction(&name);
    }
    if let Some(ms) = named("decided_ms") {
        request.decided_ms = ms.parse().unwrap();
    }
    request.case = named("case").map(|name| case(&name));
    request.suggestion = named("suggestion").map(|code| code.parse().unwrap());
    request.note = named("note").map(|hex| hex.repeat(32).parse().unwrap());
    request
}

fn words(answer: &Result<Decision, Fault>) -> BTreeSet<String> {
    let metadata = |parts: Vec<(&'static str, String)>| {
        parts.into_iter().map(|(name, value)| format!("{name}={value}"))
    };
    let decision = match answer {
        Err(fault) => {
            assert_is_plain(&fault.to_string());
            let reason = [fault.reason().to_owned(), "fault".to_owned()];
            return reason.into_iter().chain(metadata(fault.metadata())).collect();
        }
        Ok(decision) => decision,
    };
    let mut words = BTreeSet::from([format!("entries={}", decision.entries.len())]);
    let outcome = &decision.outcome;
    if outcome.replayed {
        words.insert("replayed".to_owned());
    }
    if let Some(refusal) = &outcome.refusal {
        assert_is_plain(&refusal.to_string());
        words.insert(refusal.reason().to_owned());
        words.extend(metadata(refusal.metadata()));
    }
    if let Some(consult) = &outcome.consult {
        words.insert(format!("consult={}", consult.state.code()));
        words.insert(format!("asked={}", consult.asked_minor));
        words.insert(format!("answer_by={}", consult.answer_at.as_nanos() / 1_000_000_000));
        words.extend(consult.approved_minor.map(|approved| format!("approved={approved}")));
    }
    if let Some(spend) = &outcome.spend {
        words.insert(spend.state.code().to_owned());
        words.insert(format!("held={}", spend.held_minor));
        words.insert(format!("given={}", spend.committed_minor));
        words.insert(format!("back={}", spend.reversed_minor));
        words.insert(format!("until={}", spend.expire_at.as_nanos() / 1_000_000_000));
    }
    words
}

/// A message is lower case, has no full stop, and names a fix behind a comma or a semicolon.
fn assert_is_plain(message: &str) {
    let is_lower = message.starts_with(|first: char| first.is_lowercase());
    let has_fix = message.contains([',', ';']) || message.contains(" must be ");
    let is_plain = is_lower && !message.ends_with('.') && has_fix;
    assert!(is_plain || message.ends_with("is not due"), "{message}");
}
