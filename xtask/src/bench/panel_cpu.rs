//! `get_panel_cached_cpu_ratio`, `get_panel_sled_cpu_ratio`: what a panel costs the server, against
//! a call that does nothing.

use prost::Message as _;

use crate::bench::calls::{Call, Caller, patiently};
use crate::bench::messages::{GET_PANEL, GetPanel, GotPanel, Lookup, START_INTERACTION, Start};
use crate::bench::server::Server;
use crate::bench::{Aim, Bench, Contender, Figure, Limit, Session, interleave, median_ratio};

/// Calls of each kind in a round: enough for hundreds of clock ticks of the server.
const CALLS: u32 = 40_000;
/// Before the first round: the story is told, the threads and the pages are there.
const WARM_UP_CALLS: u32 = 5_000;
const HEALTH_CHECK: &str = "/grpc.health.v1.Health/Check";
const INTERACTION: &str = "bench-call";
/// The reply to a health check that says SERVING: field 1, value 1.
const SERVING: [u8; 2] = [0x08, 1];

pub(super) const CACHED: Bench = Bench {
    aims: &[Aim {
        name: "get_panel_cached_cpu_ratio",
        about: "server CPU of GetPanel of a cached customer, against an empty call: a health \
                check, which needs neither the token sent along nor a place",
        limit: Limit::AtMost(2.5),
    }],
    run: |session| Ok(vec![run(session, &[])?]),
};

pub(super) const SLED: Bench = Bench {
    aims: &[Aim {
        name: "get_panel_sled_cpu_ratio",
        about: "server CPU of GetPanel with the cache of stories switched off, so that each is \
                read from the read model, against an empty call",
        limit: Limit::AtMost(8.0),
    }],
    run: |session| Ok(vec![run(session, &["--cache-bytes", "0"])?]),
};

fn run(session: &Session<'_>, more: &[&str]) -> anyhow::Result<Figure> {
    let server = Server::start(session, "get_panel", more)?;
    let folder = session.scratch("get_panel_requests")?;
    let caller = Caller::new(session, &server.sidecar.authority, &server.token)?;
    let start = Start::phone_call(INTERACTION, Lookup::phone(&server.phone));
    let ask = GetPanel { interaction_id: INTERACTION.to_owned(), lookup: None };
    let call = |path, message: &[u8]| Call::new(path, message, &folder);
    let start = call(START_INTERACTION, &start.encode_to_vec())?;
    let panel = call(GET_PANEL, &ask.encode_to_vec())?;
    let empty = call(HEALTH_CHECK, &[])?;
    patiently(|| caller.ask(&start))?;
    let panel_bytes = check_panel(&caller.ask(&panel)?)?;
    let empty_bytes = caller.ask(&empty)?;
    anyhow::ensure!(empty_bytes == SERVING, "the server is not serving");
    for call in [&panel, &empty] {
        caller.burst(call, WARM_UP_CALLS)?;
    }

    let cost = |call, reply_bytes| cost_us(&server, &caller, call, reply_bytes);
    let samples = interleave(
        session.rounds,
        vec![
            Contender {
                name: "get_panel",
                unit: "microseconds",
                measure: Box::new(|| cost(&panel, panel_bytes)),
            },
            Contender {
                name: "empty_call",
                unit: "microseconds",
                measure: Box::new(|| cost(&empty, empty_bytes.len())),
            },
        ],
    )?;
    Ok(Figure {
        value: median_ratio(&samples[0], &samples[1]),
        unit: "ratio",
        paired_with: Some("empty_call"),
        rounds: session.rounds,
        samples,
        note: String::new(),
    })
}

/// Server CPU of one call, in microseconds; every reply is about as long as the one looked at.
fn cost_us(
    server: &Server,
    caller: &Caller,
    call: &Call,
    reply_bytes: usize,
) -> anyhow::Result<f64> {
    /// Times and positions in a reply may take a few bytes more or less.
    const SLACK_BYTES: u64 = 8;
    let before_us = server.sidecar.cpu_us()?;
    let burst = caller.burst(call, CALLS)?;
    let after_us = server.sidecar.cpu_us()?;
    let average = burst.reply_bytes / u64::from(CALLS);
    let expected = u64::try_from(reply_bytes)? + 5;
    anyhow::ensure!(
        average.abs_diff(expected) <= SLACK_BYTES,
        "replies have {average} bytes on average, not {expected}"
    );
    Ok((after_us - before_us) / f64::from(CALLS))
}

/// The reply's length, if it shows a customer and what may be given.
fn check_panel(reply: &[u8]) -> anyhow::Result<usize> {
    let panel = GotPanel::decode(reply)?.panel.unwrap_or_default();
    anyhow::ensure!(panel.is_whole(), "the panel shows no customer");
    Ok(reply.len())
}
