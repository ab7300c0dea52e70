//! `makegood policy`: policies are checked here, and brought into force with a sidecar that serves.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum as _;
use makegood_core::ids::Digest;
use makegood_core::time::{NS_PER_S, Time};
use makegood_ledger::policy_file;
use makegood_proto::v1;

use super::remote::{RemoteArgs, answered, instant, shown, wire};
use super::say;
use super::tables::{table, when};
use crate::clock::wall_time;

/// How long a policy that is to be in force at once is scheduled ahead, so that its time is not past
/// when the sidecar hears of it.
const AT_ONCE_NS: i64 = 2 * NS_PER_S;

/// The commands about policies.
#[derive(Debug, clap::Subcommand)]
pub(super) enum PolicyCommand {
    /// Check a policy file and name every problem with its fix.
    Check {
        /// The policy, in TOML.
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
    },
    /// Print the standard policy, to start one's own from.
    Standard,
    /// Hand in a policy.
    Draft {
        /// The policy, in TOML.
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Declare a policy that you handed in final.
    Publish(PolicyArgs),
    /// Set when another person's published policy comes into force.
    Schedule {
        #[command(flatten)]
        policy: PolicyArgs,
        /// From when on, such as `2027-01-31T00:00:00Z`; at once without it.
        #[arg(long, value_name = "TIME", value_parser = instant)]
        at: Option<Time>,
    },
    /// Take back a policy that is not in force.
    Withdraw(PolicyArgs),
    /// List the policies that were handed in, and the one in force.
    List(RemoteArgs),
    /// Print a policy's text.
    Show {
        /// The policy's digest; the one in force without it.
        #[arg(value_name = "DIGEST")]
        policy: Option<Digest>,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Pause all giving; what is held may still be given or released.
    Pause {
        /// Why; shown to everyone.
        #[arg(long, value_enum)]
        reason: Reason,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Let giving go on.
    Resume(RemoteArgs),
}

/// A policy at a sidecar.
#[derive(Debug, clap::Args)]
pub(super) struct PolicyArgs {
    /// The policy's digest.
    #[arg(value_name = "DIGEST")]
    policy: Digest,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Why giving is paused.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Reason {
    /// The budget is used up.
    Budget,
    /// Fraud is suspected.
    Fraud,
    /// A system does not work.
    System,
    /// The policy is being changed.
    Policy,
    /// Anything else.
    Other,
}

impl Reason {
    fn number(self) -> i32 {
        let number = match self {
            Self::Budget => v1::PauseReason::Budget,
            Self::Fraud => v1::PauseReason::Fraud,
            Self::System => v1::PauseReason::System,
            Self::Policy => v1::PauseReason::Policy,
            Self::Other => v1::PauseReason::Other,
        };
        number.into()
    }
}

pub(super) fn run(command: &PolicyCommand) -> anyhow::Result<ExitCode> {
    match command {
        PolicyCommand::Standard => say(policy_file::STANDARD.trim_end()),
        PolicyCommand::Check { file } => say(policy_file::check(file)?),
        PolicyCommand::Draft { file, remote } => draft(file, remote)?,
        PolicyCommand::Publish(args) => publish(args)?,
        PolicyCommand::Schedule { policy, at } => schedule(policy, *at)?,
        PolicyCommand::Withdraw(args) => withdraw(args)?,
        PolicyCommand::List(remote) => list(remote)?,
        PolicyCommand::Show { policy, remote } => show(*policy, remote)?,
        PolicyCommand::Pause { reason, remote } => pause(*reason, remote)?,
        PolicyCommand::Resume(remote) => resume(remote)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn draft(file: &Path, remote: &RemoteArgs) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let request_id = remote.request_id()?;
    let drafted = remote.with(async |mut it| {
        let request = it.ask(v1::DraftPolicyRequest { request_id, text });
        answered(it.governance.draft_policy(request).await)
    })?;
    let digest = drafted.policy.map(|policy| policy.policy_digest).unwrap_or_default();
    if !remote.json {
        say(&drafted.report);
    }
    let what = format!("policy {digest} is handed in");
    remote.tell(&what, drafted.receipt.as_ref(), drafted.replayed);
    Ok(())
}

fn publish(args: &PolicyArgs) -> anyhow::Result<()> {
    let (request_id, policy_digest) = (args.remote.request_id()?, args.policy.to_string());
    let published = args.remote.with(async |mut it| {
        let request = it.ask(v1::PublishPolicyRequest { request_id, policy_digest });
        answered(it.governance.publish_policy(request).await)
    })?;
    let what = format!("policy {} is published", args.policy);
    args.remote.tell(&what, published.receipt.as_ref(), published.replayed);
    Ok(())
}

fn schedule(args: &PolicyArgs, at: Option<Time>) -> anyhow::Result<()> {
    let at = at.unwrap_or_else(|| wall_time().saturating_add_ns(AT_ONCE_NS));
    let (request_id, policy_digest) = (args.remote.request_id()?, args.policy.to_string());
    let scheduled = args.remote.with(async |mut it| {
        let effective_time = Some(wire(at));
        let message = v1::SchedulePolicyRequest { request_id, policy_digest, effective_time };
        let request = it.ask(message);
        answered(it.governance.schedule_policy(request).await)
    })?;
    let what = format!("policy {} comes into force at {}", args.policy, shown(Some(wire(at))));
    args.remote.tell(&what, scheduled.receipt.as_ref(), scheduled.replayed);
    Ok(())
}

fn withdraw(args: &PolicyArgs) -> anyhow::Result<()> {
    let (request_id, policy_digest) = (args.remote.request_id()?, args.policy.to_string());
    let withdrawn = args.remote.with(async |mut it| {
        let request = it.ask(v1::WithdrawPolicyRequest { request_id, policy_digest });
        answered(it.governance.withdraw_policy(request).await)
    })?;
    let what = format!("policy {} is taken back", args.policy);
    args.remote.tell(&what, withdrawn.receipt.as_ref(), withdrawn.replayed);
    Ok(())
}

fn list(remote: &RemoteArgs) -> anyhow::Result<()> {
    let all = remote.with(async |mut it| {
        it.pages(async |it, page_size, page_token| {
            let request = it.ask(v1::ListPoliciesRequest { page_size, page_token });
            let page = answered(it.governance.list_policies(request).await)?;
            Ok((page.policies, page.next_page_token))
        })
        .await
    })?;
    if remote.json {
        for policy in &all {
            say(json_of(policy));
        }
        return Ok(());
    }
    let mut table = table(&["digest", "name", "version", "state", "from", "by"]);
    for policy in &all {
        table.add_row([
            policy.policy_digest.clone(),
            policy.name.clone(),
            policy.version.clone(),
            if policy.in_force { "in force".to_owned() } else { state_of(policy) },
            when(policy.effective_time),
            policy.author_id.clone(),
        ]);
    }
    say(table);
    Ok(())
}

fn json_of(policy: &v1::PolicyStanding) -> serde_json::Value {
    serde_json::json!({
        "policy_digest": policy.policy_digest,
        "name": policy.name,
        "version": policy.version,
        "state": state_of(policy),
        "in_force": policy.in_force,
        "author_id": policy.author_id,
        "scheduler_id": policy.scheduler_id,
        "effective_time": shown(policy.effective_time),
    })
}

fn state_of(policy: &v1::PolicyStanding) -> String {
    let name = policy.state().as_str_name();
    match name.trim_start_matches("POLICY_STATE_") {
        "UNSPECIFIED" => String::new(),
        state => state.to_lowercase(),
    }
}

fn show(policy: Option<Digest>, remote: &RemoteArgs) -> anyhow::Result<()> {
    let policy_digest = policy.map(|digest| digest.to_string()).unwrap_or_default();
    let shown = remote.with(async |mut it| {
        let request = it.ask(v1::GetPolicyRequest { policy_digest });
        answered(it.governance.get_policy(request).await)
    })?;
    if remote.json {
        let mut value = shown.policy.as_ref().map(json_of).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("text".to_owned(), shown.text.into());
        }
        say(value);
    } else {
        say(shown.text.trim_end());
    }
    Ok(())
}

fn pause(reason: Reason, remote: &RemoteArgs) -> anyhow::Result<()> {
    let request_id = remote.request_id()?;
    let paused = remote.with(async |mut it| {
        let request = it.ask(v1::PauseGivingRequest { request_id, reason: reason.number() });
        answered(it.governance.pause_giving(request).await)
    })?;
    let name = reason.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default();
    let what = format!("giving is paused ({name})");
    remote.tell(&what, paused.receipt.as_ref(), paused.replayed);
    Ok(())
}

fn resume(remote: &RemoteArgs) -> anyhow::Result<()> {
    let request_id = remote.request_id()?;
    let resumed = remote.with(async |mut it| {
        let request = it.ask(v1::ResumeGivingRequest { request_id });
        answered(it.governance.resume_giving(request).await)
    })?;
    remote.tell("giving goes on", resumed.receipt.as_ref(), resumed.replayed);
    Ok(())
}
