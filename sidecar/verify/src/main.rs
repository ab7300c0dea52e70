//! `makegood-verify`: verifies a ledger offline.
//!
//! Exit codes: 0 all is right, 1 something is wrong, 2 it cannot be read.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints its answer")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use makegood_ledger::checkpoint::{KeyKind, VerifierKey};
use makegood_verify::checkpoints::Keys;
use makegood_verify::folder::{self, Options};
use makegood_verify::problem::{Failure, Unreadable};
use makegood_verify::receipt;
use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Verifies a ledger of Makegood without trusting whoever wrote it. Needs no network.
#[derive(Debug, Parser)]
#[command(name = "makegood-verify", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "Exit codes: 0 all is right, 1 something is wrong, 2 it cannot be read.")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    folder: FolderArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verifies a receipt: that one entry is in the ledger
    Receipt(ReceiptArgs),
}

#[derive(Debug, Args)]
struct FolderArgs {
    /// A tenant's data folder, a folder of tiles, or an audit pack
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// A public key of the ledger, as it was handed out; may be given more than once
    #[arg(long, value_name = "VKEY", value_parser = key)]
    key: Vec<VerifierKey>,
    /// A public key of a witness; may be given more than once
    #[arg(long, value_name = "VKEY", value_parser = key)]
    witness: Vec<VerifierKey>,
    /// A checkpoint that was kept elsewhere, which the ledger has to be consistent with; may be
    /// given more than once
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The folder with the policies' texts, where it does not lie beside the entries
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ReceiptArgs {
    /// The receipt, a `.tlog-proof` file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A public key of the ledger, as it was handed out; may be given more than once
    #[arg(long, value_name = "VKEY", value_parser = key, required = true)]
    key: Vec<VerifierKey>,
    /// A public key of a witness that has to have cosigned; may be given more than once
    #[arg(long, value_name = "VKEY", value_parser = key)]
    witness: Vec<VerifierKey>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

fn key(text: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse(text).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Receipt(args)) => verify_receipt(&args),
        None => verify_folder(cli.folder),
    }
}

fn verify_folder(args: FolderArgs) -> ExitCode {
    let Some(dir) = args.dir else {
        return unreadable(&Unreadable("name a folder, or `receipt FILE`".to_owned()), args.json);
    };
    let mut keys = Keys::default();
    args.key.into_iter().chain(args.witness).for_each(|key| keys.add(key));
    let options = Options { keys, checkpoints: args.checkpoint, policies: args.policies };
    let bar = bar();
    let verified = folder::verify(&dir, &options, &|count, total| {
        bar.set_length(total);
        bar.inc(count);
    });
    bar.finish_and_clear();
    match verified {
        Err(error) => unreadable(&error, args.json),
        Ok(report) => {
            if args.json {
                println!("{:#}", report.json());
            } else {
                println!("{report}");
            }
            ExitCode::from(u8::from(!report.problems.is_empty()))
        }
    }
}

fn verify_receipt(args: &ReceiptArgs) -> ExitCode {
    let keys: Vec<VerifierKey> = args.key.iter().chain(&args.witness).cloned().collect();
    let proved = receipt::verify(&args.file, &keys).and_then(|proved| {
        let cosigned = |key: &&VerifierKey| {
            key.kind() != KeyKind::Witness
                || proved.witnesses.iter().any(|(name, _)| name == key.name())
        };
        match args.witness.iter().find(|key| !cosigned(key)) {
            None => Ok(proved),
            Some(key) => Err(makegood_verify::problem::Problem::of(
                &args.file,
                format!("is not cosigned by {}", key.name()),
            )
            .into()),
        }
    });
    match proved {
        Ok(proved) if args.json => println!("{:#}", proved.json()),
        Ok(proved) => println!("{proved}"),
        Err(Failure::Unreadable(error)) => return unreadable(&error, args.json),
        Err(Failure::Bad(problem)) => {
            if args.json {
                println!("{:#}", json!({ "ok": false, "what": problem.to_string() }));
            } else {
                println!("NOT VERIFIED: {problem}");
            }
            return ExitCode::from(1);
        }
    }
    ExitCode::SUCCESS
}

fn unreadable(error: &Unreadable, as_json: bool) -> ExitCode {
    if as_json {
        println!("{:#}", json!({ "ok": null, "unreadable": error.to_string() }));
    } else {
        eprintln!("error: {error}");
    }
    ExitCode::from(2)
}

/// A bar on a terminal; nothing where standard error is a file.
fn bar() -> ProgressBar {
    let template = "{bar:32} {percent:>3} %  {human_pos} entries, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
