//! `makegood import`.

use std::process::ExitCode;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::{say, setup};
use crate::config::ConfigFlags;
use crate::house::HouseSink;
use crate::import::args::ImportArgs;
use crate::read_model::Progress;

/// The arguments of `makegood import`.
#[derive(Debug, clap::Args)]
pub(super) struct ImportCommand {
    #[command(flatten)]
    import: ImportArgs,
    #[command(flatten)]
    config: ConfigFlags,
}

pub(super) fn run(command: &ImportCommand) -> anyhow::Result<ExitCode> {
    let config = setup::config(&command.config)?;
    let house = setup::open_house(&config)
        .context("open the data folder; while a sidecar serves it, stop that before an import")?;
    let bar = ProgressBar::new_spinner().with_style(style()?);
    house.wait_for_history(|progress| show(&bar, progress))?;
    bar.finish_and_clear();
    let report = command.import.execute(&mut HouseSink::new(&house));
    let closed = house.close();
    let report = report?;
    closed?;
    say(&report);
    Ok(ExitCode::from(report.exit_code()))
}

fn style() -> anyhow::Result<ProgressStyle> {
    Ok(ProgressStyle::with_template("{spinner} rebuilding the read model {pos}/{len}")?)
}

fn show(bar: &ProgressBar, progress: Progress) {
    if let Progress::Rebuilding { done, total } = progress {
        bar.set_length(total);
        bar.set_position(done);
        bar.tick();
    }
}
