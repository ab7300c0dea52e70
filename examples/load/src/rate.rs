//! `rate`: what one kind of call can do, in a closed loop.

use std::sync::Arc;

use crate::closed::{self, Client, Span};
use crate::dice::Dice;
use crate::report::Report;
use crate::requests::{Conversation, EMPTY, NOTHING, Repeated};
use crate::stage::{Stage, StageArgs};
use crate::target::TargetArgs;
use crate::wire::{Ask, Link, Outcome, head};

/// The smallest amount, so that no budget runs out.
pub(crate) const AMOUNT_MINOR: i64 = 1;

/// The arguments of `rate`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RateArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    stage: StageArgs,
    /// What is asked.
    #[arg(long, value_enum, default_value_t = Call::Give)]
    call: Call,
    /// Calls at work at once.
    #[arg(long, value_name = "COUNT", default_value_t = 64)]
    clients: usize,
    /// For how long to measure; at most 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u32,
    /// Ask about one agent and one customer alone: one budget takes everything.
    #[arg(long)]
    hot: bool,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Call {
    /// A health check: as little as a call can be.
    Empty,
    /// A panel of a known call.
    Panel,
    /// A gift, durable when it answers.
    Give,
}

/// Asks one kind of call about one of many conversations at a time.
struct Caller {
    link: Link,
    requests: Arc<Requests>,
    dice: Dice,
}

/// What is asked, encoded.
enum Requests {
    Same(Vec<Ask>),
    UnderNewIds(Vec<Repeated>),
}

impl Client for Caller {
    async fn ask(&mut self) -> Outcome {
        let ask = match &*self.requests {
            Requests::Same(requests) => requests[self.dice.below(requests.len())].clone(),
            Requests::UnderNewIds(requests) => {
                let id = self.dice.uuid();
                requests[self.dice.below(requests.len())].with(id)
            }
        };
        self.link.call(ask).await
    }
}

/// Measures one kind of call.
///
/// # Errors
/// The stage cannot be set, or no call was done.
pub(crate) async fn run(args: &RateArgs) -> anyhow::Result<Report> {
    let mut plan = args.stage;
    if args.hot {
        (plan.agents, plan.customers) = (1, 1);
    }
    let stage = Stage::set(args.target.open()?, &plan).await?;
    let requests = Arc::new(requests(&stage, args.call)?);
    let callers = (0..args.clients).map(|client| {
        let (link, dice) = (stage.link(client)?, stage.dice(client));
        anyhow::Ok(Caller { link, requests: Arc::clone(&requests), dice })
    });
    let callers = callers.collect::<Result<_, _>>()?;
    let span = Span::of_seconds(args.seconds);
    let measured = closed::run(callers, span, args.target.server_pid).await?;
    anyhow::ensure!(
        measured.calls.done_count() > 0,
        "no call was done: {:?}",
        measured.calls.reasons()
    );
    let budgets = stage.conversations.len();
    stage.clear().await?;
    let mut report = Report::of("rate");
    report.put("call", format!("{:?}", args.call).to_lowercase());
    report.put("clients", args.clients);
    report.put("budgets", budgets);
    report.put("seconds", span.length.as_secs());
    measured.put(&mut report);
    Ok(report)
}

fn requests(stage: &Stage, call: Call) -> anyhow::Result<Requests> {
    let all = stage.conversations.iter();
    Ok(match call {
        Call::Empty => Requests::Same(vec![(head(stage.target.address, EMPTY, None)?, NOTHING)]),
        Call::Panel => Requests::Same(all.map(Conversation::panel).collect::<Result<_, _>>()?),
        Call::Give => {
            Requests::UnderNewIds(all.map(|it| it.give(AMOUNT_MINOR)).collect::<Result<_, _>>()?)
        }
    })
}
