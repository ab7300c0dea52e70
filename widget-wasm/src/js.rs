//! What the panel needs of the browser, and nothing else: bindings of our own are a third of the
//! size of general ones, because what cannot fail here is not asked whether it has. All functions
//! for JavaScript are of one kind, for each kind has its own code in the WASM and in its bindings.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A node of the document.
    #[derive(Clone, PartialEq)]
    pub(crate) type Node;
    #[wasm_bindgen(js_namespace = document, js_name = createElement)]
    pub(crate) fn create_element(tag: &str) -> Node;
    #[wasm_bindgen(js_namespace = document, js_name = createTextNode)]
    pub(crate) fn create_text(text: &str) -> Node;
    #[wasm_bindgen(js_namespace = document, js_name = querySelector)]
    pub(crate) fn find(selector: &str) -> Option<Node>;
    #[wasm_bindgen(js_namespace = document, js_name = hasFocus)]
    pub(crate) fn has_focus() -> bool;
    #[wasm_bindgen(method, js_name = insertBefore)]
    pub(crate) fn insert_before(this: &Node, child: &Node, next: Option<&Node>);
    #[wasm_bindgen(method, js_name = removeChild)]
    pub(crate) fn remove_child(this: &Node, child: &Node);
    #[wasm_bindgen(method, getter, js_name = firstChild)]
    pub(crate) fn first_child(this: &Node) -> Option<Node>;
    #[wasm_bindgen(method, getter, js_name = nextSibling)]
    pub(crate) fn next_sibling(this: &Node) -> Option<Node>;
    #[wasm_bindgen(method, getter, js_name = previousSibling)]
    pub(crate) fn previous_sibling(this: &Node) -> Option<Node>;
    #[wasm_bindgen(method, getter, js_name = parentNode)]
    pub(crate) fn parent_node(this: &Node) -> Option<Node>;
    #[wasm_bindgen(method, setter, js_name = textContent)]
    pub(crate) fn set_text(this: &Node, text: &str);
    #[wasm_bindgen(method, js_name = setAttribute)]
    pub(crate) fn set_attribute(this: &Node, name: &str, value: &str);
    #[wasm_bindgen(method, js_name = removeAttribute)]
    pub(crate) fn remove_attribute(this: &Node, name: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn focus(this: &Node, options: &JsValue);

    /// The style of an element.
    type Style;
    #[wasm_bindgen(method, js_name = setProperty)]
    fn set_property(this: &Style, name: &str, value: &str);

    /// A window, a document, a port: what can be listened to and posted to.
    pub(crate) type Target;
    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(crate) fn listen(this: &Target, name: &str, run: &JsValue);
    #[wasm_bindgen(method, js_name = postMessage)]
    pub(crate) fn post(this: &Target, message: &JsValue);
    #[wasm_bindgen(method, js_name = postMessage)]
    pub(crate) fn post_to(this: &Target, message: &JsValue, origin: &str);
    #[wasm_bindgen(method, js_name = preventDefault)]
    pub(crate) fn prevent_default(this: &Target);
    #[wasm_bindgen(constructor, js_class = BroadcastChannel)]
    pub(crate) fn channel(name: &str) -> Target;

    /// The page itself.
    #[wasm_bindgen(js_namespace = globalThis, js_name = valueOf)]
    pub(crate) fn page() -> JsValue;

    #[wasm_bindgen(js_namespace = Reflect, catch)]
    fn get(target: &JsValue, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect)]
    pub(crate) fn set(target: &JsValue, name: &str, value: &JsValue);
    /// A plain object.
    type Plain;
    #[wasm_bindgen(constructor, js_class = Object)]
    fn plain() -> Plain;
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    pub(crate) fn parse_json(text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    pub(crate) fn atob(text: &str) -> Result<String, JsValue>;
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub(crate) fn random_uuid() -> String;

    #[wasm_bindgen(js_namespace = Uint8Array, js_name = from)]
    fn copy_in(bytes: &JsValue) -> Vec<u8>;
    #[wasm_bindgen(js_namespace = Uint8Array, js_name = from)]
    pub(crate) fn copy_out(bytes: &[u8]) -> JsValue;
    #[wasm_bindgen(js_namespace = ArrayBuffer, js_name = isView)]
    fn is_view(value: &JsValue) -> bool;

    /// A promise.
    type Pending;
    #[wasm_bindgen(method)]
    fn then(this: &Pending, kept: &JsValue, broken: &JsValue) -> JsValue;

    /// A promise with the function that keeps it.
    pub(crate) type Deferred;
    #[wasm_bindgen(js_namespace = Promise, js_name = withResolvers)]
    pub(crate) fn defer() -> Deferred;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn promise(this: &Deferred) -> JsValue;
    #[wasm_bindgen(method, js_name = resolve)]
    pub(crate) fn keep(this: &Deferred);

    /// What ends a call early.
    pub(crate) type Abort;
    #[wasm_bindgen(constructor, js_class = AbortController)]
    pub(crate) fn new() -> Abort;
    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &Abort);
    #[wasm_bindgen(method, getter)]
    pub(crate) fn signal(this: &Abort) -> JsValue;
    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    pub(crate) fn signal_after(ms: u32) -> JsValue;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(run: &JsValue, ms: i32) -> JsValue;
    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(run: &JsValue, ms: i32) -> JsValue;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// Decodes base64, with padding or without.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    from_binary(&atob(text).ok()?)
}

