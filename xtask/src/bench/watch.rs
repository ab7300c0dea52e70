//! `watch_one_of_500_vs_unary`, `watch_all_500_ms`: how soon a gesture is on the desks that show it.

use crate::bench::load::{Loaded, SMALL, number};
use crate::bench::{Aim, Bench, Figure, Limit, Samples, Session};

const DESKS: &str = "500";
/// Gestures that are followed; those that all desks hear of move five hundred panels each.
const GESTURES: &str = "200";
const GESTURES_OF_ALL: &str = "50";

pub(super) const WATCH: Bench = Bench {
    aims: &[
        Aim {
            name: "watch_one_of_500_vs_unary",
            about: "500 desks watch, one is concerned: from the entry's time to its stream, against \
                    the unary call that makes the entry; medians of one run",
            limit: Limit::AtMost(3.0),
        },
        Aim {
            name: "watch_all_500_ms",
            about: "all of them are concerned: from sending the gesture to the last desk",
            limit: Limit::Reported,
        },
    ],
    run,
};

fn run(session: &Session<'_>) -> anyhow::Result<Vec<Figure>> {
    let loaded = Loaded::start(session, "watch", &SMALL)?;
    let watch = |affected, rounds| {
        loaded.play(&["watch", "--desks", DESKS, "--affected", affected, "--rounds", rounds])
    };
    let one = watch("one", GESTURES)?;
    let all = watch("all", GESTURES_OF_ALL)?;
    let ms = |report, name| Ok::<_, anyhow::Error>(number(report, name)? / 1e3);
    let (entry_ms, unary_ms) =
        (ms(&one, "entry_to_first_desk_p50_us")?, ms(&one, "unary_give_p50_us")?);
    let last_ms = ms(&all, "sent_to_last_desk_p50_us")?;
    Ok(vec![
        Figure {
            value: entry_ms / unary_ms,
            unit: "ratio",
            paired_with: Some("unary GiveSpend"),
            rounds: 1,
            samples: vec![
                Samples::one("entry to stream", "milliseconds", entry_ms),
                Samples::one("unary GiveSpend", "milliseconds", unary_ms),
                Samples::one("unary GetPanel", "milliseconds", ms(&one, "unary_panel_p50_us")?),
                Samples::one(
                    "gesture sent to stream",
                    "milliseconds",
                    ms(&one, "sent_to_first_desk_p50_us")?,
                ),
            ],
            note: String::new(),
        },
        Figure {
            value: last_ms,
            unit: "milliseconds",
            paired_with: None,
            rounds: 1,
            samples: vec![
                Samples::one("first desk", "milliseconds", ms(&all, "sent_to_first_desk_p50_us")?),
                Samples::one("last desk", "milliseconds", last_ms),
                Samples::one(
                    "last desk, 99th of 100",
                    "milliseconds",
                    ms(&all, "sent_to_last_desk_p99_us")?,
                ),
            ],
            note: String::new(),
        },
    ])
}
