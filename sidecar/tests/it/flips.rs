//! One flipped bit anywhere in a data folder: the start names the file, or all that is served is as
//! it was. Nothing is ever silently different.

mod folder;

use std::collections::BTreeMap;

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use rand_pcg::rand_core::Rng as _;
use tonic::Status;

use crate::crash::{dice, rounds};
use crate::support::{Call, Place, Rules, Served};
use folder::{Flip, Saved};

/// In every run; `MAKEGOOD_FLIPS` asks for more.
const FLIPS: usize = 200;
const CALLS: usize = 12;
const CUSTOMERS: [&str; 4] = ["C-1", "C-2", "C-3", "C-4"];

/// All that a house serves of its story.
#[derive(Debug, PartialEq)]
struct Shown {
    entries: Vec<v1::ListedEntry>,
    panels: Vec<v1::Panel>,
}

async fn show(served: &Served<'_>) -> Result<Shown, Status> {
    let mut panels = Vec::new();
    for number in 0..CALLS {
        let call = format!("call-{number}");
        let client = served.client("A-1", Access::Agent, Some(&call));
        let request =
            v1::GetPanelRequest { interaction_id: call, ..v1::GetPanelRequest::default() };
        let panel = client.customers.clone().get_panel(request).await?.into_inner();
        let panel = panel.panel.unwrap();
        // When it was made is not what it shows.
        panels.push(v1::Panel { as_of_time: None, revision: None, ..panel });
    }
    Ok(Shown { entries: served.entries().await, panels })
}

/// Calls with gifts, refusals, holds that are given and released, notes and actions.
async fn tell(served: &Served<'_>) {
    for number in 0..CALLS {
        let customer = CUSTOMERS[number % CUSTOMERS.len()];
        let call = served.ring("A-1", &format!("call-{number}"), customer).await;
        for amount in 1..10 {
            let note = format!("the parcel came {amount} days late");
            call.give(v1::GiveSpendRequest { note, ..call.gift(amount) }).await.unwrap();
        }
        call.give(call.gift(900_000)).await.unwrap_err();
        let held = call.reserve(call.hold(100)).await.unwrap().spend.unwrap();
        call.commit(&held.spend_id, 60).await.unwrap();
        let held = call.reserve(call.hold(100)).await.unwrap().spend.unwrap();
        call.void(&held.spend_id).await.unwrap();
        log_action(&call).await;
    }
}

async fn log_action(call: &Call) {
    let action = v1::LogActionRequest {
        action_id: crate::support::id(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::Apologised.into(),
        ..v1::LogActionRequest::default()
    };
    call.client.advocacy.clone().log_action(action).await.unwrap();
}

/// How a flip ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Refused,
    Same,
    Different,
}

/// Starts on the flipped folder and compares all that is served.
async fn outcome(place: &Place, flip: &Flip, before: &Shown) -> Ending {
    let house = match place.try_open().await {
        Ok(house) => house,
        Err(said) if said.contains(&flip.names()) => return Ending::Refused,
        Err(said) => {
            println!("{flip} is not named: {said}");
            return Ending::Different;
        }
    };
    let served = Served::start(place, house).await;
    let shown = show(&served).await;
    served.stop().await;
    match shown {
        Ok(shown) if shown == *before => Ending::Same,
        Ok(_) => {
            println!("{flip} is served as if nothing were wrong");
            Ending::Different
        }
        Err(status) => {
            println!("{flip} lets calls fail: {}", status.message());
            Ending::Different
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_serves_a_flipped_bit() {
    let (mut dice, flips) = (dice(), rounds("MAKEGOOD_FLIPS", FLIPS));
    // In memory where that is possible: each start syncs.
    let place = Place::on(folder::fastest(), Rules::STANDARD);
    let served = place.serve().await;
    tell(&served).await;
    served.stop().await;
    // The last append of the keys cannot be told from a torn one: this one is nobody's.
    let keys = place.tenant_folder().join("keys");
    let confirmed_keys = usize::try_from(std::fs::metadata(keys).unwrap().len()).unwrap();
    place.crowd(1).await;
    let served = place.serve().await;
    let before = show(&served).await.unwrap();
    served.stop().await;
    assert!(before.entries.len() > 200, "{} entries", before.entries.len());

    let saved = Saved::of(&place.tenant_folder(), confirmed_keys);
    let mut endings: BTreeMap<(String, Ending), usize> = BTreeMap::new();
    for _ in 0..flips {
        let flip = saved.flip(|bound| usize::try_from(dice.next_u64() % bound as u64).unwrap());
        let ending = outcome(&place, &flip, &before).await;
        *endings.entry((flip.kind(), ending)).or_default() += 1;
        saved.restore();
    }
    println!("{endings:?}");
    let is_different = |ending: &Ending| *ending == Ending::Different;
    assert!(!endings.keys().any(|(_, ending)| is_different(ending)), "see above");
    let refused = endings.keys().any(|(_, ending)| *ending == Ending::Refused);
    let same = endings.keys().any(|(_, ending)| *ending == Ending::Same);
    assert!(refused && same, "too little was flipped to prove anything");
}
