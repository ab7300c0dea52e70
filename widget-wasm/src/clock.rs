//! Timers of the page.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(run: &JsValue, ms: i32) -> i32;
    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(run: &JsValue, ms: i32) -> i32;
}

/// Runs something once after so many milliseconds.
pub(crate) fn after(ms: i64, run: impl FnOnce() + 'static) {
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    set_timeout(&Closure::once_into_js(run), ms);
}

/// Runs something every so many milliseconds for as long as the page lives.
pub(crate) fn every(ms: i32, run: impl FnMut() + 'static) {
    let run: Closure<dyn FnMut()> = Closure::new(run);
    set_interval(run.as_ref(), ms);
    run.forget();
}

/// The clock, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    crate::intl::from_js(js_sys::Date::now())
}
