//! `hot-customer` and `hot-pool`: everybody at once about one thing.
//!
//! In the first, all agents serve one customer, and every gift changes what every desk shows; in the
//! second, all gifts draw on one counter.

use std::path::PathBuf;
use std::time::Duration;

use crate::dice::Dice;
use crate::open::drive;
use crate::pace::{Part, Schedule};
use crate::page::{Page, put_sums};
use crate::rate::AMOUNT_MINOR;
use crate::report::Report;
use crate::requests::{Conversation, Repeated};
use crate::stage::{Stage, StageArgs, open_links};
use crate::target::TargetArgs;
use crate::timeline::{Kind, Log, Timeline};
use crate::wire::{Ask, Messages};

/// The arguments of the storms.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StormArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Agents with a call each, whose desks are open.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    agents: usize,
    /// Calls a second, half of them gifts, half panels.
    #[arg(long, value_name = "COUNT", default_value_t = 400)]
    per_second: u32,
    /// For how long; at most 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    seconds: u32,
    /// Which chances to take.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The folder for the page of pictures and the figures.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// What everybody is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hot {
    Customer,
    Pool,
}

const SECONDS_MAX: u32 = 300;
const IN_FLIGHT_MAX: u32 = 20_000;
/// Desks that share a connection.
const SHARE: usize = 4;
const SLOT: Duration = Duration::from_secs(1);

impl Hot {
    const fn scenario(self) -> &'static str {
        match self {
            Self::Customer => "hot-customer",
            Self::Pool => "hot-pool",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Customer => {
                "All agents serve one customer at once: every gift changes what every desk shows."
            }
            Self::Pool => {
                "Each agent serves a customer of their own, and all gifts draw on one counter, where \
                 the policy has a limit of the pool."
            }
        }
    }
}

/// Lets the storm go on for its time, and writes its page.
///
/// # Errors
/// The stage cannot be set, or the page cannot be written.
pub(crate) async fn run(hot: Hot, args: &StormArgs) -> anyhow::Result<Report> {
    let plan = StageArgs {
        agents: args.agents,
        customers: 1,
        connections: 8,
        bound_tokens: true,
        seed: args.seed,
    };
    let customer = |agent| if hot == Hot::Customer { 0 } else { agent };
    let pairs = (0..args.agents).map(|agent| (agent, customer(agent))).collect();
    let stage = Stage::with(args.target.open()?, &plan, pairs).await?;
    let log = Log::default();
    open_desks(&stage, &log).await?;
    let timeline = Timeline::begin(&log, args.target.server_pid, SLOT, (0.0, 1.0));
    let length = Duration::from_secs(args.seconds.clamp(1, SECONDS_MAX).into());
    let part = Part { length, per_second: f64::from(args.per_second) };
    let schedule = Schedule::new(stage.dice(1 << 20), vec![part]);
    let all = stage.conversations.iter();
    let gifts: Vec<Repeated> =
        all.clone().map(|it| it.give(AMOUNT_MINOR)).collect::<Result<_, _>>()?;
    let panels: Vec<Ask> = all.map(Conversation::panel).collect::<Result<_, _>>()?;
    let mut dice: Dice = stage.dice(1 << 21);
    let driven = drive(schedule, IN_FLIGHT_MAX, |due| {
        let which = dice.below(gifts.len());
        let (kind, ask) = match dice.below(2) {
            0 => (Kind::Give, gifts[which].with(dice.uuid())),
            _ => (Kind::Panel, panels[which].clone()),
        };
        let link = stage.links[which % stage.links.len()].clone();
        let log = log.clone();
        async move { log.note(kind, due, &link.call(ask).await) }
    })
    .await;
    let slots = timeline.end().await?;
    stage.clear().await?;
    let mut report = Report::of(hot.scenario());
    report.put("agents", args.agents);
    report.put("seconds", length.as_secs());
    report.put("calls_offered", driven.arrival_count);
    report.put("not_sent", driven.unsent_count);
    put_sums(&mut report, &slots);
    report.put("desk_messages", slots.iter().map(|slot| slot.message_count).sum::<u64>());
    let page = Page {
        title: hot.scenario(),
        about: hot.about(),
        axis: "second",
        axis_label: "seconds",
        slots: &slots,
        report: &report,
    };
    let page = page.write(&args.out)?;
    report.put("page", page.display().to_string());
    Ok(report)
}

/// Opens a desk for each call, with the call on it.
async fn open_desks(stage: &Stage, log: &Log) -> anyhow::Result<()> {
    let links = open_links(&stage.target, stage.conversations.len().div_ceil(SHARE)).await?;
    let mut dice = stage.dice(1 << 22);
    for (number, call) in stage.conversations.iter().enumerate() {
        let messages = links[number / SHARE].watch(call.watch(dice.uuid())?).await?;
        log.desk_opened();
        tokio::spawn(read(messages, log.clone()));
    }
    Ok(())
}

async fn read(mut messages: Messages, log: Log) {
    while messages.next().await.is_some() {
        log.message();
    }
    log.desk_closed();
}
