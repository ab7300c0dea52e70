//! `GetPanel` answered in bytes: the one method that is asked for often enough to be worth a route
//! of its own, before the generated one.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::{Request, Response};
use makegood_proto::v1;
use makegood_proto::v1::customer_service_server::CustomerServiceServer;
use prost::Message as _;
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::BoxFuture;
use tonic::server::{Grpc, NamedService, UnaryService};

use super::{REPLY_BYTES, Service, status};
use crate::house::EncodedPanel;

const GET_PANEL: &str = "/makegood.v1.CustomerService/GetPanel";

/// `CustomerService`, with a shorter way to panels.
#[derive(Clone)]
pub(super) struct CustomerRoutes {
    panels: Panels,
    message_bytes: usize,
    others: CustomerServiceServer<Service>,
}

/// The method.
#[derive(Clone)]
struct Panels(Service);

impl CustomerRoutes {
    /// Answers `GetPanel` itself, for requests of at most `message_bytes`; `others` has the rest.
    pub(super) fn new(
        service: &Service,
        message_bytes: usize,
        others: CustomerServiceServer<Service>,
    ) -> Self {
        Self { panels: Panels(service.clone()), message_bytes, others }
    }
}

impl NamedService for CustomerRoutes {
    const NAME: &'static str = CustomerServiceServer::<Service>::NAME;
}

impl tower::Service<Request<Body>> for CustomerRoutes {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path() != GET_PANEL {
            return self.others.call(request);
        }
        let panels = self.panels.clone();
        let mut grpc = Grpc::new(PanelCodec)
            .max_decoding_message_size(self.message_bytes)
            .max_encoding_message_size(REPLY_BYTES);
        Box::pin(async move { Ok(grpc.unary(panels, request).await) })
    }
}

impl UnaryService<v1::GetPanelRequest> for Panels {
    type Response = EncodedPanel;
    type Future = BoxFuture<tonic::Response<EncodedPanel>, Status>;

    fn call(&mut self, request: tonic::Request<v1::GetPanelRequest>) -> Self::Future {
        let answer = self.0.encoded_panel(request).map(tonic::Response::new);
        Box::pin(std::future::ready(answer))
    }
}

/// Reads requests, and writes replies from their pieces.
struct PanelCodec;

impl Codec for PanelCodec {
    type Encode = EncodedPanel;
    type Decode = v1::GetPanelRequest;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for PanelCodec {
    type Item = EncodedPanel;
    type Error = Status;

    fn encode(&mut self, panel: EncodedPanel, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        panel.write_response(to, EncodeBuf::reserve);
        Ok(())
    }
}

impl Decoder for PanelCodec {
    type Item = v1::GetPanelRequest;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        v1::GetPanelRequest::decode(from).map(Some).map_err(|error| status::unreadable(&error))
    }
}
