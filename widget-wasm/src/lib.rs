//! The panel frame: model, view and transport in WASM.
