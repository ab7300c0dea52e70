//! What was given in the weeks before the end.

use std::collections::BTreeMap;

use super::*;
use crate::generate::{Config, generate, play_cast};
use crate::import::rows::{Put, PutError, Row, Sink, SinkError};

const NOW_NS: i64 = 1_780_000_000 * 1_000_000_000;

struct Nowhere;

impl Sink for Nowhere {
    fn put(&mut self, _: Row) -> Result<Put, PutError> {
        Ok(Put::New)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

fn told(seed: u64) -> Vec<Step> {
    let config = Config {
        seed,
        customer_count: 400,
        interaction_count: 1_000,
        agent_count: 12,
        days: 90,
        now_ns: NOW_NS,
    };
    let mut nowhere = Nowhere;
    let mut listening = Listening::new(&mut nowhere);
    generate(&config, &mut listening, &mut |_, _| {}).unwrap();
    play_cast(NOW_NS, &mut listening).unwrap();
    past(seed, &listening.contacts, config.agent_count, NOW_NS)
}

#[test]
fn is_the_same_from_the_same_seed_and_over_before_now() {
    let steps = told(7);
    assert_eq!(steps, told(7));
    assert_ne!(steps, told(8));
    assert!(steps.is_sorted_by_key(|step| step.at_ns));
    assert!(steps.iter().all(|step| step.at_ns < NOW_NS));
    assert!((150..400).contains(&steps.len()), "{}", steps.len());
}

#[test]
fn begins_each_gesture_once_and_before_anything_is_done_about_it() {
    for seed in 1..20 {
        let mut begun = BTreeMap::new();
        for step in told(seed) {
            let is_first = matches!(step.deed, Deed::Give(_) | Deed::Hold(_) | Deed::Ask(..));
            assert_eq!(begun.insert(step.gift, step.at_ns).is_none(), is_first, "{step:?}");
        }
    }
}

#[test]
fn leaves_sixty_dollars_for_the_customer_who_asks_for_more() {
    for seed in 1..20 {
        let steps = told(seed);
        let own = steps.iter().filter_map(|step| match &step.deed {
            Deed::Give(gift) if gift.customer == INES => Some((&*step.agent, gift.amount_minor)),
            _ => None,
        });
        let (agents, amounts): (Vec<_>, Vec<_>) = own.unzip();
        assert_eq!((agents, amounts.iter().sum()), (vec!["A-001"; 2], 194_000_i64));
    }
}
