//! The rows that a command or an entry names are all the rows that it needs.

use makegood_core::ledger::{
    Action, Changes, Command, Entry, Key, Overlay, Read as _, Rows, Write as _, apply, decide,
    keys, keys_of_entry,
};
use makegood_core::policy::Policy;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq};
use proptest::proptest;

use crate::steps::{play, step};
use crate::support::{House, seconds};

/// The rows of all that are named, asked until no new ones are.
fn only(all: &Rows, named: impl Fn(&Rows) -> Vec<Key>) -> Rows {
    let mut some = Rows::default();
    loop {
        let new = named(&some).into_iter().filter(|key| some.get(key).is_none());
        let new: Vec<_> = new.filter_map(|key| Some((all.get(&key)?.clone(), key))).collect();
        if new.is_empty() {
            return some;
        }
        for (row, key) in new {
            some.put(key, row);
        }
    }
}

fn changes(rows: &Rows, entries: &[Entry]) -> Changes {
    let mut overlay = Overlay::new(rows);
    for entry in entries {
        apply(&mut overlay, entry);
    }
    overlay.into_changes()
}

/// What the command does over the rows that it names is what it does over all.
fn is_whole(rows: &Rows, policy: &Policy, command: &Command) -> bool {
    let some = only(rows, |some| keys(some, policy, command));
    let (decided, over_all) = (decide(&some, policy, command), decide(rows, policy, command));
    assert_eq!(decided, over_all);
    over_all
        .is_ok_and(|decision| changes(&some, &decision.entries) == changes(rows, &decision.entries))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn decides_over_the_rows_it_names_as_over_all(steps in vec(step(), 1..50)) {
        let (mut house, _) = play(&steps[..steps.len() / 2]);
        let mut now = 400 * 86_400;
        for step in &steps {
            now += step.wait_s;
            let due: Vec<_> = house.rows.due(seconds(now)).take(1).collect();
            for spend in due {
                let command = house.command(seconds(now), "sys", Action::Expire { spend });
                prop_assert!(is_whole(&house.rows, &house.policy, &command));
                house.submit(&command).unwrap();
            }
            let command = house.command(seconds(now), step.caller(), step.action());
            let is_decided = decide(&house.rows, &house.policy, &command).is_ok();
            prop_assert_eq!(is_whole(&house.rows, &house.policy, &command), is_decided);
            drop(house.submit(&command));
        }
    }

    #[test]
    fn replays_over_the_rows_an_entry_names_as_over_all(steps in vec(step(), 1..50)) {
        let (house, _) = play(&steps);
        let mut rows = Rows::default();
        for entry in &house.entries {
            let some = only(&rows, |some| keys_of_entry(some, entry));
            let entry = std::slice::from_ref(entry);
            let changed = changes(&rows, entry);
            prop_assert_eq!(&changes(&some, entry), &changed);
            rows.absorb(changed);
        }
        prop_assert_eq!(rows, house.rows);
    }

    #[test]
    fn keeps_what_is_always_in_memory_when_it_settles(steps in vec(step(), 1..30)) {
        let (house, _) = play(&steps);
        let mut rows = house.rows.clone();
        let taken = rows.settle();
        prop_assert!(house.rows.iter().eq(&taken));
        prop_assert!(rows.iter().eq(taken.iter().filter(|(_, row)| row.is_resident())));
        prop_assert_eq!(rows.next_due_at(), house.rows.next_due_at());
        prop_assert_eq!(rows.next_consult_due_at(), house.rows.next_consult_due_at());
        prop_assert!(rows.open_consults().eq(house.rows.open_consults()));
        rows.unsettle(taken);
        prop_assert_eq!(rows, house.rows);
    }
}

#[test]
fn activates_over_the_rows_it_names_as_over_all() {
    let house = House::standard();
    let mut policy = house.policy.clone();
    policy.digest = makegood_core::ids::Digest::from_bytes([2; 32]);
    policy.pools = crate::steps::crowded_policy().pools;
    let action = Action::ActivatePolicy { digest: policy.digest };
    let command = house.command(seconds(9), "dev", action);
    assert!(is_whole(&house.rows, &policy, &command));
}
