//! `overload`: more than the sidecar can do. What it still does, what it says no to, and that it
//! never says no to the end of a hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use makegood_proto::v1;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::closed::{self, Client, Span};
use crate::dice::Dice;
use crate::open::{Driven, Notes, drive};
use crate::pace::{Part, Schedule};
use crate::rate::AMOUNT_MINOR;
use crate::recorder::{LOST, Recorder};
use crate::report::{Report, counts, per_second};
use crate::requests::{Conversation, Repeated};
use crate::stage::{Stage, StageArgs, open_links};
use crate::target::TargetArgs;
use crate::usage::Usage;
use crate::wire::{Ask, Link, Outcome};

/// The arguments of `overload`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct OverloadArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    stage: StageArgs,
    /// How many times the peak is offered.
    #[arg(long, value_name = "NUMBER", default_value_t = 5.0)]
    times: f64,
    /// For how long; at most 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u32,
    /// Commits a second of holds that were opened before.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    commits_per_s: u32,
    /// Connections that the load comes over.
    #[arg(long, value_name = "COUNT", default_value_t = 32)]
    load_connections: usize,
}

/// Of a hundred calls so many read a panel; the others give.
const READS_PERCENT: usize = 70;
/// How many clients the peak is looked for with.
const PEAK_CLIENTS: [usize; 3] = [32, 64, 128];
/// Whoever has waited longer has hung up: an answer that comes later is of no use.
const PATIENCE: Duration = Duration::from_secs(2);
/// A call that finds no place on its connection for so long is not sent at all. Were it longer, those
/// that get a place after all would be answered too late, however fast the server is.
const PLACE_WITHIN: Duration = Duration::from_millis(500);
/// Calls at work on a connection, as many as the sidecar takes unless it is told otherwise.
const AT_WORK_PER_LINK: usize = 32;
/// Calls under way at once, sent or not.
const IN_FLIGHT_MAX: u32 = 20_000;
/// The most that is offered: beyond it this process could not keep its schedule.
const OFFERED_MAX_PER_S: f64 = 200_000.0;
/// The reason of calls that came too late to be of use.
const TOO_LATE: &str = "TOO_LATE";
/// The reason of calls that waited in vain for a place on a connection.
const UNSENT: &str = "UNSENT";

/// What agents ask, in the shares of the mix.
struct Mix {
    reads: Vec<Ask>,
    gifts: Vec<Repeated>,
}

impl Mix {
    fn of(stage: &Stage) -> anyhow::Result<Self> {
        let all = || stage.conversations.iter();
        Ok(Self {
            reads: all().map(Conversation::panel).collect::<Result<_, _>>()?,
            gifts: all().map(|it| it.give(AMOUNT_MINOR)).collect::<Result<_, _>>()?,
        })
    }

    /// The next call, and whether it is a gift.
    fn next(&self, dice: &mut Dice) -> (Ask, bool) {
        if dice.below(100) < READS_PERCENT {
            (self.reads[dice.below(self.reads.len())].clone(), false)
        } else {
            let id = dice.uuid();
            (self.gifts[dice.below(self.gifts.len())].with(id), true)
        }
    }
}

struct Mixed {
    link: Link,
    mix: Arc<Mix>,
    dice: Dice,
}

impl Client for Mixed {
    async fn ask(&mut self) -> Outcome {
        let (ask, _) = self.mix.next(&mut self.dice);
        self.link.call(ask).await
    }
}

/// Finds the peak, then offers a multiple of it.
///
/// # Errors
/// The stage cannot be set, or a hold cannot be opened.
pub(crate) async fn run(args: &OverloadArgs) -> anyhow::Result<Report> {
    anyhow::ensure!((1.0..=100.0).contains(&args.times), "times: write a number from 1 to 100");
    let stage = Stage::set(args.target.open()?, &args.stage).await?;
    let span = Span::of_seconds(args.seconds);
    let mix = Arc::new(Mix::of(&stage)?);
    let load = open_links(&stage.target, args.load_connections).await?;
    let peak_per_s = peak(&stage, &load, &mix, span).await?;
    let commit_count = u64::from(args.commits_per_s) * span.length.as_secs() * 5 / 4;
    let commits = open_holds(&stage, commit_count).await?;

    let offered_per_s = (peak_per_s * args.times).min(OFFERED_MAX_PER_S);
    let part = Part { length: span.length, per_second: offered_per_s };
    let schedule = Schedule::new(stage.dice(usize::MAX), vec![part]);
    let notes = [Notes::default(), Notes::default(), Notes::default()];
    let [reads, gifts, ends] = &notes;
    let ending = end_holds(&stage, commits, f64::from(args.commits_per_s), span, ends.clone());
    let storm = offer(&load, mix, schedule, (reads.clone(), gifts.clone()), stage.dice(1 << 20));
    let before = args.target.server_pid.map(Usage::of).transpose()?;
    let (driven, ended) = tokio::join!(storm, ending);
    let after = args.target.server_pid.map(Usage::of).transpose()?;

    stage.clear().await?;
    let (reads, gifts, ends) = (reads.take(), gifts.take(), ends.take());
    let mut report = Report::of("overload");
    report.put_rounded("peak_per_s", peak_per_s);
    report.put_rounded("offered_per_s", per_second(driven.arrival_count, span.length));
    let mut both = reads.clone();
    both.add(&gifts);
    put_goodput(&mut report, &both, driven, peak_per_s, span);
    report.put_calls("panel_", &reads);
    report.put_calls("give_", &gifts);
    report.put("commits", ended.arrival_count);
    report.put("commits_shed", shed(&ends));
    report.put_calls("commit_", &ends);
    if let Some((before, after)) = before.zip(after) {
        let used = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        report.put_rounded("server_cores", used / span.length.as_secs_f64());
        report.put("server_rss_bytes", after.rss_bytes);
    }
    Ok(report)
}

