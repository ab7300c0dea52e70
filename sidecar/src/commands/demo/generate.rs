//! `makegood demo generate`: a contact centre of any size, in a house or as files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::commands::{say, setup};
use crate::config::ConfigFlags;
use crate::generate::files::FilesSink;
use crate::generate::{Config as Centre, Generated, MOST_CUSTOMERS, generate};
use crate::house::HouseSink;
use crate::import::rows::Sink;
use crate::read_model::Progress;

/// The arguments of `makegood demo generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The same arguments make the same centre, byte for byte, on every machine; put into one house twice,
they change nothing. The data folder is filled offline: stop its sidecar before.

Everything is invented. How often customers call, at which hour, what they score and how much they
write follows published sets.")]
pub(super) struct GenerateArgs {
    /// How many customers.
    #[arg(long, default_value_t = 1_000)]
    customers: u32,
    /// How many interactions all of them have together.
    #[arg(long, default_value_t = 10_000)]
    interactions: u64,
    /// How many agents; three at least.
    #[arg(long, default_value_t = 50)]
    agents: u32,
    /// Which centre: another number makes other people.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How many days of interactions there are.
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// The moment at which the history ends. It is fixed, and not now, so that the same arguments
    /// make the same centre tomorrow.
    #[arg(long, value_name = "TIME", default_value = "2026-07-01T00:00:00Z")]
    until: Timestamp,
    /// Write CSV files and a mapping into a folder, for `makegood import`, and fill no house.
    #[arg(long, value_name = "FOLDER", conflicts_with = "data")]
    files: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFlags,
}

pub(super) fn run(args: &GenerateArgs) -> anyhow::Result<ExitCode> {
    let centre = args.centre()?;
    let started = Instant::now();
    let generated = match &args.files {
        Some(folder) => into_files(&centre, folder)?,
        None => into_house(&centre, &args.config)?,
    };
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let Generated { row_count, rejected_count } = generated;
    let rate = row_count.saturating_mul(1_000) / milliseconds;
    say(format!(
        "{row_count} rows in {}.{} s, {rate} a second",
        milliseconds / 1_000,
        milliseconds % 1_000 / 100
    ));
    if rejected_count > 0 {
        bail!("{rejected_count} rows were refused; is this a newer folder than the program?");
    }
    Ok(ExitCode::SUCCESS)
}

impl GenerateArgs {
    fn centre(&self) -> anyhow::Result<Centre> {
        if self.customers == 0 && self.interactions > 0 {
            bail!("there are no customers to have interactions; name some with --customers");
        }
        if self.customers > MOST_CUSTOMERS {
            bail!("--customers {}: at most {MOST_CUSTOMERS} can be made", self.customers);
        }
        let until_ns = i64::try_from(self.until.as_nanosecond());
        Ok(Centre {
            seed: self.seed,
            customer_count: self.customers,
            interaction_count: self.interactions,
            agent_count: self.agents,
            days: self.days,
            now_ns: until_ns.context("--until: name a time before the year 2262")?,
        })
    }
}

fn into_files(centre: &Centre, folder: &Path) -> anyhow::Result<Generated> {
    let context = || format!("write into {}", folder.display());
    let mut sink = FilesSink::create(folder).with_context(context)?;
    put(centre, &mut sink).with_context(context)
}

fn into_house(centre: &Centre, flags: &ConfigFlags) -> anyhow::Result<Generated> {
    let config = setup::config(flags)?;
    let house = setup::open_house(&config)
        .context("open the data folder; while a sidecar serves it, stop that before")?;
    wait(&house)?;
    let mut sink = HouseSink::new(&house);
    let generated = put(centre, &mut sink);
    drop(sink);
    let arranged = generated.is_ok().then(|| wait(&house)).transpose();
    let closed = house.close();
    let generated = generated.context("fill the house")?;
    arranged?;
    closed?;
    Ok(generated)
}

/// Waits until what is in the journals can be read.
fn wait(house: &crate::house::House) -> anyhow::Result<()> {
    let bar = bar("arranging")?;
    house.wait_for_history(|progress| {
        if let Progress::Rebuilding { done, total } = progress {
            bar.set_length(total);
            bar.set_position(done);
        }
    })?;
    bar.finish_and_clear();
    Ok(())
}

fn put(centre: &Centre, sink: &mut dyn Sink) -> anyhow::Result<Generated> {
    let bar = bar("generating")?;
    let generated = generate(centre, sink, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    Ok(generated?)
}

fn bar(what: &'static str) -> anyhow::Result<ProgressBar> {
    let template = "{msg} {bar:32} {percent:>3} %  {per_sec}  {eta} left";
    Ok(ProgressBar::new(0).with_style(ProgressStyle::with_template(template)?).with_message(what))
}
