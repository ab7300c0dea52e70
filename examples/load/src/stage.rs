//! Sets the stage through the API: connections, and calls whose customers are bound.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use makegood_proto::v1;
use tokio::task::JoinSet;

use crate::dice::{Dice, fresh_seed};
use crate::requests::Conversation;
use crate::target::Target;
use crate::wire::{Link, Outcome};

/// What is under way at once while the stage is set or cleared, on each connection.
const AT_ONCE_PER_LINK: usize = 16;
/// More calls than this would only fill the ledger.
const CONVERSATIONS_MAX: usize = 100_000;
/// How long a sidecar that has just started may take to know people.
const READY_MAX: Duration = Duration::from_mins(2);

/// Who is on the stage.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct StageArgs {
    /// Agents of the generated centre, from A-001 on.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) agents: usize,
    /// Customers of the generated centre, from C-0000001 on; each agent has a call with each.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) customers: usize,
    /// Connections that share the calls.
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    pub(crate) connections: usize,
    /// Bind each token to its call, as production mode demands, instead of one token an agent.
    #[arg(long)]
    pub(crate) bound_tokens: bool,
    /// Which chances to take; another run with the same seed asks the same.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

/// Connections, and calls whose customers are bound.
pub(crate) struct Stage {
    /// The sidecar.
    pub(crate) target: Target,
    /// The connections.
    pub(crate) links: Vec<Link>,
    /// The calls, in the order of the pairs that were asked for.
    pub(crate) conversations: Vec<Conversation>,
    /// What chance begins with.
    pub(crate) seed: u64,
}

/// The id of an agent of the generated centre, counted from 0.
pub(crate) fn agent_id(index: usize) -> String {
    format!("A-{:03}", index + 1)
}

/// The id of a customer of the generated centre, counted from 0.
pub(crate) fn customer_id(index: usize) -> String {
    format!("C-{:07}", index + 1)
}

impl Stage {
    /// Opens the connections, and lets each customer call each agent.
    ///
    /// # Errors
    /// As [`Stage::with`].
    pub(crate) async fn set(target: Target, args: &StageArgs) -> anyhow::Result<Self> {
        let pairs = (0..args.customers).flat_map(|it| (0..args.agents).map(move |by| (by, it)));
        // One more than may be, so that too many are found without being made.
        Self::with(target, args, pairs.take(CONVERSATIONS_MAX + 1).collect()).await
    }

    /// Opens the connections, and lets customers call agents: pairs of an agent and a customer.
    ///
    /// # Errors
    /// Nobody serves there, an agent or customer is not known, or there are too many.
    pub(crate) async fn with(
        target: Target,
        args: &StageArgs,
        pairs: Vec<(usize, usize)>,
    ) -> anyhow::Result<Self> {
        let seed = args.seed.unwrap_or_else(fresh_seed);
        anyhow::ensure!(
            (1..=CONVERSATIONS_MAX).contains(&pairs.len()),
            "agents and customers: their product must be from 1 to {CONVERSATIONS_MAX}"
        );
        let links = open_links(&target, args.connections).await?;
        let calls = new_calls(&target, args, &pairs)?;
        wait_until_ready(&links, &calls).await?;
        let conversations = start_all(&links, calls).await?;
        Ok(Self { target, links, conversations, seed })
    }

    /// Ends the calls, so that the sidecar need not keep them in mind.
    ///
    /// # Errors
    /// The sidecar refused it.
    pub(crate) async fn clear(self) -> anyhow::Result<()> {
        let Self { links, conversations, .. } = self;
        let end = |link: Link, call: Arc<Conversation>| async move {
            link.call(call.end()?).await.message::<v1::EndInteractionResponse>("ending a call")?;
            anyhow::Ok(())
        };
        each(&links, conversations, end).await?;
        Ok(())
    }

    /// A connection for a client.
    ///
    /// # Errors
    /// There are none, which [`Stage::set`] does not leave.
    pub(crate) fn link(&self, client: usize) -> anyhow::Result<Link> {
        self.links.get(client % self.links.len().max(1)).cloned().context("connections: none")
    }

    /// Chance for a client.
    pub(crate) fn dice(&self, client: usize) -> Dice {
        Dice::new(self.seed, client as u64)
    }
}

