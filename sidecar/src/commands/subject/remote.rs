//! Asking a sidecar that serves.

use makegood_core::ids::RequestId;
use makegood_core::ledger::ErasureBasis;
use makegood_ledger::codec::codes::erasure_basis;
use makegood_proto::v1;
use makegood_proto::v1::subject_ref::By;

use super::super::remote::{Remote, answered, new_request_id, refused};

/// Every part of what is held about a person.
pub(super) async fn export(
    mut it: Remote,
    asked: v1::ExportSubjectRequest,
) -> anyhow::Result<Vec<v1::ExportSubjectResponse>> {
    let request = it.ask(asked);
    let mut stream = answered(it.subjects.export_subject(request).await)?;
    let mut parts = Vec::new();
    while let Some(part) = stream.message().await.map_err(|status| refused(&status))? {
        parts.push(part);
    }
    Ok(parts)
}

/// Erases people, one after the other, and tells of each.
pub(super) async fn erase(
    mut it: Remote,
    whom: &[By],
    (basis, asked): (ErasureBasis, Option<RequestId>),
    tell: &mut dyn FnMut(&v1::EraseSubjectResponse),
) -> anyhow::Result<()> {
    for who in whom {
        let request = it.ask(v1::EraseSubjectRequest {
            request_id: new_request_id()?,
            subject: Some(v1::SubjectRef { by: Some(who.clone()) }),
            basis: erasure_basis(basis).into(),
            asked_request_id: asked.map(|id| id.to_string()).unwrap_or_default(),
        });
        tell(&answered(it.subjects.erase_subject(request).await)?);
    }
    Ok(())
}
