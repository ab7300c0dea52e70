//! `WatchDesk`: state that comes by itself, from the first message to going away.

use std::time::Duration;

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tonic::{Code, Status, Streaming};

use crate::support::{Call, Client, Expected, Place, Rules, Served, assert_refused, id};

/// Twice as long as the stream may ever be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open desk.
struct Desk {
    id: String,
    client: Client,
    stream: Streaming<v1::WatchDeskResponse>,
}

impl Desk {
    /// Opens a desk that watches these interactions.
    async fn open(client: &Client, interactions: &[&str], resume: Option<v1::Revision>) -> Self {
        let desk_id = id();
        let request = v1::WatchDeskRequest {
            desk_id: desk_id.clone(),
            topics: interactions.iter().map(|it| topic(it)).collect(),
            resume_revision: resume,
        };
        let stream = client.desk.clone().watch_desk(request).await.unwrap().into_inner();
        Self { id: desk_id, client: client.clone(), stream }
    }

    async fn next(&mut self) -> v1::WatchDeskResponse {
        self.try_next().await.unwrap().unwrap()
    }

    async fn try_next(&mut self) -> Result<Option<v1::WatchDeskResponse>, Status> {
        let next = tokio::time::timeout(PATIENCE, self.stream.message());
        next.await.unwrap_or_else(|_| panic!("the desk is silent"))
    }

    /// The next state of an interaction for which the condition holds; revisions only grow on the
    /// way.
    async fn until(
        &mut self,
        interaction: &str,
        condition: impl Fn(&v1::Panel) -> bool,
    ) -> v1::Panel {
        let mut last = (0, 0);
        loop {
            let message = self.next().await;
            let revision = number(message.revision.as_ref());
            assert!(revision >= last, "{revision:?} after {last:?}");
            last = revision;
            let mut panels = message.panels.into_iter();
            let found =
                panels.find(|it| it.requested_interaction_id == interaction && condition(it));
            if let Some(panel) = found {
                return panel;
            }
        }
    }

    async fn add(&self, interaction: &str) -> Result<(), Status> {
        let request =
            v1::AddTopicRequest { desk_id: self.id.clone(), topic: Some(topic(interaction)) };
        self.client.desk.clone().add_topic(request).await.map(drop)
    }

    async fn drop_topic(&self, interaction: &str) -> Result<(), Status> {
        let request = v1::DropTopicRequest {
            desk_id: self.id.clone(),
            interaction_id: interaction.to_owned(),
        };
        self.client.desk.clone().drop_topic(request).await.map(drop)
    }
}

fn topic(interaction: &str) -> v1::DeskTopic {
    v1::DeskTopic { interaction_id: interaction.to_owned(), lookup: None }
}

fn number(revision: Option<&v1::Revision>) -> (i64, i64) {
    let revision = revision.unwrap();
    (revision.ledger_position, revision.record_position)
}

fn held(panel: &v1::Panel) -> i64 {
    panel.headroom.as_ref().map_or(0, |it| it.held_minor)
}

const NO_DESK: Expected = Expected { code: Code::NotFound, reason: "DESK_NOT_FOUND", keys: &[] };

fn unbound(served: &Served<'_>, agent: &str) -> Client {
    served.client(agent, Access::Agent, None)
}

