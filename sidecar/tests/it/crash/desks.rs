//! Desks that give until the sidecar is gone, in another process than the sidecar: what they were
//! told is what must be there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::{Call, Client, Makegood, Place, Rules, connect, until};

const DESKS: usize = 4;
/// What one desk may give on one call, in minor units.
pub(crate) const CAP: i64 = 900;
/// What each gift costs; a call is full after three.
const GIFT: i64 = 300;

/// One limit for each agent and interaction, so that each call soon meets it.
pub(crate) const RULES: Rules = Rules {
    cap: "9.00",
    scope: r#"["agent", "interaction"]"#,
    window: r#""interaction""#,
    ..Rules::STANDARD
};

/// What a desk was told, and what it still does not know.
#[derive(Debug, Default, Clone)]
pub(crate) struct Told {
    /// By spend: position and leaf hash.
    pub(crate) acknowledged: HashMap<String, (u64, Vec<u8>)>,
    pub(crate) refused: usize,
    /// The gifts that were sent and never answered.
    unknown: Vec<(Call, v1::GiveSpendRequest)>,
}

impl Told {
    fn acknowledge(&mut self, answer: v1::GiveSpendResponse) {
        let receipt = answer.receipt.unwrap();
        let position = u64::try_from(receipt.ledger_position).unwrap();
        let spend = answer.spend.unwrap().spend_id;
        self.acknowledged.insert(spend, (position, receipt.leaf_hash));
    }
}

/// Desks at work, and what they are told.
#[derive(Clone)]
pub(crate) struct Desks {
    told: Arc<Mutex<Told>>,
    answers: watch::Sender<u32>,
}

impl Desks {
    /// Desks that know this much already.
    pub(crate) fn knowing(told: Told) -> Self {
        Self { told: Arc::new(Mutex::new(told)), answers: watch::channel(0).0 }
    }

    /// Lets every desk work, until the sidecar is gone; `round` keeps their calls apart.
    pub(crate) async fn work(
        &self,
        sidecar: &Makegood<'_>,
        place: &Place,
        round: usize,
    ) -> JoinSet<()> {
        let token = place.token("A-1", Access::Agent, None);
        let mut working = JoinSet::new();
        for desk in 0..DESKS {
            let client = Client::new(&connect(sidecar.address).await, &token);
            working.spawn(work(client, format!("{round}-{desk}"), self.clone()));
        }
        working
    }

    /// Waits until so many more gifts were acknowledged.
    pub(crate) async fn answered(&self, count: u32) {
        let until = *self.answers.borrow() + count;
        self.answers.subscribe().wait_for(|it| *it >= until).await.unwrap();
    }

    /// What they were told so far.
    pub(crate) fn told(&self) -> Told {
        self.told.lock().unwrap().clone()
    }
}

/// A desk that takes call after call and gives until the sidecar is gone.
async fn work(client: Client, name: String, desks: Desks) {
    for number in 0.. {
        let interaction = format!("{name}-{number}");
        let start = Call::start(&interaction, "C-1");
        let Ok(started) = client.interactions.clone().start_interaction(start).await else {
            return;
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
                    desks.told.lock().unwrap().acknowledge(answer);
                    desks.answers.send_modify(|count| *count += 1);
                }
                Err(status) if status.code() == Code::FailedPrecondition => {
                    desks.told.lock().unwrap().refused += 1;
                    break;
                }
                Err(_) => {
                    desks.told.lock().unwrap().unknown.push((call, gift));
                    return;
                }
            }
        }
    }
}

/// Asks again for what was never answered, with the same ids.
pub(crate) async fn learn(sidecar: &Makegood<'_>, told: &mut Told) {
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
