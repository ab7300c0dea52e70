//! Asking a sidecar that serves.

use std::path::Path;

use anyhow::Context as _;
use makegood_core::ids::RequestId;
use makegood_core::ledger::ErasureBasis;
use makegood_proto::v1;
use makegood_proto::v1::subject_ref::By;
use makegood_proto::v1::subject_service_client::SubjectServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::config::read_secret;
use crate::house::subjects::held::basis_number;
use crate::vault;

/// A sidecar, and the token to show it.
pub(super) struct Remote {
    endpoint: Endpoint,
    bearer: MetadataValue<Ascii>,
}

impl Remote {
    pub(super) fn new(url: &str, token: &Path) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(url.to_owned()).context("read the sidecar's URL")?;
        let token = read_secret(token)?;
        let bearer = format!("Bearer {}", token.trim()).parse().context("read the token")?;
        Ok(Self { endpoint, bearer })
    }

    /// Every part of what is held about a person.
    pub(super) async fn export(&self, who: &By) -> anyhow::Result<Vec<v1::ExportSubjectResponse>> {
        let subject = Some(v1::SubjectRef { by: Some(who.clone()) });
        let request = self.request(v1::ExportSubjectRequest { subject });
        let mut stream = self
            .client()
            .await?
            .export_subject(request)
            .await
            .map_err(|status| refused(&status))?
            .into_inner();
        let mut parts = Vec::new();
        while let Some(part) = stream.message().await.map_err(|status| refused(&status))? {
            parts.push(part);
        }
        Ok(parts)
    }

    /// Erases people, one after the other, and tells of each.
    pub(super) async fn erase(
        &self,
        whom: &[By],
        basis: ErasureBasis,
        tell: &mut dyn FnMut(&v1::EraseSubjectResponse),
    ) -> anyhow::Result<()> {
        let mut client = self.client().await?;
        for who in whom {
            let request = self.request(v1::EraseSubjectRequest {
                request_id: RequestId::from_bytes(vault::random()?).to_string(),
                subject: Some(v1::SubjectRef { by: Some(who.clone()) }),
                basis: basis_number(basis).into(),
            });
            tell(
                &client
                    .erase_subject(request)
                    .await
                    .map_err(|status| refused(&status))?
                    .into_inner(),
            );
        }
        Ok(())
    }

    async fn client(&self) -> anyhow::Result<SubjectServiceClient<Channel>> {
        let channel = self.endpoint.connect().await;
        let channel = channel.with_context(|| format!("reach {}", self.endpoint.uri()))?;
        Ok(SubjectServiceClient::new(channel))
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }
}

/// What the sidecar answers instead, in its own words.
fn refused(status: &Status) -> anyhow::Error {
    anyhow::anyhow!("the sidecar answers {:?}: {}", status.code(), status.message())
}
