//! `postgres`: the peer. The same gift as a function of PostgreSQL, from as many connections.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use tokio_postgres::config::Host;
use tokio_postgres::types::Type;
use tokio_postgres::{Config, NoTls, Statement};

use crate::closed::{self, Client, Span};
use crate::dice::{Dice, fresh_seed};
use crate::rate::AMOUNT_MINOR;
use crate::report::Report;
use crate::wire::{Outcome, Refused};

/// Tables and function.
const SCHEMA: &str = include_str!("postgres.sql");
/// No budget runs out.
const CAP_MINOR: i64 = 1 << 50;

/// The arguments of `postgres`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PostgresArgs {
    /// The folder of the server's Unix socket.
    #[arg(long, value_name = "FOLDER", required_unless_present = "url")]
    socket: Option<PathBuf>,
    /// The port, which names the socket too.
    #[arg(long, value_name = "PORT", default_value_t = 5432)]
    port: u16,
    /// The role to log in as.
    #[arg(long, value_name = "NAME", default_value = "postgres")]
    user: String,
    /// The database; its schema `makegood_load` is dropped and made anew.
    #[arg(long, value_name = "NAME", default_value = "postgres")]
    database: String,
    /// The server on loopback, as postgresql://USER@127.0.0.1:PORT/DATABASE, instead of a socket.
    #[arg(long, value_name = "URL", conflicts_with = "socket")]
    url: Option<String>,
    /// Budgets that the gifts spread over; 1 is one hot counter.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    budgets: u32,
    /// Connections, each with one gift at work.
    #[arg(long, value_name = "COUNT", default_value_t = 64)]
    clients: usize,
    /// For how long to measure; at most 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u32,
}

/// A connection that gives.
struct Giver {
    client: tokio_postgres::Client,
    give: Statement,
    budgets: u32,
    dice: Dice,
}

impl Client for Giver {
    async fn ask(&mut self) -> Outcome {
        let id = self.dice.uuid();
        let budget = self.dice.below(self.budgets as usize);
        let budget = i32::try_from(budget).unwrap_or(0);
        let row = self
            .client
            .query_one(&self.give, &[&id, &budget, &AMOUNT_MINOR, &"USD", &"delay", &"credit"])
            .await;
        match row.map(|row| row.get::<_, Option<i64>>(1)) {
            Ok(Some(_)) => Outcome::Done(Bytes::new()),
            Ok(None) => Outcome::Refused(Refused { code: 9, reason: "LIMIT".to_owned() }),
            Err(_) => Outcome::Lost,
        }
    }
}

/// Measures the gifts of PostgreSQL.
///
/// # Errors
/// The server is not of this machine or cannot be reached, or no gift was done.
pub(crate) async fn run(args: &PostgresArgs) -> anyhow::Result<Report> {
    let config = config(args)?;
    let admin = connect(&config).await?;
    admin.batch_execute(SCHEMA).await.context("make the schema makegood_load")?;
    let fill = "INSERT INTO makegood_load.budget SELECT budget, 0, $2 \
                FROM generate_series(0, $1 - 1) AS budget";
    let budgets = i32::try_from(args.budgets.max(1)).context("budgets: too many")?;
    admin.execute(fill, &[&budgets, &CAP_MINOR]).await.context("fill the budgets")?;
    admin.batch_execute("VACUUM ANALYZE makegood_load.budget").await?;
    let version: String = admin.query_one("SHOW server_version", &[]).await?.get(0);
    let commit: String = admin.query_one("SHOW synchronous_commit", &[]).await?.get(0);
    let seed = fresh_seed();
    let mut givers = Vec::new();
    for stream in 0..args.clients {
        let dice = Dice::new(seed, stream as u64);
        givers.push(giver(&config, args.budgets.max(1), dice).await?);
    }
    let span = Span::of_seconds(args.seconds);
    let measured = closed::run(givers, span, None).await?;
    anyhow::ensure!(measured.calls.done_count() > 0, "no gift was done");
    let mut report = Report::of("postgres");
    report.put("server_version", version);
    report.put("synchronous_commit", commit);
    report.put("clients", args.clients);
    report.put("budgets", args.budgets);
    report.put("seconds", span.length.as_secs());
    measured.put(&mut report);
    Ok(report)
}

async fn giver(config: &Config, budgets: u32, dice: Dice) -> anyhow::Result<Giver> {
    let client = connect(config).await?;
    client.batch_execute("SET synchronous_commit = on").await?;
    let types = [Type::UUID, Type::INT4, Type::INT8, Type::TEXT, Type::TEXT, Type::TEXT];
    let text = "SELECT o_position, o_given_after_minor, o_replayed \
                FROM makegood_load.give($1, $2, $3, $4, $5, $6)";
    let give = client.prepare_typed(text, &types).await?;
    Ok(Giver { client, give, budgets, dice })
}

async fn connect(config: &Config) -> anyhow::Result<tokio_postgres::Client> {
    let (client, connection) = config.connect(NoTls).await.context("connect to PostgreSQL")?;
    // A connection that ends shows as lost gifts.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

fn config(args: &PostgresArgs) -> anyhow::Result<Arc<Config>> {
    let config = match (&args.url, &args.socket) {
        (Some(url), _) => url.parse::<Config>().context("url")?,
        (None, Some(socket)) => {
            let mut config = Config::new();
            config.host_path(socket).port(args.port).user(&args.user).dbname(&args.database);
            config
        }
        (None, None) => anyhow::bail!("socket or url is missing"),
    };
    anyhow::ensure!(
        !config.get_hosts().is_empty() && config.get_hosts().iter().all(is_local),
        "url: the server must be this machine's, with its address as 127.0.0.1 or [::1], because \
         its schema makegood_load is dropped and made anew"
    );
    Ok(Arc::new(config))
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: PostgresArgs,
    }

    #[test]
    fn refuses_servers_of_other_machines() {
        for (option, value, is_taken) in [
            ("--socket", "/run/postgresql", true),
            ("--url", "postgresql://me@127.0.0.1:5432/db", true),
            ("--url", "postgresql://me@192.0.2.7/db", false),
            ("--url", "postgresql://me@db.example/db", false),
            ("--url", "postgresql://", false),
        ] {
            let line = Line::try_parse_from(["load", option, value]).unwrap();
            assert_eq!(config(&line.args).is_ok(), is_taken, "{option} {value}");
        }
    }
}
