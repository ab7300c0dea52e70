//! `kill -9` under load: what was acknowledged is there, once, and no limit was passed.

pub(crate) mod desks;

use std::collections::HashSet;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng as _;

use crate::support::{Makegood, Place, StoredLedger};
use desks::{CAP, Desks, RULES, Told, learn};

/// In every run; `MAKEGOOD_KILL_ROUNDS` asks for more.
const ROUNDS: usize = 100;
/// A round ends before so many gifts are answered.
const ANSWERS_MAX: u64 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_acknowledgement_through_kill_9_under_load() {
    let (mut dice, rounds) = (dice(), rounds("MAKEGOOD_KILL_ROUNDS", ROUNDS));
    let place = Place::new(RULES);
    place.fill().await;
    let mut told = Told::default();
    for round in 0..rounds {
        let sidecar = Makegood::serve(&place);
        sidecar.ready().await;
        learn(&sidecar, &mut told).await;
        let desks = Desks::knowing(told);
        let working = desks.work(&sidecar, &place, round).await;
        let moment = u32::try_from(dice.next_u64() % ANSWERS_MAX).unwrap();
        desks.answered(moment).await;
        sidecar.kill();
        working.join_all().await;
        told = desks.told();
    }
    let sidecar = Makegood::serve(&place);
    learn(&sidecar, &mut told).await;
    sidecar.ring("A-1", "last", "C-1").await;
    sidecar.kill();
    assert_nothing_lost(&place, &told);
    let (given, refused) = (told.acknowledged.len(), told.refused);
    println!("{given} gifts acknowledged, {refused} refused, over {rounds} kills");
    assert!(given > rounds && refused > 0, "too little was done to prove anything");
}

/// Dice of a seed that is printed and may be named, so that a failure can be played again.
pub(crate) fn dice() -> Pcg64Mcg {
    let named = std::env::var("MAKEGOOD_TEST_SEED").ok();
    let seed = named.map_or_else(|| getrandom::u64().unwrap(), |it| it.parse().unwrap());
    println!("seed {seed}; set MAKEGOOD_TEST_SEED={seed} for the same moments");
    Pcg64Mcg::new(seed.into())
}

/// How many rounds are played: as many as the variable says, or as there are in every run.
pub(crate) fn rounds(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |it| it.parse().unwrap())
}

fn assert_nothing_lost(place: &Place, told: &Told) {
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    for (spend, (position, leaf)) in &told.acknowledged {
        let index = usize::try_from(*position).unwrap();
        assert_eq!(
            ledger.leaves.get(index).map(<[u8; 32]>::as_slice),
            Some(leaf.as_slice()),
            "{spend}"
        );
    }
    let reserved = ledger.reserved();
    let distinct: HashSet<_> = reserved.iter().collect();
    assert_eq!(distinct.len(), reserved.len(), "a gift is there twice");
    for spend in told.acknowledged.keys() {
        assert!(distinct.contains(spend), "{spend} was acknowledged and is not there");
    }
    assert_eq!(reserved.len(), told.acknowledged.len(), "a gift is there that nobody was told of");
    let given = ledger.given_by_interaction();
    for (interaction, given_minor) in &given {
        assert!(*given_minor <= CAP, "{given_minor} were given on {interaction}");
    }
    assert!(given.values().any(|it| *it == CAP));
}
