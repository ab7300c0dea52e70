//! Laws that hold for every sequence of commands. proptest prints the seed of a failure and keeps
//! it in a regressions file.

use makegood_core::ids::{RequestId, SpendId};
use makegood_core::ledger::{
    Action, Command, Decision, Entry, EntryBody, Fault, Operation, Outcome, Overlay, Read as _,
    Refusal, ReverseReason, Rows, SpendState, VoidReason, apply, decide, expire_due, headroom,
    preview,
};
use makegood_core::policy::Window;
use makegood_core::time::{NS_PER_DAY, NS_PER_S, Time};
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy as _, any, prop_assert, prop_assert_eq};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use proptest::{prop_oneof, proptest};

use crate::oracle::Oracle;
use crate::steps::{AGENTS, ask, crowded_policy, play, request_of, step};
use crate::support::{House, caller_named, gesture, limit, padded, policy_with, seconds};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// `House` checks after each command that entries balance, books balance, and counts, pools
    /// and gestures agree; here the whole is replayed and held against an oracle of its own.
    #[test]
    fn replay_equals_state_and_no_limit_is_exceeded(steps in vec(step(), 1..60)) {
        let (house, _) = play(&steps);
        house.check();
        let mut oracle = Oracle::new(&house.policy);
        for entry in &house.entries {
            oracle.observe(entry);
        }
    }

    #[test]
    fn a_repeat_writes_nothing_and_answers_the_same(
        steps in vec(step(), 1..40),
        wait_s in 0..200_000_i64,
    ) {
        let mut house = House::new(crowded_policy());
        let mut now = 0;
        let mut answered = Vec::new();
        for step in &steps {
            now += step.wait_s;
            let command = house.command(seconds(now), step.caller(), step.action());
            // Twice in one batch: the second sees the first, though nothing is durable yet.
            let [first, second] = house
                .submit_batch(&[command.clone(), command.clone()])
                .try_into()
                .unwrap();
            if let Action::PassConsult { .. } = command.action {
                // Asked by the system when it is due, under no id.
                prop_assert!(second.is_err());
                continue;
            }
            if let Ok(first) = &first {
                let second = second.unwrap();
                prop_assert!(second.entries.is_empty() && second.outcome.replayed);
                let outcome = Outcome {
                    replayed: second.outcome.replayed,
                    ..first.outcome.clone()
                };
                prop_assert_eq!(&second.outcome, &outcome);
                answered.push((command, outcome));
            }
        }
        let count = house.entries.len();
        for (mut command, outcome) in answered {
            command.at = seconds(now + wait_s);
            let again = house.submit(&command).unwrap();
            prop_assert_eq!(again.outcome, outcome);
        }
        prop_assert_eq!(house.entries.len(), count);
        house.check();
    }

    #[test]
    fn preview_agrees_with_reserve(steps in vec(step(), 0..30), ask in ask(), agent in 0..AGENTS.len()) {
        let (mut house, commands) = play(&steps);
        let at = commands.last().map_or(seconds(0), |command| command.at).saturating_add_ns(NS_PER_S);
        let mut request = request_of(&ask);
        request.spend = SpendId::from_bytes([u8::MAX; 16]);
        let question = house.question(at, AGENTS[agent], &request);
        let seen = preview(&house.rows, &house.policy, &question, &request.gesture, ask.amount_minor).unwrap();
        let action = Action::Spend(Operation::Reserve(Box::new(request)));
        let command = house.command(at, AGENTS[agent], action);
        let outcome = house.submit(&command).unwrap().outcome;
        prop_assert_eq!(&seen.refusal, &outcome.refusal);
        let after = headroom(&house.rows, &house.policy, &question).unwrap();
        prop_assert_eq!(seen.available_after_minor, after.available_minor);
    }

    #[test]
    fn release_restores_headroom_exactly(
        steps in vec(step(), 0..30),
        ask in ask(),
        way in 0..4_u8,
    ) {
        let (mut house, commands) = play(&steps);
        // Late enough that no other hold is open, so that only this one's end is seen.
        let at = commands.last().map_or(seconds(0), |command| command.at).saturating_add_ns(1_000 * NS_PER_S);
        house.expire_due(at);
        let mut request = request_of(&ask);
        request.spend = SpendId::from_bytes([u8::MAX; 16]);
        let question = house.question(at, "ann", &request);
        let before = headroom(&house.rows, &house.policy, &question).unwrap();
        let spend = request.spend;
        let id = RequestId::from_bytes([u8::MAX; 16]);
        let reserve = Operation::Reserve(Box::new(request.clone()));
        let give = Operation::Give(Box::new(request));
        let amount_minor = ask.amount_minor;
        let reverse = Operation::Reverse { request: id, spend, amount_minor, reason: ReverseReason::MisEntry, effective_at: None };
        let void = Operation::Void { request: id, spend, reason: VoidReason::CustomerDeclined };
        let (first, then) = match way {
            0 => (reserve, Some(void)),
            1 => (give, Some(reverse)),
            _ => (reserve, None),
        };
        let is_held = house
            .submit(&house.command(at, "ann", first.into()))
            .unwrap()
            .outcome
            .refusal
            .is_none();
        let later = match then {
            Some(then) if is_held => {
                let command = house.command(at, "ann", then.into());
                prop_assert_eq!(house.submit(&command).unwrap().outcome.refusal, None);
                at
            }
            _ => at.saturating_add_ns(601 * NS_PER_S),
        };
        house.expire_due(later);
        let after = headroom(&house.rows, &house.policy, &question).unwrap();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn exactly_as_many_are_held_as_there_is_room(
        capacity in 0..20_i64,
        asked in 1..40_usize,
        batch in 1..10_usize,
    ) {
        let rule = limit("rule", Window::Lifetime, capacity.max(1) * 10);
        let mut house = House::new(policy_with(vec![rule]));
        let reserve = |index: usize| {
            let mut request = gesture("", "cora", 10);
            request.spend = SpendId::from_bytes(padded(&format!("{index}")));
            Action::Spend(Operation::Reserve(Box::new(request)))
        };
        let commands: Vec<Command> = (0..asked)
            .map(|index| house.command(seconds(1), "ann", reserve(index)))
            .collect();
        let mut held = 0;
        for commands in commands.chunks(batch) {
            let answers = house.submit_batch(commands);
            let is_held = |answer: &Result<Decision, Fault>| {
                answer.as_ref().is_ok_and(|decision| decision.outcome.refusal.is_none())
            };
            held += answers.iter().filter(|answer| is_held(answer)).count();
        }
        let room = usize::try_from(capacity.max(1)).unwrap();
        prop_assert_eq!(held, asked.min(room));
        house.check();
    }

    #[test]
    fn nothing_uses_a_hold_at_or_after_its_end(
        offset_ns in prop_oneof![-3..3_i64, any::<i32>().prop_map(i64::from)],
        verb in 0..3_u8,
        is_written in any::<bool>(),
    ) {
        let mut house = House::standard();
        let reserve = Operation::Reserve(Box::new(gesture("S1", "cora", 100)));
        let command = house.command(seconds(0), "ann", reserve.into());
        let held = house.submit(&command).unwrap().outcome.spend.unwrap();
        let at = held.expire_at.saturating_add_ns(offset_ns);
        if is_written {
            house.expire_due(at);
        }
        let (request, spend) = (RequestId::from_bytes([1; 16]), held.spend);
        let operation = match verb {
            0 => Operation::Extend { request, spend },
            1 => Operation::Commit { request, spend, amount_minor: 1, is_final: true },
            _ => Operation::Void { request, spend, reason: VoidReason::Other },
        };
        let command = house.command(at, "ann", operation.into());
        let refusal = house.submit(&command).unwrap().outcome.refusal;
        let reason = refusal.as_ref().map(Refusal::reason);
        prop_assert_eq!(reason, (at >= held.expire_at).then_some("HOLD_EXPIRED"));
        house.check();
    }

    #[test]
    fn a_rolling_sum_equals_brute_force(
        gifts in vec((0..100_000_i64, 1..50_i64, any::<bool>()), 1..30),
        probe_s in 0..400_000_i64,
    ) {
        let window_ns = NS_PER_DAY;
        let rule = limit("rolling", Window::Rolling { duration_ns: window_ns }, 400);
        let mut house = House::new(policy_with(vec![rule]));
        let mut now = 0;
        let mut given: Vec<(Time, i64)> = Vec::new();
        for (index, (wait_s, amount_minor, is_taken_back)) in gifts.iter().enumerate() {
            now += wait_s;
            let mut request = gesture("", "cora", *amount_minor);
            request.spend = SpendId::from_bytes(padded(&format!("{index}")));
            let spend = request.spend;
            let give = Operation::Give(Box::new(request)).into();
            let decision = house.submit(&house.command(seconds(now), "ann", give)).unwrap();
            if decision.outcome.refusal.is_some() {
                continue;
            }
            if *is_taken_back {
                let request = RequestId::from_bytes(padded(&format!("{index}")));
                let amount_minor = *amount_minor;
                let reason = ReverseReason::Other;
                let reverse = Operation::Reverse { request, spend, amount_minor, reason, effective_at: None }.into();
                house.submit(&house.command(seconds(now), "ann", reverse)).unwrap();
            } else {
                given.push((decision.entries[0].at, *amount_minor));
            }
        }
        let at = seconds(now + probe_s);
        let brute: i64 = given
            .iter()
            .filter(|(given_at, _)| at.since_ns(*given_at) < window_ns)
            .map(|(_, amount)| amount)
            .sum();
        let question = house.question(at, "ann", &gesture("S", "cora", 1));
        let room = headroom(&house.rows, &house.policy, &question).unwrap();
        prop_assert_eq!(room.given_minor, brute);
        prop_assert_eq!(room.available_minor, 400 - brute);
    }

    /// A read over an overlay sees a hold end on time, and changes nothing.
    #[test]
    fn reads_see_holds_end_before_it_is_written(steps in vec(step(), 1..30), wait_s in 0..1_000_i64) {
        let (mut house, commands) = play(&steps);
        let at = commands.last().map_or(seconds(0), |command| command.at).saturating_add_ns(wait_s * NS_PER_S);
        let mut overlay = Overlay::new(&house.rows);
        expire_due(&mut overlay, &house.policy, &caller_named("sys"), at).unwrap();
        let open: Vec<SpendId> = house
            .entries
            .iter()
            .filter(|entry| matches!(entry.body, EntryBody::Reserved { .. }))
            .filter_map(|entry| entry.body.spend())
            .filter(|spend| overlay.spend(*spend).is_some_and(|row| row.state == SpendState::Held))
            .collect();
        house.expire_due(at);
        for spend in &open {
            let row = house.rows.spend(*spend).unwrap();
            prop_assert!(row.state == SpendState::Held && row.expire_at > at);
        }
        let by_agent: usize = AGENTS
            .iter()
            .map(|agent| house.rows.open_of_agent(caller_named(agent).agent).count())
            .sum();
        prop_assert_eq!(by_agent, open.len());
    }

    /// Deciding changes nothing: the same rows and command lead to the same decision.
    #[test]
    fn decisions_are_reproducible(steps in vec(step(), 1..30)) {
        let (house, commands) = play(&steps);
        let mut rows = Rows::default();
        let mut at_entry = house.entries.iter().peekable();
        for command in &commands {
            // Catch up with what the house had written before it decided this command.
            let is_of = |position: u64| house.entries[usize::try_from(position).unwrap()].at < command.at;
            while let Some(entry) = at_entry.next_if(|entry| is_of(entry.position)) {
                apply(&mut rows, entry);
            }
            let once = decide(&rows, &house.policy, command);
            let twice = decide(&rows, &house.policy, command);
            prop_assert_eq!(once, twice);
        }
    }
}

