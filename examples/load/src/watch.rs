//! `watch`: how soon a desk shows what was written, with hundreds of desks open.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bytes::Bytes;
use makegood_proto::v1;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::time::timeout_at;

use crate::dice::Dice;
use crate::rate::AMOUNT_MINOR;
use crate::recorder::Recorder;
use crate::report::{Report, float};
use crate::requests::Conversation;
use crate::stage::{Stage, StageArgs};
use crate::target::TargetArgs;
use crate::wire::{Link, Messages};

/// The arguments of `watch`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// How many desks are open, each of an agent of its own.
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    desks: usize,
    /// Whose desks a gift concerns: each has a customer of its own, or all the same.
    #[arg(long, value_enum, default_value_t = Affected::One)]
    affected: Affected,
    /// How many gifts are followed.
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    rounds: usize,
    /// Desks that share a connection; browsers have one each.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    desks_per_connection: usize,
    /// Which chances to take.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// Whose desks a gift concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Affected {
    One,
    All,
}

/// More desks would need more files than a process may open.
const DESKS_MAX: usize = 10_000;
const ROUNDS_MAX: usize = 10_000;
/// A desk that has heard nothing by then will not.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message that a desk has received: which desk, when, and what.
struct Heard {
    desk: usize,
    at: Instant,
    message: Bytes,
}

/// What the rounds found.
#[derive(Default)]
struct Found {
    give: Recorder,
    panel: Recorder,
    /// From the gift's sending to the first desk's, and to the last desk's message.
    first: Recorder,
    last: Recorder,
    /// From the entry's own time to the first desk's message.
    from_entry: Recorder,
}

/// Follows gifts from the agent who gives to the desks that show them.
///
/// # Errors
/// The stage cannot be set, or a desk hears nothing.
pub(crate) async fn run(args: &WatchArgs) -> anyhow::Result<Report> {
    anyhow::ensure!((1..=DESKS_MAX).contains(&args.desks), "desks: write 1 to {DESKS_MAX}");
    let plan = StageArgs {
        agents: args.desks,
        customers: 1,
        connections: 4,
        bound_tokens: true,
        seed: args.seed,
    };
    let pair = |desk| match args.affected {
        Affected::One => (desk, desk),
        Affected::All => (desk, 0),
    };
    let pairs = (0..args.desks).map(pair).collect();
    let stage = Stage::with(args.target.open()?, &plan, pairs).await?;
    let mut heard = open_desks(&stage, args.desks_per_connection).await?;
    let expected = match args.affected {
        Affected::One => 1,
        Affected::All => args.desks,
    };
    let mut found = Found::default();
    let mut dice = stage.dice(0);
    for _ in 0..args.rounds.clamp(1, ROUNDS_MAX) {
        round(&stage, &mut dice, &mut heard, expected, &mut found).await?;
    }
    stage.clear().await?;
    Ok(report(args, &found))
}

fn report(args: &WatchArgs, found: &Found) -> Report {
    let mut report = Report::of("watch");
    report.put("affected", format!("{:?}", args.affected).to_lowercase());
    report.put("desks", args.desks);
    report.put("rounds", found.give.done_count());
    report.put("unary_give_p50_us", found.give.done_us(0.5));
    report.put("unary_panel_p50_us", found.panel.done_us(0.5));
    for (name, recorder) in [("first", &found.first), ("last", &found.last)] {
        for (digits, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            report.put(&format!("sent_to_{name}_desk_{digits}_us"), recorder.done_us(quantile));
        }
    }
    report.put("entry_to_first_desk_p50_us", found.from_entry.done_us(0.5));
    let ratio = |over: &Recorder, under: &Recorder| {
        float(over.done_us(0.5)) / float(under.done_us(0.5).max(1))
    };
    report.put_rounded("stream_vs_unary", ratio(&found.first, &found.give));
    report.put_rounded("entry_to_stream_vs_panel", ratio(&found.from_entry, &found.panel));
    report
}

