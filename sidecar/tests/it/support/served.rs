//! The server in this process, on a port that the system chose.

use std::net::SocketAddr;
use std::sync::Arc;

use makegood_proto::v1;
use makegood_sidecar::house::House;
use makegood_sidecar::server;
use makegood_sidecar::token::Access;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::place::blocking;
use super::{Call, Client, Place, connect, until};

/// A house that is being served.
pub(crate) struct Served<'a> {
    place: &'a Place,
    house: Arc<House>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    channel: tonic::transport::Channel,
}

impl<'a> Served<'a> {
    pub(crate) async fn start(place: &'a Place, house: House) -> Self {
        let house = Arc::new(house);
        let waiting = Arc::clone(&house);
        blocking(move || waiting.wait_for_history(|_| {}).unwrap()).await;
        drop_waiting(&house).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = place.config();
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&house);
        let serving = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            server::serve(&config, &served, listener, stop).await.unwrap();
        });
        Self { place, house, address, stop, serving, channel: connect(address).await }
    }

    /// The folder that is served.
    pub(crate) fn place(&self) -> &'a Place {
        self.place
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The house itself.
    pub(crate) fn house(&self) -> &House {
        &self.house
    }

    /// The connection of this server.
    pub(crate) fn channel(&self) -> tonic::transport::Channel {
        self.channel.clone()
    }

    /// A client with a token of this kind, over the one connection of this server.
    pub(crate) fn client(&self, agent: &str, access: Access, interaction: Option<&str>) -> Client {
        self.client_with(&self.place.token(agent, access, interaction))
    }

    /// A client with this very token.
    pub(crate) fn client_with(&self, token: &str) -> Client {
        Client::new(&self.channel, token)
    }

    /// A call that rings at an agent's desk, from a customer of the CRM.
    pub(crate) async fn ring(&self, agent: &str, interaction: &str, customer: &str) -> Call {
        let client = self.client(agent, Access::Agent, Some(interaction));
        Call::ring(client, interaction, customer).await
    }

    /// Every entry of the ledger, as the API lists them.
    pub(crate) async fn entries(&self) -> Vec<v1::ListedEntry> {
        self.client("R-1", Access::Auditor, None).entries().await
    }

    /// How many entries the ledger has.
    pub(crate) fn entry_count(&self) -> i64 {
        self.house.revision().ledger_position
    }

    /// Begins to stop; streams are told.
    pub(crate) fn begin_stop(self) -> Stopping {
        let Self { house, stop, serving, .. } = self;
        stop.send(()).unwrap();
        Stopping { house, serving }
    }

    /// Stops and closes the house.
    pub(crate) async fn stop(self) {
        self.begin_stop().finish().await;
    }
}

/// A server that drains.
pub(crate) struct Stopping {
    house: Arc<House>,
    serving: JoinHandle<()>,
}

impl Stopping {
    /// Waits for the drain and closes the house.
    pub(crate) async fn finish(self) {
        let Self { house, serving } = self;
        serving.await.unwrap();
        drop_waiting(&house).await;
        let house = Arc::into_inner(house).unwrap();
        blocking(move || house.close()).await.unwrap();
    }
}

/// Waits until nobody else holds the house.
async fn drop_waiting(house: &Arc<House>) {
    until("the house is let go", async || Arc::strong_count(house) == 1).await;
}
