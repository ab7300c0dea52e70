//! Laws of grants and of counted gestures: exactly as many as there is authority, and the granted
//! part goes first.

use makegood_core::ids::{RequestId, SpendId};
use makegood_core::ledger::{Caller, Command, Operation, Question, ReverseReason, headroom};
use makegood_core::policy::Window;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, prop_assert_eq};
use proptest::proptest;

use crate::support::{
    House, caller_named, gesture, leads, limit, often, padded, policy_with, seconds,
};

/// A question by one of many agents, each about a customer of their own.
fn asking(index: usize, asked_minor: i64) -> (Caller, Operation) {
    let caller = caller_named(&format!("a{index}"));
    let mut request = gesture("", &format!("c{index}"), asked_minor);
    request.spend = SpendId::from_bytes(padded(&format!("{index}")));
    let consult = RequestId::from_bytes(padded(&format!("ask{index}")));
    let to = Some(caller_named("lea").agent);
    (caller, Operation::Ask { consult, gesture: Box::new(request), to })
}

fn approving(index: usize, approved_minor: i64) -> Operation {
    Operation::Answer {
        request: RequestId::from_bytes(padded(&format!("yes{index}"))),
        consult: RequestId::from_bytes(padded(&format!("ask{index}"))),
        spend: SpendId::from_bytes(padded(&format!("{index}"))),
        approved_minor,
    }
}

fn granting_house(cap_minor: i64, grants_minor: i64) -> House {
    House::new(policy_with(vec![
        limit("rule", Window::Lifetime, cap_minor),
        leads("grants", Window::Lifetime, grants_minor),
    ]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exactly_as_many_are_approved_as_there_is_authority(
        capacity in 1..12_i64,
        asked in 1..24_usize,
        batch in 1..8_usize,
    ) {
        let mut house = granting_house(10, capacity * 7);
        let mut commands = Vec::new();
        for index in 0..asked {
            let (caller, operation) = asking(index, 17);
            commands.push(Command { caller, ..house.command(seconds(1), "ann", operation.into()) });
        }
        for index in 0..asked {
            commands.push(house.command(seconds(2), "lea", approving(index, 17).into()));
        }
        let mut approved = 0;
        for commands in commands.chunks(batch) {
            for answer in house.submit_batch(commands) {
                let outcome = answer.unwrap().outcome;
                let is_open = outcome.consult.as_ref().is_some_and(|consult| consult.is_open());
                approved += usize::from(outcome.refusal.is_none() && !is_open);
            }
        }
        prop_assert_eq!(approved, asked.min(usize::try_from(capacity).unwrap()));
        house.check();
    }

    #[test]
    fn exactly_as_many_times_as_the_limit_says(
        cap in 1..8_u32,
        asked in 1..20_usize,
        batch in 1..6_usize,
    ) {
        let mut house = House::new(policy_with(vec![
            limit("rule", Window::Lifetime, 1_000_000),
            often("often", Window::Lifetime, cap),
        ]));
        let commands: Vec<Command> = (0..asked)
            .map(|index| {
                let mut request = gesture("", "cora", 10);
                request.spend = SpendId::from_bytes(padded(&format!("{index}")));
                let give = Operation::Give(Box::new(request));
                house.command(seconds(1), "ann", give.into())
            })
            .collect();
        let mut given = 0;
        for commands in commands.chunks(batch) {
            for answer in house.submit_batch(commands) {
                given += u32::from(answer.unwrap().outcome.refusal.is_none());
            }
        }
        prop_assert_eq!(given, cap.min(u32::try_from(asked).unwrap()));
    }

    /// Whatever is given before, and taken back in whatever parts: first what was granted, then
    /// what the agent's own limit had left.
    #[test]
    fn release_gives_the_granted_part_back_first(
        given_minor in 0..100_i64,
        wished_minor in 101..300_i64,
        parts in vec(1..60_i64, 0..8),
    ) {
        let mut house = granting_house(100, 1_000);
        if given_minor > 0 {
            let give = Operation::Give(Box::new(gesture("first", "c0", given_minor)));
            let command = Command {
                caller: caller_named("a0"),
                ..house.command(seconds(0), "ann", give.into())
            };
            house.submit(&command).unwrap();
        }
        let (caller, ask) = asking(0, wished_minor);
        let of_agent = |house: &House, operation: Operation| Command {
            caller: caller.clone(),
            ..house.command(seconds(1), "ann", operation.into())
        };
        house.submit(&of_agent(&house, ask)).unwrap();
        let command = house.command(seconds(1), "lea", approving(0, wished_minor).into());
        house.submit(&command).unwrap();
        let spend = SpendId::from_bytes(padded("0"));
        let request = RequestId::from_bytes(padded("commit"));
        let commit =
            Operation::Commit { request, spend, amount_minor: wished_minor, is_final: true };
        house.submit(&of_agent(&house, commit)).unwrap();
        let mut left_minor = wished_minor;
        let own_minor = 100 - given_minor;
        for (index, part) in parts.into_iter().enumerate() {
            let amount_minor = part.min(left_minor);
            if amount_minor == 0 {
                break;
            }
            left_minor -= amount_minor;
            let reverse = Operation::Reverse {
                request: RequestId::from_bytes(padded(&format!("back{index}"))),
                spend,
                amount_minor,
                reason: ReverseReason::Other,
                effective_at: None,
            };
            house.submit(&of_agent(&house, reverse)).unwrap();
            let question = Question {
                caller: caller.clone(),
                ..house.question(seconds(2), "ann", &gesture("S", "c0", 1))
            };
            let room = headroom(&house.rows, &house.policy, &question).unwrap();
            prop_assert_eq!(room.available_minor, (own_minor - left_minor).max(0));
            prop_assert_eq!(room.limits[0].granted_minor, (left_minor - own_minor).max(0));
        }
        house.check();
    }
}
