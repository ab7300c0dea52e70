//! `import_rows_per_s`, `import_rss_mb`: millions of rows from files into an empty house.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::bench::centre::Centre;
use crate::bench::sidecar::{makegood, memory_mb};
use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session};

/// How often memory is looked at; what counts is the most that the kernel has seen.
const LOOK: Duration = Duration::from_millis(100);

pub(super) const IMPORT: Bench = Bench {
    aims: &[
        Aim {
            name: "import_rows_per_s",
            about: "`makegood import` of 1 M customers and 10 M interactions with all that belongs \
                    to them, from CSV files into an empty house, to the end of the process",
            limit: Limit::Reported,
        },
        Aim {
            name: "import_rss_mb",
            about: "the most memory that was resident in that import",
            limit: Limit::AtMost(1_500.0),
        },
    ],
    run,
};

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let binary = session.binaries()?.makegood;
    let centre = Centre::of(session)?;
    let files = centre.files(session)?;
    let data = session.scratch("import")?;
    centre.ask_for_house_room()?;
    let mut import = makegood(&binary, &["import"], &data);
    import.arg("--mapping").arg(files.join("mapping.toml")).args(tables(&files)?);
    let began = Instant::now();
    let mut child = import
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let most_mb = watch(&mut child)?;
    let took_s = began.elapsed().as_secs_f64();
    let mut report = String::new();
    child.stdout.take().context("standard output is piped")?.read_to_string(&mut report)?;
    anyhow::ensure!(child.wait()?.success(), "the import did not take every row:\n{report}");
    let rows = rows(&report).with_context(|| format!("the import names no count:\n{report}"))?;
    // The house as imported is what the benches of a large house start.
    centre.keep(&data)?;
    let figure = |value, unit, samples| Figure {
        value,
        unit,
        paired_with: None,
        rounds: 1,
        samples,
        note: session.scale_note(),
    };
    Ok(vec![
        figure(
            rows / took_s,
            "rows a second",
            vec![Samples::one("rows", "rows", rows), Samples::one("took", "seconds", took_s)],
        ),
        figure(most_mb, "megabytes", vec![Samples::one("at its most", "megabytes", most_mb)]),
    ])
}

/// Waits for the end; returns the most memory that was resident before it, in megabytes.
fn watch(child: &mut Child) -> anyhow::Result<f64> {
    let mut most_mb = 0.0;
    while child.try_wait()?.is_none() {
        // Between the question and the answer the process may have ended.
        most_mb = memory_mb(child.id(), "VmHWM").unwrap_or(most_mb);
        thread::sleep(LOOK);
    }
    Ok(most_mb)
}

/// People before what they did, as their names have it.
fn tables(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut tables = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            tables.push(path);
        }
    }
    tables.sort();
    anyhow::ensure!(!tables.is_empty(), "{} holds no tables", folder.display());
    Ok(tables)
}

/// `3 lines in 0.0 s`, with or without marks between the thousands.
fn rows(report: &str) -> Option<f64> {
    let line = report.lines().find(|line| line.contains(" lines in "))?;
    let (count, _) = line.trim_start().split_once(" lines")?;
    let digits: String = count.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_many_lines_were_imported() {
        let report = "customers  2  0  0  1\n1,200,003 lines in 0.0 s\nrejected: a\n";
        assert_eq!(rows(report), Some(1_200_003.0));
        assert_eq!(rows("nothing"), None);
    }
}
