//! Makes calls over `fetch`, with a token and a time limit. A reply is read the same way whether it
//! is one message or a stream of them.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::fault::{Code, Fault, Trailer};
use super::frame::{Decoder, Frame, wrap};
use super::request::{Reply, Request};
use super::wire::encode;
use crate::format::{joined, number};
use crate::js::{bytes, copy_out, field, flag, from_base64, from_js, object, signal_after, when};

const PACKAGE: &str = "/makegood.v1.";
const WATCH: &str = "DeskService/WatchDesk";

#[wasm_bindgen]
extern "C" {
    fn fetch(url: &str, init: &JsValue) -> JsValue;

    type Headers;
    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &str) -> Option<String>;

    type Body;
    #[wasm_bindgen(method, js_name = getReader)]
    fn reader(this: &Body) -> Reader;

    type Reader;
    #[wasm_bindgen(method)]
    fn read(this: &Reader) -> JsValue;
}

type Hear = Box<dyn FnMut(Vec<u8>)>;
type Done = Box<dyn FnOnce(Result<(), Fault>)>;

/// Makes a unary call, and runs `done` with the answer. Every way of not getting one with a status
/// is a fault.
pub(crate) fn unary(
    request: Rc<Request>,
    token: &str,
    done: Box<dyn FnOnce(Result<Reply, Fault>)>,
) {
    let limit = request.time_limit_ms();
    let (path, body) = (request.path(), request.encode());
    let message = Rc::new(RefCell::new(Vec::new()));
    let heard = message.clone();
    let hear = Box::new(move |bytes| drop(heard.replace(bytes)));
    let done = Box::new(move |end: Result<(), Fault>| {
        done(end.and_then(|()| request.decode(&message.take()).map_err(|_| Fault::unknown())));
    });
    let signal = signal_after(limit);
    let init = init(&body, token, limit, &signal);
    send(path, &init, hear, done);
}

/// Reads the stream until it ends, and hands the bytes of each message to `hear`. At the end it
/// runs `done`: with a fault, or with the sidecar's word that it is over.
pub(crate) fn watch(
    request: &makegood_proto::v1::WatchDeskRequest,
    token: &str,
    signal: &JsValue,
    hear: Hear,
    done: Done,
) {
    send(WATCH, &init(&encode(request), token, 0, signal), hear, done);
}

/// What is sent; a limit of 0 is none.
fn init(message: &[u8], token: &str, limit_ms: u32, signal: &JsValue) -> JsValue {
    let mut headers = object()
        .text("content-type", "application/grpc-web+proto")
        .text("x-grpc-web", "1")
        .text("authorization", &joined(&["Bearer ", token]));
    if limit_ms > 0 {
        headers = headers.text("grpc-timeout", &joined(&[&number(limit_ms.into()), "m"]));
    }
    object()
        .text("method", "POST")
        .value("headers", &headers.done())
        .value("body", &copy_out(&wrap(message)))
        .value("signal", signal)
        .done()
}

/// Sends a message and reads the reply.
fn send(path: &str, init: &JsValue, hear: Hear, done: Done) {
    let response = fetch(&joined(&[PACKAGE, path]), init);
    when(
        &response,
        Box::new(move |response| match response {
            Ok(response) => read_reply(&response, hear, done),
            Err(_) => done(Err(Fault::unknown())),
        }),
    );
}

fn read_reply(response: &JsValue, hear: Hear, done: Done) {
    let headers = field(response, "headers");
    let headers: &Headers = headers.unchecked_ref();
    let trailer = Trailer {
        status: headers.get("grpc-status"),
        details: headers.get("grpc-status-details-bin"),
    };
    if trailer.status.is_some() {
        // A call that fails at once has its status in the headers, and no body.
        return done(trailer.outcome(from_base64));
    }
    if !flag(response, "ok") {
        // A failure of HTTP is one of the call.
        let status = from_js(field(response, "status").as_f64().unwrap_or_default());
        return done(Err(Fault::new(Code::from_http(status))));
    }
    let body: Body = field(response, "body").unchecked_into();
    let reader = body.reader();
    let part = reader.read();
    Reading { reader, decoder: Decoder::default(), hear, done }.go_on(&part);
}

/// A reply that is being read.
struct Reading {
    reader: Reader,
    decoder: Decoder,
    hear: Hear,
    done: Done,
}

impl Reading {
    fn go_on(mut self, part: &JsValue) {
        when(
            part,
            Box::new(move |part| match self.take(part) {
                None => {
                    let part = self.reader.read();
                    self.go_on(&part);
                }
                Some(outcome) => (self.done)(outcome),
            }),
        );
    }

    /// Takes a part of the body; says how the call ended once it has.
    fn take(&mut self, part: Result<JsValue, JsValue>) -> Option<Result<(), Fault>> {
        // Without a value the body is over; without a trailer before that it was cut off.
        let part = part.ok().and_then(|part| bytes(&field(&part, "value")));
        let Some(part) = part else {
            return Some(Err(Fault::unknown()));
        };
        self.decoder.push(&part);
        loop {
            match self.decoder.next_frame() {
                Ok(None) => return None,
                Ok(Some(Frame::Message(bytes))) => (self.hear)(bytes),
                Ok(Some(Frame::Trailer(lines))) => {
                    return Some(Trailer::from_lines(&lines).outcome(from_base64));
                }
                Err(_) => return Some(Err(Fault::unknown())),
            }
        }
    }
}