/// The laws mean nothing where the game never gets.
#[test]
fn random_steps_reach_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..250 {
        let steps = vec(step(), 60).new_tree(&mut runner).unwrap().current();
        let (house, _) = play(&steps);
        for word in house.entries.iter().flat_map(words) {
            *met.entry(word).or_default() += 1;
        }
    }
    for word in [
        "INCREASED",
        "CORRECTED",
        "CONSULT_ASKED",
        "CONSULT_PASSED",
        "CONSULT_APPROVED",
        "declined",
        "timed_out",
        "withdrawn",
        "settled",
        "back-dated",
        "PAUSED",
        "CONSULT_OPEN",
        "CONSULT_OVER",
        "NOBODY_TO_ASK",
        "AMOUNT_ABOVE_ASKED",
    ] {
        assert!(met.contains_key(word), "{word} in {met:#?}");
    }
}

/// The kind of an entry, and what it says besides.
fn words(entry: &Entry) -> Vec<String> {
    let mut words = vec![entry.body.kind().to_owned()];
    match &entry.body {
        EntryBody::Refused { refusal, .. } => words.push(refusal.reason().to_owned()),
        EntryBody::ConsultClosed { end, .. } => words.push(end.code().to_owned()),
        _ => words.extend(entry.effective_at.map(|_| "back-dated".to_owned())),
    }
    words
}