/// Opens so many connections.
///
/// # Errors
/// Nobody serves there.
pub(crate) async fn open_links(target: &Target, count: usize) -> anyhow::Result<Vec<Link>> {
    let mut links = Vec::new();
    for _ in 0..count.max(1) {
        links.push(Link::open(target.address).await?);
    }
    Ok(links)
}

fn new_calls(
    target: &Target,
    args: &StageArgs,
    pairs: &[(usize, usize)],
) -> anyhow::Result<Vec<(Conversation, String)>> {
    // Ids of calls are kept for ever, so each run has its own.
    let run = fresh_seed();
    let mut tokens = BTreeMap::new();
    let mut call = |(number, &(agent, customer)): (usize, &(usize, usize))| {
        let interaction = format!("load-{run:016x}-{number}");
        let token = match (args.bound_tokens, tokens.get(&agent)) {
            (true, _) => target.token(&agent_id(agent), Some(&interaction))?,
            (false, Some(token)) => String::clone(token),
            (false, None) => target.token(&agent_id(agent), None)?,
        };
        if !args.bound_tokens {
            tokens.entry(agent).or_insert_with(|| token.clone());
        }
        Ok((Conversation::new(target.address, token, interaction), customer_id(customer)))
    };
    pairs.iter().enumerate().map(&mut call).collect()
}

/// Waits until the sidecar knows people: after a start it may have to find its history again.
async fn wait_until_ready(links: &[Link], calls: &[(Conversation, String)]) -> anyhow::Result<()> {
    let (Some(link), Some((call, customer))) = (links.first(), calls.first()) else {
        return Ok(());
    };
    let deadline = Instant::now() + READY_MAX;
    while Instant::now() < deadline {
        match link.call(call.start(customer)?).await {
            Outcome::Refused(refused) if refused.reason == "HISTORY_REBUILDING" => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            // Starting it once more returns it as it stands.
            _ => return Ok(()),
        }
    }
    anyhow::bail!("the sidecar is still rebuilding its history; try again later")
}

/// Starts calls, several at once.
async fn start_all(
    links: &[Link],
    calls: Vec<(Conversation, String)>,
) -> anyhow::Result<Vec<Conversation>> {
    let begin = |link: Link, call: Arc<(Conversation, String)>| async move {
        start(&link, call.0.clone(), &call.1).await
    };
    each(links, calls, begin).await
}

/// Does something for each, several at once on each connection, and keeps the order.
async fn each<T, R, F>(
    links: &[Link],
    all: Vec<T>,
    work: impl Fn(Link, Arc<T>) -> F + Clone + Send + 'static,
) -> anyhow::Result<Vec<R>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
    F: Future<Output = anyhow::Result<R>> + Send,
{
    let all: Arc<[Arc<T>]> = all.into_iter().map(Arc::new).collect();
    let workers = links.len() * AT_ONCE_PER_LINK;
    let mut tasks = JoinSet::new();
    for (worker, link) in (0..workers).zip(links.iter().cycle()) {
        let (all, link, work) = (Arc::clone(&all), link.clone(), work.clone());
        tasks.spawn(async move {
            let mut done = Vec::new();
            for (number, one) in all.iter().enumerate().skip(worker).step_by(workers) {
                done.push((number, work(link.clone(), Arc::clone(one)).await?));
            }
            anyhow::Ok(done)
        });
    }
    let mut results = Vec::with_capacity(all.len());
    while let Some(done) = tasks.join_next().await {
        results.extend(done??);
    }
    results.sort_unstable_by_key(|(number, _)| *number);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// Starts a call, whose customer must be found.
///
/// # Errors
/// The sidecar refused it, or does not know the customer.
pub(crate) async fn start(
    link: &Link,
    mut call: Conversation,
    external_id: &str,
) -> anyhow::Result<Conversation> {
    let ask = call.start(external_id)?;
    let answer: v1::StartInteractionResponse = link.call(ask).await.message("starting a call")?;
    let started = answer.interaction.unwrap_or_default();
    anyhow::ensure!(
        !started.customer_id.is_empty(),
        "customer {external_id} is not known; fill the data folder with makegood demo generate"
    );
    call.customer_id = started.customer_id;
    Ok(call)
}