/// Writes bytes as a text that has a character for each, as browsers do.
pub(crate) fn to_binary(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        text.push(char::from(*byte));
    }
    text
}

/// Reads bytes from such a text.
pub(crate) fn from_binary(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for letter in text.chars() {
        bytes.push(u8::try_from(letter).ok()?);
    }
    Some(bytes)
}

/// What is run once a promise is settled.
pub(crate) type Then = Box<dyn FnOnce(Result<JsValue, JsValue>)>;

/// A function for JavaScript to call, which lives as long as JavaScript keeps it.
pub(crate) fn function(run: Box<dyn FnMut(JsValue) -> JsValue>) -> JsValue {
    Closure::wrap(run).into_js_value()
}

/// A function that answers nothing.
pub(crate) fn listener(mut run: impl FnMut(JsValue) + 'static) -> JsValue {
    function(Box::new(move |value| {
        run(value);
        JsValue::UNDEFINED
    }))
}

/// Runs something once a promise is settled.
pub(crate) fn when(promise: &JsValue, then: Then) {
    let kept = Rc::new(Cell::new(Some(then)));
    let broken = kept.clone();
    let kept = listener(move |value| settle(&kept, Ok(value)));
    let broken = listener(move |error| settle(&broken, Err(error)));
    promise.unchecked_ref::<Pending>().then(&kept, &broken);
}

fn settle(then: &Cell<Option<Then>>, outcome: Result<JsValue, JsValue>) {
    if let Some(then) = then.take() {
        then(outcome);
    }
}

/// Runs something once after so many milliseconds.
pub(crate) fn after(ms: i64, mut run: impl FnMut() + 'static) {
    set_timeout(&listener(move |_| run()), i32::try_from(ms).unwrap_or(i32::MAX));
}

/// Runs something every so many milliseconds for as long as the page lives.
pub(crate) fn every(ms: i32, mut run: impl FnMut() + 'static) {
    set_interval(&listener(move |_| run()), ms);
}

/// The clock, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    from_js(date_now())
}

/// A number as JavaScript has it: exact up to 2^53, which no clock and no amount reaches.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(crate) fn to_js(value: i64) -> f64 {
    value as f64
}

/// A time of JavaScript's clock, in whole milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "a clock is far below 2^63 milliseconds")]
pub(crate) fn from_js(ms: f64) -> i64 {
    ms as i64
}

/// A plain object, field by field.
pub(crate) struct Object(JsValue);

/// An object without fields.
pub(crate) fn object() -> Object {
    Object(Plain::plain().into())
}

impl Object {
    #[inline(never)]
    pub(crate) fn text(self, name: &str, text: &str) -> Object {
        self.value(name, &text.into())
    }

    #[inline(never)]
    pub(crate) fn value(self, name: &str, value: &JsValue) -> Object {
        set(&self.0, name, value);
        self
    }

    /// The object as JavaScript has it.
    pub(crate) fn done(self) -> JsValue {
        self.0
    }
}

/// A field; undefined if there is none.
pub(crate) fn field(data: &JsValue, name: &str) -> JsValue {
    get(data, name).unwrap_or_default()
}

/// A field as text. Empty if it is none.
pub(crate) fn text(data: &JsValue, name: &str) -> String {
    field(data, name).as_string().unwrap_or_default()
}

/// Whether a field is there and says yes.
pub(crate) fn flag(data: &JsValue, name: &str) -> bool {
    field(data, name).is_truthy()
}

/// The bytes of a value that holds some.
pub(crate) fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    is_view(value).then(|| copy_in(value))
}

/// Sets a property of an element's style.
pub(crate) fn set_style(element: &Node, name: &str, value: &str) {
    field(element, "style").unchecked_ref::<Style>().set_property(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_binary(&to_binary(&bytes)), Some(bytes));
    }

    #[test]
    fn a_text_that_is_no_bytes_is_none() {
        assert_eq!(from_binary("90 €"), None);
    }
}
