//! `verify_entries_per_s`, `verify_vs_sha256`: what it costs to verify a ledger with every decision
//! made again, against hashing the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::bench::{
    Aim, Bench, Contender, Figure, Limit, Session, interleave, median, median_ratio,
};
use crate::{process, verifier};

/// At full size.
const ENTRIES: u32 = 1_000_000;

pub(super) const VERIFY: Bench = Bench {
    aims: &[
        Aim {
            name: "verify_entries_per_s",
            about: "entries verified in a second of one core: files, tree, tiles, checkpoints, \
                    balances, and every decision made again",
            limit: Limit::AtLeast(200_000.0),
        },
        Aim {
            name: "verify_vs_sha256",
            about: "CPU of that, against SHA-256 over the same bytes of the journal",
            limit: Limit::Reported,
        },
    ],
    run,
};

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let program = verifier::build(session.workspace)?;
    let folder = session.scratch("verify")?.join("house");
    let entries = f64::from(write_ledger(session, &folder)?);
    let segments = segments(&folder.join("ledger"))?;
    let mut samples = interleave(
        session.rounds,
        vec![
            Contender {
                name: "verify",
                unit: "seconds",
                measure: Box::new(|| verify_s(session, &program, &folder)),
            },
            Contender { name: "sha256", unit: "seconds", measure: Box::new(|| hash_s(&segments)) },
        ],
    )?;
    let ratio = Figure {
        value: median_ratio(&samples[0], &samples[1]),
        unit: "ratio",
        paired_with: Some("sha256"),
        rounds: session.rounds,
        samples: Vec::new(),
        note: session.scale_note(),
    };
    samples.truncate(1);
    let rate = Figure {
        value: entries / median(&samples[0].values),
        unit: "entries a second",
        paired_with: None,
        rounds: session.rounds,
        samples,
        note: session.scale_note(),
    };
    Ok(vec![rate, ratio])
}

/// Writes a ledger by the rules, and returns how many entries it has.
fn write_ledger(session: &Session<'_>, folder: &Path) -> anyhow::Result<u32> {
    let mut cargo = session.workspace.cargo();
    cargo.args(["run", "--quiet", "--release", "--package", "makegood-verify"]);
    cargo.args(["--example", "ledger", "--"]).arg(folder);
    let output = process::output(cargo.arg(session.scaled(ENTRIES).to_string()))?;
    let count = output.split_once(" entries").and_then(|(count, _)| count.parse().ok());
    count.context("the example does not say how many entries it has written")
}

fn segments(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let paths = entries.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|it| it == "seg")).collect())
}

/// The CPU that one verification takes, on all its threads, in seconds.
fn verify_s(session: &Session<'_>, program: &Path, folder: &Path) -> anyhow::Result<f64> {
    let before_s = children_cpu_s()?;
    process::output(session.workspace.command(&program.to_string_lossy()).arg(folder))?;
    Ok(children_cpu_s()? - before_s)
}

fn hash_s(segments: &[PathBuf]) -> anyhow::Result<f64> {
    let mut took_s = 0.0;
    for path in segments {
        let bytes = fs::read(path)?;
        let started = Instant::now();
        std::hint::black_box(Sha256::digest(&bytes));
        took_s += started.elapsed().as_secs_f64();
    }
    Ok(took_s)
}

/// The CPU of all programs that this one has started and seen the end of, in seconds.
fn children_cpu_s() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    children_ticks(&stat).map(|ticks| ticks / TICKS_PER_S).context("no times in /proc/self/stat")
}

/// What Linux counts CPU by, on every machine of today.
const TICKS_PER_S: f64 = 100.0;

/// User and system time of ended children, in ticks: the 16th and 17th field.
fn children_ticks(stat: &str) -> Option<f64> {
    // The second field is a name in brackets, which may hold spaces.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(13).map(|field| field.parse::<f64>().ok());
    Some(fields.next()?? + fields.next()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_children_took() {
        let stat = "12 (a b) S 1 1 1 0 -1 0 0 0 0 0 7 8 250 50 20 0 1";
        assert_eq!(children_ticks(stat), Some(300.0));
    }
}
