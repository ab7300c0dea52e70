//! `day`: a centre's day in minutes. Calls come as they come in a day, desks are open as agents are
//! on, and every call is played from the ring to the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::dice::{Dice, fresh_seed};
use crate::open::drive;
use crate::pace::{Part, Schedule};
use crate::page::{Page, put_sums};
use crate::report::{Report, float};
use crate::script::{MEAN_S, Script, play};
use crate::staff::{Floor, Staffing};
use crate::target::{Target, TargetArgs};
use crate::timeline::{Kind, Log, Timeline};

/// The arguments of `day`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DayArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Agents at the busiest hour, of the generated centre from A-001 on.
    #[arg(long, value_name = "COUNT", default_value_t = 5_000)]
    agents: usize,
    /// Customers of the generated centre who may call, from C-0000001 on.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    customers: usize,
    /// How many times faster than life: 144 makes a day of ten minutes. At least 24.
    #[arg(long, value_name = "NUMBER", default_value_t = 144)]
    compress: u32,
    /// The hour at which it begins.
    #[arg(long, value_name = "HOUR", default_value_t = 0)]
    from: u32,
    /// The hour at which it ends.
    #[arg(long, value_name = "HOUR", default_value_t = 24)]
    to: u32,
    /// How many in a hundred of the agents who are on have a call.
    #[arg(long, value_name = "PERCENT", default_value_t = 80)]
    occupancy: u32,
    /// Desks that share a connection; browsers have one each.
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    desks_per_connection: usize,
    /// Which chances to take.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The folder for the page of pictures and the figures.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// The weight of each hour, as contacts of the generated centre have it.
const HOURS: [u32; 24] =
    [9, 7, 5, 5, 4, 4, 15, 25, 98, 127, 124, 103, 51, 69, 96, 88, 72, 44, 17, 8, 8, 8, 6, 6];
const BUSIEST: f64 = 127.0;
/// Rates and staff change so often in a day.
const QUARTERS: u32 = 96;
/// A slot of the report: ten minutes of the day, but no shorter than this in life.
const SLOTS: u32 = 144;
const SLOT_LEAST: Duration = Duration::from_millis(500);
const COMPRESS_LEAST: u32 = 24;
const AGENTS_MAX: usize = 20_000;
const IN_FLIGHT_MAX: u32 = 40_000;

/// The day as it is played.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    from: u32,
    quarter: Duration,
    second: Duration,
    /// Agents who are on in each quarter of an hour.
    staff: Vec<usize>,
    /// Calls in each quarter of an hour.
    parts: Vec<Part>,
}

impl Plan {
    fn of(args: &DayArgs) -> anyhow::Result<Self> {
        anyhow::ensure!(
            args.from < args.to && args.to <= 24,
            "from and to: write hours from 0 to 24"
        );
        anyhow::ensure!(args.compress >= COMPRESS_LEAST, "compress: at least {COMPRESS_LEAST}");
        anyhow::ensure!((1..=AGENTS_MAX).contains(&args.agents), "agents: write 1 to {AGENTS_MAX}");
        anyhow::ensure!(args.customers > 0, "customers: at least 1");
        let second = Duration::from_secs(1) / args.compress;
        let quarter = Duration::from_secs(u64::from(86_400 / QUARTERS)) / args.compress;
        let occupancy = f64::from(args.occupancy.clamp(1, 100)) / 100.0;
        let quarters = args.from * 4..args.to * 4;
        let agents = float(args.agents as u64);
        let staff: Vec<f64> = quarters.map(|it| (weight(it) * agents).ceil().max(1.0)).collect();
        let part = |staff: &f64| Part {
            length: quarter,
            per_second: staff * occupancy / MEAN_S * f64::from(args.compress),
        };
        let parts = staff.iter().map(part).collect();
        Ok(Self {
            from: args.from,
            quarter,
            second,
            staff: staff.into_iter().map(whole).collect(),
            parts,
        })
    }

    /// How long it takes.
    pub(crate) fn length(&self) -> Duration {
        self.parts.iter().map(|part| part.length).sum()
    }

    /// Who is on at a time since the beginning.
    pub(crate) fn staff_at(&self, since: Duration) -> usize {
        let quarter = since.as_nanos() / self.quarter.as_nanos().max(1);
        let quarter = usize::try_from(quarter).unwrap_or(usize::MAX);
        self.staff.get(quarter).or(self.staff.last()).copied().unwrap_or(0)
    }
}

