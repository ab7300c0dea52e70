//! `start_1m_customers_s`, `rss_1m_customers_mb`: a large house, from the start of the process to
//! serving, and the memory that it takes.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use prost::Message as _;

use crate::bench::centre::{AGENT, Centre};
use crate::bench::messages::{
    GET_PANEL, GIVE_SPEND, GetPanel, Give, Given, GotPanel, Lookup, Money, START_INTERACTION,
    Start, Started,
};
use crate::bench::sidecar::{Sidecar, memory_mb, token};
use crate::bench::web::Line;
use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session, median};

/// Starts of each kind: each takes seconds, and they differ by little.
const STARTS: usize = 3;
/// Panels of different customers before memory is looked at.
const PANELS: u32 = 10_000;
/// For how long a start is asked again: a house that was just filled may first have to arrange its
/// whole history.
const PATIENCE: Duration = Duration::from_mins(2);
const PATIENCE_FIRST: Duration = Duration::from_hours(1);
const STEP: Duration = Duration::from_millis(5);

pub(super) const LARGE_HOUSE: Bench = Bench {
    aims: &[
        Aim {
            name: "start_1m_customers_s",
            about: "1 M customers, 10 M interactions: from the start of the process until a \
                    gesture is given and a whole panel shown; after a drain or after a kill, \
                    whichever is slower",
            limit: Limit::AtMost(3.0),
        },
        Aim {
            name: "rss_1m_customers_mb",
            about: "resident memory of the same house after the panels of 10,000 customers",
            limit: Limit::AtMost(1_000.0),
        },
    ],
    run,
};

/// How far a start had come after how many seconds.
struct Times {
    listening: f64,
    given: f64,
    panel: f64,
}

impl Times {
    fn serving(&self) -> f64 {
        self.given.max(self.panel)
    }
}

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let binary = session.binaries()?.makegood;
    let centre = Centre::of(session)?;
    let data = centre.data(session)?;
    // The folder as it was filled comes first; the figure is about the starts after it.
    let (mut sidecar, first) = start(&binary, &data, PATIENCE_FIRST)?;
    let (mut drained, mut killed) = (Vec::new(), Vec::new());
    for _ in 0..session.rounds.min(STARTS) {
        drop(sidecar);
        let (next, times) = start(&binary, &data, PATIENCE)?;
        killed.push(times);
        next.stop()?;
        let (next, times) = start(&binary, &data, PATIENCE)?;
        drained.push(times);
        sidecar = next;
    }
    let memory = memory(&sidecar, &centre, &token(&binary, &data, AGENT)?)?;
    sidecar.stop()?;
    Ok(vec![
        started(&first, &drained, &killed, session.scale_note()),
        Figure {
            value: memory.resident,
            unit: "megabytes",
            paired_with: None,
            rounds: 1,
            samples: vec![
                Samples::one("after the start", "megabytes", memory.before),
                Samples::one("after the panels", "megabytes", memory.resident),
                Samples::one("at its most", "megabytes", memory.most),
            ],
            note: session.scale_note(),
        },
    ])
}

fn started(first: &Times, drained: &[Times], killed: &[Times], note: String) -> Figure {
    let samples = |name, times: &[Times], of: fn(&Times) -> f64| Samples {
        name,
        unit: "seconds",
        values: times.iter().map(of).collect(),
    };
    let samples = vec![
        samples("after a drain: serving", drained, Times::serving),
        samples("after a kill: serving", killed, Times::serving),
        samples("after a kill: listening", killed, |times| times.listening),
        samples("after a kill: gesture given", killed, |times| times.given),
        samples("after a kill: whole panel", killed, |times| times.panel),
        Samples::one("just filled: gesture given", "seconds", first.given),
        Samples::one("just filled: whole panel", "seconds", first.panel),
    ];
    Figure {
        value: median(&samples[0].values).max(median(&samples[1].values)),
        unit: "seconds",
        paired_with: None,
        rounds: drained.len(),
        samples,
        note,
    }
}

/// Starts a sidecar, and asks it from outside until it serves in full.
fn start(binary: &Path, data: &Path, patience: Duration) -> anyhow::Result<(Sidecar, Times)> {
    let token = token(binary, data, AGENT)?;
    let began = Instant::now();
    let seconds = || began.elapsed().as_secs_f64();
    let sidecar = Sidecar::serve(binary, data, &[])?;
    let listening = seconds();
    let line = || Line::open(&sidecar.authority, &token);
    until(patience, || give(&mut line()?))?;
    let given = seconds();
    until(patience, || show(&mut line()?, 1))?;
    let panel = seconds();
    Ok((sidecar, Times { listening, given, panel }))
}

/// Calls until it succeeds, or patience ends.
fn until(patience: Duration, mut call: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let end = Instant::now() + patience;
    while Instant::now() < end {
        if call().is_ok() {
            return Ok(());
        }
        thread::sleep(STEP);
    }
    call()
}

/// A call of its own, and a cent for its customer.
fn give(line: &mut Line) -> anyhow::Result<()> {
    // The folder is kept from run to run, and so are the ids in it.
    let number = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() & 0xffff_ffff_ffff;
    let interaction_id = format!("start-{number:012x}");
    let start = Start::phone_call(&interaction_id, Lookup::external(&Centre::customer_id(1)));
    let started =
        Started::decode(line.call(START_INTERACTION, &start.encode_to_vec())?.as_slice())?;
    let interaction = started.interaction.context("no call was started")?;
    let request = Give {
        spend_id: format!("00000000-0000-4000-8000-{number:012x}"),
        customer_id: interaction.customer_id,
        interaction_id,
        amount: Some(Money { currency_code: "USD".to_owned(), amount_minor: 1 }),
        reason_code: "delay".to_owned(),
        gesture_code: "credit".to_owned(),
    };
    let given = Given::decode(line.call(GIVE_SPEND, &request.encode_to_vec())?.as_slice())?;
    anyhow::ensure!(!given.receipt.is_empty(), "a gesture was not entered in the ledger");
    Ok(())
}

/// The whole panel of a customer, counted from 1.
fn show(line: &mut Line, customer: u64) -> anyhow::Result<()> {
    let lookup = Lookup::external(&Centre::customer_id(customer));
    let request = GetPanel { interaction_id: String::new(), lookup: Some(lookup) };
    let got = GotPanel::decode(line.call(GET_PANEL, &request.encode_to_vec())?.as_slice())?;
    anyhow::ensure!(got.panel.is_some_and(|panel| panel.is_whole()), "the panel shows no customer");
    Ok(())
}

/// Resident memory, in megabytes.
struct Memory {
    before: f64,
    resident: f64,
    most: f64,
}

fn memory(sidecar: &Sidecar, centre: &Centre, token: &str) -> anyhow::Result<Memory> {
    let before = memory_mb(sidecar.pid(), "VmRSS")?;
    let panels = centre.house.customers.min(PANELS);
    for number in 0..panels {
        // Spread over everybody: neighbours would lie side by side in the read model.
        let customer =
            u64::from(number) * u64::from(centre.house.customers) / u64::from(panels) + 1;
        // A connection of its own each: the sidecar ends connections of a certain age.
        let mut line = Line::open(&sidecar.authority, token)?;
        show(&mut line, customer).with_context(|| format!("customer {customer}"))?;
    }
    Ok(Memory {
        before,
        resident: memory_mb(sidecar.pid(), "VmRSS")?,
        most: memory_mb(sidecar.pid(), "VmHWM")?,
    })
}
