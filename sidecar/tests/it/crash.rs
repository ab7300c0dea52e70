//! `kill -9` under load: what was acknowledged is there, once, and no limit was passed.

use std::collections::{HashMap, HashSet};

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::{Call, Client, Makegood, Place, Rules, StoredLedger, connect, until};

const ROUNDS: usize = 20;
const DESKS: usize = 4;
/// A round ends before so many gifts are answered.
const ANSWERS_MAX: u64 = 60;
/// What one desk may give on one call, in minor units.
const CAP: i64 = 900;
/// What each gift costs; a call is full after three.
const GIFT: i64 = 300;

/// One limit for each agent and interaction, so that each call soon meets it.
const RULES: Rules = Rules {
    cap: "9.00",
    scope: r#"["agent", "interaction"]"#,
    window: r#""interaction""#,
    ..Rules::STANDARD
};

/// What a desk was told, and what it still does not know.
#[derive(Default)]
struct Told {
    /// By spend: position and leaf hash.
    acknowledged: HashMap<String, (u64, Vec<u8>)>,
    refused: usize,
    /// The gifts that were sent and never answered.
    unknown: Vec<(Call, v1::GiveSpendRequest)>,
}

impl Told {
    fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.refused += other.refused;
        self.unknown.extend(other.unknown);
    }

    fn acknowledge(&mut self, answer: v1::GiveSpendResponse) {
        let receipt = answer.receipt.unwrap();
        let position = u64::try_from(receipt.ledger_position).unwrap();
        let spend = answer.spend.unwrap().spend_id;
        self.acknowledged.insert(spend, (position, receipt.leaf_hash));
    }
}

/// A desk that takes call after call and gives until the sidecar is gone.
async fn work(client: Client, name: String, answers: watch::Sender<u32>) -> Told {
    let mut told = Told::default();
    for number in 0.. {
        let interaction = format!("{name}-{number}");
        let start = Call::start(&interaction, "C-1");
        let Ok(started) = client.interactions.clone().start_interaction(start).await else {
            return told;
        };
        let call = Call {
            client: client.clone(),
            customer: started.into_inner().interaction.unwrap().customer_id,
            interaction,
        };
        loop {
            let gift = call.gift(GIFT);
            match call.give(gift.clone()).await {
                Ok(answer) => {
                    told.acknowledge(answer);
                    answers.send_modify(|count| *count += 1);
                }
                Err(status) if status.code() == Code::FailedPrecondition => {
                    told.refused += 1;
                    break;
                }
                Err(_) => {
                    told.unknown.push((call, gift));
                    return told;
                }
            }
        }
    }
    told
}

/// Asks again for what was never answered, with the same ids.
async fn learn(sidecar: &Makegood<'_>, told: &mut Told) {
    let client = sidecar.client("A-1", Access::Agent, None).await;
    for (call, gift) in std::mem::take(&mut told.unknown) {
        let call = Call { client: client.clone(), ..call };
        let mut answer = None;
        until("history is there", async || {
            let asked = call.give(gift.clone()).await;
            let is_there = !matches!(&asked, Err(status) if status.code() == Code::Unavailable);
            answer = Some(asked);
            is_there
        })
        .await;
        match answer.unwrap() {
            Ok(answer) => told.acknowledge(answer),
            Err(status) => assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_acknowledgement_through_kill_9_under_load() {
    let seed = seed();
    println!("seed {seed}; set MAKEGOOD_TEST_SEED={seed} for the same moments");
    let mut dice = Pcg64Mcg::new(seed.into());
    let place = Place::new(RULES);
    place.fill().await;
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let sidecar = Makegood::serve(&place);
        learn(&sidecar, &mut told).await;
        sidecar.ring("A-1", &format!("ready-{round}"), "C-1").await;
        let mut desks = JoinSet::new();
        let (answers, mut answered) = watch::channel(0);
        let token = place.token("A-1", Access::Agent, None);
        for desk in 0..DESKS {
            let client = Client::new(&connect(sidecar.address).await, &token);
            desks.spawn(work(client, format!("{round}-{desk}"), answers.clone()));
        }
        let moment = u32::try_from(dice.next_u64() % ANSWERS_MAX).unwrap();
        answered.wait_for(|it| *it >= moment).await.unwrap();
        sidecar.kill();
        for desk in desks.join_all().await {
            told.add(desk);
        }
    }
    let sidecar = Makegood::serve(&place);
    learn(&sidecar, &mut told).await;
    sidecar.ring("A-1", "last", "C-1").await;
    sidecar.kill();
    assert_nothing_lost(&place, &told);
    let (given, refused) = (told.acknowledged.len(), told.refused);
    println!("{given} gifts acknowledged, {refused} refused, over {ROUNDS} kills");
    assert!(given > ROUNDS && refused > 0, "too little was done to prove anything");
}

/// A seed that may be named, so that a failure can be played again.
fn seed() -> u64 {
    let named = std::env::var("MAKEGOOD_TEST_SEED").ok();
    named.map_or_else(|| getrandom::u64().unwrap(), |it| it.parse().unwrap())
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
