//! `makegood witness`: watches ledgers from another machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use makegood_ledger::checkpoint::{KeyKind, SigningKey, VerifierKey};
use tokio::net::TcpListener;

use super::{say, serve, setup};
use crate::config::{Config, ConfigFlags, read_secret};
use crate::guard::connection::Server;
use crate::telemetry::{self, Metrics};
use crate::vault;
use crate::witness::{self, Witness};

/// The commands of a witness.
#[derive(Debug, clap::Subcommand)]
pub(super) enum WitnessCommand {
    /// Make the witness' key; its public half is printed, for the ledgers' configuration.
    Keygen {
        /// The witness' name, such as audit.example/witness.
        #[arg(long)]
        name: String,
        /// The new file for the secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Cosign the checkpoints of ledgers, as long as each goes on from the one before.
    Serve(ServeArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7071")]
    listen: SocketAddr,
    /// The folder that keeps what was cosigned.
    #[arg(long, value_name = "FOLDER")]
    state: PathBuf,
    /// The secret key, from `makegood witness keygen`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The public key of a ledger to watch; once for each, and for each key of a rotation.
    #[arg(long = "origin", value_name = "VKEY", required = true, value_parser = VerifierKey::parse)]
    origins: Vec<VerifierKey>,
}

pub(super) fn run(command: &WitnessCommand) -> anyhow::Result<ExitCode> {
    match command {
        WitnessCommand::Keygen { name, key } => keygen(name, key)?,
        WitnessCommand::Serve(args) => serve(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn keygen(name: &str, path: &std::path::Path) -> anyhow::Result<()> {
    let key = SigningKey::from_seed(name, KeyKind::Witness, &vault::random()?)?;
    setup::write_secret(path, &key.secret_text())
        .with_context(|| format!("write {}", path.display()))?;
    say(key.verifier());
    Ok(())
}

fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    // The bounds on connections are those of the sidecar's own defaults.
    let (config, _) = Config::load(&ConfigFlags::default(), &[])?;
    telemetry::init(config.log_format, &config.log_filter)?;
    let key = SigningKey::parse(read_secret(&args.key)?.trim_end());
    let key = key.with_context(|| format!("read {}", args.key.display()))?;
    anyhow::ensure!(
        key.verifier().kind() == KeyKind::Witness,
        "{} is a ledger's key; make a witness' by `makegood witness keygen`",
        args.key.display()
    );
    tracing::info!(vkey = %key.verifier(), "checkpoints are cosigned by this key");
    let witness = Arc::new(Witness::open(key, args.origins.clone(), &args.state)?);
    serve::runtime()?.block_on(async {
        let listener = TcpListener::bind(args.listen)
            .await
            .with_context(|| format!("listen on {}", args.listen))?;
        tracing::info!(listen = %listener.local_addr()?, "witnessing");
        let server = Server::new(witness::router(witness), None, config.limits, Metrics::new());
        server.serve(listener, serve::stop_asked()).await;
        anyhow::Ok(())
    })
}
