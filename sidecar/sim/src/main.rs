//! The simulator: the real writer on a disk that loses, tears and fails, against an oracle written
//! from the rules. A seed plays the same, bit for bit, on every machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]
#![expect(clippy::expect_used, reason = "a simulation that is broken must stop")]

mod cast;
#[cfg(feature = "mutants")]
mod mutants;
mod oracle;
mod plan;
mod world;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use world::{Report, run};

/// Plays seeds, and stops at the first that violates a rule.
#[derive(Debug, Parser)]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first seed; alone, it is the only one.
    #[arg(long)]
    seed: Option<u64>,
    /// Commands of each seed.
    #[arg(long, default_value_t = 5_000)]
    commands: u64,
    /// Plays with each deliberate mistake of the list; every one must be found.
    #[cfg(feature = "mutants")]
    #[arg(long)]
    mutants: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    #[cfg(feature = "mutants")]
    if args.mutants {
        return mutants::all_are_found();
    }
    let (first, count) = match args.seed {
        Some(seed) => (seed, 1),
        None => (1, args.seeds),
    };
    match play(first, count, args.commands) {
        Ok(sum) => {
            println!(
                "{count} seeds from {first}: {} commands, {} entries, {} refusals, {} crashes, no \
                 violation; digest {:016x}",
                sum.commands, sum.entries, sum.refusals, sum.crashes, sum.digest
            );
            ExitCode::SUCCESS
        }
        Err((seed, error)) => {
            eprintln!("seed {seed}: {error:#}");
            eprintln!("play it again: cargo xtask sim --seed {seed} --commands {}", args.commands);
            ExitCode::FAILURE
        }
    }
}

/// Plays all seeds, some at once; the sum of what they came to, or the first violation.
fn play(first: u64, count: u64, commands: u64) -> Result<Report, (u64, anyhow::Error)> {
    let next = AtomicU64::new(first);
    let (sum, violation) = (Mutex::new(Report::default()), Mutex::new(None));
    let bar = ProgressBar::new(count).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} seeds {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let work = || {
        while violation.lock().is_ok_and(|found| found.is_none()) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                break;
            }
            match played(seed, commands) {
                Ok(report) => drop(sum.lock().map(|mut sum| sum.add(report))),
                Err(error) => {
                    drop(violation.lock().map(|mut found| *found = Some((seed, error))));
                }
            }
            bar.inc(1);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    bar.finish_and_clear();
    match violation.into_inner() {
        Ok(Some(found)) => Err(found),
        _ => Ok(sum.into_inner().unwrap_or_default()),
    }
}

/// A broken invariant stops by a panic, which is a violation like any other.
fn played(seed: u64, commands: u64) -> anyhow::Result<Report> {
    std::panic::catch_unwind(|| run(seed, commands)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(anyhow::anyhow!("panicked: {}", text.unwrap_or_default()))
    })
}
