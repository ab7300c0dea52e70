//! `makegood import`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::{complain, say, serve, setup};
use crate::config::ConfigFlags;
use crate::house::{House, HouseSink};
use crate::import::args::ImportArgs;
use crate::import::checkpoint::Checkpoints;
use crate::import::error::ImportError;
use crate::import::mapping::Mapping;
use crate::import::report::Report;
use crate::read_model::Progress;

/// The folder in the tenant's, where the place of an interrupted import is kept.
const CHECKPOINTS: &str = "import";
/// What a shell expects of a command that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

/// The arguments of `makegood import`.
#[derive(Debug, clap::Args)]
pub(super) struct ImportCommand {
    #[command(flatten)]
    import: ImportArgs,
    #[command(flatten)]
    config: ConfigFlags,
}

pub(super) fn run(command: &ImportCommand) -> anyhow::Result<ExitCode> {
    // Mistakes in the mapping and in the files' names cost no opening of the house.
    let mapping = command.import.prepare()?;
    let stop = Arc::new(AtomicBool::new(false));
    stop_when_asked(&stop)?;
    let outcome = if command.import.dry_run {
        command.import.try_out(&mapping, &stop)
    } else {
        import(command, &mapping, &stop)?
    };
    match outcome {
        Ok(report) => {
            say(report.to_string().trim_end());
            Ok(ExitCode::from(report.exit_code()))
        }
        Err(stopped @ ImportError::Stopped { .. }) => {
            complain(&stopped.into());
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(error) => Err(error.into()),
    }
}

fn import(
    command: &ImportCommand,
    mapping: &Mapping,
    stop: &AtomicBool,
) -> anyhow::Result<Result<Report, ImportError>> {
    let config = setup::config(&command.config)?;
    let house = setup::open_house(&config)
        .context("open the data folder; while a sidecar serves it, stop that before an import")?;
    wait_for_history(&house)?;
    let store_position = || record_position(&house);
    let checkpoints = Checkpoints {
        folder: house.folder().join(CHECKPOINTS),
        store_position: &store_position,
        from_start: command.import.from_start,
    };
    let outcome = command.import.execute(mapping, &mut HouseSink::new(&house), checkpoints, stop);
    if outcome.is_ok() {
        // Everything is durable; arranged now, it need not be when agents wait for the start.
        wait_for_history(&house)?;
    }
    let closed = house.close();
    if outcome.is_ok() {
        closed?;
    }
    Ok(outcome)
}

fn record_position(house: &House) -> u64 {
    u64::try_from(house.revision().record_position).unwrap_or_default()
}

/// The first Ctrl-C ends the import between two lines, and the second at once.
fn stop_when_asked(stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stop = Arc::clone(stop);
    let watch = move || {
        runtime.block_on(async {
            serve::stop_asked().await;
            stop.store(true, Ordering::Relaxed);
            serve::stop_asked().await;
        });
        #[expect(clippy::exit, reason = "asked twice to end; what is durable stays so")]
        std::process::exit(i32::from(INTERRUPTED));
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watch)?;
    Ok(())
}

fn wait_for_history(house: &House) -> anyhow::Result<()> {
    let style =
        ProgressStyle::with_template("{spinner} arranging history, {pos} of {len} records")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    house.wait_for_history(|progress| show(&bar, progress))?;
    bar.finish_and_clear();
    Ok(())
}

fn show(bar: &ProgressBar, progress: Progress) {
    if let Progress::Rebuilding { done, total } = progress {
        bar.set_length(total);
        bar.set_position(done);
        bar.tick();
    }
}
