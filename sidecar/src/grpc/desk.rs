//! `DeskService`: one stream keeps all panels of an agent's browser current.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use makegood_core::ids::RequestId;
use makegood_proto::v1;
use makegood_proto::v1::desk_service_server::DeskService;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::shape::Shape;
use super::{Service, status};
use crate::clock::wall_time;
use crate::house::{Visitor, timestamp};
use crate::hub::{Changed, Desk, Hub};
use crate::telemetry::{Metrics, OpenStream};

/// A message comes at least this often; a client takes twice as long a silence for a dead stream.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Interactions that one desk may watch.
const TOPIC_LIMIT: usize = 16;
/// Messages on their way to a slow reader; the states behind them are read when there is room.
const IN_FLIGHT: usize = 2;

type DeskStream = Pin<Box<dyn Stream<Item = Result<v1::WatchDeskResponse, Status>> + Send>>;

/// The open desks, by the agent and the id that the client chose.
pub struct Desks {
    open: Mutex<HashMap<DeskKey, Arc<OpenDesk>>>,
    going_away: watch::Sender<bool>,
    metrics: Metrics,
}

type DeskKey = ([u8; 15], RequestId);

/// One stream and what it shows.
struct OpenDesk {
    desk: Arc<Desk>,
    visitor: Visitor,
    topics: Mutex<BTreeMap<String, Topic>>,
    hub: Arc<Hub>,
    _counted: OpenStream,
}

impl Drop for OpenDesk {
    /// However a stream ends, nobody tells it anything any more.
    fn drop(&mut self) {
        self.hub.close(&self.desk);
    }
}

/// An interaction as somebody may see it.
#[derive(Clone)]
struct Topic {
    visitor: Visitor,
    lookup: Option<v1::Lookup>,
}

impl Desks {
    /// No desk yet; those that open are counted.
    pub fn new(metrics: &Metrics) -> Self {
        let going_away = watch::channel(false).0;
        Self { open: Mutex::default(), going_away, metrics: metrics.clone() }
    }

    /// Tells every desk that the sidecar is going away, and ends their streams.
    pub fn go_away(&self) {
        self.going_away.send_replace(true);
    }

    fn find(&self, key: &DeskKey) -> Result<Arc<OpenDesk>, Status> {
        self.open.lock().get(key).cloned().ok_or_else(status::desk_not_found)
    }

    /// A desk that was opened again under the same id has replaced this one already.
    fn close(&self, key: &DeskKey, desk: &Arc<OpenDesk>) {
        let mut open = self.open.lock();
        if open.get(key).is_some_and(|current| Arc::ptr_eq(current, desk)) {
            open.remove(key);
        }
    }
}

#[tonic::async_trait]
impl DeskService for Service {
    type WatchDeskStream = DeskStream;

    async fn watch_desk(
        &self,
        request: Request<v1::WatchDeskRequest>,
    ) -> Result<Response<DeskStream>, Status> {
        let visitor = self.serving(&request)?;
        let v1::WatchDeskRequest { desk_id, topics, resume_revision } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.parse::<RequestId>("desk_id", &desk_id);
        if topics.len() > TOPIC_LIMIT {
            shape.note("topics", format!("at most {TOPIC_LIMIT}"));
        }
        let key = (visitor.agent.pid, shape.build(id)?);
        let open = Arc::new(OpenDesk {
            desk: Arc::default(),
            visitor: visitor.clone(),
            topics: Mutex::default(),
            hub: Arc::clone(self.house.hub()),
            _counted: self.desks.metrics.stream_opened(),
        });
        for topic in topics {
            self.add(&open, &visitor, topic)?;
        }
        self.house.hub().seat(visitor.agent.pid, &open.desk);
        self.desks.open.lock().insert(key, Arc::clone(&open));
        let (sender, receiver) = mpsc::channel(IN_FLIGHT);
        let service = self.clone();
        tokio::spawn(async move {
            service.stream(&open, resume_revision, &sender).await;
            service.desks.close(&key, &open);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn add_topic(
        &self,
        request: Request<v1::AddTopicRequest>,
    ) -> Result<Response<v1::AddTopicResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::AddTopicRequest { desk_id, topic } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.parse::<RequestId>("desk_id", &desk_id);
        if topic.is_none() {
            shape.note("topic", "say what to watch");
        }
        let (id, topic) = shape.build(id.zip(topic))?;
        let open = self.desks.find(&(visitor.agent.pid, id))?;
        let interaction_id = topic.interaction_id.clone();
        self.add(&open, &visitor, topic)?;
        // A topic from the start is in the first message anyway.
        open.desk.mark(&interaction_id);
        Ok(Response::new(v1::AddTopicResponse {}))
    }

    async fn drop_topic(
        &self,
        request: Request<v1::DropTopicRequest>,
    ) -> Result<Response<v1::DropTopicResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::DropTopicRequest { desk_id, interaction_id } = request.into_inner();
        let mut shape = Shape::default();
        let id = shape.parse::<RequestId>("desk_id", &desk_id);
        let id = shape.build(id)?;
        let open = self.desks.find(&(visitor.agent.pid, id))?;
        open.topics.lock().remove(&interaction_id);
        self.house.hub().forget(&open.desk, &interaction_id);
        Ok(Response::new(v1::DropTopicResponse {}))
    }
}

impl Service {
    fn add(&self, open: &OpenDesk, visitor: &Visitor, topic: v1::DeskTopic) -> Result<(), Status> {
        let v1::DeskTopic { interaction_id, lookup } = topic;
        let mut shape = Shape::default();
        shape.host_id("topic.interaction_id", &interaction_id);
        shape.lookup(lookup.as_ref());
        let mut topics = open.topics.lock();
        if topics.len() >= TOPIC_LIMIT && !topics.contains_key(&interaction_id) {
            shape.note("topic", format!("at most {TOPIC_LIMIT} at a time; drop another first"));
        }
        shape.finish()?;
        visitor.may_act_on(&interaction_id).map_err(|error| status::from_house(&error))?;
        topics.insert(interaction_id.clone(), Topic { visitor: visitor.clone(), lookup });
        drop(topics);
        self.house.watch(&open.desk, visitor, &interaction_id);
        Ok(())
    }

