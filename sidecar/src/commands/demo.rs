//! `makegood demo`: everything at once, on loopback, with generated people.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use tokio::net::TcpListener;

use super::{say, serve, setup};
use crate::clock::wall_time;
use crate::config::{Config, ConfigFlags};
use crate::demo::Demo;
use crate::generate::{self, generate};
use crate::house::{House, HouseSink};
use crate::token::Signer;
use crate::{server, telemetry, vault};

/// The arguments of `makegood demo`.
#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// The port on 127.0.0.1; 0 lets the system choose.
    #[arg(long, default_value_t = 7070)]
    port: u16,
    /// The data folder; kept, so that the demo goes on where it was left.
    #[arg(long, default_value = "makegood-demo")]
    data: PathBuf,
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
    let data = args.data.to_string_lossy();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)).to_string();
    let flags = ConfigFlags::from_pairs(&[
        ("data", &data),
        ("listen", &listen),
        ("mode", "development"),
        ("log_filter", "warn"),
    ]);
    // A demo is the same everywhere, whatever the environment says.
    let config = Config::load(&flags, &[])?.0;
    telemetry::init(config.log_format, &config.log_filter)?;
    let house = Arc::new(setup::open_house(&config)?);
    fill(&house, args)?;
    serve::runtime()?.block_on(show(&config, &house, args))?;
    serve::close(house);
    Ok(ExitCode::SUCCESS)
}

/// Fills an empty house; one that has people is left as it is.
fn fill(house: &House, args: &DemoArgs) -> anyhow::Result<()> {
    house.wait_for_history(|_| {})?;
    if house.has_records() {
        return Ok(());
    }
    let bar = ProgressBar::new_spinner().with_message("generating 90 days of a contact centre");
    bar.enable_steady_tick(Duration::from_millis(100));
    let config = generate::Config {
        seed: args.seed,
        customer_count: args.customers,
        agent_count: 12,
        days: 90,
        now_ns: wall_time().as_nanos(),
    };
    generate(&config, &mut HouseSink::new(house)).context("generate the contact centre")?;
    house.wait_for_history(|_| {})?;
    bar.finish_and_clear();
    Ok(())
}

async fn show(config: &Config, house: &Arc<House>, args: &DemoArgs) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("listen on {}; name another port with --port", config.listen)
    })?;
    let address = listener.local_addr()?;
    let token = page_token(&config.data)?;
    let signer = Signer::development(&config.data)?;
    let demo = Demo::new(house, signer, &config.tenant, &token, address);
    announce(args, address, &token);
    server::serve(config, house, listener, demo.router(), serve::stop_asked()).await
}

/// Kept with the data, so that a page survives a restart of the sidecar.
fn page_token(data: &std::path::Path) -> anyhow::Result<String> {
    let path = data.join("demo-token");
    if let Ok(token) = crate::config::read_secret(&path) {
        return Ok(token.trim().to_owned());
    }
    let token: [u8; 32] = vault::random()?;
    let token = token.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    super::setup::write_secret(&path, &token)?;
    Ok(token)
}

fn announce(args: &DemoArgs, address: SocketAddr, token: &str) {
    let port = address.port();
    let page = format!("http://127.0.0.1:{port}");
    let frame = format!("http://localhost:{port}");
    let url = format!("{page}/demo/#token={token}");
    if args.print_json {
        say(serde_json::json!({
            "demo_url": url,
            "page_origin": page,
            "frame_origin": frame,
            "token": token,
            "pid": std::process::id(),
        }));
        return;
    }
    let lines = [
        "Makegood demo".to_owned(),
        String::new(),
        "Open this in a browser:".to_owned(),
        format!("  {url}"),
        String::new(),
        format!("gRPC, gRPC-Web and the panel   {frame}"),
        format!("health, metrics                {page}/readyz  {page}/metrics"),
        format!("the ledger, in another shell   makegood ledger list --names --data {}", args.data.display()),
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
