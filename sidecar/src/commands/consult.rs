//! `makegood consult`: the questions to a second person, through a sidecar that serves, as the person
//! whose token it is.

use anyhow::{Context as _, bail};
use makegood_core::ids::RequestId;
use makegood_core::money::{Currency, Money};
use makegood_proto::v1;

use super::remote::{Remote, RemoteArgs, answered, shown};
use super::say;
use super::tables::{amount, json_lines, money, table, when};

const MS_PER_S: i64 = 1_000;

/// The commands about consults.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ConsultCommand {
    /// List the questions that wait for your answer.
    List {
        /// Those that you asked instead.
        #[arg(long)]
        asked: bool,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Show one question as it stands.
    Show(ConsultArgs),
    /// Answer a question; a desk must be open, because only those who are there are asked.
    Answer {
        #[command(flatten)]
        consult: ConsultArgs,
        /// What may be given in all, such as 80.00: more than is held, and at most what was asked.
        #[arg(long, value_name = "AMOUNT", required_unless_present = "decline")]
        approve: Option<String>,
        /// No more than is held may be given.
        #[arg(long, conflicts_with = "approve")]
        decline: bool,
    },
    /// Take your question back; what is held stays held.
    Withdraw(ConsultArgs),
}

/// A consult at a sidecar.
#[derive(Debug, clap::Args)]
pub(super) struct ConsultArgs {
    /// The consult's id, as `makegood consult list` shows it.
    #[arg(value_name = "CONSULT")]
    consult: RequestId,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub(super) fn run(command: &ConsultCommand) -> anyhow::Result<()> {
    match command {
        ConsultCommand::List { asked, remote } => list(*asked, remote),
        ConsultCommand::Show(args) => show(args),
        ConsultCommand::Answer { consult, approve, decline: _ } => {
            answer(consult, approve.as_deref())
        }
        ConsultCommand::Withdraw(args) => withdraw(args),
    }
}

fn list(asked: bool, remote: &RemoteArgs) -> anyhow::Result<()> {
    let filter = if asked { v1::ConsultFilter::Asked } else { v1::ConsultFilter::ToAnswer };
    let all = remote.with(async |mut it| {
        it.pages(async |it, page_size, page_token| {
            let filter = filter.into();
            let request = it.ask(v1::ListConsultsRequest { filter, page_size, page_token });
            let page = answered(it.consults.list_consults(request).await)?;
            Ok((page.consults, page.next_page_token))
        })
        .await
    })?;
    if remote.json {
        json_lines(all.iter().map(json));
    } else if all.is_empty() {
        say(if asked { "you have asked nobody" } else { "nothing waits for your answer" });
    } else {
        let header =
            ["consult", "state", "who asks", "for whom", "held", "asked", "limit", "until"];
        let mut table = table(&header);
        for consult in &all {
            table.add_row([
                consult.consult_id.clone(),
                state(consult),
                consult.agent_name.clone(),
                consult.customer_name.clone(),
                held(consult),
                money(consult.asked.as_ref()),
                consult.limit_label.clone(),
                when(consult.answer_expire_time),
            ]);
        }
        say(table);
    }
    Ok(())
}

fn show(args: &ConsultArgs) -> anyhow::Result<()> {
    let consult = args.remote.with(async |mut it| get(&mut it, args.consult).await)?;
    if args.remote.json {
        say(json(&consult));
        return Ok(());
    }
    let mut table = table(&["consult", &consult.consult_id]);
    for (name, value) in [
        ("state", state(&consult)),
        ("who asks", consult.agent_name.clone()),
        ("who is asked", consult.approver_name.clone()),
        ("for whom", consult.customer_name.clone()),
        ("why", consult.reason_label.clone()),
        ("note", consult.note.clone()),
        ("held", held(&consult)),
        ("asked", money(consult.asked.as_ref())),
        ("approved", approved(&consult)),
        ("limit", consult.limit_label.clone()),
        ("asked at", when(consult.ask_time)),
        ("until", when(consult.answer_expire_time)),
        ("ended at", when(consult.end_time)),
        ("waited", format!("{} s", consult.waited_ms / MS_PER_S)),
    ] {
        if !value.is_empty() {
            table.add_row([name.to_owned(), value]);
        }
    }
    say(table);
    Ok(())
}

fn answer(args: &ConsultArgs, approve: Option<&str>) -> anyhow::Result<()> {
    let request_id = args.remote.request_id()?;
    let answered = args.remote.with(async |mut it| {
        let approved = match approve {
            None => None,
            Some(text) => Some(in_its_currency(&get(&mut it, args.consult).await?, text)?),
        };
        let answer = match approved {
            None => v1::ConsultAnswer::Decline,
            Some(_) => v1::ConsultAnswer::Approve,
        };
        let request = it.ask(v1::AnswerConsultRequest {
            request_id,
            consult_id: args.consult.to_string(),
            answer: answer.into(),
            approved,
        });
        answered(it.consults.answer_consult(request).await)
    })?;
    let consult = answered.consult.unwrap_or_default();
    let what = match approve {
        None => format!("consult {} is declined", args.consult),
        Some(_) => format!("consult {} is approved for {}", args.consult, approved(&consult)),
    };
    args.remote.tell(&what, answered.receipt.as_ref(), answered.replayed);
    Ok(())
}

fn withdraw(args: &ConsultArgs) -> anyhow::Result<()> {
    let (request_id, consult_id) = (args.remote.request_id()?, args.consult.to_string());
    let withdrawn = args.remote.with(async |mut it| {
        let request = it.ask(v1::WithdrawConsultRequest { request_id, consult_id });
        answered(it.consults.withdraw_consult(request).await)
    })?;
    let what = format!("consult {} is taken back", args.consult);
    args.remote.tell(&what, withdrawn.receipt.as_ref(), withdrawn.replayed);
    Ok(())
}

async fn get(it: &mut Remote, consult: RequestId) -> anyhow::Result<v1::Consult> {
    let request = it.ask(v1::GetConsultRequest { consult_id: consult.to_string() });
    let found = answered(it.consults.get_consult(request).await)?;
    found.consult.context("the sidecar answers without the consult")
}

/// An amount in the currency that was asked for.
fn in_its_currency(consult: &v1::Consult, text: &str) -> anyhow::Result<v1::Money> {
    let Some(asked) = &consult.asked else {
        bail!("the sidecar does not say what was asked");
    };
    let currency = Currency::parse(&asked.currency_code).context("read what was asked")?;
    let money = Money::parse(currency, text).context("read --approve")?;
    Ok(v1::Money { currency_code: asked.currency_code.clone(), amount_minor: money.amount_minor })
}

fn held(consult: &v1::Consult) -> String {
    let (spend, asked) = (consult.spend.as_ref(), consult.asked.as_ref());
    let held =
        spend.zip(asked).map(|(spend, asked)| amount(&asked.currency_code, spend.held_minor));
    held.unwrap_or_default()
}

/// Empty unless it was approved.
fn approved(consult: &v1::Consult) -> String {
    let asked = consult.asked.as_ref().filter(|_| consult.approved_minor > 0);
    asked.map(|asked| amount(&asked.currency_code, consult.approved_minor)).unwrap_or_default()
}

fn state(consult: &v1::Consult) -> String {
    let name = consult.state().as_str_name().trim_start_matches("CONSULT_STATE_");
    name.to_lowercase().replace('_', " ")
}

fn json(consult: &v1::Consult) -> serde_json::Value {
    let asked = consult.asked.clone().unwrap_or_default();
    serde_json::json!({
        "consult_id": consult.consult_id,
        "spend_id": consult.spend.as_ref().map(|spend| &spend.spend_id),
        "state": state(consult),
        "currency_code": asked.currency_code,
        "asked_minor": asked.amount_minor,
        "approved_minor": consult.approved_minor,
        "agent_name": consult.agent_name,
        "approver_name": consult.approver_name,
        "customer_name": consult.customer_name,
        "limit_id": consult.limit_id,
        "reason": consult.reason_label,
        "note": consult.note,
        "may_answer": consult.may_answer,
        "ask_time": shown(consult.ask_time),
        "answer_expire_time": shown(consult.answer_expire_time),
        "end_time": shown(consult.end_time),
        "waited_ms": consult.waited_ms,
    })
}
