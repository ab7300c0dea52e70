//! `CustomerService`: who calls, and their story.

use makegood_core::time::Time;
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;
use makegood_proto::v1::customer_service_server::CustomerService;
use tonic::{Request, Response, Status};

use super::page::Page;
use super::shape::Shape;
use super::{Service, status};
use crate::house::{EncodedPanel, PreferenceIn};

const PREFERENCE_CHARACTERS: usize = 200;

#[tonic::async_trait]
impl CustomerService for Service {
    async fn identify_caller(
        &self,
        request: Request<v1::IdentifyCallerRequest>,
    ) -> Result<Response<v1::IdentifyCallerResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::IdentifyCallerRequest { lookup } = request.into_inner();
        let mut shape = Shape::default();
        if lookup.is_none() {
            shape.note("lookup", "say how the caller is known");
        }
        shape.lookup(lookup.as_ref());
        shape.finish()?;
        let (match_status, candidates) = self
            .house
            .identify(&visitor, lookup.as_ref())
            .map_err(|error| status::from_house(&error))?;
        let match_status = match_status.into();
        Ok(Response::new(v1::IdentifyCallerResponse { match_status, candidates }))
    }

    /// For those who serve the trait alone; the port answers with [`super::encoded`].
    async fn get_panel(
        &self,
        request: Request<v1::GetPanelRequest>,
    ) -> Result<Response<v1::GetPanelResponse>, Status> {
        let panel = self.encoded_panel(request)?.into_panel();
        let panel = panel.map_err(|error| status::internal(&error))?;
        Ok(Response::new(v1::GetPanelResponse { panel: Some(panel) }))
    }

    async fn list_timeline(
        &self,
        request: Request<v1::ListTimelineRequest>,
    ) -> Result<Response<v1::ListTimelineResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ListTimelineRequest { customer_id, page_size, page_token } = request.into_inner();
        let mut shape = Shape::default();
        let customer = shape.customer(&customer_id);
        let page = Page::read(&mut shape, page_size, &page_token);
        let customer = shape.build(customer)?;
        let rows =
            self.house.timeline(&visitor, customer).map_err(|error| status::from_house(&error))?;
        let (items, next_page_token) = page.cut(rows);
        Ok(Response::new(v1::ListTimelineResponse { items, next_page_token }))
    }

    async fn list_preferences(
        &self,
        request: Request<v1::ListPreferencesRequest>,
    ) -> Result<Response<v1::ListPreferencesResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::ListPreferencesRequest { customer_id, page_size, page_token } =
            request.into_inner();
        let mut shape = Shape::default();
        let customer = shape.customer(&customer_id);
        let page = Page::read(&mut shape, page_size, &page_token);
        let customer = shape.build(customer)?;
        let rows = self
            .house
            .preferences(&visitor, customer)
            .map_err(|error| status::from_house(&error))?;
        let (preferences, next_page_token) = page.cut(rows);
        Ok(Response::new(v1::ListPreferencesResponse { preferences, next_page_token }))
    }

    async fn save_preference(
        &self,
        request: Request<v1::SavePreferenceRequest>,
    ) -> Result<Response<v1::SavePreferenceResponse>, Status> {
        let visitor = self.serving(&request)?;
        let preference = preference_in(request.into_inner())?;
        let saved = self.house.save_preference(&visitor, preference).await;
        let preference = Some(saved.map_err(|error| status::from_house(&error))?);
        Ok(Response::new(v1::SavePreferenceResponse { preference }))
    }

    async fn retire_preference(
        &self,
        request: Request<v1::RetirePreferenceRequest>,
    ) -> Result<Response<v1::RetirePreferenceResponse>, Status> {
        let visitor = self.serving(&request)?;
        let v1::RetirePreferenceRequest { preference_id, customer_id } = request.into_inner();
        let mut shape = Shape::default();
        let customer = shape.customer(&customer_id);
        let preference_id = shape.host_id("preference_id", &preference_id);
        let (customer, preference_id) = shape.build(customer.zip(preference_id))?;
        let retired = self.house.retire_preference(&visitor, customer, &preference_id).await;
        retired.map_err(|error| status::from_house(&error))?;
        Ok(Response::new(v1::RetirePreferenceResponse {}))
    }
}

impl Service {
    /// The panel that was asked for.
    pub(super) fn encoded_panel(
        &self,
        request: Request<v1::GetPanelRequest>,
    ) -> Result<EncodedPanel, Status> {
        let visitor = self.serving(&request)?;
        let v1::GetPanelRequest { interaction_id, lookup, customer_id } = request.into_inner();
        let mut shape = Shape::default();
        if !interaction_id.is_empty() || visitor.interaction.is_some() {
            shape.host_id("interaction_id", &interaction_id);
        }
        shape.lookup(lookup.as_ref());
        let customer = shape.optional("customer_id", &customer_id);
        shape.finish()?;
        self.house
            .encoded_panel(&visitor, &interaction_id, lookup.as_ref(), customer)
            .map_err(|error| status::from_house(&error))
    }
}

fn preference_in(request: v1::SavePreferenceRequest) -> Result<PreferenceIn, Status> {
    let v1::SavePreferenceRequest {
        preference_id,
        customer_id,
        kind,
        text,
        expire_time,
        situational,
        interaction_id,
    } = request;
    let mut shape = Shape::default();
    let id = shape.request_id_named("preference_id", &preference_id);
    let customer = shape.customer(&customer_id);
    let kind = shape.choice::<v1::PreferenceKind>("kind", kind);
    let text = shape.some_words("text", &text, PREFERENCE_CHARACTERS);
    let expire_at = shape.time("expire_time", expire_time.as_ref());
    if !interaction_id.is_empty() {
        shape.host_id("interaction_id", &interaction_id);
    }
    let build = || {
        Some(PreferenceIn {
            preference_id: id?,
            customer: customer?,
            record: pb::Preference {
                kind: kind?.into(),
                text: text?,
                expire_ns: expire_at.map_or(0, Time::as_nanos),
                situational,
                interaction_id,
                ..pb::Preference::default()
            },
        })
    };
    shape.build(build())
}
