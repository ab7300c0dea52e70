//! `give_spend_1_over_fdatasync_ms`: what giving takes beyond the one thing it must wait for.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use prost::Message as _;

use crate::bench::calls::patiently;
use crate::bench::messages::{
    GIVE_SPEND, Give, Given, Lookup, Money, START_INTERACTION, Start, Started,
};
use crate::bench::server::Server;
use crate::bench::web::Line;
use crate::bench::{Aim, Bench, Contender, Figure, Limit, Samples, Session, interleave, median};

const INTERACTION: &str = "bench-call";
/// Calls, and syncs, in a round; all amounts together stay far below the agent's limit.
const CALLS: u32 = 150;
/// About what a ledger entry takes on disk.
const ENTRY_BYTES: usize = 512;

pub(super) const ONE: Bench = Bench {
    aims: &[Aim {
        name: "give_spend_1_over_fdatasync_ms",
        about: "GiveSpend of one client over gRPC-Web, beyond a write and fdatasync of an entry to \
                a preallocated file: medians",
        limit: Limit::AtMost(1.5),
    }],
    run: |session| Ok(vec![run(session)?]),
};

fn run(session: &Session<'_>) -> anyhow::Result<Figure> {
    let server = Server::start(session, "give_spend", &[])?;
    let folder = session.scratch("give_spend_file")?;
    let mut till = Till::open(&server)?;
    let file = preallocated(&folder)?;
    let samples = interleave(
        session.rounds,
        vec![
            Contender {
                name: "give_spend_1",
                unit: "milliseconds",
                measure: Box::new(|| median_ms(|_| till.give())),
            },
            Contender {
                name: "fdatasync",
                unit: "milliseconds",
                measure: Box::new(|| median_ms(|number| write_and_sync(&file, number))),
            },
        ],
    )?;
    Ok(Figure {
        value: median_difference(&samples[0], &samples[1]),
        unit: "milliseconds",
        paired_with: Some("fdatasync"),
        rounds: session.rounds,
        samples,
        note: String::new(),
    })
}

/// An agent on a call who gives a cent at a time.
struct Till {
    line: Line,
    customer_id: String,
    given: u64,
}

impl Till {
    fn open(server: &Server) -> anyhow::Result<Self> {
        let mut line = Line::open(&server.sidecar.authority, &server.token)?;
        let start = Start::phone_call(INTERACTION, Lookup::phone(&server.phone));
        let start = start.encode_to_vec();
        let started = patiently(|| line.call(START_INTERACTION, &start))?;
        let interaction = Started::decode(started.as_slice())?.interaction;
        let customer_id = interaction.context("no call was started")?.customer_id;
        Ok(Self { line, customer_id, given: 0 })
    }

    fn give(&mut self) -> anyhow::Result<()> {
        self.given += 1;
        let request = Give {
            spend_id: format!("00000000-0000-4000-8000-{:012x}", self.given),
            customer_id: self.customer_id.clone(),
            interaction_id: INTERACTION.to_owned(),
            amount: Some(Money { currency_code: "USD".to_owned(), amount_minor: 1 }),
            reason_code: "delay".to_owned(),
            gesture_code: "credit".to_owned(),
        };
        let given = self.line.call(GIVE_SPEND, &request.encode_to_vec())?;
        let given = Given::decode(given.as_slice())?;
        anyhow::ensure!(
            !given.receipt.is_empty() && !given.replayed,
            "a gesture was not entered in the ledger"
        );
        Ok(())
    }
}

/// The median time of an action, in milliseconds.
fn median_ms(mut action: impl FnMut(u32) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut times_ms = Vec::new();
    for number in 0..CALLS {
        let start = Instant::now();
        action(number)?;
        times_ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&times_ms))
}

/// A file on the server's disk whose blocks are written already, as a journal's are.
fn preallocated(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("preallocated");
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all_at(&vec![0; ENTRY_BYTES * CALLS as usize], 0)?;
    file.sync_all()?;
    Ok(file)
}

fn write_and_sync(file: &File, number: u32) -> anyhow::Result<()> {
    let at = u64::from(number) * ENTRY_BYTES as u64;
    file.write_all_at(&[7; ENTRY_BYTES], at)?;
    Ok(file.sync_data()?)
}

/// The median over the rounds of what `figure` took more than `limit` of the same round.
fn median_difference(figure: &Samples, limit: &Samples) -> f64 {
    let pairs = figure.values.iter().zip(&limit.values);
    let differences: Vec<f64> = pairs.map(|(figure, limit)| figure - limit).collect();
    median(&differences)
}
