//! `makegood demo`: everything at once, on loopback, with generated people.

mod generate;
mod year;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use makegood_core::ids::Digest;

use super::{say, serve, setup};
use crate::clock::wall_time;
use crate::config::{Config, ConfigFlags};
use crate::demo::{Demo, TellingClock, tell_past};
use crate::generate::past::Listening;
use crate::generate::{Config as Centre, play_cast};
use crate::guard::connection::Server;
use crate::house::{House, HouseSink};
use crate::telemetry::Metrics;
use crate::token::Signer;
use crate::{server, telemetry, vault};

/// Contacts of a customer of the demo, on average, in halves.
const CONTACTS_EACH: u64 = 5;
/// Employees of the demo.
const AGENTS: u32 = 12;

/// The arguments of `makegood demo`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct DemoArgs {
    #[command(subcommand)]
    command: Option<DemoCommand>,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(Debug, clap::Subcommand)]
enum DemoCommand {
    /// Make up a contact centre of any size, in a data folder or as files to import.
    Generate(generate::GenerateArgs),
    /// Judge the rules of the findings by ledgers with planted misconduct.
    Year(year::YearArgs),
}

/// The arguments of the demo itself.
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The port of the agent desktop on 127.0.0.1, and one below that of the sidecar; 0 chooses
    /// both.
    #[arg(long, default_value_t = 7070)]
    port: u16,
    /// The data folder; kept, so that the demo goes on where it was left.
    #[arg(long, default_value = "makegood-demo")]
    data: PathBuf,
    /// The policy; without it, the built-in standard policy.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The seed of the contact centre.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Customers besides the cast.
    #[arg(long, default_value_t = 400)]
    customers: u32,
    /// Print one JSON object with the addresses instead of the box.
    #[arg(long)]
    print_json: bool,
}

pub(super) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        Some(DemoCommand::Generate(args)) => generate::run(args),
        Some(DemoCommand::Year(args)) => Ok(year::run(args)),
        None => run_demo(&args.show),
    }
}

fn run_demo(args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let (desktop, sidecar) = ports(args.port)?;
    let config = config(args, desktop.local_addr()?, sidecar.local_addr()?)?;
    telemetry::init(config.log_format, &config.log_filter)?;
    let clock = TellingClock::start();
    let house = House::open_by(setup::settings(&config)?, Arc::clone(&clock) as _)?;
    let house = Arc::new(house);
    fill(&house, &clock, args)?;
    house.activate_policy()?;
    serve::runtime()?.block_on(show(&config, &house, args, (desktop, sidecar)))?;
    serve::close(house)?;
    Ok(ExitCode::SUCCESS)
}

/// Two listeners on neighbouring ports: the desktop is the vendor's page and the sidecar is not, so
/// each has an origin of its own; both are one site, so that the panel may keep its notes.
fn ports(wanted: u16) -> anyhow::Result<(TcpListener, TcpListener)> {
    const TRIES: u32 = 50;
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if wanted != 0 {
        let next = wanted.checked_add(1).context("name a port below 65535")?;
        let both = bind(wanted).and_then(|desktop| Ok((desktop, bind(next)?)));
        return both.with_context(|| {
            format!("listen on {wanted} and {next}; name another port with --port")
        });
    }
    for _ in 0..TRIES {
        let desktop = bind(0)?;
        if let Some(next) = desktop.local_addr()?.port().checked_add(1)
            && let Ok(sidecar) = bind(next)
        {
            return Ok((desktop, sidecar));
        }
    }
    anyhow::bail!("no two neighbouring ports are free; name one with --port")
}

/// A demo is the same everywhere, whatever the environment says.
fn config(args: &ShowArgs, desktop: SocketAddr, sidecar: SocketAddr) -> anyhow::Result<Config> {
    let data = args.data.to_string_lossy();
    let page = format!("http://{desktop}");
    let (listen, policy) = (sidecar.to_string(), args.policy.as_deref().map(Path::to_string_lossy));
    let mut flags = vec![
        ("data", &*data),
        ("listen", &listen),
        ("mode", "development"),
        ("log_filter", "warn"),
        ("allowed_origins", &page),
        ("frame_ancestors", &page),
    ];
    flags.extend(policy.as_deref().map(|policy| ("policy", policy)));
    Ok(Config::load(&ConfigFlags::from_pairs(&flags), &[])?.0)
}

