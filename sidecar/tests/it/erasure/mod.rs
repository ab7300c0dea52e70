//! Erasure: a person is gone from every file, everybody else is untouched, and every proof stands.

mod kills;
mod many;
mod one;
mod shell;

use makegood_core::ledger::{Act, EntryBody};
use makegood_ledger::codec;
use makegood_proto::ledger::v1::{ErasureBasis, ExportPurpose};
use makegood_proto::v1;
use makegood_proto::v1::export_subject_response::Part;
use makegood_proto::v1::subject_ref::By;
use makegood_sidecar::token::Access;
use tonic::Status;

use crate::support::{Client, Served, id};

/// Somebody of the CRM.
fn customer(external_id: &str) -> By {
    let by = v1::lookup::By::ExternalId(external_id.to_owned());
    By::Customer(v1::Lookup { by: Some(by) })
}

fn agent(host_id: &str) -> By {
    By::AgentId(host_id.to_owned())
}

fn pid(subject_id: &str) -> By {
    By::SubjectId(subject_id.to_owned())
}

/// Whoever may erase.
fn admin(served: &Served<'_>) -> Client {
    served.client("R-1", Access::Admin, None)
}

async fn erase(client: &Client, who: By) -> Result<v1::EraseSubjectResponse, Status> {
    erase_as_asked(client, who, String::new()).await
}

/// As the second person, by the request of the first.
async fn erase_as_asked(
    client: &Client,
    who: By,
    asked_request_id: String,
) -> Result<v1::EraseSubjectResponse, Status> {
    let request = v1::EraseSubjectRequest {
        request_id: id(),
        subject: Some(v1::SubjectRef { by: Some(who) }),
        basis: ErasureBasis::Request.into(),
        asked_request_id,
    };
    client.subjects.clone().erase_subject(request).await.map(tonic::Response::into_inner)
}

/// Asks for somebody to be erased, under a new id, which is the answer.
async fn ask_erasure(client: &Client, who: By) -> Result<String, Status> {
    let request_id = id();
    let request = v1::AskErasureRequest {
        request_id: request_id.clone(),
        subject: Some(v1::SubjectRef { by: Some(who) }),
        basis: ErasureBasis::Request.into(),
    };
    client.subjects.clone().ask_erasure(request).await.map(|_| request_id)
}

/// What is held about somebody: who, records, entries but for those about exports.
#[derive(Debug, Clone, Default, PartialEq)]
struct Export {
    subject: v1::ExportedSubject,
    records: Vec<v1::ExportedRecord>,
    entries: Vec<v1::ListedEntry>,
}

async fn export(client: &Client, who: By) -> Result<Export, Status> {
    exported(client, who).await.map(|(export, _)| export)
}

/// What is held about somebody, and the entry that says that it was asked for.
async fn exported(client: &Client, who: By) -> Result<(Export, v1::Receipt), Status> {
    let request = v1::ExportSubjectRequest {
        subject: Some(v1::SubjectRef { by: Some(who) }),
        request_id: id(),
        purpose: ExportPurpose::Subject.into(),
    };
    let mut stream = client.subjects.clone().export_subject(request).await?.into_inner();
    let mut export = Export::default();
    let mut receipt = None;
    while let Some(part) = stream.message().await? {
        match part.part.unwrap() {
            Part::Subject(subject) => {
                receipt.clone_from(&subject.receipt);
                export.subject = v1::ExportedSubject { receipt: None, ..subject };
            }
            Part::Record(record) => export.records.push(record),
            Part::Entry(listed) => {
                let entry = codec::entry(listed.entry.clone().unwrap()).unwrap();
                if !is_of_export(&entry.body) {
                    export.entries.push(listed);
                }
            }
        }
    }
    Ok((export, receipt.unwrap()))
}

fn is_of_export(body: &EntryBody) -> bool {
    matches!(body, EntryBody::Act { act: Act::ExportSubject { .. }, .. })
}

/// Who is found by the CRM's id.
async fn found(client: &Client, external_id: &str) -> Vec<v1::Candidate> {
    let by = Some(v1::lookup::By::ExternalId(external_id.to_owned()));
    let request = v1::IdentifyCallerRequest { lookup: Some(v1::Lookup { by }) };
    client.customers.clone().identify_caller(request).await.unwrap().into_inner().candidates
}