/// What was done in time of all that was offered, against the peak; and what became of the rest.
fn put_goodput(report: &mut Report, both: &Recorder, driven: Driven, peak_per_s: f64, span: Span) {
    let goodput = per_second(both.done_count(), span.length);
    report.put_rounded("goodput_per_s", goodput);
    report.put_rounded("goodput_ratio", goodput / peak_per_s.max(1.0));
    report.put("not_sent", driven.unsent_count);
    report.put("not_done", counts(both.reasons()));
    for (name, quantile) in [("refusal_p50_us", 0.5), ("refusal_p99_us", 0.99)] {
        report.put(name, both.refused_us(quantile));
    }
}

/// Ends of holds that were refused because of load, or not answered at all.
fn shed(ends: &Recorder) -> u64 {
    let is_shed = |reason: &str| {
        matches!(reason, "OVERLOADED" | "BUSY" | "RATE_LIMITED" | "DEADLINE_EXCEEDED" | LOST)
            || reason.starts_with("CODE_")
    };
    ends.reasons().iter().filter(|(reason, _)| is_shed(reason)).map(|(_, count)| count).sum()
}

/// The most that is done a second.
async fn peak(stage: &Stage, links: &[Link], mix: &Arc<Mix>, span: Span) -> anyhow::Result<f64> {
    let length = span.length.min(Duration::from_secs(4));
    let mut peak_per_s: f64 = 0.0;
    for count in PEAK_CLIENTS {
        let client = |(client, link): (usize, &Link)| Mixed {
            link: link.clone(),
            mix: Arc::clone(mix),
            dice: stage.dice(client),
        };
        let clients = (0..count).zip(links.iter().cycle()).map(client).collect();
        let measured = closed::run(clients, Span { length, ..span }, None).await?;
        peak_per_s = peak_per_s.max(measured.calls_per_s());
    }
    anyhow::ensure!(peak_per_s > 0.0, "no call was done");
    Ok(peak_per_s)
}

/// Opens holds, and answers with the requests that commit them.
async fn open_holds(stage: &Stage, count: u64) -> anyhow::Result<Vec<Ask>> {
    let mut tasks = JoinSet::new();
    let workers = stage.links.len() * 8;
    for worker in 0..workers {
        let (link, mut dice) = (stage.link(worker)?, stage.dice((1 << 21) + worker));
        let share = count / (workers as u64) + 1;
        let calls = stage.conversations.clone();
        tasks.spawn(async move {
            let mut commits = Vec::new();
            for _ in 0..share {
                let call = &calls[dice.below(calls.len())];
                let (spend, id) = (dice.uuid(), dice.uuid());
                let hold = call.hold(AMOUNT_MINOR)?.with(spend);
                link.call(hold).await.message::<v1::ReserveSpendResponse>("a hold")?;
                commits.push(call.commit(spend, id)?);
            }
            anyhow::Ok(commits)
        });
    }
    let mut all = Vec::new();
    while let Some(commits) = tasks.join_next().await {
        all.extend(commits??);
    }
    Ok(all)
}

/// Commits the holds while the load is on, over connections of their own: what is asked of the
/// sidecar is its own doing, and not the wait for a place on a full connection.
async fn end_holds(
    stage: &Stage,
    commits: Vec<Ask>,
    per_second: f64,
    span: Span,
    notes: Notes,
) -> Driven {
    let schedule =
        Schedule::new(stage.dice(1 << 22), vec![Part { length: span.length, per_second }]);
    let mut commits = commits.into_iter();
    let mut links = stage.links.iter().cycle();
    drive(schedule, IN_FLIGHT_MAX, move |due| {
        let call = commits.next().zip(links.next().cloned());
        let notes = notes.clone();
        async move {
            if let Some((ask, link)) = call {
                notes.note(due, &link.call(ask).await);
            }
        }
    })
    .await
}

/// A connection, and places for the calls that may be at work on it.
type Lane = (Link, Arc<Semaphore>);

/// Offers the mix; what is answered too late counts as not done.
async fn offer(
    links: &[Link],
    mix: Arc<Mix>,
    schedule: Schedule,
    (reads, gifts): (Notes, Notes),
    mut dice: Dice,
) -> Driven {
    let lane = |link: &Link| (link.clone(), Arc::new(Semaphore::new(AT_WORK_PER_LINK)));
    let lanes: Vec<Lane> = links.iter().map(lane).collect();
    let mut lanes = lanes.iter().cycle();
    drive(schedule, IN_FLIGHT_MAX, move |due| {
        let (call, is_gift) = mix.next(&mut dice);
        let notes = if is_gift { gifts.clone() } else { reads.clone() };
        let lane = lanes.next().cloned();
        async move { ask(lane, call, due, &notes).await }
    })
    .await
}

/// Asks once there is a place, and gives up where there is none in time. What has been sent is
/// waited for: whoever takes back what the server has begun costs it more than the answer.
async fn ask(lane: Option<Lane>, call: Ask, due: Instant, notes: &Notes) {
    let Some((link, places)) = lane else { return };
    let patience = PLACE_WITHIN.saturating_sub(due.elapsed());
    let Ok(_place) = timeout(patience, places.acquire()).await else {
        notes.count(UNSENT);
        return;
    };
    match link.call(call).await {
        Outcome::Done(_) if due.elapsed() > PATIENCE => notes.count(TOO_LATE),
        outcome => notes.note(due, &outcome),
    }
}
