//! A retry never has a second effect: twice, at once, later, and after a restart.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tonic::{Code, Status};

use crate::support::{Call, Client, Place, Rules, Served, connect, id, usd};

/// What an answer proves, and what it says of the spend; headroom is that of now.
type Said = (v1::Spend, v1::Receipt, bool);

macro_rules! said {
    ($answer:expr) => {
        $answer.map(|it| (it.spend.unwrap(), it.receipt.unwrap(), it.replayed))
    };
}

/// Asks twice: the repeat says the same, and leaves no entry.
async fn twice(served: &Served<'_>, ask: impl AsyncFn() -> Result<Said, Status>) -> Said {
    let first = ask().await.unwrap();
    assert!(!first.2);
    let entries = served.entry_count();
    assert_repeated(&ask().await.unwrap(), &first);
    assert_eq!(served.entry_count(), entries);
    first
}

fn assert_repeated(again: &Said, first: &Said) {
    assert!(again.2, "the repeat does not say that it is one");
    assert_eq!((&again.0, &again.1), (&first.0, &first.1));
}

#[tokio::test]
async fn answers_each_repeat_as_it_was_answered_first() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let hold = call.hold(1_000);
    let reserve = async || said!(call.reserve(hold.clone()).await);
    let reserved = twice(&served, reserve).await;

    let extend = v1::ExtendSpendRequest { request_id: id(), spend_id: hold.spend_id.clone() };
    let extend = async || {
        let answer = call.client.budget.clone().extend_spend(extend.clone()).await;
        said!(answer.map(tonic::Response::into_inner))
    };
    let extended = twice(&served, extend).await;

    let part = v1::CommitSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(300)),
        keep_rest: true,
    };
    let commit = async || said!(call.commit_as(part.clone()).await);
    let committed = twice(&served, commit).await;
    let void = v1::VoidSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        reason: v1::VoidReason::CustomerDeclined.into(),
    };
    let void = async || {
        let answer = call.client.budget.clone().void_spend(void.clone()).await;
        said!(answer.map(tonic::Response::into_inner))
    };
    twice(&served, void).await;
    let back = v1::ReverseSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(300)),
        reason: v1::ReverseReason::MisEntry.into(),
        ..v1::ReverseSpendRequest::default()
    };
    let reverse = async || said!(call.reverse_as(back.clone()).await);
    twice(&served, reverse).await;
    let gift = call.gift(200);
    twice(&served, async || said!(call.give(gift.clone()).await)).await;

    // Whatever became of the spend since.
    assert_repeated(&reserve().await.unwrap(), &reserved);
    assert_repeated(&extend().await.unwrap(), &extended);
    assert_repeated(&commit().await.unwrap(), &committed);
    assert_eq!(call.available().await, 200_000 - 200);
    served.stop().await;
}

#[tokio::test]
async fn two_equal_parts_under_two_ids_are_two() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let hold = call.hold(1_000);
    call.reserve(hold.clone()).await.unwrap();
    for given in [400, 800] {
        let part = v1::CommitSpendRequest {
            request_id: id(),
            spend_id: hold.spend_id.clone(),
            amount: Some(usd(400)),
            keep_rest: true,
        };
        let answer = call.commit_as(part).await.unwrap();
        assert_eq!(answer.spend.unwrap().committed_minor, given);
    }
    served.stop().await;
}

/// The same call over several connections: one connection alone has a bound on calls at work.
async fn over_connections(served: &Served<'_>, call: &Call, count: usize) -> Vec<Call> {
    let token = served.place().token("A-1", Access::Agent, Some(&call.interaction));
    let connections = (0..count).map(async |_| Call {
        client: Client::new(&connect(served.address()).await, &token),
        ..call.clone()
    });
    join_all(connections).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn carries_out_once_what_is_asked_64_times_at_once() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let calls = over_connections(&served, &call, 4).await;
    let entries = served.entry_count();
    let gift = call.gift(100);
    let asked = (0..64).map(|index| {
        let (call, gift) = (calls[index % 4].clone(), gift.clone());
        tokio::spawn(async move { call.give(gift).await.unwrap() })
    });
    let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let firsts = answers.iter().filter(|it| !it.replayed).count();
    assert_eq!(firsts, 1);
    let proofs = answers.iter().map(|it| it.receipt.as_ref().unwrap().leaf_hash.clone());
    assert_eq!(proofs.collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(served.entry_count(), entries + 2, "a hold and a gift");
    assert_eq!(call.available().await, 200_000 - 100);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lets_one_of_two_amounts_win_under_one_id() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let calls = over_connections(&served, &call, 4).await;
    let gift = call.gift(1);
    let asked = (0..64_i64).map(|index| {
        let call = calls[usize::try_from(index).unwrap() % 4].clone();
        let gift = v1::GiveSpendRequest { amount: Some(usd(1 + index % 2)), ..gift.clone() };
        tokio::spawn(async move { call.give(gift).await })
    });
    let mut given = BTreeSet::new();
    for answer in join_all(asked).await {
        match answer.unwrap() {
            Ok(answer) => drop(given.insert(answer.spend.unwrap().committed_minor)),
            Err(status) => assert_eq!(status.code(), Code::AlreadyExists, "{status:?}"),
        }
    }
    assert_eq!(given.len(), 1);
    let used = 200_000 - call.available().await;
    assert_eq!(Some(&used), given.first());
    served.stop().await;
}

#[tokio::test]
async fn knows_every_answer_after_a_restart() {
    let place = Place::new(Rules::capped("10.00"));
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let (gift, hold, above) = (call.gift(100), call.hold(500), call.gift(5_000));
    let gave = said!(call.give(gift.clone()).await).unwrap();
    let reserved = said!(call.reserve(hold.clone()).await).unwrap();
    let part = v1::CommitSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(200)),
        keep_rest: true,
    };
    let committed = said!(call.commit_as(part.clone()).await).unwrap();
    let refusal = call.give(above.clone()).await.unwrap_err();
    let entries = served.entry_count();
    served.stop().await;

    let served = place.serve().await;
    let call = Call { client: served.client("A-1", Access::Agent, Some("call-1")), ..call };
    // The change first: nothing else has told the sidecar of the interaction yet.
    let again = call.commit_as(part).await.unwrap();
    assert!(again.headroom.is_some(), "a repeat shows the headroom too");
    assert_repeated(&said!(Ok::<_, Status>(again)).unwrap(), &committed);
    assert_repeated(&said!(call.give(gift).await).unwrap(), &gave);
    assert_repeated(&said!(call.reserve(hold).await).unwrap(), &reserved);
    let status = call.give(above).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (refusal.code(), refusal.message()));
    assert_eq!(served.entry_count(), entries);
    assert_eq!(call.available().await, 400);
    served.stop().await;
}