/// Fills an empty house; one that has people is left as it is.
fn fill(house: &House, clock: &TellingClock, args: &ShowArgs) -> anyhow::Result<()> {
    house.wait_for_history(|_| {})?;
    if house.has_records() {
        return Ok(());
    }
    let bar = ProgressBar::new_spinner().with_message("generating 90 days of a contact centre");
    bar.enable_steady_tick(Duration::from_millis(100));
    let now_ns = wall_time().as_nanos();
    let config = Centre {
        seed: args.seed,
        customer_count: args.customers,
        interaction_count: u64::from(args.customers) * CONTACTS_EACH / 2,
        agent_count: AGENTS,
        days: 90,
        now_ns,
    };
    let mut sink = HouseSink::new(house);
    let mut listening = Listening::new(&mut sink);
    let generated = crate::generate::generate(&config, &mut listening, &mut |_, _| {});
    let played = generated.and_then(|_| play_cast(now_ns, &mut listening));
    played.context("generate the contact centre")?;
    let contacts = listening.contacts;
    drop(sink);
    house.wait_for_history(|_| {})?;
    bar.set_message("telling what was given in four weeks");
    tell_past(house, clock, &config, &contacts)?;
    bar.finish_and_clear();
    Ok(())
}

async fn show(
    config: &Config,
    house: &Arc<House>,
    args: &ShowArgs,
    (desktop, sidecar): (TcpListener, TcpListener),
) -> anyhow::Result<()> {
    let (page, api) = (desktop.local_addr()?, sidecar.local_addr()?);
    let token = page_token(&config.data)?;
    let signer = Signer::development(&config.data)?;
    let demo = Demo::new(house, signer, config, &token, api);
    let desktop = Server::new(demo.router(), None, config.limits, Metrics::new())
        .serve(listener(desktop)?, serve::stop_asked());
    let sidecar = server::serve(config, house, listener(sidecar)?, serve::stop_asked());
    announce(args, page, api, &token);
    let ((), served) = tokio::join!(desktop, sidecar);
    served
}

fn listener(bound: TcpListener) -> anyhow::Result<tokio::net::TcpListener> {
    bound.set_nonblocking(true)?;
    Ok(tokio::net::TcpListener::from_std(bound)?)
}

/// Kept with the data, so that a page survives a restart of the sidecar.
fn page_token(data: &std::path::Path) -> anyhow::Result<String> {
    let path = data.join("demo-token");
    if let Ok(token) = crate::config::read_secret(&path) {
        return Ok(token.trim().to_owned());
    }
    let token: [u8; 32] = vault::random()?;
    let token = Digest::from_bytes(token).to_string();
    super::setup::write_secret(&path, &token)?;
    Ok(token)
}

fn announce(args: &ShowArgs, page: SocketAddr, api: SocketAddr, token: &str) {
    let (page, api) = (format!("http://{page}"), format!("http://{api}"));
    let url = format!("{page}/demo/#token={token}");
    if args.print_json {
        say(serde_json::json!({
            "demo_url": url,
            "page_origin": page,
            "frame_origin": api,
            "token": token,
            "pid": std::process::id(),
        }));
        return;
    }
    let data = args.data.display();
    let lines = [
        "Makegood demo".to_owned(),
        String::new(),
        "Open this in a browser:".to_owned(),
        format!("  {url}"),
        String::new(),
        format!("the sidecar                    {api}  (gRPC, gRPC-Web, the panel)"),
        format!("health and metrics             {api}/readyz  {api}/metrics"),
        format!("the ledger, in another shell   makegood ledger list --names --data {data}"),
        String::new(),
        "Development mode: this machine only, invented people. Stop with Ctrl+C.".to_owned(),
    ];
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let rule = "─".repeat(width + 2);
    say(format!("╭{rule}╮"));
    for line in lines {
        say(format!("│ {line:width$} │"));
    }
    say(format!("╰{rule}╯"));
}
