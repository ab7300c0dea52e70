//! Rows that have left memory: they answer, count and come back as those that stayed.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use makegood_proto::v1;
use makegood_sidecar::house::House;
use makegood_sidecar::token::Access;

use crate::support::{Call, Place, Rules, Served, StoredLedger, id, until, usd};

/// The same call after a restart.
fn again(served: &Served<'_>, call: &Call) -> Call {
    Call { client: served.client("A-1", Access::Agent, Some(&call.interaction)), ..call.clone() }
}

/// Lets everything that is settled leave memory, stops, and starts again.
async fn restart<'p>(place: &'p Place, served: Served<'p>) -> Served<'p> {
    served.house().write_snapshot().unwrap();
    served.stop().await;
    let served = place.serve().await;
    let state = served.house().ledger_state();
    assert!(state.rows_in_memory() < state.all_rows().unwrap().iter().count());
    served
}

#[tokio::test]
async fn answers_a_repeat_that_left_memory_as_it_was_answered_first() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let (gift, hold) = (call.gift(4_500), call.hold(1_000));
    let given = call.give(gift.clone()).await.unwrap();
    let reserved = call.reserve(hold.clone()).await.unwrap();
    let part = v1::CommitSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(300)),
        keep_rest: false,
    };
    let committed = call.commit_as(part.clone()).await.unwrap();

    let served = restart(&place, served).await;
    let replayed = served.house().ledger_state().unsettled_entries();
    assert_eq!(replayed, 0, "the start replays nothing");
    let call = again(&served, &call);
    let entries = served.entry_count();
    let repeat = call.give(gift.clone()).await.unwrap();
    assert!(repeat.replayed);
    assert_eq!((&repeat.spend, &repeat.receipt), (&given.spend, &given.receipt));
    let repeat = call.reserve(hold.clone()).await.unwrap();
    assert!(repeat.replayed);
    assert_eq!((&repeat.spend, &repeat.receipt), (&reserved.spend, &reserved.receipt));
    let repeat = call.commit_as(part).await.unwrap();
    assert!(repeat.replayed);
    assert_eq!((&repeat.spend, &repeat.receipt), (&committed.spend, &committed.receipt));
    assert_eq!(served.entry_count(), entries, "a repeat leaves no entry");
    assert_eq!(call.available().await, 200_000 - 4_800);
    assert_eq!(call.spend(&gift.spend_id).await.unwrap().committed_minor, 4_500);

    // With another amount it is another request, wherever the first one is kept.
    let other = v1::GiveSpendRequest { amount: Some(usd(1)), ..gift };
    assert_eq!(call.give(other).await.unwrap_err().code(), tonic::Code::AlreadyExists);
    served.stop().await;
}

#[tokio::test]
async fn counts_what_left_memory_and_takes_it_back() {
    let place = Place::new(Rules::capped("100.00"));
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let gift = call.gift(6_000);
    call.give(gift.clone()).await.unwrap();
    let served = restart(&place, served).await;
    let call = again(&served, &call);
    assert_eq!(call.available().await, 4_000);
    assert!(call.give(call.gift(4_001)).await.is_err());
    call.give(call.gift(4_000)).await.unwrap();
    let served = restart(&place, served).await;
    let call = again(&served, &call);
    assert_eq!(call.available().await, 0);
    let back = call.undo(&gift.spend_id, 6_000).await.unwrap();
    assert_eq!(back.spend.unwrap().reversed_minor, 6_000);
    assert_eq!(call.available().await, 6_000);
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    let rows = ledger.verify();
    let served = place.serve().await;
    assert_eq!(served.house().ledger_state().all_rows().unwrap(), rows);
    served.stop().await;
}

#[tokio::test]
async fn ends_a_hold_that_came_through_a_snapshot() {
    let place = Place::new(Rules { hold: "2 s", ..Rules::STANDARD });
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(100)).await.unwrap();
    call.reserve(call.hold(1_000)).await.unwrap();
    let served = restart(&place, served).await;
    let call = again(&served, &call);
    until("the hold has ended", async || call.available().await == 200_000 - 100).await;
    served.stop().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}

#[tokio::test]
async fn starts_without_a_snapshot_that_is_damaged() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let gift = call.gift(700);
    let given = call.give(gift.clone()).await.unwrap();
    served.house().write_snapshot().unwrap();
    served.stop().await;
    let folder = place.tenant_folder().join("snapshots");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let sound = fs::read(&file).unwrap();
    for at in [9, 70, sound.len() / 2, sound.len() - 9] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        fs::write(&file, damaged).unwrap();
        let served = place.serve().await;
        let call = again(&served, &call);
        let repeat = call.give(gift.clone()).await.unwrap();
        assert!(repeat.replayed && repeat.receipt == given.receipt, "byte {at}");
        assert_eq!(call.available().await, 200_000 - 700, "byte {at}");
        served.house().ledger_state().all_rows().unwrap();
        served.stop().await;
        assert!(!file.try_exists().unwrap(), "byte {at}: it is set aside");
    }
}

/// Writes one snapshot after the other, and says how many.
fn write_until(house: &House, is_done: &AtomicBool) -> usize {
    let mut count = 0;
    while !is_done.load(Ordering::Acquire) {
        house.write_snapshot().unwrap();
        count += 1;
    }
    count
}

/// Gives 160 times 10 cents, eight at once.
async fn give_many(call: &Call) {
    for _ in 0..20 {
        let gifts = (0..8).map(|_| call.give(call.gift(10)));
        assert!(join_all(gifts).await.iter().all(Result::is_ok));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goes_on_giving_while_snapshots_are_written() {
    let place = Place::new(Rules { scope: r#"["agent"]"#, ..Rules::STANDARD });
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let is_done = AtomicBool::new(false);
    let (house, is_done) = (served.house(), &is_done);
    std::thread::scope(|scope| {
        let snapshots = scope.spawn(move || write_until(house, is_done));
        let giving = async {
            give_many(&call).await;
            is_done.store(true, Ordering::Release);
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(giving));
        assert!(snapshots.join().unwrap() > 1);
    });
    assert_eq!(call.available().await, 200_000 - 1_600);
    served.stop().await;
    let rows = StoredLedger::read(&place.tenant_folder()).verify();
    let served = place.serve().await;
    assert_eq!(served.house().ledger_state().all_rows().unwrap(), rows);
    served.stop().await;
}
