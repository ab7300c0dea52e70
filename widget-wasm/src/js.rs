//! The few things of JavaScript that everything else needs: functions, promises, objects. All
//! functions are of one kind, because each kind has its own code in the WASM and in its bindings.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A promise.
    #[derive(Clone)]
    pub(crate) type Pending;
    #[wasm_bindgen(method)]
    fn then(this: &Pending, kept: &Function, broken: &Function) -> Pending;

    /// A promise with the function that keeps it.
    pub(crate) type Deferred;
    #[wasm_bindgen(js_namespace = Promise, js_name = withResolvers)]
    pub(crate) fn defer() -> Deferred;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn promise(this: &Deferred) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn resolve(this: &Deferred) -> Function;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(run: &Function, ms: i32) -> i32;
    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(run: &Function, ms: i32) -> i32;
}

/// What is run once a promise is settled.
pub(crate) type Then = Box<dyn FnOnce(Result<JsValue, JsValue>)>;

/// A function for JavaScript to call, which lives as long as JavaScript keeps it.
pub(crate) fn function(run: Box<dyn FnMut(JsValue) -> JsValue>) -> Function {
    Closure::wrap(run).into_js_value().unchecked_into()
}

/// A function that answers nothing.
pub(crate) fn listener(mut run: impl FnMut(JsValue) + 'static) -> Function {
    function(Box::new(move |value| {
        run(value);
        JsValue::UNDEFINED
    }))
}

/// Runs something once a promise is settled.
pub(crate) fn when(promise: &JsValue, then: Then) {
    let then = Rc::new(Cell::new(Some(then)));
    let other = then.clone();
    let run = |then: &Cell<Option<Then>>, outcome| {
        if let Some(then) = then.take() {
            then(outcome);
        }
    };
    let kept = listener(move |value| run(&then, Ok(value)));
    let broken = listener(move |error| run(&other, Err(error)));
    promise.unchecked_ref::<Pending>().then(&kept, &broken);
}

impl Deferred {
    /// Keeps the promise.
    pub(crate) fn keep(&self) {
        // The function is the promise's own and cannot throw.
        drop(self.resolve().call0(&JsValue::NULL));
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
    from_js(js_sys::Date::now())
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

/// A plain object.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A plain object takes every field.
        drop(Reflect::set(&object, &(*name).into(), value));
    }
    object
}

/// A field; undefined if there is none.
pub(crate) fn field(data: &JsValue, name: &str) -> JsValue {
    Reflect::get(data, &name.into()).unwrap_or_default()
}

/// A field as text. Empty if it is none.
pub(crate) fn text(data: &JsValue, name: &str) -> String {
    field(data, name).as_string().unwrap_or_default()
}
