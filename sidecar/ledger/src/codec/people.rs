//! Acts about people as messages, and back.

use makegood_core::ledger::{Act, Person};
use makegood_proto::ledger::v1 as pb;
use pb::act::Kind;

use super::codes::{erasure_basis, export_purpose, read_erasure_basis, read_export_purpose};
use super::decode::{Result, optional_pid, pid};

/// A pseudonym of each kind; one of them is empty.
struct Pids {
    customer_pid: Vec<u8>,
    agent_pid: Vec<u8>,
}

pub(super) fn kind(act: &Act) -> Kind {
    match act {
        Act::ExportSubject { subject, purpose } => {
            let Pids { customer_pid, agent_pid } = pids(*subject);
            let purpose = export_purpose(*purpose).into();
            Kind::ExportSubject(pb::ExportSubject { customer_pid, agent_pid, purpose })
        }
        Act::AskErasure { subject, basis } => {
            let Pids { customer_pid, agent_pid } = pids(*subject);
            let basis = erasure_basis(*basis).into();
            Kind::AskErasure(pb::AskErasure { customer_pid, agent_pid, basis })
        }
        Act::EraseSubject { subject, basis, asked } => {
            let Pids { customer_pid, agent_pid } = pids(*subject);
            let basis = erasure_basis(*basis).into();
            let asked_request_id = asked.map(|asked| asked.as_bytes().to_vec()).unwrap_or_default();
            Kind::EraseSubject(pb::EraseSubject {
                customer_pid,
                basis,
                agent_pid,
                asked_request_id,
            })
        }
        _ => unreachable!("`acts` takes the others"),
    }
}

pub(super) fn read_export(it: &pb::ExportSubject) -> Result<Act> {
    let subject = person(&it.customer_pid, &it.agent_pid)?;
    Ok(Act::ExportSubject { subject, purpose: read_export_purpose(it.purpose())? })
}

pub(super) fn read_asked(it: &pb::AskErasure) -> Result<Act> {
    let subject = person(&it.customer_pid, &it.agent_pid)?;
    Ok(Act::AskErasure { subject, basis: read_erasure_basis(it.basis())? })
}

pub(super) fn read_erasure(it: &pb::EraseSubject) -> Result<Act> {
    let asked = optional_pid(&it.asked_request_id, "asked_request_id")?;
    let subject = person(&it.customer_pid, &it.agent_pid)?;
    Ok(Act::EraseSubject { subject, basis: read_erasure_basis(it.basis())?, asked })
}

fn pids(person: Person) -> Pids {
    match person {
        Person::Customer(pid) => {
            Pids { customer_pid: pid.as_bytes().to_vec(), agent_pid: Vec::new() }
        }
        Person::Agent(pid) => Pids { customer_pid: Vec::new(), agent_pid: pid.as_bytes().to_vec() },
    }
}

fn person(customer_pid: &[u8], agent_pid: &[u8]) -> Result<Person> {
    Ok(if agent_pid.is_empty() {
        Person::Customer(pid(customer_pid, "customer_pid")?)
    } else {
        Person::Agent(pid(agent_pid, "agent_pid")?)
    })
}
