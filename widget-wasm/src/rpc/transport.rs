//! Makes calls over `fetch`, unary and streaming, with a token and a time limit.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use makegood_proto::v1 as pb;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Headers, ReadableStreamDefaultReader, RequestInit, Response};

use super::fault::{Code, Fault, Trailer};
use super::frame::{Decoder, Frame, wrap};
use super::request::{Reply, Request};
use super::wire::encode;
use crate::format::number;
use crate::js::{field, when};

const PACKAGE: &str = "/makegood.v1.";
const WATCH: &str = "DeskService/WatchDesk";

/// Makes a unary call, and runs `done` with the answer. Every way of not getting one with a status
/// is a fault.
pub(crate) fn unary(
    request: Rc<Request>,
    token: &str,
    done: Box<dyn FnOnce(Result<Reply, Fault>)>,
) {
    let limit = request.time_limit_ms();
    let signal = AbortSignal::timeout_with_u32(limit);
    let (path, message) = (request.path(), request.encode());
    send(path, &message, token, Some(limit), &signal, move |response| {
        let response = match response {
            Ok(response) => response,
            Err(fault) => return done(Err(fault)),
        };
        let trailer = trailer_of(&response);
        let Ok(body) = response.array_buffer() else { return done(Err(Fault::unknown())) };
        let read = move |body: Result<JsValue, JsValue>| {
            let body = body.map_err(|_| Fault::unknown());
            done(body.and_then(|body| read(&request, &trailer, &Uint8Array::new(&body).to_vec())));
        };
        when(&body, Box::new(read));
    });
}

/// Reads the whole body of a unary reply.
fn read(request: &Request, headers: &Trailer, body: &[u8]) -> Result<Reply, Fault> {
    let mut decoder = Decoder::default();
    decoder.push(body);
    let mut message = Vec::new();
    loop {
        match decoder.next_frame() {
            Ok(Some(Frame::Message(bytes))) => message = bytes,
            Ok(Some(Frame::Trailer(lines))) => {
                Trailer::from_lines(&lines).outcome()?;
                break;
            }
            // A call that fails at once has its status in the headers, and no body.
            Ok(None) if body.is_empty() => {
                headers.outcome()?;
                break;
            }
            Ok(None) | Err(_) => return Err(Fault::unknown()),
        }
    }
    request.decode(&message).map_err(|_| Fault::unknown())
}

/// A stream that is being read.
struct Stream {
    response: Response,
    reader: ReadableStreamDefaultReader,
    decoder: Decoder,
    hear: Box<dyn FnMut(Vec<u8>)>,
    done: Option<Box<dyn FnOnce(Result<(), Fault>)>>,
}

/// Reads the stream until it ends, and hands the bytes of each message to `hear`. At the end it
/// runs `done`: with a fault, or with the sidecar's word that it is over.
pub(crate) fn watch(
    request: &pb::WatchDeskRequest,
    token: &str,
    signal: &AbortSignal,
    hear: Box<dyn FnMut(Vec<u8>)>,
    done: Box<dyn FnOnce(Result<(), Fault>)>,
) {
    send(WATCH, &encode(request), token, None, signal, move |response| {
        let response = match response {
            Ok(response) => response,
            Err(fault) => return done(Err(fault)),
        };
        let Some(body) = response.body() else { return done(trailer_of(&response).outcome()) };
        let reader = body.get_reader().unchecked_into();
        let done = Some(done);
        read_on(Rc::new(RefCell::new(Stream { response, reader, decoder: Decoder::default(), hear, done })));
    });
}

fn read_on(stream: Rc<RefCell<Stream>>) {
    let part = stream.borrow().reader.read();
    let heard = move |part: Result<JsValue, JsValue>| {
        let end = stream.borrow_mut().take(part);
        match end {
            None => read_on(stream),
            Some(outcome) => {
                let done = stream.borrow_mut().done.take();
                if let Some(done) = done {
                    done(outcome);
                }
            }
        }
    };
    when(&part, Box::new(heard));
}

impl Stream {
    /// Takes a part of the body; says how the stream ended once it has.
    fn take(&mut self, part: Result<JsValue, JsValue>) -> Option<Result<(), Fault>> {
        let Ok(part) = part else { return Some(Err(Fault::unknown())) };
        // Without a value it is over; without a trailer before that it was cut off.
        let Ok(bytes) = field(&part, "value").dyn_into::<Uint8Array>() else {
            return Some(trailer_of(&self.response).outcome());
        };
        self.decoder.push(&bytes.to_vec());
        loop {
            match self.decoder.next_frame() {
                Ok(None) => return None,
                Ok(Some(Frame::Message(bytes))) => (self.hear)(bytes),
                Ok(Some(Frame::Trailer(lines))) => return Some(Trailer::from_lines(&lines).outcome()),
                Err(_) => return Some(Err(Fault::unknown())),
            }
        }
    }
}

fn send(
    path: &str,
    message: &[u8],
    token: &str,
    limit_ms: Option<u32>,
    signal: &AbortSignal,
    done: impl FnOnce(Result<Response, Fault>) + 'static,
) {
    let init = request_init(message, token, limit_ms, signal);
    let (Ok(init), Some(window)) = (init, web_sys::window()) else {
        return done(Err(Fault::unknown()));
    };
    let response = window.fetch_with_str_and_init(&[PACKAGE, path].concat(), &init);
    let heard = move |response: Result<JsValue, JsValue>| {
        done(response.map_err(|_| Fault::unknown()).and_then(check));
    };
    when(&response, Box::new(heard));
}

/// A failure of HTTP is one of the call unless the call's own status came with it.
fn check(response: JsValue) -> Result<Response, Fault> {
    let response: Response = response.unchecked_into();
    if response.ok() || trailer_of(&response).status.is_some() {
        return Ok(response);
    }
    Err(Fault::new(Code::from_http(response.status())))
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

fn trailer_of(response: &Response) -> Trailer {
    let headers = response.headers();
    let read = |name| headers.get(name).ok().flatten();
    Trailer { status: read("grpc-status"), details: read("grpc-status-details-bin") }
}
