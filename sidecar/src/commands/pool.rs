//! `makegood pool`: teams' shared budgets, at a sidecar that serves.

use anyhow::Context as _;
use makegood_core::ids::PoolId;
use makegood_core::money::{Currency, Money};
use makegood_proto::v1;

use super::remote::{RemoteArgs, answered};
use super::say;
use super::tables::{amount, table};

/// The commands about pools.
#[derive(Debug, clap::Subcommand)]
pub(super) enum PoolCommand {
    /// List the pools with what they have, hold and gave.
    List(RemoteArgs),
    /// Move authority to, from or between pools that have a cap.
    Allocate {
        /// Out of which pool; the house without it.
        #[arg(long, value_name = "POOL")]
        from: Option<PoolId>,
        /// Into which pool; the house without it.
        #[arg(long, value_name = "POOL")]
        to: Option<PoolId>,
        /// How much, such as `250.00`.
        #[arg(long, value_name = "AMOUNT")]
        amount: String,
        /// In which currency, such as `USD`.
        #[arg(long, value_name = "CODE")]
        currency: String,
        #[command(flatten)]
        remote: RemoteArgs,
    },
}

pub(super) fn run(command: &PoolCommand) -> anyhow::Result<()> {
    match command {
        PoolCommand::List(remote) => list(remote),
        PoolCommand::Allocate { from, to, amount, currency, remote } => {
            let currency = Currency::parse(currency).context("read --currency")?;
            let amount = Money::parse(currency, amount).context("read --amount")?;
            allocate((from.as_ref(), to.as_ref()), amount, remote)
        }
    }
}

fn list(remote: &RemoteArgs) -> anyhow::Result<()> {
    let all = remote.with(async |mut it| {
        it.pages(async |it, page_size, page_token| {
            let request = it.ask(v1::ListPoolsRequest { page_size, page_token });
            let page = answered(it.governance.list_pools(request).await)?;
            Ok((page.pools, page.next_page_token))
        })
        .await
    })?;
    tell(&all, remote.json);
    Ok(())
}

fn allocate(
    (from, to): (Option<&PoolId>, Option<&PoolId>),
    amount: Money,
    remote: &RemoteArgs,
) -> anyhow::Result<()> {
    let name = |pool: Option<&PoolId>| pool.map(ToString::to_string).unwrap_or_default();
    let request_id = remote.request_id()?;
    let allocated = remote.with(async |mut it| {
        let request = it.ask(v1::AllocatePoolRequest {
            request_id,
            from_pool_id: name(from),
            to_pool_id: name(to),
            amount: Some(v1::Money {
                currency_code: amount.currency.code().to_owned(),
                amount_minor: amount.amount_minor,
            }),
        });
        answered(it.governance.allocate_pool(request).await)
    })?;
    let place = |pool: Option<&PoolId>| pool.map_or("the house".to_owned(), ToString::to_string);
    let what = format!("{amount} moved from {} to {}", place(from), place(to));
    remote.tell(&what, allocated.receipt.as_ref(), allocated.replayed);
    if !remote.json {
        tell(&allocated.pools, false);
    }
    Ok(())
}

fn tell(pools: &[v1::PoolStanding], as_json: bool) {
    if as_json {
        for pool in pools {
            say(serde_json::json!({
                "pool_id": pool.pool_id,
                "team_id": pool.team_id,
                "currency_code": pool.currency_code,
                "allotted_minor": pool.allotted_minor,
                "held_minor": pool.held_minor,
                "given_minor": pool.given_minor,
            }));
        }
        return;
    }
    let mut table = table(&["pool", "team", "allotted", "held", "given"]);
    for pool in pools {
        let shown = |minor| amount(&pool.currency_code, minor);
        let team = if pool.team_id.is_empty() { "every team" } else { &pool.team_id };
        table.add_row([
            pool.pool_id.clone(),
            team.to_owned(),
            pool.allotted_minor.map_or("no cap".to_owned(), shown),
            shown(pool.held_minor),
            shown(pool.given_minor),
        ]);
    }
    say(table);
}
