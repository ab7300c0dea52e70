//! `makegood audit sample`: what a reviewer looks at, by lot. Reads the journal alone, also beside a
//! sidecar that serves it.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use makegood_core::findings::sample::{
    Draw, Pick, Sample, draw, interval_minor, reliability_factor,
};
use makegood_core::ids::{Digest, RequestId};
use makegood_core::ledger::SampleMethod;
use makegood_core::money::{Currency, Money};
use makegood_proto::ledger::v1 as ledger_pb;
use makegood_proto::v1;
use sha2::{Digest as _, Sha256};

use super::days::Days;
use super::remote::{ServerArgs, answered, digest_text, new_request_id};
use super::tables::{json_lines, table};
use super::{say, setup};
use crate::audit::FactsOfDays;
use crate::config::ConfigFlags;

/// The arguments of `makegood audit sample`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every gesture that was given in those days is in the population; there is no filter. Whoever has the
entries, the method and the seed draws the same sample again.

The interval of a monetary-unit sample is the tolerable amount over the confidence factor of the
standard tables, for the confidence and the number of errors that are expected.")]
pub(super) struct SampleArgs {
    #[command(flatten)]
    days: Days,
    /// How: each gesture as likely (records), or each unit of money (mus).
    #[arg(long, value_enum)]
    method: Method,
    /// The seed: 64 hexadecimal digits, or any text, whose SHA-256 is taken.
    #[arg(long)]
    seed: String,
    /// How many gestures a sample of records has.
    #[arg(long, default_value_t = 25)]
    count: usize,
    /// The amount of error that can be tolerated in all, such as 5000.00.
    #[arg(long, value_name = "AMOUNT", required_if_eq("method", "mus"))]
    tolerable: Option<String>,
    /// The currency of a monetary-unit sample.
    #[arg(long, value_name = "CODE", default_value = "USD")]
    currency: String,
    /// How sure the sample is to make one: 80, 85, 90, 95 or 99 per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 95)]
    confidence: u32,
    /// How many errors are expected, 0 to 5.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    expected_errors: usize,
    /// Have the sidecar draw it too, and write into the ledger that it was drawn.
    #[arg(long, requires = "server")]
    record: bool,
    #[command(flatten)]
    server: ServerArgs,
    /// The id of an earlier try to write the entry, to repeat that very request.
    #[arg(long, value_name = "UUID", requires = "record")]
    request_id: Option<RequestId>,
    /// One JSON object a line, for programs; the sample itself comes first.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Method {
    Records,
    Mus,
}

