//! An agent's desk: its stream, read to the end and counted.

use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::requests::Conversation;
use crate::stage::agent_id;
use crate::target::Target;
use crate::timeline::Log;
use crate::wire::{Link, Messages};

/// An open desk. Dropping it closes its stream.
pub(crate) struct Desk {
    /// Which agent sits there, counted from 0.
    pub(crate) agent: usize,
    /// The stream's id, under which calls are put on it.
    pub(crate) id: Uuid,
    /// The connection.
    pub(crate) link: Link,
    log: Log,
    reading: JoinHandle<()>,
}

impl Desk {
    /// Opens a desk with nothing on it.
    ///
    /// # Errors
    /// The sidecar refused it.
    pub(crate) async fn open(
        target: &Target,
        link: Link,
        (agent, id): (usize, Uuid),
        log: &Log,
    ) -> anyhow::Result<Self> {
        // Outside development mode a token names a call; the desk's own reaches no other.
        let interaction = format!("desk-{id}");
        let token = target.token(&agent_id(agent), Some(&interaction))?;
        let conversation = Conversation::new(target.address, token, interaction);
        let messages = link.watch(conversation.open_desk(id)?).await?;
        log.desk_opened();
        let reading = tokio::spawn(read(messages, log.clone()));
        Ok(Self { agent, id, link, log: log.clone(), reading })
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.reading.abort();
        self.log.desk_closed();
    }
}

async fn read(mut messages: Messages, log: Log) {
    while messages.next().await.is_some() {
        log.message();
    }
}
