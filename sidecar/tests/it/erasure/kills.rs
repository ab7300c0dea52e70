//! `kill -9` in the middle of an erasure: either the ledger says so and the person is gone, or it
//! does not and nothing has happened to them.

use std::time::Duration;

use makegood_core::ledger::{Act, EntryBody};
use makegood_sidecar::token::Access;

use super::{customer, erase, export, found, pid};
use crate::crash::{dice, rounds};
use crate::support::{Makegood, Place, Rules, StoredLedger};
use rand_pcg::rand_core::Rng as _;

/// In every run; `MAKEGOOD_KILL_ROUNDS` asks for more.
const ROUNDS: usize = 6;
/// A round ends within so many microseconds of the request.
const MOMENTS_US: u64 = 12_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_erased_whole_or_not_at_all_through_kill_9() {
    let (mut dice, rounds) = (dice(), rounds("MAKEGOOD_KILL_ROUNDS", ROUNDS));
    let place = Place::new(Rules::STANDARD);
    place.crowd(rounds).await;
    let mut erased_count = 0;
    for round in 0..rounds {
        let who = format!("X-{round}");
        let sidecar = Makegood::serve(&place);
        sidecar.ready().await;
        let admin = sidecar.client("R-1", Access::Admin, None).await;
        let subject_id = export(&admin, customer(&who)).await.unwrap().subject.subject_id;
        let asked = who.clone();
        let erasing = tokio::spawn(async move { erase(&admin, customer(&asked)).await });
        let moment = Duration::from_micros(dice.next_u64() % MOMENTS_US);
        let answered = tokio::time::timeout(moment, erasing).await;
        sidecar.kill();

        let ledger = StoredLedger::read(&place.tenant_folder());
        let entered = ledger.entries.iter().filter(|entry| is_erasure(&entry.body)).count();
        let was_erased = entered > erased_count;
        erased_count = entered;
        if let Ok(answer) = answered {
            assert_eq!(answer.unwrap().is_ok(), was_erased, "{who}");
        }
        let sidecar = Makegood::serve(&place);
        sidecar.ready().await;
        let admin = sidecar.client("R-1", Access::Admin, None).await;
        let told = export(&admin, pid(&subject_id)).await.unwrap();
        assert_eq!(told.subject.erasure.is_some(), was_erased, "{who}");
        assert_eq!(told.records.is_empty(), was_erased, "{who}");
        let lead = sidecar.client("L-1", Access::Supervisor, None).await;
        assert_eq!(found(&lead, &who).await.is_empty(), was_erased, "{who}");
        sidecar.end().await;
        ledger.verify();
    }
    println!("{erased_count} of {rounds} were erased");
}

fn is_erasure(body: &EntryBody) -> bool {
    matches!(body, EntryBody::Act { act: Act::EraseSubject { .. }, .. })
}