pub(super) fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let how = how(args)?;
    let seed = seed(&args.seed);
    let config = setup::config(&args.config)?;
    let FactsOfDays { facts, first, end } = args.days.facts(&config)?;
    let sample = draw(&facts, first, end, seed, how);
    let receipt = if args.record { Some(record(args, &sample)?) } else { None };
    if args.json {
        say(sample_json(&sample, receipt.as_ref()));
        json_lines(sample.picks.iter().map(pick_json));
    } else {
        say(sample_words(&sample));
        if let Some(receipt) = receipt {
            let (position, leaf) = (receipt.ledger_position, digest_text(&receipt.leaf_hash));
            say(format!("entry {position} of the ledger says so, leaf {leaf}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the sidecar draw the same sample, which writes it down.
fn record(args: &SampleArgs, sample: &Sample) -> anyhow::Result<v1::Receipt> {
    let door = args.server.door()?.context("name the sidecar by --server and --token")?;
    let drawn = &sample.drawn;
    let (method, spend_count) = match drawn.method {
        SampleMethod::Records => (ledger_pb::SampleMethod::Records, args.count),
        SampleMethod::MonetaryUnit => (ledger_pb::SampleMethod::MonetaryUnit, 0),
    };
    let message = v1::DrawSampleRequest {
        request_id: args.request_id.map_or_else(new_request_id, |id| Ok(id.to_string()))?,
        method: method.into(),
        first_position: drawn.first.cast_signed(),
        end_position: drawn.end.cast_signed(),
        seed: drawn.seed.as_bytes().to_vec(),
        spend_count: i32::try_from(spend_count).context("draw at most 10000 gestures")?,
        interval: drawn.interval.map(|interval| v1::Money {
            currency_code: interval.currency.code().to_owned(),
            amount_minor: interval.amount_minor,
        }),
    };
    let answer = door.with(async |mut it| {
        let request = it.ask(message);
        answered(it.reviews.draw_sample(request).await)
    })?;
    ensure!(
        answer.spends_sha256 == drawn.spends.as_bytes(),
        "the sidecar draws another sample; is --data the folder that it serves?"
    );
    answer.receipt.context("the sidecar answers without a receipt")
}

fn how(args: &SampleArgs) -> anyhow::Result<Draw> {
    let Method::Mus = args.method else {
        return Ok(Draw::Records { count: args.count });
    };
    let currency = Currency::parse(&args.currency)?;
    let tolerable = Money::parse(currency, args.tolerable.as_deref().unwrap_or_default())?;
    let factor = reliability_factor(args.confidence, args.expected_errors).with_context(|| {
        format!(
            "there is no factor for {} per cent and {} errors; take 80, 85, 90, 95 or 99 and 0 to 5",
            args.confidence, args.expected_errors
        )
    })?;
    let interval = Money::new(currency, interval_minor(tolerable.amount_minor, factor));
    Ok(Draw::MonetaryUnit { interval })
}

fn seed(text: &str) -> Digest {
    text.parse().unwrap_or_else(|_| Digest::from_bytes(Sha256::digest(text).into()))
}

fn sample_words(sample: &Sample) -> String {
    let drawn = &sample.drawn;
    let mut table = table(&["spend", "entry", "amount", "hits"]);
    for pick in &sample.picks {
        table.add_row([
            pick.spend.to_string(),
            pick.position.to_string(),
            Money::new(pick.currency, pick.amount_minor).to_string(),
            pick.hit_count.to_string(),
        ]);
    }
    let how = match drawn.interval {
        None => String::new(),
        Some(interval) => format!(
            ", every {} from unit {} on; {} of them taken back, not deducted",
            interval,
            sample.start_minor,
            Money::new(
                interval.currency,
                i64::try_from(sample.taken_back_minor).unwrap_or(i64::MAX)
            ),
        ),
    };
    format!(
        "{table}\n\n{} of {} gestures ({}{how}), entries {} to before {}\nseed {}\nspends {}",
        drawn.spend_count,
        drawn.population_count,
        method_words(drawn.method),
        drawn.first,
        drawn.end,
        drawn.seed,
        drawn.spends,
    )
}

fn method_words(method: SampleMethod) -> &'static str {
    match method {
        SampleMethod::Records => "each as likely",
        SampleMethod::MonetaryUnit => "each unit of money as likely",
    }
}

fn sample_json(sample: &Sample, receipt: Option<&v1::Receipt>) -> serde_json::Value {
    let drawn = &sample.drawn;
    serde_json::json!({
        "method": drawn.method.code(),
        "first_position": drawn.first,
        "end_position": drawn.end,
        "seed": drawn.seed.to_string(),
        "interval_minor": drawn.interval.map(|interval| interval.amount_minor),
        "currency_code": drawn.interval.map(|interval| interval.currency.code()),
        "start_minor": sample.start_minor,
        "spend_count": drawn.spend_count,
        "population_count": drawn.population_count,
        "population_minor": sample.population_minor.to_string(),
        "taken_back_minor": sample.taken_back_minor.to_string(),
        "spends_sha256": drawn.spends.to_string(),
        "ledger_position": receipt.map(|receipt| receipt.ledger_position),
    })
}

fn pick_json(pick: &Pick) -> serde_json::Value {
    serde_json::json!({
        "spend_id": pick.spend.to_string(),
        "position": pick.position,
        "amount_minor": pick.amount_minor,
        "currency_code": pick.currency.code(),
        "hit_count": pick.hit_count,
    })
}