#[tokio::test]
async fn shows_what_there_is_and_then_what_others_change() {
    let place = Place::new(Rules { scope: r#"["customer"]"#, ..Rules::STANDARD });
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let colleague = served.ring("A-2", "call-2", "C-1").await;
    let mut desk = Desk::open(&call.client, &["call-1"], None).await;
    let first = desk.next().await;
    assert_eq!(first.panels.len(), 1);
    assert!(first.server_time.is_some() && !first.going_away);
    // The panel is the same as the one that is asked for, but for the moment it was made.
    let asked = v1::Panel { as_of_time: first.panels[0].as_of_time, ..call.panel().await };
    assert_eq!(first.panels[0], asked);

    let before = number(first.revision.as_ref());
    let given = colleague.give(colleague.gift(700)).await.unwrap();
    let panel = desk.until("call-1", |it| it.headroom.as_ref().unwrap().given_minor == 700).await;
    assert!(number(panel.revision.as_ref()) > before);
    let position = given.receipt.unwrap().ledger_position;
    assert!(panel.revision.unwrap().ledger_position > position);
    assert_eq!(panel.context.unwrap().gesture_count, 1);

    // What changes somebody else's customer is none of this desk's business.
    let stranger = served.ring("A-2", "call-3", "C-2").await;
    stranger.give(stranger.gift(100)).await.unwrap();
    colleague.reserve(colleague.hold(50)).await.unwrap();
    desk.until("call-1", |it| held(it) == 50).await;
    served.stop().await;
}

#[tokio::test]
async fn sends_no_panel_that_the_client_has_already() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let mut desk = Desk::open(&call.client, &["call-1"], None).await;
    let revision = desk.next().await.revision;
    drop(desk);

    let mut desk = Desk::open(&call.client, &["call-1"], revision).await;
    let resumed = desk.next().await;
    assert_eq!((resumed.panels, resumed.revision), (Vec::new(), revision));
    call.reserve(call.hold(100)).await.unwrap();
    let message = desk.next().await;
    assert_eq!(message.panels.len(), 1, "the first panel is the one that changed");
    assert!(number(message.revision.as_ref()) > number(revision.as_ref()));
    drop(desk);

    let mut desk = Desk::open(&call.client, &["call-1"], revision).await;
    assert_eq!(desk.next().await.panels.len(), 1, "what was missed is sent");
    served.stop().await;
}

#[tokio::test]
async fn watches_what_is_added_and_forgets_what_is_dropped() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let first = served.ring("A-1", "call-1", "C-1").await;
    let second = served.ring("A-1", "call-2", "C-2").await;
    let client = unbound(&served, "A-1");
    let mut desk = Desk::open(&client, &[], None).await;
    assert_eq!(desk.next().await.panels, []);
    desk.add("call-1").await.unwrap();
    desk.until("call-1", |it| it.context.is_some()).await;
    desk.add("call-2").await.unwrap();
    desk.until("call-2", |it| it.context.is_some()).await;

    desk.drop_topic("call-1").await.unwrap();
    first.reserve(first.hold(100)).await.unwrap();
    second.reserve(second.hold(200)).await.unwrap();
    loop {
        let message = desk.next().await;
        let names: Vec<_> =
            message.panels.iter().map(|it| it.requested_interaction_id.as_str()).collect();
        assert!(!names.contains(&"call-1"), "{names:?}");
        if message.panels.iter().any(|it| held(it) == 200) {
            break;
        }
    }
    desk.drop_topic("never-added").await.unwrap();

    let lost = Desk { id: id(), ..desk };
    assert_refused("no such desk", &lost.add("call-1").await.unwrap_err(), NO_DESK);
    let status = lost.drop_topic("call-1").await.unwrap_err();
    assert_refused("no such desk", &status, NO_DESK);
    served.stop().await;
}

#[tokio::test]
async fn keeps_a_desk_to_its_agent_and_its_token() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let mut desk = Desk::open(&call.client, &["call-1"], None).await;
    desk.next().await;
    let colleague = Desk {
        client: unbound(&served, "A-2"),
        id: desk.id.clone(),
        stream: Desk::open(&call.client, &[], None).await.stream,
    };
    let status = colleague.add("call-1").await.unwrap_err();
    assert_refused("another agent's desk", &status, NO_DESK);
    let elsewhere =
        Expected { code: Code::PermissionDenied, reason: "OTHER_INTERACTION", keys: &[] };
    let status = desk.add("call-2").await.unwrap_err();
    assert_refused("another call on this desk", &status, elsewhere);

    let many: Vec<String> = (0..17).map(|index| format!("call-{index}")).collect();
    let request = v1::WatchDeskRequest {
        desk_id: id(),
        topics: many.iter().map(|it| topic(it)).collect(),
        resume_revision: None,
    };
    let client = unbound(&served, "A-1");
    let status = client.desk.clone().watch_desk(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    served.stop().await;
}

#[tokio::test]
async fn shows_a_call_that_begins_after_its_desk() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let client = served.client("A-1", Access::Agent, Some("call-1"));
    let mut desk = Desk::open(&client, &["call-1"], None).await;
    let first = desk.next().await.panels.remove(0);
    assert_eq!((first.interaction, first.context), (None, None));
    let call = Call::ring(client, "call-1", "C-1").await;
    let panel = desk.until("call-1", |it| it.context.is_some()).await;
    assert_eq!(panel.interaction.unwrap().customer_id, call.customer);

    // The customer was not bound when the desk began to watch.
    let colleague = served.ring("A-2", "call-2", "C-1").await;
    colleague.give(colleague.gift(300)).await.unwrap();
    desk.until("call-1", |it| it.context.as_ref().unwrap().gesture_count == 1).await;
    served.stop().await;
}

#[tokio::test]
async fn gives_a_sign_of_life_while_nothing_happens() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let mut desk = Desk::open(&call.client, &["call-1"], None).await;
    let first = desk.next().await;
    // From here on time passes as fast as everybody waits for it.
    tokio::time::pause();
    let asked = tokio::time::Instant::now();
    for _ in 0..2 {
        let heartbeat = desk.next().await;
        assert_eq!(heartbeat.panels, []);
        assert_eq!(heartbeat.revision, first.revision);
        assert!(!heartbeat.going_away);
    }
    let silence = asked.elapsed() / 2;
    assert!(silence <= Duration::from_secs(15), "{silence:?}");
    tokio::time::resume();
    served.stop().await;
}

#[tokio::test]
async fn says_that_it_goes_away_before_it_does() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let mut desk = Desk::open(&call.client, &["call-1"], None).await;
    desk.next().await;
    let stopping = served.begin_stop();
    let last = loop {
        let message = desk.next().await;
        if message.going_away {
            break message;
        }
    };
    assert_eq!(last.panels, []);
    let going_away = Expected { code: Code::Unavailable, reason: "GOING_AWAY", keys: &[] };
    assert_refused("the end", &desk.try_next().await.unwrap_err(), going_away);
    stopping.finish().await;
}