/// The weight of a quarter of an hour from 0 to 1, between those of the hours around it.
fn weight(quarter: u32) -> f64 {
    let hour = |index: u32| f64::from(HOURS[(index % 24) as usize]) / BUSIEST;
    let middle = (f64::from(quarter) + 0.5) / 4.0 - 0.5 + 24.0;
    let (before, part) = (middle.floor(), middle.fract());
    let before = u32::try_from(whole(before)).unwrap_or(0);
    hour(before) * (1.0 - part) + hour(before + 1) * part
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, above zero")]
fn whole(number: f64) -> usize {
    number as usize
}

/// Plays the day and writes its page.
///
/// # Errors
/// The arguments make no day, nobody serves there, or the page cannot be written.
pub(crate) async fn run(args: &DayArgs) -> anyhow::Result<Report> {
    let plan = Plan::of(args)?;
    let target = Arc::new(args.target.open()?);
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let log = Log::default();
    let floor = Arc::new(Mutex::new(Floor::default()));
    let staffing = Staffing {
        target: Arc::clone(&target),
        log: log.clone(),
        floor: Arc::clone(&floor),
        share: args.desks_per_connection.max(1),
        next_agent: 0,
        agents: args.agents,
        link: None,
        dice: Dice::new(seed, 1),
    };
    let slot = (plan.second * (86_400 / SLOTS)).max(SLOT_LEAST);
    let hours = slot.as_secs_f64() / plan.second.as_secs_f64() / 3_600.0;
    let staffing = staffing.begin(&plan).await?;
    let axis = (f64::from(plan.from), hours);
    let timeline = Timeline::begin(&log, args.target.server_pid, slot, axis);
    let (start, shifts) = (Instant::now(), plan.clone());
    let staffing = tokio::spawn(staffing.follow(shifts, start));
    let mut dice = Dice::new(seed, 2);
    let (customers, second) = (args.customers, plan.second);
    let schedule = Schedule::new(Dice::new(seed, 3), plan.parts.clone());
    let driven = drive(schedule, IN_FLIGHT_MAX, |due| {
        let script = Script::draw(&mut dice, customers, second);
        take_call(Arc::clone(&target), Arc::clone(&floor), script, due, log.clone())
    })
    .await;
    staffing.await??;
    let slots = timeline.end().await?;
    let mut report = Report::of("day");
    report.put("agents", args.agents);
    report.put("compress", args.compress);
    report.put("seconds", plan.length().as_secs());
    report.put("calls_offered", driven.arrival_count);
    report.put("not_sent", driven.unsent_count);
    put_sums(&mut report, &slots);
    let about = format!(
        "A day of a centre of {} agents, {} times faster than life: {} calls in {} seconds, each from \
         the ring to the end, with a stream open at every desk that is staffed.",
        args.agents,
        args.compress,
        driven.arrival_count,
        plan.length().as_secs()
    );
    let page = Page {
        title: "A day of a contact centre",
        about: &about,
        axis: "hour",
        axis_label: "hour of the day",
        slots: &slots,
        report: &report,
    };
    let page = page.write(&args.out)?;
    report.put("page", page.display().to_string());
    Ok(report)
}

/// A call rings at the desk that has waited longest.
async fn take_call(
    target: Arc<Target>,
    floor: Arc<Mutex<Floor>>,
    script: Script,
    due: Instant,
    log: Log,
) {
    let Some(desk) = floor.lock().take() else {
        log.count(Kind::Start, "NO_AGENT_FREE");
        return;
    };
    if play(&target, &desk, &script, due, &log).await.is_err() {
        log.count(Kind::Start, "UNREADABLE_ANSWER");
    }
    floor.lock().give_back(desk);
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: DayArgs,
    }

    fn plan(args: &[&str]) -> anyhow::Result<Plan> {
        let given = ["load", "--data", "d", "--out", "o"];
        Plan::of(&Line::try_parse_from(given.iter().chain(args)).unwrap().args)
    }

    #[test]
    fn follows_the_hours_of_the_day() {
        let plan = plan(&["--agents", "1000", "--compress", "96"]).unwrap();
        assert_eq!(plan.length(), Duration::from_mins(15));
        let staff_at = |hour: u32| plan.staff_at(plan.quarter * (hour * 4 + 2));
        assert!(staff_at(9) > 950, "{}", staff_at(9));
        assert!((1..80).contains(&staff_at(3)), "{}", staff_at(3));
        assert!(staff_at(12) < staff_at(10), "fewer at noon");
        let busiest = plan.parts.iter().map(|part| part.per_second).fold(0.0, f64::max);
        assert!((busiest - 1_000.0 * 0.8 / 360.0 * 96.0).abs() < 15.0, "{busiest}");
    }

    #[test]
    fn refuses_what_makes_no_day() {
        for args in [
            ["--from", "24"],
            ["--to", "25"],
            ["--compress", "1"],
            ["--agents", "0"],
            ["--agents", "1000000"],
            ["--customers", "0"],
        ] {
            assert!(plan(&args).is_err(), "{args:?}");
        }
        assert!(plan(&["--from", "9", "--to", "10"]).is_ok());
    }
}
