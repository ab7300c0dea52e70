//! Names keep their spelling: a row is found by it in files of every release.

use makegood_core::ids::{
    AgentPid, CasePid, CustomerPid, Digest, InteractionPid, RequestId, SpendId,
};
use makegood_core::ledger::{Account, CounterKey, Key, OperationId, ScopeKey, WindowKey};
use makegood_core::money::Currency;
use makegood_core::time::Time;

use super::key::{decode, encode};

mod rows;

fn counter(scope: ScopeKey, window: WindowKey) -> Key {
    let limit = "call".parse().unwrap();
    Key::Counter(CounterKey { limit, scope, window, currency: Some(Currency::USD) })
}

/// Names with their bytes in parts.
fn names() -> Vec<(Key, Vec<Vec<u8>>)> {
    let house = || "house".parse().unwrap();
    let text = |text: &str| text.as_bytes().to_vec();
    let pid = |byte: u8| [vec![1], vec![byte; 15]].concat();
    let full = ScopeKey {
        pool: Some(house()),
        agent: Some(AgentPid::from_bytes([1; 15])),
        customer: Some(CustomerPid::from_bytes([2; 15])),
        case: Some(CasePid::from_bytes([4; 15])),
        interaction: Some(InteractionPid::from_bytes([3; 15])),
        reason: Some("late".parse().unwrap()),
    };
    let scoped = [vec![b'c'], pid(2), pid(1), pid(4), pid(3), text("\x05house\x04late\x04call")];
    let bare = text("c\0\0\0\0\0\0\x04call");
    let calendar = WindowKey::Calendar { start: Time::from_nanos(-2), end: Time::from_nanos(9) };
    let windows = [
        (WindowKey::Interaction(InteractionPid::from_bytes([3; 15])), [vec![1], vec![3; 15]]),
        (WindowKey::Case(CasePid::from_bytes([4; 15])), [vec![2], vec![4; 15]]),
        (calendar, [text("\x03"), [(-2_i64).to_be_bytes(), 9_i64.to_be_bytes()].concat()]),
        (WindowKey::Rolling { duration_ns: 30 }, [vec![4], 30_i64.to_be_bytes().to_vec()]),
        (WindowKey::Lifetime, [vec![5], Vec::new()]),
    ];
    let mut names = vec![
        (Key::Head, vec![text("h")]),
        (Key::ActivePolicy, vec![text("p")]),
        (Key::Pool(house(), Currency::USD), vec![text("q\x05houseUSD")]),
        (
            Key::Balance(Account::Encumbered(house()), Currency::USD),
            vec![text("b\x0aA300.houseUSD")],
        ),
        (Key::Spend(SpendId::from_bytes([5; 16])), vec![text("s"), vec![5; 16], vec![0]]),
        (
            Key::Outcome(OperationId::Spend(SpendId::from_bytes([5; 16]))),
            vec![text("s"), vec![5; 16], vec![1]],
        ),
        (
            Key::Outcome(OperationId::Request(RequestId::from_bytes([6; 16]))),
            vec![text("r"), vec![6; 16], vec![1]],
        ),
        (Key::Consult(RequestId::from_bytes([6; 16])), vec![text("o"), vec![6; 16], vec![0]]),
        (Key::Pause, vec![text("z")]),
        (Key::Periods, vec![text("e")]),
        (Key::Policy(Digest::from_bytes([7; 32])), vec![text("y"), vec![7; 32]]),
        (Key::Act(RequestId::from_bytes([6; 16])), vec![text("r"), vec![6; 16], vec![2]]),
        (Key::Review(SpendId::from_bytes([5; 16])), vec![text("s"), vec![5; 16], vec![2]]),
        (Key::Finding(258), vec![text("f"), vec![0, 0, 0, 0, 0, 0, 1, 2]]),
        (
            Key::Counter(CounterKey {
                limit: "often".parse().unwrap(),
                scope: ScopeKey::default(),
                window: WindowKey::Lifetime,
                currency: None,
            }),
            vec![text("c\0\0\0\0\0\0\x05often\x05---")],
        ),
    ];
    for (window, bytes) in windows {
        let end = [bytes.concat(), text("USD")].concat();
        names.push((counter(full.clone(), window), vec![scoped.concat(), end.clone()]));
        names.push((counter(ScopeKey::default(), window), vec![bare.clone(), end]));
    }
    names
}

#[test]
fn spells_each_name_in_one_way_for_ever() {
    for (key, parts) in names() {
        let bytes = encode(&key);
        assert_eq!(bytes, parts.concat(), "{key:?}");
        assert_eq!(decode(&bytes), Ok(key));
    }
}

#[test]
fn reads_no_name_from_anything_else() {
    for (key, parts) in names() {
        let bytes = parts.concat();
        assert!(decode(&bytes[..bytes.len() - 1]).is_err(), "{key:?} cut short");
        assert!(decode(&[bytes, vec![0]].concat()).is_err(), "{key:?} and more");
    }
    assert!(decode(b"x").is_err());
    assert!(decode(b"q\x05houseUSX").is_err());
    assert!(decode(b"c\x02").is_err());
}