/// Opens every desk, and waits until each has shown its call.
async fn open_desks(
    stage: &Stage,
    desks_per_connection: usize,
) -> anyhow::Result<mpsc::UnboundedReceiver<Heard>> {
    let (sender, mut heard) = mpsc::unbounded_channel();
    let mut dice = stage.dice(1);
    for (first, calls) in stage.conversations.chunks(desks_per_connection.max(1)).enumerate() {
        let link = Link::open(stage.target.address).await?;
        for (place, call) in calls.iter().enumerate() {
            let messages = link.watch(call.watch(dice.uuid())?).await.context("open a desk")?;
            let desk = first * desks_per_connection.max(1) + place;
            tokio::spawn(listen(desk, messages, sender.clone()));
        }
    }
    hear(&mut heard, stage.conversations.len()).await?;
    Ok(heard)
}

async fn listen(desk: usize, mut messages: Messages, sender: mpsc::UnboundedSender<Heard>) {
    while let Some(message) = messages.next().await {
        let at = Instant::now();
        if has_panels(&message) && sender.send(Heard { desk, at, message }).is_err() {
            return;
        }
    }
}

/// A message without panels is a sign of life: it begins with the field of the revision, where
/// others begin with that of the panels, which is field 1 of wire type 2.
fn has_panels(message: &[u8]) -> bool {
    message.first() == Some(&0x0a)
}

/// Waits for a message from each of so many desks. What they hold is looked at later: reading it now
/// would keep others from being heard in time.
async fn hear(
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    desk_count: usize,
) -> anyhow::Result<Vec<Heard>> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut all: Vec<Heard> = Vec::with_capacity(desk_count);
    while all.len() < desk_count {
        let next = timeout_at(deadline, heard.recv()).await;
        let next = next.ok().flatten().with_context(|| {
            format!("only {} of {desk_count} desks heard of it in time", all.len())
        })?;
        if all.iter().all(|it| it.desk != next.desk) {
            all.push(next);
        }
    }
    Ok(all)
}

/// One gift, from sending to the last desk that shows it.
async fn round(
    stage: &Stage,
    dice: &mut Dice,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    desk_count: usize,
    found: &mut Found,
) -> anyhow::Result<()> {
    // What came late from the round before is of no use any more.
    while heard.try_recv().is_ok() {}
    let desk = dice.below(stage.conversations.len());
    let call: &Conversation = &stage.conversations[desk];
    let link = stage.link(desk)?;

    let panel = call.panel()?;
    let begun = Instant::now();
    let outcome = link.call(panel).await;
    found.panel.note(begun.elapsed(), &outcome);

    let spend = dice.uuid();
    let gift = call.give(AMOUNT_MINOR)?.with(spend);
    let sent = Instant::now();
    let giving = async {
        let outcome = link.call(gift).await;
        (sent.elapsed(), outcome)
    };
    let ((took, outcome), all) = tokio::join!(giving, hear(heard, desk_count));
    let all = all?;
    found.give.note_time(took);
    let given: v1::GiveSpendResponse = outcome.message("a gift")?;
    let times = || all.iter().map(|it| it.at);
    let first = times().min().context("no desk heard of the gift")?;
    let last = times().max().unwrap_or(first);
    found.first.note_time(first - sent);
    found.last.note_time(last - sent);
    found.from_entry.note_time(since_entry(&given, first));
    check(&all, &spend.to_string())
}

/// From the time that the entry carries to a moment on this machine's other clock.
fn since_entry(given: &v1::GiveSpendResponse, moment: Instant) -> Duration {
    let time = given.receipt.as_ref().and_then(|it| it.record_time).unwrap_or_default();
    let entry = Duration::new(
        u64::try_from(time.seconds).unwrap_or(0),
        u32::try_from(time.nanos).unwrap_or(0),
    );
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    wall.saturating_sub(moment.elapsed()).saturating_sub(entry)
}

/// What the desks were shown must be the gift, or the times mean nothing.
fn check(all: &[Heard], spend_id: &str) -> anyhow::Result<()> {
    for heard in all {
        let shown = v1::WatchDeskResponse::decode(heard.message.clone())?;
        let mut spends = shown.panels.iter().flat_map(|panel| &panel.spends);
        let knows_customer = shown.panels.iter().any(|panel| panel.headroom.is_some());
        anyhow::ensure!(
            spends.any(|spend| spend.spend_id == spend_id) || knows_customer,
            "desk {} was shown something else than the gift",
            heard.desk
        );
    }
    Ok(())
}
