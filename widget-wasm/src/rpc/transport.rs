//! Makes calls over `fetch`, unary and streaming, with a token and a time limit.

use js_sys::{Reflect, Uint8Array};
use makegood_proto::v1 as pb;
use prost::Message as _;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, ReadableStreamDefaultReader, RequestInit, Response};

use super::fault::{Code, Fault, Trailer};
use super::frame::{Decoder, Frame, wrap};
use super::request::{Reply, Request};
use crate::format::number;

const PACKAGE: &str = "/makegood.v1.";
const WATCH: &str = "DeskService/WatchDesk";

/// Makes a unary call. Every way of not getting an answer with a status is a fault.
pub(crate) async fn unary(request: &Request, token: &str) -> Result<Reply, Fault> {
    let limit = request.time_limit_ms();
    let signal = AbortSignal::timeout_with_u32(limit);
    let response = send(request.path(), &request.encode(), token, Some(limit), &signal).await?;
    let headers = trailer_of(&response)?;
    let bytes = response.array_buffer().map_err(|_| Fault::unknown())?;
    let bytes = JsFuture::from(bytes).await.map_err(|_| Fault::unknown())?;
    let bytes = Uint8Array::new(&bytes).to_vec();
    let mut decoder = Decoder::default();
    decoder.push(&bytes);
    let mut message = None;
    loop {
        match decoder.next_frame() {
            Ok(Some(Frame::Message(bytes))) => message = Some(bytes),
            Ok(Some(Frame::Trailer(lines))) => {
                Trailer::from_lines(&lines).outcome()?;
                break;
            }
            // A call that fails at once has its status in the headers, and no body.
            Ok(None) if message.is_none() && decoder.is_empty() => {
                headers.outcome()?;
                break;
            }
            Ok(None) | Err(_) => return Err(Fault::unknown()),
        }
    }
    request.decode(&message.unwrap_or_default()).map_err(|_| Fault::unknown())
}

/// Reads the stream until it ends, and hands on the bytes of each message. Always ends in a fault
/// or in the sidecar's word that it is over.
pub(crate) async fn watch(
    request: &pb::WatchDeskRequest,
    token: &str,
    signal: &AbortSignal,
    mut hear: impl FnMut(Vec<u8>),
) -> Result<(), Fault> {
    let response = send(WATCH, &request.encode_to_vec(), token, None, signal).await?;
    let Some(body) = response.body() else { return trailer_of(&response)?.outcome() };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut decoder = Decoder::default();
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(|_| Fault::unknown())?;
        let part = Reflect::get(&part, &"value".into()).unwrap_or_default();
        // Without a value it is over; without a trailer before that it was cut off.
        let Ok(part) = part.dyn_into::<Uint8Array>() else {
            return trailer_of(&response)?.outcome();
        };
        decoder.push(&part.to_vec());
        while let Some(frame) = decoder.next_frame().map_err(|_| Fault::unknown())? {
            match frame {
                Frame::Message(bytes) => hear(bytes),
                Frame::Trailer(lines) => return Trailer::from_lines(&lines).outcome(),
            }
        }
    }
}

async fn send(
    path: &str,
    message: &[u8],
    token: &str,
    limit_ms: Option<u32>,
    signal: &AbortSignal,
) -> Result<Response, Fault> {
    let init = request_init(message, token, limit_ms, signal).map_err(|_| Fault::unknown())?;
    let window = web_sys::window().ok_or_else(Fault::unknown)?;
    let response = window.fetch_with_str_and_init(&[PACKAGE, path].concat(), &init);
    let response = JsFuture::from(response).await.map_err(|_| Fault::unknown())?;
    let response: Response = response.unchecked_into();
    let has_status = response.headers().has("grpc-status").unwrap_or(false);
    if !response.ok() && !has_status {
        return Err(Fault::new(Code::from_http(response.status())));
    }
    Ok(response)
}

fn request_init(
    message: &[u8],
    token: &str,
    limit_ms: Option<u32>,
    signal: &AbortSignal,
) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/grpc-web+proto")?;
    headers.set("x-grpc-web", "1")?;
    headers.set("authorization", &["Bearer ", token].concat())?;
    if let Some(limit) = limit_ms {
        headers.set("grpc-timeout", &[&number(limit.into()), "m"].concat())?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&Uint8Array::from(wrap(message).as_slice()));
    init.set_signal(Some(signal));
    Ok(init)
}

fn trailer_of(response: &Response) -> Result<Trailer, Fault> {
    let headers = response.headers();
    let read = |name| headers.get(name).map_err(|_| Fault::unknown());
    Ok(Trailer { status: read("grpc-status")?, details: read("grpc-status-details-bin")? })
}
