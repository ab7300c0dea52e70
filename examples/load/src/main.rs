//! `makegood-load`: puts load on a sidecar of one's own, and on a peer, and says what it found.

mod chart;
mod closed;
mod day;
mod desk;
mod dice;
mod open;
mod overload;
mod pace;
mod page;
mod postgres;
mod rate;
mod reconnect;
mod recorder;
mod report;
mod requests;
mod script;
mod staff;
mod stage;
mod storm;
mod target;
mod timeline;
mod usage;
mod watch;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;

use crate::report::Report;
use crate::storm::Hot;

/// Requests come and go by the hundred thousand.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Puts load on a sidecar of this machine, within bounds of count and time, and says what it found.
#[derive(Debug, clap::Parser)]
#[command(name = "makegood-load", version)]
struct Cli {
    /// Print one JSON object instead of a table.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, clap::Subcommand)]
enum Scenario {
    /// What one kind of call can do, in a closed loop.
    Rate(rate::RateArgs),
    /// More than the sidecar can do: what it still does, and what it says no to.
    Overload(overload::OverloadArgs),
    /// How soon a desk shows what was written.
    Watch(watch::WatchArgs),
    /// A centre's day in minutes, as a page of pictures.
    Day(day::DayArgs),
    /// All agents serve one customer at once.
    HotCustomer(storm::StormArgs),
    /// All gifts draw on one counter.
    HotPool(storm::StormArgs),
    /// Every desk loses its connection, and all come back at once.
    Reconnect(reconnect::ReconnectArgs),
    /// The peer: the same gift as a function of PostgreSQL.
    Postgres(postgres::PostgresArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            // Where standard error is closed too, the exit code alone tells.
            writeln!(std::io::stderr(), "error: {error:#}").unwrap_or(());
            ExitCode::FAILURE
        }
    }
}

/// One thread: the generator is to leave the machine to the server.
fn run(cli: &Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(scenario(&cli.scenario))?;
    report.print(cli.json)
}

async fn scenario(scenario: &Scenario) -> anyhow::Result<Report> {
    match scenario {
        Scenario::Rate(args) => rate::run(args).await,
        Scenario::Overload(args) => overload::run(args).await,
        Scenario::Watch(args) => watch::run(args).await,
        Scenario::Day(args) => day::run(args).await,
        Scenario::HotCustomer(args) => storm::run(Hot::Customer, args).await,
        Scenario::HotPool(args) => storm::run(Hot::Pool, args).await,
        Scenario::Reconnect(args) => reconnect::run(args).await,
        Scenario::Postgres(args) => postgres::run(args).await,
    }
}
