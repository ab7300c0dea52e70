//! `makegood period`: closing the books of a time, at a sidecar that serves.

use makegood_core::time::Time;
use makegood_proto::v1;

use super::remote::{RemoteArgs, answered, digest_text, instant, shown, wire};
use super::say;

/// The commands about periods.
#[derive(Debug, clap::Subcommand)]
pub(super) enum PeriodCommand {
    /// Say how far the books are closed.
    Show(RemoteArgs),
    /// Close a period: nothing counts for it any more.
    Close(PeriodArgs),
    /// Ask for the last closed period to be opened again.
    Reopen(PeriodArgs),
    /// Agree to a reopening that another person asked for.
    Second(PeriodArgs),
    /// Write the digest of all balances into the ledger.
    Digest(RemoteArgs),
}

/// A period at a sidecar.
#[derive(Debug, clap::Args)]
pub(super) struct PeriodArgs {
    /// The first instant, such as `2027-01-01T00:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Time,
    /// The first instant after it.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Time,
    #[command(flatten)]
    remote: RemoteArgs,
}

impl PeriodArgs {
    fn period(&self) -> v1::Period {
        v1::Period { start_time: Some(wire(self.from)), end_time: Some(wire(self.to)) }
    }

    fn shown(&self) -> String {
        format!("{} to {}", shown(Some(wire(self.from))), shown(Some(wire(self.to))))
    }
}

pub(super) fn run(command: &PeriodCommand) -> anyhow::Result<()> {
    match command {
        PeriodCommand::Show(remote) => show(remote),
        PeriodCommand::Close(args) => close(args),
        PeriodCommand::Reopen(args) => reopen(args),
        PeriodCommand::Second(args) => second(args),
        PeriodCommand::Digest(remote) => digest(remote),
    }
}

fn show(remote: &RemoteArgs) -> anyhow::Result<()> {
    let periods = remote.with(async |mut it| {
        let request = it.ask(v1::GetPeriodsRequest {});
        answered(it.governance.get_periods(request).await)
    })?;
    let closed = periods.closed.unwrap_or_default();
    let (start, end) = (shown(closed.start_time), shown(closed.end_time));
    let (asked, seconded) = (periods.reopening_asked_by_id, periods.reopening_seconded_by_id);
    if remote.json {
        say(serde_json::json!({
            "start_time": start,
            "end_time": end,
            "reopening_asked_by_id": asked,
            "reopening_seconded_by_id": seconded,
        }));
        return Ok(());
    }
    let state = match (asked.as_str(), seconded.as_str()) {
        ("", _) => String::new(),
        (asked, "") => format!("; {asked} asks to open it again"),
        (asked, seconded) => format!("; {asked} and {seconded} opened it again"),
    };
    if end.is_empty() {
        say("no period is closed yet");
    } else {
        say(format!("the last closed period is {start} to {end}{state}"));
    }
    Ok(())
}

fn close(args: &PeriodArgs) -> anyhow::Result<()> {
    let (request_id, period) = (args.remote.request_id()?, Some(args.period()));
    let closed = args.remote.with(async |mut it| {
        let request = it.ask(v1::ClosePeriodRequest { request_id, period });
        answered(it.governance.close_period(request).await)
    })?;
    let digest = digest_text(&closed.balances_sha256);
    let what = format!("{} is closed with balances {digest}", args.shown());
    args.remote.tell(&what, closed.receipt.as_ref(), closed.replayed);
    Ok(())
}

fn reopen(args: &PeriodArgs) -> anyhow::Result<()> {
    let (request_id, period) = (args.remote.request_id()?, Some(args.period()));
    let asked = args.remote.with(async |mut it| {
        let request = it.ask(v1::ReopenPeriodRequest { request_id, period });
        answered(it.governance.reopen_period(request).await)
    })?;
    let what = format!("{} waits for a second person to open it again", args.shown());
    args.remote.tell(&what, asked.receipt.as_ref(), asked.replayed);
    Ok(())
}

fn second(args: &PeriodArgs) -> anyhow::Result<()> {
    let (request_id, period) = (args.remote.request_id()?, Some(args.period()));
    let opened = args.remote.with(async |mut it| {
        let request = it.ask(v1::SecondReopeningRequest { request_id, period });
        answered(it.governance.second_reopening(request).await)
    })?;
    let what = format!("{} is open again", args.shown());
    args.remote.tell(&what, opened.receipt.as_ref(), opened.replayed);
    Ok(())
}

fn digest(remote: &RemoteArgs) -> anyhow::Result<()> {
    let request_id = remote.request_id()?;
    let taken = remote.with(async |mut it| {
        let request = it.ask(v1::DigestBalancesRequest { request_id });
        answered(it.governance.digest_balances(request).await)
    })?;
    let what = format!("balances {} are in the ledger", digest_text(&taken.balances_sha256));
    remote.tell(&what, taken.receipt.as_ref(), taken.replayed);
    Ok(())
}
