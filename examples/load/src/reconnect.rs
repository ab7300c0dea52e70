//! `reconnect`: every desk loses its connection at once, and all come back at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::dice::Dice;
use crate::open::{Notes, drive};
use crate::pace::{Part, Schedule};
use crate::page::{Page, put_sums};
use crate::report::Report;
use crate::requests::Conversation;
use crate::stage::{Stage, StageArgs};
use crate::target::TargetArgs;
use crate::timeline::{Kind, Log, Timeline};
use crate::wire::{Ask, Link, Messages};

/// The arguments of `reconnect`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ReconnectArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// How many desks there are, each with a connection and a call of its own.
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    desks: usize,
    /// How often all of them come back.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    rounds: usize,
    /// Panels a second that others read meanwhile, over connections of their own.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    per_second: u32,
    /// Which chances to take.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The folder for the page of pictures and the figures.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

const DESKS_MAX: usize = 10_000;
const ROUNDS_MAX: usize = 50;
const IN_FLIGHT_MAX: u32 = 20_000;
/// Between two rounds the sidecar has time to notice who has gone.
const PAUSE: Duration = Duration::from_secs(2);
/// A desk that was refused tries again after this time and up to as much again, as panels do.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// After so many tries a desk stays away.
const TRIES: u32 = 100;
const SLOT: Duration = Duration::from_millis(250);
/// Longer than all rounds; whoever reads meanwhile is stopped after the last.
const MEANWHILE_MAX: Duration = Duration::from_hours(1);
/// The reason of a desk that was turned away and tried again.
const TRIED_AGAIN: &str = "TRIED_AGAIN";

/// Lets all desks come back a few times, and writes the page.
///
/// # Errors
/// The stage cannot be set, a desk stays away, or the page cannot be written.
pub(crate) async fn run(args: &ReconnectArgs) -> anyhow::Result<Report> {
    anyhow::ensure!((1..=DESKS_MAX).contains(&args.desks), "desks: write 1 to {DESKS_MAX}");
    let plan = StageArgs {
        agents: args.desks,
        customers: 1,
        connections: 4,
        bound_tokens: true,
        seed: args.seed,
    };
    let pairs = (0..args.desks).map(|desk| (desk, desk)).collect();
    let stage = Arc::new(Stage::with(args.target.open()?, &plan, pairs).await?);
    let log = Log::default();
    let timeline = Timeline::begin(&log, args.target.server_pid, SLOT, (0.0, SLOT.as_secs_f64()));
    let reading = tokio::spawn(read_meanwhile(Arc::clone(&stage), args.per_second, log.clone()));
    let shown = Notes::default();
    let mut slowest = Vec::new();
    for round in 0..args.rounds.clamp(1, ROUNDS_MAX) {
        let begun = Instant::now();
        let desks = come_back(&stage, round, &log, &shown).await?;
        slowest.push(begun.elapsed());
        tokio::time::sleep(PAUSE).await;
        drop(desks);
        tokio::time::sleep(PAUSE).await;
    }
    reading.abort();
    let slots = timeline.end().await?;
    let (shown, mut report) = (shown.take(), Report::of("reconnect"));
    report.put("desks", args.desks);
    report.put("rounds", slowest.len());
    slowest.sort_unstable();
    let median = slowest.get(slowest.len() / 2).copied().unwrap_or_default();
    report.put_rounded("all_back_p50_ms", median.as_secs_f64() * 1e3);
    report.put_calls("desk_", &shown);
    put_sums(&mut report, &slots);
    let page = Page {
        title: "All desks come back at once",
        about: "Every desk loses its connection at the same moment and opens it again; others go on \
                reading panels meanwhile.",
        axis: "second",
        axis_label: "seconds",
        slots: &slots,
        report: &report,
    };
    let page = page.write(&args.out)?;
    report.put("page", page.display().to_string());
    if let Some(stage) = Arc::into_inner(stage) {
        stage.clear().await?;
    }
    Ok(report)
}

/// A desk that shows its call.
struct Back {
    log: Log,
    _link: Link,
    _messages: Messages,
}

impl Drop for Back {
    fn drop(&mut self) {
        self.log.desk_closed();
    }
}

/// Opens all desks at once, and waits until each shows its call.
async fn come_back(
    stage: &Arc<Stage>,
    round: usize,
    log: &Log,
    shown: &Notes,
) -> anyhow::Result<Vec<Back>> {
    let mut coming = JoinSet::new();
    for desk in 0..stage.conversations.len() {
        let (stage, log, shown) = (Arc::clone(stage), log.clone(), shown.clone());
        let dice = stage.dice((round + 1) * DESKS_MAX + desk);
        coming.spawn(async move { open(&stage, desk, dice, &log, &shown).await });
    }
    let mut all = Vec::new();
    while let Some(back) = coming.join_next().await {
        all.push(back??);
    }
    Ok(all)
}

async fn open(
    stage: &Stage,
    desk: usize,
    mut dice: Dice,
    log: &Log,
    shown: &Notes,
) -> anyhow::Result<Back> {
    let begun = Instant::now();
    let call: &Conversation = &stage.conversations[desk];
    for _ in 0..TRIES {
        if let Ok((link, messages)) = try_open(stage, call.watch(dice.uuid())?).await {
            shown.note_time(begun.elapsed());
            log.desk_opened();
            log.message();
            return Ok(Back { log: log.clone(), _link: link, _messages: messages });
        }
        log.count(Kind::Topic, TRIED_AGAIN);
        tokio::time::sleep(RETRY_AFTER.mul_f64(1.0 + dice.unit())).await;
    }
    anyhow::bail!("desk {desk} was turned away {TRIES} times")
}

/// The connection and the stream, once the first panel is there.
async fn try_open(stage: &Stage, watch: Ask) -> anyhow::Result<(Link, Messages)> {
    let link = Link::open(stage.target.address).await?;
    let mut messages = link.watch(watch).await?;
    let first = messages.next().await;
    anyhow::ensure!(first.is_some(), "the stream ended before it began");
    Ok((link, messages))
}

/// Others read panels, until they are stopped.
async fn read_meanwhile(stage: Arc<Stage>, per_second: u32, log: Log) {
    let Ok(panels) =
        stage.conversations.iter().map(Conversation::panel).collect::<Result<Vec<_>, _>>()
    else {
        return;
    };
    let part = Part { length: MEANWHILE_MAX, per_second: f64::from(per_second) };
    let schedule = Schedule::new(stage.dice(1), vec![part]);
    let mut dice = stage.dice(2);
    drive(schedule, IN_FLIGHT_MAX, |due| {
        let panel = panels[dice.below(panels.len())].clone();
        let link = stage.links[dice.below(stage.links.len())].clone();
        let log = log.clone();
        async move { log.note(Kind::Panel, due, &link.call(panel).await) }
    })
    .await;
}