    /// Sends states until the reader or the sidecar goes away.
    async fn stream(&self, open: &OpenDesk, resume: Option<v1::Revision>, sender: &Sender) {
        let mut going_away = self.desks.going_away.subscribe();
        let mut resume = resume;
        // The first message says what there is, also where that is nothing.
        let all = Changed { interactions: open.topic_names(), queue: true };
        if !self.send(open, all, resume.take(), sender).await {
            return;
        }
        loop {
            tokio::select! {
                changed = open.desk.changed() => {
                    if !self.send(open, changed, None, sender).await {
                        return;
                    }
                }
                () = tokio::time::sleep(HEARTBEAT) => {
                    if !deliver(sender, self.message(Vec::new())).await {
                        return;
                    }
                }
                () = sender.closed() => return,
                () = going(&mut going_away) => {
                    let last = v1::WatchDeskResponse { going_away: true, ..self.message(Vec::new()) };
                    deliver(sender, last).await;
                    // Nobody may be reading any more.
                    drop(sender.send(Err(status::going_away())).await);
                    return;
                }
            }
        }
    }

    async fn send(
        &self,
        open: &OpenDesk,
        changed: Changed,
        resume: Option<v1::Revision>,
        sender: &Sender,
    ) -> bool {
        // Waiting for room before reading keeps what a slow reader gets the latest.
        let Ok(permit) = sender.reserve().await else {
            return false;
        };
        let revision = self.house.revision();
        let has_panels = resume == Some(revision);
        let names = changed.interactions.into_iter().filter(|_| !has_panels);
        let panels = names.filter_map(|name| self.panel(open, &name)).collect();
        let consults = changed.queue.then(|| self.queue(open)).flatten();
        let revision = Some(revision);
        permit.send(Ok(v1::WatchDeskResponse { revision, consults, ..self.message(panels) }));
        true
    }

    fn queue(&self, open: &OpenDesk) -> Option<v1::ConsultQueue> {
        let queue = self.house.queue(&open.visitor);
        queue.inspect_err(|error| tracing::debug!(%error, "no consults for a desk")).ok()
    }

    fn panel(&self, open: &OpenDesk, interaction_id: &str) -> Option<v1::Panel> {
        let topic = open.topics.lock().get(interaction_id).cloned()?;
        let Topic { visitor, lookup } = topic;
        let panel = self.house.panel(&visitor, interaction_id, lookup.as_ref(), None);
        let panel =
            panel.inspect_err(|error| tracing::debug!(%error, "no panel for a desk")).ok()?;
        // The customer may have been bound since the desk began to watch.
        self.house.watch(&open.desk, &visitor, interaction_id);
        Some(panel)
    }

    fn message(&self, panels: Vec<v1::Panel>) -> v1::WatchDeskResponse {
        v1::WatchDeskResponse {
            panels,
            revision: Some(self.house.revision()),
            server_time: Some(timestamp(wall_time().as_nanos())),
            going_away: false,
            consults: None,
        }
    }
}

type Sender = mpsc::Sender<Result<v1::WatchDeskResponse, Status>>;

async fn deliver(sender: &Sender, message: v1::WatchDeskResponse) -> bool {
    sender.send(Ok(message)).await.is_ok()
}

/// Returns once the sidecar is going away.
async fn going(going_away: &mut watch::Receiver<bool>) {
    // An error means that nobody can say so any more, which comes to the same.
    drop(going_away.wait_for(|is_going| *is_going).await);
}

impl OpenDesk {
    fn topic_names(&self) -> BTreeSet<String> {
        self.topics.lock().keys().cloned().collect()
    }
}
