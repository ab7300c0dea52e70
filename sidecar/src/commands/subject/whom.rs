//! Who is meant on the command line.

use anyhow::bail;
use makegood_core::ids::CustomerPid;
use makegood_proto::v1::Lookup;
use makegood_proto::v1::lookup;
use makegood_proto::v1::subject_ref::By;

/// The people that a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct Whom {
    /// A customer: a pseudonym, a CRM's id, or `crm:`, `account:`, `phone:` or `mail:` and the value.
    #[arg(long, value_name = "REF")]
    customer: Vec<String>,
    /// An employee: a pseudonym, or the host's id.
    #[arg(long, value_name = "REF")]
    agent: Vec<String>,
}

impl Whom {
    /// Everybody who is named.
    pub(super) fn named(&self) -> anyhow::Result<Vec<By>> {
        let customers = self.customer.iter().map(|text| customer(text));
        let named: Vec<_> = customers.chain(self.agent.iter().map(|text| agent(text))).collect();
        if named.is_empty() {
            bail!("say who is meant: --customer REF or --agent REF");
        }
        Ok(named)
    }
}

fn customer(text: &str) -> By {
    let by = match text.split_once(':') {
        Some(("crm", id)) => lookup::By::ExternalId(id.to_owned()),
        Some(("account", number)) => lookup::By::AccountNumber(number.to_owned()),
        Some(("phone", number)) => lookup::By::Phone(number.to_owned()),
        Some(("mail", address)) => lookup::By::Email(address.to_owned()),
        _ if is_pseudonym(text) => return By::SubjectId(text.to_owned()),
        _ => lookup::By::ExternalId(text.to_owned()),
    };
    By::Customer(Lookup { by: Some(by) })
}

pub(super) fn agent(text: &str) -> By {
    if is_pseudonym(text) { By::SubjectId(text.to_owned()) } else { By::AgentId(text.to_owned()) }
}

fn is_pseudonym(text: &str) -> bool {
    text.parse::<CustomerPid>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_people_are_named() {
        use lookup::By::{AccountNumber, Email, ExternalId, Phone};
        let pid = CustomerPid::from_bytes([7; 15]).to_string();
        let lookup = |by| By::Customer(Lookup { by: Some(by) });
        for (text, by) in [
            ("C-1", lookup(ExternalId("C-1".to_owned()))),
            ("crm:phone:1", lookup(ExternalId("phone:1".to_owned()))),
            ("other:1", lookup(ExternalId("other:1".to_owned()))),
            ("account:9", lookup(AccountNumber("9".to_owned()))),
            ("phone:+1 202", lookup(Phone("+1 202".to_owned()))),
            ("mail:a@example.com", lookup(Email("a@example.com".to_owned()))),
            (pid.as_str(), By::SubjectId(pid.clone())),
        ] {
            assert_eq!(customer(text), by, "{text}");
        }
        assert_eq!(agent("A-1"), By::AgentId("A-1".to_owned()));
        assert_eq!(agent(&pid), By::SubjectId(pid.clone()));
    }
}
